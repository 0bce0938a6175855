"""The tape of a pair: its recorded minutes, made into trades when somebody looks, and what
follows from them alone: bars, the day's figures, and where the path stands.
"""

from bisect import bisect_right

import msgspec
import numpy as np
from numpy.typing import NDArray

from assay.exchange.compute.grid import get_min_notional, infer_pair, shift_prices, to_ticks
from assay.exchange.compute.noise import name_seed
from assay.exchange.compute.path import count_trades, draw_minute, trace_minute
from assay.exchange.types import MINUTE_MS, SCALE, Options, Pair, PublicTrade, Recording

Ints = NDArray[np.int64]

REMEMBERED = 8
MIN_NOTIONAL_IN_DOLLARS = 10.0
DAY_MINUTES = 1_440


class Minute(msgspec.Struct, frozen=True):
    """The trades of one minute: lists of equal length, oldest first, and running figures."""

    first_id: int
    times: list[int]
    prices: list[int]
    sizes: list[int]
    sells: list[bool]
    highs: list[int]
    lows: list[int]
    sums: list[list[int]]
    """Size, worth, size of buys and worth of buys up to and with each trade."""


Place = tuple[Minute, int]
"""A trade: its minute and its place there."""


class Sums(msgspec.Struct, frozen=True, gc=False):
    """What a run of minutes comes to: prices in ticks, sizes in steps, worth in ticks times
    steps; `bought` is what takers bought. `first_id` is -1 without trades.
    """

    open: int
    high: int
    low: int
    close: int
    size: int
    worth: int
    bought: int
    worth_bought: int
    trades: int
    first_id: int


class Tape:
    """Trades of one pair, each minute a pure function of seed, pair and candles."""

    def __init__(self, recording: Recording, options: Options) -> None:
        self.pair: Pair = infer_pair(recording)
        pair = self.pair
        self.symbol = pair.symbol
        self.unit = pair.tick * pair.step // SCALE
        """What a tick of a step is worth (E8): always whole."""
        self.first_ms = int(recording.open_ms[0])
        self.minutes = recording.open_ms.size
        self.end_ms = self.first_ms + self.minutes * MINUTE_MS
        shift = shift_prices(recording, pair, options)
        sides = (recording.open, recording.high, recording.low, recording.close)
        candles = [to_ticks(side, pair) + shift for side in sides]
        self.candles: Ints = np.ascontiguousarray(np.stack(candles, axis=1))
        self.volumes: Ints = np.rint(recording.quote_volume * (SCALE / self.unit)).astype(np.int64)
        dollar = get_min_notional(pair.quote) / SCALE / MIN_NOTIONAL_IN_DOLLARS
        self.dollars = recording.quote_volume / dollar
        columns = (candles[0], candles[1], candles[2], candles[3])
        self.counts: Ints = count_trades(columns, self.volumes, self.dollars)
        self.ids: list[int] = [1, *(1 + np.cumsum(self.counts)).tolist()]
        """The id of each minute's first trade."""
        traded = np.where(self.counts > 0, np.arange(self.minutes), -1)
        self.last_traded: list[int] = np.maximum.accumulate(traded).tolist()
        """The last minute up to each that had a trade, -1: none."""
        self._seed = name_seed(options.seed, self.symbol, "path")
        self._traced: dict[int, Minute] = {}
        self._sums: Ints = np.zeros((self.minutes, 4), dtype=np.int64)
        self._summed = 0
        self._whole_key = (0, 0)
        self._whole: Sums | None = None

    def number(self, at_ms: int) -> int:
        """The minute that `at_ms` lies in; -1 before the recording, `minutes` after it."""
        return min(max((at_ms - self.first_ms) // MINUTE_MS, -1), self.minutes)

    def trace(self, number: int) -> Minute:
        """The trades of a recorded minute."""
        known = self._traced.get(number)
        if known is not None:
            return known
        times, prices, sizes, sells = self._trace(number)
        worth = prices * sizes
        buys = 1 - sells
        sums = np.stack([sizes, worth, sizes * buys, worth * buys])
        minute = Minute(
            first_id=self.ids[number],
            times=(times + self.first_ms + number * MINUTE_MS).tolist(),
            prices=prices.tolist(),
            sizes=sizes.tolist(),
            sells=(sells == 1).tolist(),
            highs=np.maximum.accumulate(prices).tolist(),
            lows=np.minimum.accumulate(prices).tolist(),
            sums=np.cumsum(sums, axis=1).T.tolist(),
        )
        if len(self._traced) >= REMEMBERED:
            del self._traced[next(iter(self._traced))]
        self._traced[number] = minute
        return minute

    def _trace(self, number: int) -> Ints:
        """Times within the minute, prices, sizes and sides of its trades; sums them up."""
        count = int(self.counts[number])
        trades = np.empty((4, count), dtype=np.int64)
        draws = draw_minute(self._seed, number, count)
        before = int(self.candles[number - 1, 3]) if number else 0
        volume = int(self.volumes[number])
        trace_minute(count, self.candles[number], before, volume, draws, trades, self._sums[number])
        return trades

    def find_last(self, at_ms: int) -> Place | None:
        """The last trade up to `at_ms`: its minute and place; None before the first."""
        number = self.number(at_ms)
        if number < 0:
            return None
        if number < self.minutes and self.counts[number]:
            minute = self.trace(number)
            place = bisect_right(minute.times, at_ms) - 1
            if place >= 0:
                return minute, place
        if number == 0 or self.last_traded[number - 1] < 0:
            return None
        minute = self.trace(self.last_traded[number - 1])
        return minute, len(minute.times) - 1

    def get_state(self, at_ms: int) -> tuple[int, bool]:
        """The tick of the last trade and whether its taker sold; before any the first open, and
        the side of the trade to come.
        """
        found = self.find_last(at_ms)
        if found is None:
            first = int(np.argmax(self.counts > 0))
            sells = self.trace(first).sells
            return int(self.candles[0, 0]), bool(sells) and sells[0]
        minute, place = found
        return minute.prices[place], minute.sells[place]

    def count_until(self, at_ms: int) -> int:
        """How many trades there were up to `at_ms`, which is the id of the last."""
        found = self.find_last(at_ms)
        return 0 if found is None else found[0].first_id + found[1]

    def list_between(self, after_ms: int, until_ms: int) -> list[tuple[Minute, int, int]]:
        """Runs of trades in (after_ms, until_ms], oldest first: a minute and two places."""
        runs = []
        first, last = max(self.number(after_ms), 0), min(self.number(until_ms), self.minutes - 1)
        for number in range(first, last + 1):
            if not self.counts[number]:
                continue
            minute = self.trace(number)
            start = bisect_right(minute.times, after_ms)
            stop = bisect_right(minute.times, until_ms)
            if start < stop:
                runs.append((minute, start, stop))
        return runs

    def list_places(self, after_ms: int, until_ms: int) -> tuple[list[int], list[Place]]:
        """When the trades in (after_ms, until_ms] happened, and where they stand."""
        times: list[int] = []
        places: list[Place] = []
        for minute, start, stop in self.list_between(after_ms, until_ms):
            times += minute.times[start:stop]
            places += [(minute, place) for place in range(start, stop)]
        return times, places

    def make_trade(self, minute: Minute, place: int) -> PublicTrade:
        """A trade as the public sees it."""
        return PublicTrade(
            self.symbol,
            minute.first_id + place,
            minute.prices[place] * self.pair.tick,
            minute.sizes[place] * self.pair.step,
            minute.times[place],
            minute.sells[place],
        )

    def list_trades(self, first_id: int, count: int, now_ms: int) -> list[PublicTrade]:
        """Up to `count` trades from `first_id` on that have happened by now."""
        first_id = max(first_id, 1)
        until = min(first_id + count, self.count_until(now_ms) + 1)
        trades: list[PublicTrade] = []
        while first_id < until:
            minute = self.trace(bisect_right(self.ids, first_id) - 1)
            start = first_id - minute.first_id
            stop = min(until - minute.first_id, len(minute.times))
            trades += [self.make_trade(minute, place) for place in range(start, stop)]
            first_id = minute.first_id + stop
        return trades

    def sum_up(self, until: int) -> Ints:
        """Size, worth, size and worth of buys of each whole minute before number `until`."""
        for number in range(self._summed, until):
            self._trace(number)
        self._summed = max(self._summed, until)
        return self._sums[:until]

    def sum_whole(self, first: int, until: int) -> Sums | None:
        """Recorded minutes [first, until) that are over; None if there are none."""
        if first >= until:
            return None
        if self._whole_key == (first, until):
            return self._whole
        candles = self.candles[first:until]
        has_trades = self.counts[first:until] > 0
        if has_trades.any():  # a minute without trades moves no longer bar
            candles = candles[has_trades]
        size, worth, bought, worth_bought = self.sum_up(until)[first:].sum(axis=0).tolist()
        trades = self.ids[until] - self.ids[first]
        self._whole_key = (first, until)
        self._whole = Sums(
            open=int(candles[0, 0]),
            high=int(candles[:, 1].max()),
            low=int(candles[:, 2].min()),
            close=int(candles[-1, 3]),
            size=size,
            worth=worth,
            bought=bought,
            worth_bought=worth_bought,
            trades=trades,
            first_id=self.ids[first] if trades else -1,
        )
        return self._whole

    def sum_live(self, number: int, now_ms: int) -> Sums:
        """One recorded minute as it stands at `now_ms`."""
        place = -1
        if self.counts[number]:
            minute = self.trace(number)
            place = bisect_right(minute.times, now_ms) - 1
        if place < 0:
            return Sums(*self._get_still(number), 0, 0, 0, 0, 0, -1)
        size, worth, bought, worth_bought = minute.sums[place]
        return Sums(
            open=minute.prices[0],
            high=minute.highs[place],
            low=minute.lows[place],
            close=minute.prices[place],
            size=size,
            worth=worth,
            bought=bought,
            worth_bought=worth_bought,
            trades=place + 1,
            first_id=minute.first_id,
        )

    def _get_still(self, number: int) -> tuple[int, int, int, int]:
        """The candle of a minute without a trade (yet): as recorded, or the last price."""
        if self.counts[number]:
            before = int(self.candles[number - 1, 3]) if number else int(self.candles[0, 0])
            return before, before, before, before
        start, high, low, end = self.candles[number].tolist()
        return start, high, low, end
