"""Figures of one series over the days behind each day, causal to the bit.

Every day is summed anew from its own window, in the order of time: nothing depends on where a
series starts or ends.
"""

import math

import numpy as np

from assay.factors import round_significant
from assay.kit.compiled import kernel
from assay.market_state.types import Series


@kernel
def _trailing_mean(values: Series, days: int, needed: int, out: Series) -> None:
    for t in range(values.size):
        total = 0.0
        count = 0
        for i in range(max(t - days + 1, 0), t + 1):
            if values[i] == values[i]:
                total += values[i]
                count += 1
        if count >= needed:
            out[t] = total / count


def compute_trailing_mean(values: Series, days: int, needed: int) -> Series:
    """Mean of the known values of the last `days` days; NaN with fewer than `needed` of them."""
    out = np.full(values.size, np.nan)
    _trailing_mean(values, days, needed, out)
    return out


@kernel
def _trailing_ratio(part: Series, whole: Series, days: int, out: Series) -> None:
    for t in range(part.size):
        above = 0.0
        below = 0.0
        for i in range(max(t - days + 1, 0), t + 1):
            if part[i] == part[i] and whole[i] == whole[i]:
                above += part[i]
                below += whole[i]
        if below > 0.0:
            out[t] = above / below


def compute_trailing_ratio(part: Series, whole: Series, days: int) -> Series:
    """Sum of `part` over sum of `whole` on the last `days` days that both know; NaN without any."""
    out = np.full(part.size, np.nan)
    _trailing_ratio(part, whole, days, out)
    return out


@kernel
def _volatility(returns: Series, days: int, needed: int, periods: float, out: Series) -> None:
    for t in range(returns.size):
        total = 0.0
        count = 0
        for i in range(max(t - days + 1, 0), t + 1):
            if returns[i] == returns[i]:
                total += returns[i] * returns[i]
                count += 1
        if count >= needed:
            out[t] = round_significant(math.sqrt(total / count * periods), 6)


def compute_volatility(returns: Series, days: int, needed: int, periods: float) -> Series:
    """Root mean square of the known returns of the last `days` days, a year of `periods`; NaN with
    fewer than `needed`.
    """
    out = np.full(returns.size, np.nan)
    _volatility(returns, days, needed, periods, out)
    return out


@kernel
def _drop_below_high(level: Series, days: int, needed: int, out: Series) -> None:
    for t in range(level.size):
        highest = -np.inf
        count = 0
        for i in range(max(t - days + 1, 0), t + 1):
            if level[i] == level[i]:
                highest = max(highest, level[i])
                count += 1
        if count >= needed and level[t] == level[t]:
            out[t] = level[t] - highest


def compute_drop(level: Series, days: int, needed: int) -> Series:
    """Distance below the highest value of the last `days` days, 0 or negative; NaN with fewer than
    `needed` known.
    """
    out = np.full(level.size, np.nan)
    _drop_below_high(level, days, needed, out)
    return out


@kernel
def _percentiles(values: Series, days: int, needed: int, out: Series) -> None:
    for t in range(values.size):
        if values[t] != values[t]:
            continue
        below = 0
        equal = 0
        count = 0
        for i in range(max(t - days + 1, 0), t + 1):
            if values[i] == values[i]:
                count += 1
                if values[i] < values[t]:
                    below += 1
                elif values[i] == values[t]:
                    equal += 1
        if count >= needed:
            out[t] = 100.0 * (below + 0.5 * equal) / count


def compute_percentiles(values: Series, needed: int, days: int | None = None) -> Series:
    """Where a day's value stands among the known ones of the last `days` days (None: of all days so
    far), 0 to 100, its equals and itself counted half; NaN with fewer than `needed` known.
    """
    out = np.full(values.size, np.nan)
    _percentiles(values, days or values.size, needed, out)
    return out
