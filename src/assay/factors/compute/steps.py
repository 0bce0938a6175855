"""Steps over one token's bars: elementwise formulas, and averages that remember all bars before.

Every function takes bars in order of time and writes into `out`, NaN where fewer bars than the
formula's window have been seen. Loops write one array each: compilers then vectorise them.
"""

import numpy as np

from assay.factors.compute.mathematics import log_
from assay.factors.compute.windows import Output, Row, fill_head
from assay.kit.compiled import kernel


@kernel
def write_change(x: Row, bars: int, out: Output) -> None:
    """Relative change over `bars` bars."""
    fill_head(bars + 1, out)
    for j in range(x.size - bars):
        out[j + bars] = x[j + bars] / x[j] - 1.0


@kernel
def write_log_change(x: Row, out: Output) -> None:
    """Natural logarithm of each value over the one before."""
    fill_head(2, out)
    for j in range(x.size - 1):
        out[j + 1] = log_(x[j + 1] / x[j])


@kernel
def write_copy(x: Row, window: int, out: Output) -> None:
    """The values as they are, in the type of `out`."""
    for j in range(x.size):
        out[j] = x[j]
    fill_head(window, out)


@kernel
def write_ratio(top: Row, bottom: Row, window: int, out: Output) -> None:
    """top / bottom, NaN where the bottom is zero."""
    for j in range(top.size):
        out[j] = top[j] / bottom[j] if bottom[j] != 0.0 else np.nan
    fill_head(window, out)


@kernel
def write_deviation(squares: Row, window: int, out: Output) -> None:
    """Sample standard deviation from the sum of squared deviations of `window` values."""
    for j in range(squares.size):
        out[j] = np.sqrt(squares[j] / (window - 1.0))
    fill_head(window, out)


@kernel
def write_sum(x: Row, weight: float, y: Row, out: Output) -> None:
    """x + weight * y; NaN where x or y is."""
    for j in range(x.size):
        out[j] = x[j] + weight * y[j]


@kernel
def write_standing(
    x: Row, centre: Row, scale: float, spread: Row, window: int, out: Output
) -> None:
    """(x - centre) / (scale * spread), NaN where the spread is zero."""
    for j in range(x.size):
        bottom = scale * spread[j]
        out[j] = (x[j] - centre[j]) / bottom if bottom != 0.0 else np.nan
    fill_head(window, out)


@kernel
def write_correlation(
    joint: Row, squares: Row, other_squares: Row, window: int, out: Output
) -> None:
    """joint / sqrt(squares * other squares), held within [-1, 1]; NaN where either is zero."""
    for j in range(joint.size):
        bottom = np.sqrt(squares[j]) * np.sqrt(other_squares[j])
        ratio = joint[j] / bottom if bottom != 0.0 else np.nan
        ratio = 1.0 if ratio > 1.0 else ratio
        out[j] = -1.0 if ratio < -1.0 else ratio
    fill_head(window, out)


@kernel
def write_typical_price(high: Row, low: Row, close: Row, out: Row) -> None:
    """(high + low + close) / 3."""
    for j in range(close.size):
        out[j] = (high[j] + low[j] + close[j]) / 3.0


@kernel
def write_true_range(high: Row, low: Row, close: Row, out: Row) -> None:
    """max(high - low, |high - close before|, |low - close before|); NaN without high or low."""
    out[0] = high[0] - low[0]
    for j in range(close.size - 1):
        before = close[j]
        span = high[j + 1] - low[j + 1]
        up, down = abs(high[j + 1] - before), abs(low[j + 1] - before)
        widest = up if up > down else down
        # Written so that a missing high or low, which makes the span NaN, stays NaN.
        out[j + 1] = widest if widest > span else span


@kernel
def write_smoothed_closes(
    close: Row, fast: Output, slow: Output, line: Output, signal: Output, histogram: Output
) -> None:
    """Exponential averages over 12 and 26 bars, their difference, its average over 9, the rest.

    An average starts at the first bar and moves by 2 / (bars + 1) of the gap to the next.
    """
    average_12 = average_26 = close[0]
    smooth = 0.0
    for j in range(close.size):
        average_12 += (2.0 / 13.0) * (close[j] - average_12)
        average_26 += (2.0 / 27.0) * (close[j] - average_26)
        macd = average_12 - average_26
        smooth += 0.2 * (macd - smooth)
        fast[j], slow[j] = average_12, average_26
        line[j], signal[j], histogram[j] = macd, smooth, macd - smooth
    fill_head(12, fast)
    fill_head(26, slow)
    fill_head(26, line)
    fill_head(34, signal)
    fill_head(34, histogram)


@kernel
def write_relative_strength(close: Row, out: Output) -> None:
    """100 * gains / (gains + losses), both smoothed by 1/14 from the first change on."""
    gains = losses = 0.0
    for j in range(1, close.size):
        change = close[j] - close[j - 1]
        weight = 1.0 / 14.0 if j > 1 else 1.0
        gains += weight * ((change if change > 0.0 else 0.0) - gains)
        losses += weight * ((-change if change < 0.0 else 0.0) - losses)
        total = gains + losses
        out[j] = 100.0 * gains / total if total != 0.0 else np.nan
    fill_head(15, out)


@kernel
def write_smoothed_range(true_range: Row, out: Output) -> None:
    """True range smoothed by 1/14, NaN until 14 were seen and on bars that have none."""
    average = 0.0
    seen = 0
    for j in range(true_range.size):
        if true_range[j] == true_range[j]:
            weight = 1.0 / 14.0 if seen > 0 else 1.0
            average += weight * (true_range[j] - average)
            seen += 1
            out[j] = average if seen >= 14 else np.nan
        else:
            out[j] = np.nan


@kernel
def write_balance_volume(close: Row, volume: Row, out: Output) -> None:
    """Volume of rising bars minus that of falling ones so far; NaN on a bar without volume."""
    balance = 0.0
    out[0] = volume[0] * 0.0
    for j in range(1, close.size):
        if volume[j] == volume[j]:
            side = (1.0 if close[j] > close[j - 1] else 0.0) - (
                1.0 if close[j] < close[j - 1] else 0.0
            )
            balance += side * volume[j]
            out[j] = balance
        else:
            out[j] = np.nan


@kernel
def write_drawdown(close: Row, out: Output) -> None:
    """Close relative to the highest close so far, minus 1."""
    highest = close[0]
    for j in range(close.size):
        highest = close[j] if close[j] > highest else highest
        out[j] = close[j] / highest - 1.0
