"""The state of the whole market on each day, and each token's volatility against it.

Everything here is causal and bounded, and read by models only as an interaction with ranks.
"""

import math

import numpy as np
from numpy.typing import NDArray

from assay.factors.compute.mathematics import log_, logistic_, round_significant
from assay.kit.compiled import kernel

Matrix = NDArray[np.float64]
Series = NDArray[np.float64]
Flags = NDArray[np.bool_]

REGIMES = (
    "day",
    "week",
    "ten_days",
    "month",
    "volatility",
    "breadth",
    "dispersion",
    "week_in_volatility",
    "week_in_dispersion",
)
"""Order of the regime axis; formulas at `compute_regimes`."""

MINIMUM_HISTORY_DAYS = 30
MINIMUM_VOLUME_USD = 100_000.0
_LARGEST_RETURN = 0.5
_DAILY = 0.05
_USUAL_VOLATILITY = 0.045
_USUAL_DISPERSION = 0.25
VOLATILITY_REACH = 120
_DECAY = 0.94
_WARM_UP = 20


@kernel
def _middle(ordered: Series, count: int) -> float:
    if count == 0:
        return np.nan
    half = count // 2
    middle: float = ordered[half] if count % 2 else 0.5 * (ordered[half - 1] + ordered[half])
    return middle


@kernel
def _median(values: Series, count: int) -> float:
    return _middle(np.sort(values[:count]), count)


@kernel
def _insert(ordered: Series, count: int, value: float) -> None:
    place = count
    while place > 0 and ordered[place - 1] > value:
        ordered[place] = ordered[place - 1]
        place -= 1
    ordered[place] = value


@kernel
def _remove(ordered: Series, count: int, value: float) -> None:
    place = 0
    while ordered[place] != value:
        place += 1
    for i in range(place, count - 1):
        ordered[i] = ordered[i + 1]


@kernel
def _median_volumes(close: Matrix, volume: Matrix, start: int) -> Matrix:
    tokens, days = close.shape
    out = np.full((tokens, days), np.nan)
    # The window is kept in order, one day in and one out, instead of being sorted anew.
    ordered = np.empty(MINIMUM_HISTORY_DAYS)
    begin = max(start - MINIMUM_HISTORY_DAYS + 1, 0)
    for token in range(tokens):
        count = 0
        for t in range(begin, days):
            gone = t - MINIMUM_HISTORY_DAYS
            turnover = close[token, gone] * volume[token, gone] if gone >= begin else np.nan
            if turnover == turnover:
                _remove(ordered, count, turnover)
                count -= 1
            turnover = close[token, t] * volume[token, t]
            if turnover == turnover:
                _insert(ordered, count, turnover)
                count += 1
            if t >= start and close[token, t] > 0.0:
                out[token, t] = _middle(ordered, count)
    return out


def compute_median_volumes(close: Matrix, volume: Matrix, start: int = 0) -> Matrix:
    """Median dollar volume of the last 30 days, [tokens, days]; days without one are left out, NaN
    without a bar on the day itself and before `start`.
    """
    return _median_volumes(
        np.ascontiguousarray(close, dtype=np.float64),
        np.ascontiguousarray(volume, dtype=np.float64),
        start,
    )


def compute_universe(close: Matrix, median_volumes: Matrix, is_coin: Flags) -> Flags:
    """Who is judged, [tokens, days]: coins with a bar on the day, at least 30 days since their
    first bar (that day included), and a 30-day median dollar volume of at least 100,000.
    """
    known = np.isfinite(close)
    seen = np.maximum.accumulate(known, axis=1)
    old = np.zeros_like(known)
    enough = max(known.shape[1] - MINIMUM_HISTORY_DAYS + 1, 0)
    old[:, MINIMUM_HISTORY_DAYS - 1 :] = seen[:, :enough]
    liquid = np.nan_to_num(median_volumes) >= MINIMUM_VOLUME_USD
    return np.asarray(known & old & liquid & is_coin[:, None])


@kernel
def _market_returns(close: Matrix, universe: Flags, out: Series) -> None:
    for t in range(1, close.shape[1]):
        total = 0.0
        count = 0
        for token in range(close.shape[0]):
            if not universe[token, t - 1]:
                continue
            change = log_(close[token, t] / close[token, t - 1])
            if change == change:
                total += min(max(change, -_LARGEST_RETURN), _LARGEST_RETURN)
                count += 1
        if count >= 3:
            out[t] = total / count


def compute_market_returns(close: Matrix, universe: Flags) -> Series:
    """The market's daily log return [days]: mean over yesterday's universe of the tokens' log
    returns, each cut to +-0.5; NaN with fewer than 3 of them. Sums run in token order.
    """
    out = np.full(close.shape[1], np.nan)
    _market_returns(np.ascontiguousarray(close, dtype=np.float64), universe, out)
    return out


@kernel
def _tanh(x: float) -> float:
    return 2.0 * logistic_(2.0 * x) - 1.0


@kernel
def _squash(x: float) -> float:
    return x / (1.0 + abs(x))


@kernel
def _trend(market: Series, t: int, days: int) -> float:
    total = 0.0
    for i in range(max(t - days + 1, 0), t + 1):
        if market[i] == market[i]:
            total += market[i]
    return total / (math.sqrt(float(days)) * _DAILY)


@kernel
def _volatility(market: Series, t: int) -> float:
    total = 0.0
    for i in range(max(t - 29, 0), t + 1):
        if market[i] == market[i]:
            total += market[i] * market[i]
    deviation = math.sqrt(total / 30.0)
    return _tanh(log_(deviation / _USUAL_VOLATILITY)) if deviation > 0.0 else 0.0


@kernel
def _quantile(ordered: Series, share: float) -> float:
    place = share * (ordered.size - 1)
    low = int(place)
    high = min(low + 1, ordered.size - 1)
    value: float = ordered[low] + (place - low) * (ordered[high] - ordered[low])
    return value


@kernel
def _breadth_and_dispersion(months: Series, members: Flags) -> tuple[float, float]:
    values = np.empty(months.size)
    count = 0
    rising = 0
    for token in range(months.size):
        if members[token] and months[token] == months[token]:
            values[count] = months[token]
            count += 1
            rising += 1 if months[token] > 0.0 else 0
    if count < 5:
        return 0.0, 0.0
    ordered = np.sort(values[:count])
    width = _quantile(ordered, 0.75) - _quantile(ordered, 0.25)
    dispersion = _tanh(1.5 * log_(width / _USUAL_DISPERSION)) if width > 0.0 else -1.0
    return 2.0 * rising / count - 1.0, dispersion


@kernel
def _regimes(market: Series, months: Matrix, universe: Flags, start: int, out: Matrix) -> None:
    for day in range(out.shape[1]):
        t = start + day
        breadth, dispersion = _breadth_and_dispersion(months[:, day], universe[:, t])
        week = _tanh(_trend(market, t, 7))
        volatility = _volatility(market, t)
        out[0, day] = _squash(_trend(market, t, 1))
        out[1, day] = week
        out[2, day] = _squash(_trend(market, t, 10))
        out[3, day] = _squash(_trend(market, t, 30))
        out[4, day] = volatility
        out[5, day] = breadth
        out[6, day] = dispersion
        out[7, day] = week * volatility
        out[8, day] = week * dispersion
        for regime in range(out.shape[0]):
            out[regime, day] = round_significant(out[regime, day], 6)


def compute_regimes(market: Series, months: Matrix, universe: Flags, start: int = 0) -> Matrix:
    """The nine regime numbers, each in [-1, 1], [regimes, days from `start`].

    `months` is the characteristic return_30, [tokens, days from `start`]. With T(n) the market's
    log return over n days / (0.05 sqrt n) and s(x) = x / (1 + |x|): day = s(T(1)), week = tanh
    T(7), ten_days = s(T(10)), month = s(T(30)), volatility = tanh log(root mean square of 30 days /
    0.045), breadth = 2 * share of the universe with return_30 > 0 - 1, dispersion = tanh(1.5
    log(interquartile range of return_30 / 0.25)), and the products of week with the last two named
    ones, volatility and dispersion. Unknown returns count as 0; with fewer than 5 tokens breadth
    and dispersion are 0.
    """
    out = np.zeros((len(REGIMES), months.shape[1]))
    _regimes(market, np.ascontiguousarray(months), universe, start, out)
    return out


@kernel
def _relative_changes(close: Matrix, universe: Flags, start: int, out: Matrix) -> None:
    members = np.empty(close.shape[0])
    for t in range(max(start, 1), close.shape[1]):
        count = 0
        for token in range(close.shape[0]):
            out[token, t] = log_(close[token, t] / close[token, t - 1])
            if universe[token, t] and out[token, t] == out[token, t]:
                members[count] = out[token, t]
                count += 1
        middle = _median(members, count)
        for token in range(close.shape[0]):
            out[token, t] -= middle if middle == middle else 0.0


@kernel
def _relative_volatility(changes: Matrix, close: Matrix, start: int, out: Matrix) -> None:
    for token in range(close.shape[0]):
        for t in range(start, close.shape[1]):
            if not close[token, t] > 0.0:
                continue
            total = 0.0
            weights = 0.0
            weight = 1.0
            known = 0
            for i in range(t, max(t - VOLATILITY_REACH, 0), -1):
                change = changes[token, i]
                if change == change:
                    total += weight * change * change
                    weights += weight
                    known += 1
                weight *= _DECAY
            if known >= _WARM_UP:
                out[token, t] = round_significant(math.sqrt(total / weights), 6)


def compute_relative_volatility(close: Matrix, universe: Flags, start: int = 0) -> Matrix:
    """Daily deviation of a token's log return from the universe's median one, [tokens, days].

    Exponentially weighted (decay 0.94, as in RiskMetrics) over the last 120 days, weights shared
    among the known returns, so that a day can be computed by itself. NaN with fewer than 20 known
    returns, on days without a bar and before `start`; the universe must be known from 120 days
    before `start`.
    """
    bars = np.ascontiguousarray(close, dtype=np.float64)
    changes = np.full(close.shape, np.nan)
    _relative_changes(bars, universe, max(start - VOLATILITY_REACH, 0), changes)
    out = np.full(close.shape, np.nan)
    _relative_volatility(changes, bars, start, out)
    return out
