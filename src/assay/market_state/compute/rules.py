"""States with a memory: the bull and bear indicator, the volatility regime, the mood."""

import numpy as np

from assay.kit.compiled import kernel
from assay.market_state.compute.windows import compute_percentiles, compute_trailing_mean
from assay.market_state.types import (
    BEAR_BREADTH,
    BULL_BREADTH,
    FEAR_COMPONENTS,
    FEAR_MINIMUM,
    FEAR_WINDOW,
    KNOWN_SHARE,
    MOODS,
    REGIME_BOUNDS,
    REGIME_MINIMUM,
    REGIME_SLACK,
    TREND_DAYS,
    Counts,
    Matrix,
    Mood,
    Series,
)

UNKNOWN = -1


def compute_signal(breadth: Series, level: Series) -> Counts:
    """1 bull, -1 bear, 0 neither, [days]; 0 where breadth or the market's mean is unknown.

    Bull: breadth at least 0.6 and the market's level above its 100-day mean; bear: breadth at most
    0.4 and the level below. The band between is the hysteresis of the last signal.
    """
    mean = compute_trailing_mean(level, TREND_DAYS, int(KNOWN_SHARE * TREND_DAYS))
    bull = (breadth >= BULL_BREADTH) & (level > mean)
    bear = (breadth <= BEAR_BREADTH) & (level < mean)
    return np.asarray(bull.astype(np.int64) - bear.astype(np.int64))


@kernel
def _carry(signal: Counts, last: Counts, since: Counts) -> None:
    state = 0
    start = UNKNOWN
    for t in range(signal.size):
        if signal[t] != 0 and signal[t] != state:
            state = signal[t]
            start = t
        last[t] = state
        since[t] = start


def carry_signal(signal: Counts) -> tuple[Counts, Counts]:
    """The last signal that was not 0 (0 before the first), and the column on which it began (-1:
    none).
    """
    last, since = np.zeros_like(signal), np.full_like(signal, UNKNOWN)
    _carry(signal, last, since)
    return last, since


@kernel
def _regimes(
    percentile: Series, low: float, high: float, slack: float, regime: Counts, since: Counts
) -> None:
    state = UNKNOWN
    start = UNKNOWN
    for t in range(percentile.size):
        place = percentile[t]
        if place == place:
            wanted = 0 if place < low else (2 if place > high else 1)
            is_left = (
                state == UNKNOWN
                or (state == 0 and place > low + slack)
                or (state == 1 and (place < low - slack or place > high + slack))
                or (state == 2 and place < high - slack)
            )
            if wanted != state and is_left:
                state = wanted
                start = t
            regime[t] = state
            since[t] = start


def compute_volatility_regimes(volatility: Series) -> tuple[Series, Counts, Counts]:
    """Percentile of the volatility in its own history so far, its regime (0 low, 1 middle, 2 high;
    -1 before 180 days are known) and the column on which that began.

    Regimes are the thirds of the history; one is left only 3 points beyond its border.
    """
    percentile = compute_percentiles(volatility, REGIME_MINIMUM)
    regime = np.full(volatility.size, UNKNOWN)
    since = np.full(volatility.size, UNKNOWN)
    _regimes(percentile, REGIME_BOUNDS[0], REGIME_BOUNDS[1], REGIME_SLACK, regime, since)
    return percentile, regime, since


@kernel
def _mix(components: Matrix, needed: int, out: Counts) -> None:
    for t in range(components.shape[1]):
        total = 0.0
        count = 0
        for part in range(components.shape[0]):
            if components[part, t] == components[part, t]:
                total += components[part, t]
                count += 1
        if count >= needed:
            out[t] = round(total / count)


def compute_components(raw: Matrix) -> Matrix:
    """Percentiles of the raw components [components, days] in their last 365 days, 0 fear to 100
    greed; NaN while fewer than 90 of those are known.
    """
    return np.stack([compute_percentiles(part, FEAR_MINIMUM, FEAR_WINDOW) for part in raw])


def mix_components(components: Matrix) -> Counts:
    """The fear-and-greed index [days], 0 to 100: the mean of the known components, rounded; -1 with
    fewer than 4 of them.
    """
    out = np.full(components.shape[1], UNKNOWN)
    _mix(np.ascontiguousarray(components), FEAR_COMPONENTS, out)
    return out


def label_mood(value: int) -> Mood:
    """The name of a value of the index."""
    return next(mood for lowest, mood in MOODS if value >= lowest)
