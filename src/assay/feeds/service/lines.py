"""What is known of one instrument now: its last price, its volume, its bars."""

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from assay.feeds.compute.bars import BarBuilder, Built
from assay.feeds.types import Candle, Instrument, Ticker, Trade

COMPARED: Final = 5
"""Closed bars that wait to be compared with those of the venue."""
TOLERANCE: Final = 1e-9
"""Relative: sums of floats in another order differ by less."""
INTERVAL: Final = "1m"


@dataclass(slots=True)
class BarChecks:
    """Bars built from trades, beside the venue's own."""

    compared: int = 0
    differing: int = 0
    incomplete: int = 0
    """Bars of which trades were missed: they are not compared."""
    last_difference: str = ""


@dataclass(slots=True, eq=False)
class Line:
    """One instrument of one venue. `price` is NaN until a first one is heard; `heard_ms` is steady
    time, `time_ms` the venue's.
    """

    instrument: Instrument
    token_id: int | None
    price: float = math.nan
    heard_ms: int = 0
    book_ms: int = 0
    """When a change of its book was heard last, ..."""
    trade_ms: int = 0
    """... and when a trade was."""
    time_ms: int = 0
    quote_volume: float = math.nan
    open_24h: float = math.nan
    bars: BarBuilder | None = None
    gap_from_ms: int | None = None
    ours: OrderedDict[int, Built] = field(default_factory=OrderedDict)
    theirs: OrderedDict[int, Candle] = field(default_factory=OrderedDict)

    @property
    def change_24h(self) -> float | None:
        """Relative change of the price in 24 hours; None: the venue does not say."""
        is_known = math.isfinite(self.price) and self.open_24h > 0.0
        return self.price / self.open_24h - 1.0 if is_known else None

    def hear_trade(self, trade: Trade, heard_ms: int, *, is_timely: bool = True) -> None:
        """A trade: the price is now its, unless it comes late. One whose time is not believed is of
        no bar.
        """
        self.heard_ms = self.trade_ms = heard_ms
        if not is_timely or trade.time_ms >= self.time_ms:
            self.price = trade.price
        if not is_timely:
            self.lose_trades()
            return
        self.time_ms = max(self.time_ms, trade.time_ms)
        if self.bars is None:
            # Where the venue does not number its trades a lost one is not noticed by a number.
            self.bars = BarBuilder(
                trade.symbol,
                INTERVAL,
                is_numbered=trade.trade_id >= 0,
                started_ms=trade.time_ms,
            )
        if self.gap_from_ms is not None:
            self.bars.mark_gap(self.gap_from_ms, trade.time_ms)
            self.gap_from_ms = None
        self.bars.add(trade)

    def hear_ticker(self, ticker: Ticker, heard_ms: int, *, is_timely: bool = True) -> None:
        """A ticker: the volume, and the price where no trades are heard."""
        self.quote_volume = ticker.quote_volume
        if not math.isfinite(ticker.quote_volume):
            self.quote_volume = ticker.base_volume * ticker.last
        self.open_24h = ticker.open_24h
        self.heard_ms = heard_ms
        if math.isfinite(ticker.last) and ticker.time_ms >= self.time_ms:
            self.price = ticker.last
            if is_timely:
                self.time_ms = ticker.time_ms

    def begin_anew(self) -> None:
        """The venue's time went back: a replay begins anew, and its bars with it."""
        self.time_ms = 0
        self.bars = None
        self.gap_from_ms = None
        self.ours.clear()
        self.theirs.clear()

    def lose_trades(self) -> None:
        """Trades are missed from the last one heard to the next: those bars are not whole."""
        if self.bars is not None and self.gap_from_ms is None:
            self.gap_from_ms = self.time_ms

    def close_bars(self, time_ms: int, checks: BarChecks) -> list[Built]:
        """The bars that ended by the venue's `time_ms`."""
        if self.bars is None:
            return []
        built = self.bars.close_until(time_ms)
        for one in built:
            if one.is_complete:
                self.ours[one.candle.open_ms] = one
            else:
                # A bar may be found wanting after it was closed.
                self.ours.pop(one.candle.open_ms, None)
                checks.incomplete += 1
            self._compare(one.candle.open_ms, checks)
        return built

    def hear_candle(self, candle: Candle, checks: BarChecks) -> None:
        """The venue's own bar, kept once it is closed."""
        if candle.is_closed and candle.interval == INTERVAL:
            self.theirs[candle.open_ms] = candle
            self._compare(candle.open_ms, checks)

    def _compare(self, open_ms: int, checks: BarChecks) -> None:
        ours, theirs = self.ours.get(open_ms), self.theirs.get(open_ms)
        if ours is not None and theirs is not None:
            del self.ours[open_ms], self.theirs[open_ms]
            checks.compared += 1
            difference = compare_candles(ours.candle, theirs)
            if difference:
                checks.differing += 1
                name = f"{self.instrument.venue} {self.instrument.symbol} {open_ms}"
                checks.last_difference = f"{name}: {difference}"
        for waiting in (self.ours, self.theirs):
            while len(waiting) > COMPARED:
                waiting.popitem(last=False)


def compare_candles(ours: Candle, theirs: Candle) -> str:
    """What differs between two bars of one minute, in words; empty: nothing."""
    for name in ("open", "high", "low", "close", "base_volume", "quote_volume"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        if math.isfinite(other) and not math.isclose(
            mine, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE
        ):
            return f"{name} is {mine:.12g}, the venue's {other:.12g}"
    return ""
