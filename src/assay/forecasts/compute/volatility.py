"""How far a price swings a day: exponentially weighted deviations, shrunk towards the market's.

For horizon h the variance is w(h) * fast + (1 - w(h)) * slow, both exponentially weighted mean
squares of the daily log return (decays 0.88 and 0.99; started with the mean of the first 20): the
longer the horizon, the less the last days matter (memories of several lengths: Corsi 2009). The
deviation is then 0.6 * own + 0.4 * the median of the day's universe, because an own estimate is too
noisy where it is extreme.
"""

import math
from collections.abc import Sequence

import numpy as np

from assay.factors import log_, round_significant
from assay.forecasts.types import LEAST_HISTORY_DAYS, Cube, Flags, Matrix, Series, Spread, Thirds
from assay.kit.compiled import kernel

FAST_DECAY = 0.88
SLOW_DECAY = 0.99
FAST_SHARES = {1: 0.8, 7: 0.4, 30: 0.2, 90: 0.1, 365: 0.0}
"""Weight of the fast variance, by horizon."""
SHRINK = 0.4
WARM_UP = 20
RECENT_DAYS = 30


@kernel
def _returns(closes: Matrix, out: Matrix) -> None:
    for token in range(closes.shape[0]):
        for day in range(1, closes.shape[1]):
            out[token, day] = log_(closes[token, day] / closes[token, day - 1])


@kernel
def _variances(returns: Matrix, decay: float, out: Matrix) -> None:
    for token in range(returns.shape[0]):
        seen = 0
        variance = 0.0
        for day in range(returns.shape[1]):
            value = returns[token, day]
            if value == value:
                seen += 1
                rate = 1.0 / seen if seen <= WARM_UP else 1.0 - decay
                variance += (value * value - variance) * rate
            if seen >= WARM_UP:
                out[token, day] = variance


@kernel
def _recent_deviations(returns: Matrix, out: Matrix) -> None:
    for token in range(returns.shape[0]):
        for day in range(returns.shape[1]):
            count = 0
            total = 0.0
            for i in range(max(day - RECENT_DAYS + 1, 0), day + 1):
                if returns[token, i] == returns[token, i]:
                    total += returns[token, i]
                    count += 1
            if count < WARM_UP:
                continue
            mean = total / count
            squares = 0.0
            for i in range(max(day - RECENT_DAYS + 1, 0), day + 1):
                if returns[token, i] == returns[token, i]:
                    squares += (returns[token, i] - mean) * (returns[token, i] - mean)
            out[token, day] = round_significant(math.sqrt(squares / (count - 1)), 6)


@kernel
def _universe(closes: Matrix, coins: Flags, out: Flags) -> None:
    for token in range(closes.shape[0]):
        first = -1
        for day in range(closes.shape[1]):
            if not closes[token, day] > 0.0:
                continue
            first = day if first < 0 else first
            out[token, day] = coins[token] and day - first + 1 >= LEAST_HISTORY_DAYS


@kernel
def _median(values: Series, count: int) -> float:
    ordered = np.sort(values[:count])
    half = count // 2
    middle: float = ordered[half] if count % 2 else 0.5 * (ordered[half - 1] + ordered[half])
    return middle


@kernel
def _shrunk(fast: Matrix, slow: Matrix, share: float, universe: Flags, out: Matrix) -> None:
    tokens, days = fast.shape
    members = np.empty(tokens)
    for day in range(days):
        count = 0
        for token in range(tokens):
            own = math.sqrt(share * fast[token, day] + (1.0 - share) * slow[token, day])
            out[token, day] = own
            if universe[token, day] and own == own:
                members[count] = own
                count += 1
        middle = _median(members, count) if count else np.nan
        for token in range(tokens):
            value = (1.0 - SHRINK) * out[token, day] + SHRINK * middle
            out[token, day] = round_significant(value, 6)


@kernel
def _thirds(values: Matrix, universe: Flags, out: Thirds) -> None:
    tokens, days = values.shape
    rows = np.empty(tokens, np.int64)
    for day in range(days):
        count = 0
        for token in range(tokens):
            if universe[token, day] and values[token, day] == values[token, day]:
                rows[count] = token
                count += 1
        order = np.argsort(values[:, day][rows[:count]], kind="mergesort")
        for place in range(count):
            out[rows[order[place]], day] = (place * 3) // count


def compute_spread(closes: Matrix, coins: Flags, horizons: Sequence[int]) -> Spread:
    """Volatility of every token and day for each of `horizons` (1, 7, 30, 90 or 365 days).

    `closes` [tokens, days], continuous through redenominations, NaN = no bar; `coins` [tokens] says
    which rows are coins. A missing bar leaves a deviation as it was; NaN before 20 returns. Thirds
    are of the 30-day sample deviation (20 returns needed) within the day's universe, ties by row.
    Causal: later columns change nothing.
    """
    bars = np.ascontiguousarray(closes, dtype=np.float64)
    returns = np.full(bars.shape, np.nan)
    _returns(bars, returns)
    universe = np.zeros(bars.shape, np.bool_)
    _universe(bars, np.ascontiguousarray(coins), universe)
    recent = np.full(bars.shape, np.nan)
    _recent_deviations(returns, recent)
    thirds = np.full(bars.shape, -1, np.int8)
    _thirds(recent, universe, thirds)
    return Spread(
        closes=bars,
        universe=universe,
        returns=returns,
        recent=recent,
        deviations=_compute_deviations(returns, universe, horizons),
        thirds=thirds,
    )


def _compute_deviations(returns: Matrix, universe: Flags, horizons: Sequence[int]) -> Cube:
    fast, slow = np.full(returns.shape, np.nan), np.full(returns.shape, np.nan)
    _variances(returns, FAST_DECAY, fast)
    _variances(returns, SLOW_DECAY, slow)
    out = np.full((len(horizons), *returns.shape), np.nan)
    for place, horizon in enumerate(horizons):
        _shrunk(fast, slow, FAST_SHARES[horizon], universe, out[place])
    return out
