"""A token's rows and what prices say, compiled: each function writes some features of all days.

`table` holds a token's rows, `REACH` days before the first day asked for and all days asked for;
`values` is [features, days asked for], in the order of `characteristics.CHARACTERISTICS`. Formulas:
there and, in readable form, `characteristics_reference`.
"""

import numpy as np
from numpy.typing import NDArray

from assay.factors.compute import characteristics_windows as windows
from assay.factors.compute.characteristics_windows import REACH, Row, Table
from assay.factors.compute.mathematics import log_, round_significant
from assay.kit.compiled import kernel

Given = tuple[Row, Row, Row, Row, Row]

# Rows of a token's table: what is given, then what is derived from it once.
HIGH, LOW, CLOSE, VOLUME, MARKET, RETURN, FILLED, DOLLARS = range(8)
_ROWS = 8

# Where each family begins on the feature axis.
TECHNICAL, MOMENTUM, VOLATILITY, LIQUIDITY, QUANT, VALUATION = 0, 7, 16, 28, 40, 49
COUNT = 55

_FAST_DECAY = 1.0 - 2.0 / 13.0
_SLOW_DECAY = 1.0 - 2.0 / 27.0
_DUST = 1e-12


@kernel
def find_bars(close: Row, stop: int) -> tuple[int, int]:
    """(column of the first bar, column after the last one) before `stop`; equal where none."""
    first = 0
    while first < stop and not close[first] > 0.0:
        first += 1
    end = stop
    while end > first and not close[end - 1] > 0.0:
        end -= 1
    return first, end


@kernel
def _write_bars(given: Given, base: int, table: Table) -> None:
    for i in range(table.shape[1]):
        column = base + i
        is_bar = column >= 0 and given[CLOSE][column] > 0.0
        table[HIGH, i] = given[HIGH][column] if is_bar else np.nan
        table[LOW, i] = given[LOW][column] if is_bar else np.nan
        table[CLOSE, i] = given[CLOSE][column] if is_bar else np.nan
        table[VOLUME, i] = given[VOLUME][column] if is_bar else np.nan
        table[MARKET, i] = given[MARKET][column] if column >= 0 else np.nan


@kernel
def build_table(given: Given, begin: int, count: int) -> Table:
    """A token's rows for the `count` days from column `begin` on; NaN where there is no bar.

    `given` is high, low, close, volume, market; a bar is a day with a close.
    """
    table = np.empty((_ROWS, REACH + count))
    base = begin - REACH
    _write_bars(given, base, table)
    close = table[CLOSE]
    filled = np.nan
    for column in range(base):
        filled = given[CLOSE][column] if given[CLOSE][column] > 0.0 else filled
    for i in range(close.size):
        filled = close[i] if close[i] == close[i] else filled
        table[FILLED, i] = filled
        table[DOLLARS, i] = close[i] * table[VOLUME, i]
        table[RETURN, i] = log_(close[i] / close[i - 1]) if i > 0 else np.nan
    return table


@kernel
def write_log_ratio(top: Row, bottom: Row, out: Row) -> None:
    """Logarithm of top / bottom, NaN where that is not a positive number."""
    for i in range(out.size):
        ratio = top[i] / bottom[i]
        out[i] = log_(ratio) if (ratio > 0.0) & (ratio < np.inf) else np.nan


@kernel
def _write_strength(change: Row, out: Row) -> None:
    """Sum of gains over the sum of all moves (Cutler), 14 days."""
    count = out.size
    gains, losses = np.empty(change.size), np.empty(change.size)
    for i in range(change.size):
        gains[i] = change[i] if change[i] > 0.0 else 0.0
        losses[i] = -change[i] if change[i] < 0.0 else 0.0
    seen = windows.count_of(change, windows.DAYS_14, count)
    gains = windows.sum_of(gains, windows.DAYS_14, count)
    losses = windows.sum_of(losses, windows.DAYS_14, count)
    for i in range(count):
        moves = gains[i] + losses[i]
        out[i] = gains[i] / moves if (seen[i] >= 9.0) & (moves > 0.0) else np.nan


@kernel
def _write_average_gap(close: Row, out: Row) -> None:
    """Exponential average of 12 days less that of 26, over the close; both reach 105 days back."""
    count = out.size
    bars, prices = windows.flag(close), windows.fill(close, 0.0)
    averages = np.empty((2, count))
    for row, decay in enumerate((_FAST_DECAY, _SLOW_DECAY)):
        top = windows.decayed(prices, decay, windows.DAYS_105, count)
        bottom = windows.decayed(bars, decay, windows.DAYS_105, count)
        for i in range(count):
            averages[row, i] = top[i] / bottom[i]
    now = close[close.size - count :]
    for i in range(count):
        out[i] = (averages[0, i] - averages[1, i]) / now[i]


@kernel
def write_technical(table: Table, age: int, values: Table) -> None:
    """The seven technical ones; `age` is the first day's distance from the token's first bar."""
    count = values.shape[1]
    out = values[TECHNICAL:MOMENTUM]
    close = table[CLOSE]
    now = close[REACH:]
    _write_strength(table[RETURN], out[0])
    _write_average_gap(close, out[1])
    for i in range(min(count, max(0, 26 - age))):
        out[1, i] = np.nan
    known = windows.count_of(close, windows.DAYS_20, count)
    distances, squares = windows.about_last(close, windows.DAYS_20, count)
    squares = windows.squares_about_mean(known, distances, squares)
    middle = windows.mean_of(close, windows.DAYS_50, 30.0, count)
    high = windows.highest_of(table[HIGH], windows.DAYS_14, count)
    low = windows.highest_of(windows.negate(table[LOW]), windows.DAYS_14, count)
    for i in range(count):
        # The mean's distance from the close: exactly 0 where the price stands still.
        gap = distances[i] / known[i] if known[i] >= 14.0 else np.nan
        spread = np.sqrt(squares[i] / (known[i] - 1.0))
        span = high[i] + low[i]
        out[2, i] = -gap / spread if spread > 0.0 else np.nan
        out[3, i] = -gap / (now[i] + gap)
        out[4, i] = now[i] / middle[i] - 1.0
        out[5, i] = (now[i] + low[i]) / span if span > 0.0 else np.nan
    inside = np.empty(close.size)
    for i in range(close.size):
        span = table[HIGH, i] - table[LOW, i]
        inside[i] = (close[i] - table[LOW, i]) / span if span > 0.0 else np.nan
    windows.copy(windows.mean_of(inside, windows.DAYS_14, 7.0, count), out[6])


@kernel
def write_momentum(table: Table, age: int, values: Table) -> None:
    """Returns over fixed spans, in calendar days, against the last close known then."""
    count = values.shape[1]
    for row, days in enumerate((1, 3, 7, 30, 90, 180, 360)):
        out = values[MOMENTUM + row]
        write_log_ratio(table[CLOSE, REACH:], table[FILLED, REACH - days :], out)
        for i in range(min(count, max(0, days - age))):
            out[i] = np.nan


@kernel
def write_ranges(table: Table, values: Table) -> None:
    """What highs and lows say of how far the price moves and where it stands."""
    count = values.shape[1]
    now, before = table[CLOSE, REACH:], windows.shift(table[CLOSE])
    reach = np.empty(table.shape[1])
    for i in range(reach.size):
        top = table[HIGH, i] if table[HIGH, i] > before[i] else before[i]
        bottom = table[LOW, i] if table[LOW, i] < before[i] else before[i]
        span = table[HIGH, i] - table[LOW, i]
        reach[i] = (top - bottom) / before[i] if span == span else np.nan
    windows.copy(windows.mean_of(reach, windows.DAYS_14, 9.0, count), values[VOLATILITY + 8])
    high = windows.highest_of(table[HIGH], windows.DAYS_90, count)
    write_log_ratio(now, high, values[MOMENTUM + 8])
    lows = windows.climb(windows.negate(table[LOW]), windows.DAYS_365, count)
    low = windows.negate(windows.highest(lows, windows.DAYS_90, count))
    write_log_ratio(high, low, values[VOLATILITY + 10])
    write_log_ratio(now, low, values[VALUATION + 5])
    low = windows.negate(windows.highest(lows, windows.DAYS_365, count))
    write_log_ratio(now, low, values[VALUATION + 4])
    days = windows.days_since_highest(table[HIGH], windows.DAYS_365, count)
    windows.copy(days, values[QUANT + 5])


@kernel
def _list_peaks(given: Given, begin: int, count: int) -> NDArray[np.float64]:
    """Highest high of all bars so far, for `count` days from column `begin` on."""
    out = np.empty(count)
    high, close = given[HIGH], given[CLOSE]
    peak = -np.inf
    for column in range(begin + count):
        # Written so that a missing high changes nothing.
        peak = high[column] if (close[column] > 0.0) & (high[column] > peak) else peak
        if column >= begin:
            out[column - begin] = peak
    return out


@kernel
def write_valuation(given: Given, table: Table, begin: int, values: Table) -> None:
    """The price against what was paid for the token before."""
    count = values.shape[1]
    now, dollars = table[CLOSE, REACH:], table[DOLLARS]
    bought = np.empty(dollars.size)
    for i in range(dollars.size):
        bought[i] = table[VOLUME, i] if dollars[i] == dollars[i] else 0.0
    units = windows.add_up(bought, windows.DAYS_365, count)
    paid = windows.add_up(windows.fill(dollars, 0.0), windows.DAYS_365, count)
    for row, window in enumerate((365, 90)):
        owned, spent = windows.total(units, window, count), windows.total(paid, window, count)
        for i in range(count):
            owned[i] *= now[i]
        write_log_ratio(owned, spent, values[VALUATION + row])
    write_log_ratio(now, _list_peaks(given, begin, count), values[VALUATION + 2])
    middle = windows.mean_of(table[CLOSE], windows.DAYS_200, 60.0, count)
    for i in range(count):
        values[VALUATION + 3, i] = now[i] / middle[i] - 1.0


@kernel
def write_rounded(values: Table, close: Row, out: Table) -> None:
    """The features rounded to 6 digits; NaN on days without a bar and for what is no number."""
    for feature in range(values.shape[0]):
        for day in range(values.shape[1]):
            value = values[feature, day]
            is_known = (close[day] > 0.0) & (abs(value) < np.inf)
            # Smaller numbers are the rounding dust of something that is zero.
            value = 0.0 if abs(value) < _DUST else round_significant(value, 6)
            out[feature, day] = value if is_known else np.nan
