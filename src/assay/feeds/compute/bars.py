"""Bars from trades, equal to the venue's own, or marked as not known to be.

Sums are exact decimals, so that neither the order of trades nor their number changes a digit.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from enum import Enum
from math import isfinite

from assay.feeds.types import Candle, Trade
from assay.kit.errors import BadInput

_WEEK_MS = 604_800_000
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": _WEEK_MS}
_MONDAY_MS = 4 * 86_400_000
"""1970-01-05: weeks begin on Mondays, 1970 began on a Thursday."""
_EXACT = Context(prec=60)
_ZERO = Decimal(0)
_KEPT = 1500
"""Closed bars that may yet be withdrawn while no trade follows them: a day of minutes; ..."""
_KEPT_AFTER_TRADE = 10
"""... once one did, only a late trade or a gap that is told of late withdraws one."""
_AHEAD_MS = 300_000
"""A trade further ahead of the venue's time is not of this world."""
_DROPPED = "the connection was down"


class Added(Enum):
    """What became of a trade."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    LATE = "late"
    """Its bar is closed already; it is marked incomplete."""
    REFUSED = "refused"
    """No price, no size, or another symbol."""


@dataclass(frozen=True, slots=True)
class Built:
    """A closed bar; incomplete, with the reason, where trades were or may have been missed."""

    candle: Candle
    is_complete: bool
    reason: str = ""


def read_interval(interval: str) -> int:
    """Milliseconds of `1m`, `4h`, `1d` and the like. Raises BadInput."""
    count, unit = interval[:-1], interval[-1:]
    if not (count.isascii() and count.isdecimal() and int(count) > 0 and unit in _UNITS):
        raise BadInput(f"{interval!r} is no interval.", hint="Write 1m, 5m, 1h, 1d.")
    return int(count) * _UNITS[unit]


def find_open(time_ms: int, interval: str) -> int:
    """When the bar that holds this time opened, in UTC; weeks open on Mondays."""
    return _find_open(time_ms, read_interval(interval))


def _find_open(time_ms: int, length_ms: int) -> int:
    start = _MONDAY_MS if length_ms % _WEEK_MS == 0 else 0
    return start + (time_ms - start) // length_ms * length_ms


@dataclass(slots=True)
class _Bar:
    """A bar that still takes trades; of equal times the lower id, then the earlier arrival."""

    first: tuple[int, int, int]
    last: tuple[int, int, int]
    open: float
    high: float
    low: float
    close: float
    base: Decimal = _ZERO
    quote: Decimal = _ZERO
    count: int = 0
    ids: set[int] = field(default_factory=set)

    def add(self, trade: Trade, arrival: int) -> None:
        at = (trade.time_ms, trade.trade_id, arrival)
        if at < self.first:
            self.first, self.open = at, trade.price
        if at > self.last:
            self.last, self.close = at, trade.price
        self.high = max(self.high, trade.price)
        self.low = min(self.low, trade.price)
        size = Decimal(repr(trade.size))
        self.base = _EXACT.add(self.base, size)
        self.quote = _EXACT.add(self.quote, _EXACT.multiply(Decimal(repr(trade.price)), size))
        self.count += 1
        self.ids.add(trade.trade_id)


class BarBuilder:
    """Bars of one symbol from its trades, in any order of arrival.

    A bar takes trades until `grace_ms` after its end by the venue's clock. It is complete when it
    was watched from its opening on, no dropped connection falls into it that the ids do not bridge,
    and, with `is_numbered` (ids grow by one), no id is missing within it or on either side. What
    shows a bar incomplete only later makes it come a second time, marked so. With `fill_empty` a
    minute without trades is a bar at the last price with no volume, as Binance has it; nothing is
    filled before the first trade. Trades without an id (-1) cannot be told from repeats of them.
    """

    def __init__(
        self,
        symbol: str,
        interval: str = "1m",
        grace_ms: int = 2_000,
        *,
        is_numbered: bool = True,
        fill_empty: bool = True,
        started_ms: int | None = None,
    ) -> None:
        self.symbol = symbol
        self.interval = interval
        self._length = read_interval(interval)
        self._grace = grace_ms
        self._is_numbered = is_numbered
        self._fill = fill_empty
        self._bars: dict[int, _Bar] = {}
        self._next: int | None = None
        self._watched_from = started_ms
        self._now: int | None = None
        self._price: float | None = None
        self._last_id: int | None = None
        self._arrivals = 0
        self._gaps: list[tuple[int, int]] = []
        self._missing: deque[tuple[int, int]] = deque(maxlen=_KEPT)
        self._closed: deque[Built] = deque(maxlen=_KEPT)
        self._again: list[Built] = []
        if started_ms is not None:
            self._next = _find_open(started_ms, self._length)

    def add(self, trade: Trade) -> Added:
        """Take a trade."""
        if not self._is_trade(trade):
            return Added.REFUSED
        opened = _find_open(trade.time_ms, self._length)
        if self._next is None:
            self._next = opened
            self._watched_from = trade.time_ms
        if self._is_known(trade, opened):
            return Added.DUPLICATE
        if opened < self._next:
            if trade.time_ms >= (self._watched_from or 0):
                self._withdraw(opened, opened, "a trade came too late")
            return Added.LATE
        bar = self._bars.get(opened)
        if bar is None:
            at = (trade.time_ms, trade.trade_id, self._arrivals)
            price = trade.price
            bar = self._bars[opened] = _Bar(at, at, price, price, price, price)
        bar.add(trade, self._arrivals)
        self._arrivals += 1
        return Added.TAKEN

    def mark_gap(self, from_ms: int, to_ms: int) -> None:
        """Say that trades may have been missed between these times of the venue."""
        self._gaps.append((from_ms, to_ms))
        if self._next is not None and from_ms < self._next:
            self._withdraw(_find_open(from_ms, self._length), to_ms, _DROPPED)

    def close_until(self, time_ms: int) -> list[Built]:
        """The bars that no more trades are waited for, now that the venue's clock says this; first
        those that come again because they are not complete after all.
        """
        self._now = time_ms
        built: list[Built] = []
        while self._next is not None and self._next + self._length + self._grace <= time_ms:
            waiting = (time_ms - self._next) // self._length
            if self._next not in self._bars and waiting > _KEPT:
                # So long a silence is no market but a clock that jumped, or a machine that slept.
                self._next = min(self._bars, default=_find_open(time_ms, self._length))
                self._watched_from, self._price = time_ms, None
                continue
            bar = self._close(self._next, self._bars.pop(self._next, None))
            self._next += self._length
            self._gaps = [gap for gap in self._gaps if gap[1] >= self._next]
            if bar is not None:
                self._closed.append(bar)
                built.append(bar)
            while bar is not None and bar.candle.trades and len(self._closed) > _KEPT_AFTER_TRADE:
                self._closed.popleft()
        # What was withdrawn while these closed comes once, as it is now.
        again, self._again = {bar.candle.open_ms: bar for bar in self._again}, []
        return [
            *(
                again[open_ms]
                for open_ms in sorted(again.keys() - {b.candle.open_ms for b in built})
            ),
            *(again.get(bar.candle.open_ms, bar) for bar in built),
        ]

    def current(self) -> Candle | None:
        """The newest bar as far as it is known; None before its first trade."""
        if not self._bars:
            return None
        opened = max(self._bars)
        return self._show(opened, self._bars[opened], is_closed=False)

    def _is_trade(self, trade: Trade) -> bool:
        return (
            trade.symbol == self.symbol
            and trade.price > 0.0
            and isfinite(trade.price)
            and trade.size > 0.0
            and isfinite(trade.size)
            and trade.time_ms >= 0
            and (self._now is None or trade.time_ms <= self._now + _AHEAD_MS)
        )

    def _is_known(self, trade: Trade, opened: int) -> bool:
        if trade.trade_id < 0:
            return False
        bar = self._bars.get(opened)
        if bar is not None and trade.trade_id in bar.ids:
            return True
        if not self._is_numbered or self._last_id is None or trade.trade_id > self._last_id:
            return False
        return not any(low <= trade.trade_id <= high for low, high in self._missing)

    def _close(self, opened: int, bar: _Bar | None) -> Built | None:
        reason = self._find_fault(opened, bar)
        if bar is None:
            if self._price is None or not self._fill:
                return None
            at = (opened, -1, -1)
            price = self._price
            bar = _Bar(at, at, price, price, price, price)
        self._price = bar.close
        return Built(self._show(opened, bar, is_closed=True), not reason, reason)

    def _find_fault(self, opened: int, bar: _Bar | None) -> str:
        """Why a bar is not complete, or nothing."""
        reason = ""
        if self._watched_from is not None and self._watched_from > opened:
            reason = "watched from its middle on"
        if any(low < opened + self._length and high >= opened for low, high in self._gaps) and (
            not self._is_bridged(bar)
        ):
            reason = _DROPPED
        if self._is_numbered and bar is not None:
            reason = self._check_ids(bar.ids) or reason
        return reason

    def _check_ids(self, ids: set[int]) -> str:
        low, high = min(ids), max(ids)
        expected = low if self._last_id is None else self._last_id + 1
        if low > expected:
            # They may belong to this bar, to the last one with trades, or to those between.
            self._missing.append((expected, low - 1))
            since = next((b.candle.open_ms for b in reversed(self._closed) if b.candle.trades), 0)
            self._withdraw(since, self._next or 0, f"trades {expected} to {low - 1} are missing")
        self._last_id = max(high, expected - 1)
        missing = high - low + 1 - len(ids)
        if missing:
            self._missing.append((low, high))
        count = missing + max(0, low - expected)
        return f"{count} trades are missing" if count else ""

    def _is_bridged(self, bar: _Bar | None) -> bool:
        """Whether ids without a hole lead from before the gap to a trade after it."""
        if not self._is_numbered or self._last_id is None:
            return False
        bars = [*self._bars.values(), *([bar] if bar is not None else [])]
        ids = set[int]().union(*(other.ids for other in bars))
        after = max((other.last[0] for other in bars), default=-1)
        ends = max((high for _, high in self._gaps), default=0)
        return after > ends and len(ids) == max(ids) - self._last_id

    def _withdraw(self, from_ms: int, to_ms: int, reason: str) -> None:
        """Let closed bars come again, marked incomplete."""
        for index, built in enumerate(self._closed):
            if from_ms <= built.candle.open_ms <= to_ms and built.is_complete:
                self._closed[index] = replace(built, is_complete=False, reason=reason)
                self._again.append(self._closed[index])

    def _show(self, opened: int, bar: _Bar, *, is_closed: bool) -> Candle:
        return Candle(
            self.symbol,
            self.interval,
            opened,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            float(bar.base),
            float(bar.quote),
            bar.count,
            is_closed,
        )


def roll_up(bars: Sequence[Built], interval: str) -> list[Built]:
    """Longer bars from shorter ones, ordered by time. A bar that comes twice counts as it came
    last; a longer one is complete when each of its parts is there and complete, and closed when
    its last part is there. Raises BadInput where one length is no multiple of the other.
    """
    newest = {built.candle.open_ms: built for built in bars}
    groups: dict[int, list[Built]] = {}
    for open_ms in sorted(newest):
        groups.setdefault(find_open(open_ms, interval), []).append(newest[open_ms])
    return [_join(opened, parts, interval) for opened, parts in groups.items()]


def _join(opened: int, parts: list[Built], interval: str) -> Built:
    candles = [part.candle for part in parts]
    short = read_interval(candles[0].interval)
    wanted, rest = divmod(read_interval(interval), short)
    if rest:
        raise BadInput(f"{interval} is no multiple of {candles[0].interval}.")
    base = quote = _ZERO
    for candle in candles:
        base = _EXACT.add(base, Decimal(repr(candle.base_volume)))
        quote = _EXACT.add(quote, Decimal(repr(candle.quote_volume)))
    whole = sum(part.is_complete for part in parts)
    candle = Candle(
        candles[0].symbol,
        interval,
        opened,
        candles[0].open,
        max(candle.high for candle in candles),
        min(candle.low for candle in candles),
        candles[-1].close,
        float(base),
        float(quote),
        sum(candle.trades for candle in candles),
        candles[-1].open_ms + short >= opened + wanted * short,
    )
    reason = "" if whole == wanted else f"{whole} of {wanted} bars are complete"
    return Built(candle, not reason, reason)
