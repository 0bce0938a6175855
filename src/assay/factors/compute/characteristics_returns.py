"""What a token's returns say, by themselves and against the market's, compiled.

Shapes and words as in `characteristics_kernels`.
"""

import numpy as np

from assay.factors.compute import characteristics_windows as windows
from assay.factors.compute.characteristics_kernels import (
    MARKET,
    MOMENTUM,
    QUANT,
    RETURN,
    VOLATILITY,
)
from assay.factors.compute.characteristics_windows import NO_SPREAD, Row, Table
from assay.kit.compiled import kernel


@kernel
def _write_moments(
    seen: Row, sums: tuple[Row, Row, Row], need: float, skewness: Row, sharpe: Row
) -> Row:
    """Skewness and mean over deviation from the sums of r, r^2 and r^3; the sample deviation."""
    ones, twos, threes = sums
    squares = windows.squares_about_mean(seen, ones, twos)
    for i in range(seen.size):
        days, mean = seen[i], ones[i] / seen[i]
        squares[i] = np.sqrt(squares[i] / (days - 1.0))
        spread = squares[i] if days >= need else 0.0
        cubes = threes[i] - 3.0 * mean * twos[i] + 2.0 * days * mean * mean * mean
        skewness[i] = cubes / days / (spread * spread * spread) if spread > 0.0 else np.nan
        sharpe[i] = mean / spread if spread > 0.0 else np.nan
    return squares


@kernel
def write_own(table: Table, values: Table) -> None:
    """Deviation, skewness, falls, largest and autocorrelation of a token's own returns."""
    count = values.shape[1]
    volatility, quant = values[VOLATILITY:], values[QUANT:]
    change = table[RETURN]
    r = windows.fill(change, 0.0)
    powers = np.empty((3, r.size))
    falls = np.empty(r.size)
    for i in range(r.size):
        powers[0, i] = 1.0 if change[i] == change[i] else 0.0
        powers[1, i], powers[2, i] = r[i] * r[i], r[i] * r[i] * r[i]
        falls[i] = powers[1, i] if r[i] < 0.0 else 0.0
    days = windows.add_up(powers[0], windows.DAYS_90, count)
    ones = windows.add_up(r, windows.DAYS_90, count)
    twos = windows.add_up(powers[1], windows.DAYS_90, count)
    threes = windows.add_up(powers[2], windows.DAYS_90, count)
    unused = np.empty((2, count))
    for row, window in enumerate((7, 30, 90)):
        seen = windows.total(days, window, count)
        sums = (
            windows.total(ones, window, count),
            windows.total(twos, window, count),
            windows.total(threes, window, count),
        )
        skewness = quant[row - 1] if row > 0 else unused[0]
        sharpe = quant[3] if row == 2 else unused[1]
        spread = _write_moments(seen, sums, (7.0, 20.0, 45.0)[row], skewness, sharpe)
        need = (4.0, 20.0, 60.0)[row]
        for i in range(count):
            volatility[row, i] = spread[i] if seen[i] >= need else np.nan
    month = windows.total(days, windows.DAYS_30, count)
    falls = windows.sum_of(falls, windows.DAYS_30, count)
    flat = np.zeros(count)
    largest = windows.mean_largest_five(windows.fill(change, -np.inf), r, flat, count)
    for i in range(count):
        volatility[3, i] = np.sqrt(falls[i] / month[i]) if month[i] >= 20.0 else np.nan
        volatility[7, i] = largest[i] if month[i] >= 20.0 else np.nan
    _write_autocorrelation(change, month, windows.total(ones, windows.DAYS_30, count), quant[2])


@kernel
def _write_autocorrelation(change: Row, days: Row, sums: Row, out: Row) -> None:
    """Of each return of 30 days with the day before's, where both lie in the window."""
    count = out.size
    pairs = windows.pair_sums(change, windows.shift(change), windows.DAYS_29, count)
    totals = windows.pair_totals(pairs, windows.DAYS_29, count)
    for i in range(count):
        mean = sums[i] / days[i]
        shared = totals[0, i] * mean * mean
        bottom = totals[3, i] - 2.0 * mean * totals[1, i] + shared
        top = totals[4, i] - mean * (totals[1, i] + totals[2, i]) + shared
        has_spread = bottom > NO_SPREAD * totals[3, i]
        is_known = (days[i] >= 20.0) & (totals[0, i] >= 19.0) & has_spread
        out[i] = top / bottom if is_known else np.nan


@kernel
def _write_slope(totals: Table, slope: Row, rest: Row) -> None:
    """Slope on the market over 90 days, and root mean square of what the fit leaves."""
    days = totals[0]
    yy = windows.squares_about_mean(days, totals[1], totals[3])
    xy = windows.about_mean(days, totals[2], totals[1], totals[4])
    xx = windows.squares_about_mean(days, totals[2], totals[5])
    for i in range(days.size):
        slope[i] = xy[i] / xx[i] if (days[i] >= 25.0) & (xx[i] > 0.0) else np.nan
        squares = yy[i] - slope[i] * xy[i]
        squares = 0.0 if squares <= NO_SPREAD * yy[i] else squares
        rest[i] = np.sqrt(squares / days[i])


@kernel
def _write_month(slope: Row, month: Table, week: Table, values: Table) -> None:
    """What the residuals r - slope * m of 30 and 7 days say, from their sums."""
    momentum, volatility, quant = values[MOMENTUM:], values[VOLATILITY:], values[QUANT:]
    days = month[0]
    yy = windows.about_mean(days, month[1], month[1], month[3])
    xy = windows.about_mean(days, month[2], month[1], month[4])
    xx = windows.about_mean(days, month[2], month[2], month[5])
    for i in range(days.size):
        b = slope[i]
        squares = week[3, i] - 2.0 * b * week[4, i] + b * b * week[5, i]
        squares = 0.0 if squares <= NO_SPREAD * week[3, i] else squares
        volatility[4, i] = np.sqrt(squares / week[0, i]) if week[0, i] >= 4.0 else np.nan
        squares = yy[i] - 2.0 * b * xy[i] + b * b * xx[i]
        has_spread = (days[i] >= 20.0) & (squares > NO_SPREAD * month[3, i])
        spread = np.sqrt(squares / days[i]) if has_spread else np.nan
        volatility[5, i] = spread
        momentum[7, i] = (month[1, i] - b * month[2, i]) / days[i] / spread
        quant[4, i] = (week[1, i] - b * week[2, i]) / spread


@kernel
def write_residual(table: Table, values: Table) -> None:
    """How a token moves with the market and what is left of its returns after it."""
    count = values.shape[1]
    volatility, quant = values[VOLATILITY:], values[QUANT:]
    change, market = table[RETURN], table[MARKET]
    sums = windows.pair_sums(change, market, windows.DAYS_180, count)
    quarter = windows.pair_totals(sums, windows.DAYS_90, count)
    month = windows.pair_totals(sums, windows.DAYS_30, count)
    windows.write_correlation(quarter, 25.0, quant[6])
    windows.write_correlation(month, 20.0, quant[7])
    half_year = windows.pair_totals(sums, windows.DAYS_180, count)
    windows.write_correlation(half_year, 60.0, quant[8])
    slope = volatility[9]
    _write_slope(quarter, slope, volatility[6])
    _write_month(slope, month, windows.pair_totals(sums, windows.DAYS_7, count), values)
    paired = np.empty(change.size)
    for i in range(change.size):
        paired[i] = change[i] if (change[i] == change[i]) & (market[i] == market[i]) else -np.inf
    largest = windows.mean_largest_five(paired, windows.fill(market, 0.0), slope, count)
    for i in range(count):
        is_known = (month[0, i] >= 20.0) & (slope[i] == slope[i])
        volatility[11, i] = largest[i] if is_known else np.nan
