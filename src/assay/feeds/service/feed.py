"""All venues together on one event loop: watched each by itself, told to the rest of the house."""

import asyncio
import logging
from collections.abc import Sequence

from assay.feeds.service.options import Options
from assay.feeds.service.own_time import OwnTime
from assay.feeds.service.prices import Prices
from assay.feeds.service.publishing import Publisher
from assay.feeds.service.venue import VenueFeed
from assay.feeds.types import BookUpdate, Candle, TokenCandle, VenueHealth, VenueState

ROUNDS_A_BAR = 5
"""Bars are looked at every so many rounds; open ones are told as often."""

log = logging.getLogger("assay.feeds")


class Feed:
    """Runs the venues and tells what changed, a round every `tick_s`."""

    def __init__(
        self,
        venues: Sequence[VenueFeed],
        prices: Prices,
        publisher: Publisher,
        own_time: OwnTime,
        options: Options,
    ) -> None:
        self.venues = venues
        self.prices = prices
        self.publisher = publisher
        self._own_time = own_time
        self._options = options
        self._round = 0
        self._told: dict[str, VenueHealth] = {}
        self._open_bars: dict[int, tuple[int, int]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Watch and tell until `stop` is set; then hang up everywhere."""
        tasks = [asyncio.create_task(venue.run()) for venue in self.venues]
        telling = asyncio.create_task(self._keep_telling())
        try:
            await stop.wait()
        finally:
            for task in (*tasks, telling):
                task.cancel()
            await asyncio.gather(*tasks, telling, return_exceptions=True)
            await self.publisher.close()
            for venue in self.venues:
                await venue.source.close()

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(self._options.tick_s)
            self._own_time.refresh()
            for venue in self.venues:
                venue.check_clock()
            if not self.publisher.is_free:
                continue
            try:
                self.tell_round()
            except Exception:
                log.exception("a round of live updates failed")
            self.publisher.speak()

    def tell_round(self) -> None:
        """Say everything that changed, and what is due as a keyframe."""
        self._round += 1
        self._tell_prices()
        for venue in self.venues:
            self._tell_health(venue)
            self._tell_books(venue)
        if self._round % ROUNDS_A_BAR == 0:
            for venue in self.venues:
                self._tell_bars(venue)

    def _tell_prices(self) -> None:
        changed: set[int] = set()
        for venue in self.venues:
            changed.update(line.token_id for line in venue.touched if line.token_id is not None)
            venue.touched.clear()
        for token_id in self.prices.list_token_ids():
            if token_id in changed or self.publisher.is_due("prices", str(token_id)):
                self.publisher.put("prices", str(token_id), self.prices.compute_price(token_id))

    def _tell_books(self, venue: VenueFeed) -> None:
        is_silent = venue.state is VenueState.STALE
        for symbol, kept in venue.books.kept.items():
            key = f"{venue.wish.name}/{symbol}"
            if not kept.is_dirty and not self.publisher.is_due("books", key):
                continue
            kept.is_dirty = False
            is_live = kept.is_live and not is_silent
            depth = kept.book.depth(self._options.levels) if is_live else None
            self.publisher.put(
                "books",
                key,
                BookUpdate(
                    venue=venue.wish.name,
                    symbol=symbol,
                    pair=kept.instrument.pair,
                    token_id=venue.lines[symbol].token_id,
                    is_live=is_live,
                    bids=depth.bids if depth else (),
                    asks=depth.asks if depth else (),
                    last_id=depth.last_id if depth else 0,
                    time_ms=depth.time_ms if depth else 0,
                    reason="" if is_live else kept.reason or "the venue is silent",
                    is_replay=venue.source.is_replay,
                ),
            )

    def _tell_health(self, venue: VenueFeed) -> None:
        health, told = venue.describe(), self._told.get(venue.wish.name)
        if told is None or _says_new(health, told):
            if told is None or told.state is not health.state:
                is_bad = health.state in (VenueState.STALE, VenueState.DOWN)
                level = logging.WARNING if is_bad else logging.INFO
                log.log(level, "%s is %s %s", health.venue, health.state.value, health.reason)
                # The books of a venue that fell silent are not live any more.
                for kept in venue.books.kept.values():
                    kept.is_dirty = True
        elif not self.publisher.is_due("venues", venue.wish.name):
            return
        self._told[venue.wish.name] = health
        self.publisher.put("venues", venue.wish.name, health)

    def _tell_bars(self, venue: VenueFeed) -> None:
        for line in venue.lines.values():
            closed = line.close_bars(venue.time_ms, venue.checks)
            token_id = line.token_id
            leader = None if token_id is None else self.prices.find_leader(token_id)
            if token_id is None or leader is None or leader[1] is not line:
                continue
            for built in closed:
                self._tell_bar(venue, token_id, built.candle, is_complete=built.is_complete)
            if closed:
                self.prices.drop_leader(token_id)
            candle = line.bars.current() if line.bars is not None else None
            if candle is not None:
                state = (candle.open_ms, candle.trades)
                key = f"{token_id}/{candle.interval}"
                if self._open_bars.get(token_id) != state or self.publisher.is_due("candles", key):
                    self._open_bars[token_id] = state
                    self._tell_bar(venue, token_id, candle, is_complete=line.gap_from_ms is None)

    def _tell_bar(
        self, venue: VenueFeed, token_id: int, candle: Candle, *, is_complete: bool
    ) -> None:
        self.publisher.put(
            "candles",
            f"{token_id}/{candle.interval}",
            TokenCandle(
                token_id=token_id,
                venue=venue.wish.name,
                pair=venue.lines[candle.symbol].instrument.pair,
                interval=candle.interval,
                open_ms=candle.open_ms,
                open=candle.open,
                high=candle.high,
                low=candle.low,
                close=candle.close,
                base_volume=candle.base_volume,
                quote_volume=candle.quote_volume,
                trades=candle.trades,
                is_closed=candle.is_closed,
                is_complete=is_complete,
                is_replay=venue.source.is_replay,
            ),
        )


def _says_new(health: VenueHealth, told: VenueHealth) -> bool:
    """Whether more changed than what changes all the time."""
    return (
        health.state is not told.state
        or health.reason != told.reason
        or health.instruments != told.instruments
        or health.reconnects != told.reconnects
        or health.gaps != told.gaps
        or health.is_replay != told.is_replay
    )
