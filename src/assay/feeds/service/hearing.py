"""What one venue says, and what of it is believed: prices, books, bars, and its clock."""

import logging
import math
from collections.abc import Callable
from typing import Final

import numpy as np

from assay.feeds.compute.offset import ClockFilter
from assay.feeds.ports import Source
from assay.feeds.service.books import Books
from assay.feeds.service.lines import BarChecks, Line
from assay.feeds.service.own_time import OwnTime
from assay.feeds.service.quarantine import Quarantine
from assay.feeds.service.wishes import Wish
from assay.feeds.types import (
    Alive,
    BookDelta,
    BookSnapshot,
    Candle,
    Event,
    RawDelta,
    Refused,
    Ticker,
    Trade,
)

BEGUN_ANEW_MS: Final = 60_000
"""A replay whose time goes back by more than that has begun anew."""
AHEAD_MS: Final = 5_000
"""The time of an event that is further ahead of our clock than that is not believed."""
SAMPLED_MS: Final = 100
"""Latency is measured on one event in so long."""

log = logging.getLogger("assay.feeds")


class Hearing:
    """Works the events of one venue off. Nothing that it is told raises here."""

    def __init__(
        self, wish: Wish, source: Source, own_time: OwnTime, random: np.random.Generator
    ) -> None:
        self.wish = wish
        self.source = source
        self.lines: dict[str, Line] = {}
        self.checks = BarChecks()
        self.quarantine = Quarantine(wish.name)
        self.books = Books(source, self.quarantine, own_time, random)
        self.touched: set[Line] = set()
        """Lines whose price may have changed since somebody looked."""
        self.messages = 0
        self.time_ms = 0
        """The newest time that the venue stated."""
        self.reason = ""
        """What the venue or we have to say about how it is."""
        self.clock = ClockFilter()
        self._own_time = own_time
        self._sampled_ms = 0
        self._handlers: dict[type, Callable[..., bool]] = {
            RawDelta: self._hear_raw,
            BookDelta: self._hear_delta,
            BookSnapshot: self._hear_snapshot,
            Trade: self._hear_trade,
            Ticker: self._hear_ticker,
            Candle: self._hear_candle,
            Refused: self._hear_refusal,
            Alive: self._hear_life,
        }

    def refuse(self, reason: str, sample: bytes) -> None:
        """A message that cannot be read."""
        self.quarantine.put(reason, sample, self._own_time.wall_ms())

    def lose(self, event: Event) -> None:
        """An event for which there was no room."""
        if isinstance(event, RawDelta | BookDelta | BookSnapshot):
            self.books.renew(event.symbol, "a change found no room in the queue")
        elif isinstance(event, Trade) and event.symbol in self.lines:
            self.lines[event.symbol].lose_trades()

    def handle(self, event: Event, heard_ms: int) -> None:
        """An event, in its turn."""
        self.messages += 1
        handler = self._handlers.get(type(event))
        if handler is None:
            return
        try:
            is_known = handler(event, heard_ms)
        except Exception as error:
            # A venue's bytes must not stop the feed, nor fill its log: quarantine says it at times.
            log.debug("%s: an event failed", self.wish.name, exc_info=True)
            self.refuse(f"failed: {type(error).__name__}", _show(event))
            return
        if not is_known:
            self.refuse("unknown symbol", _show(event))

    def _hear_raw(self, event: RawDelta, heard_ms: int) -> bool:
        line = self.lines.get(event.symbol)
        if line is None:
            return False
        line.heard_ms = line.book_ms = heard_ms
        return self.books.hear_raw(event)

    def _hear_delta(self, event: BookDelta, heard_ms: int) -> bool:
        line = self.lines.get(event.symbol)
        if line is None:
            return False
        line.heard_ms = line.book_ms = heard_ms
        return self.books.hear(event)

    def _hear_snapshot(self, event: BookSnapshot, heard_ms: int) -> bool:
        line = self.lines.get(event.symbol)
        if line is None:
            return False
        line.heard_ms = line.book_ms = heard_ms
        return self.books.hear_snapshot(event)

    def _hear_trade(self, event: Trade, heard_ms: int) -> bool:
        line = self.lines.get(event.symbol)
        if line is None:
            return False
        if not (0.0 < event.price < math.inf and 0.0 < event.size < math.inf):
            self.refuse("trade without a positive price and size", _show(event))
            return True
        line.hear_trade(event, heard_ms, is_timely=self._note_time(event.time_ms))
        self.touched.add(line)
        return True

    def _hear_ticker(self, event: Ticker, heard_ms: int) -> bool:
        line = self.lines.get(event.symbol)
        if line is None:
            return False
        wrong = _check_ticker(event)
        if wrong:
            self.refuse(wrong, _show(event))
            return True
        line.hear_ticker(event, heard_ms, is_timely=self._note_time(event.time_ms))
        self.touched.add(line)
        return True

    def _hear_candle(self, event: Candle, heard_ms: int) -> bool:
        line = self.lines.get(event.symbol)
        if line is None:
            return False
        line.heard_ms = heard_ms
        line.hear_candle(event, self.checks)
        return True

    def _hear_refusal(self, event: Refused, heard_ms: int) -> bool:
        log.info("%s refused a request: %s", self.wish.name, event.reason[:200])
        self.reason = f"refused a request: {event.reason[:200]}"
        return True

    def _hear_life(self, event: Alive, heard_ms: int) -> bool:
        if event.time_ms and not self.source.is_replay:
            self.clock.add_event(event.time_ms, self._own_time.wall_ms())
        return True

    def _note_time(self, time_ms: int) -> bool:
        """What the venue's clock says; False where it is not to be believed."""
        if self.source.is_replay:
            if time_ms < self.time_ms - BEGUN_ANEW_MS:
                self.time_ms = 0
                for line in self.lines.values():
                    line.begin_anew()
        else:
            wall_ms = self._own_time.wall_ms()
            if wall_ms - self._sampled_ms >= SAMPLED_MS:
                self._sampled_ms = wall_ms
                self.clock.add_event(time_ms, wall_ms)
            if time_ms > wall_ms + (self.clock.offset_ms or 0.0) + AHEAD_MS:
                return False
        self.time_ms = max(self.time_ms, time_ms)
        return True

    def check_clock(self) -> None:
        """Forget what was learnt of the venue's clock where ours was put right."""
        self.clock.check_own_clock(self._own_time.wall_ms(), self._own_time.steady_ms())


def _check_ticker(ticker: Ticker) -> str:
    """Why a ticker cannot be believed; empty: it can. NaN is what the venue does not say."""
    if any(value <= 0.0 or value == math.inf for value in (ticker.last, ticker.bid, ticker.ask)):
        return "ticker without positive prices"
    if ticker.bid > ticker.ask:
        return "crossed ticker"
    if ticker.base_volume < 0.0 or ticker.quote_volume < 0.0:
        return "ticker with a negative volume"
    return ""


def _show(event: Event) -> bytes:
    if isinstance(event, RawDelta):
        return event.frame[:500]
    return repr(event)[:500].encode()
