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
def write_smoothed_closes(close: Row, out: Output) -> None:
    """Exponential averages, their difference and its average, relative strength: `out` [6, bars].

    Rows: averages over 12 and 26 bars (each starts at the first bar and moves by 2 / (bars + 1) of
    the gap to the next), 12 minus 26, the average of that over 9, the rest; 100 * gains / (gains +
    losses), both smoothed by 1/14 from the first change on. One loop, because each waits for its
    own last value and the processor does the others meanwhile.
    """
    fast, slow, lines, signals, rests, strength = out[0], out[1], out[2], out[3], out[4], out[5]
    before = average_12 = average_26 = close[0]
    signal = gains = losses = 0.0
    for j in range(close.size):
        price = close[j]
        average_12 += (2.0 / 13.0) * (price - average_12)
        average_26 += (2.0 / 27.0) * (price - average_26)
        line = average_12 - average_26
        signal += 0.2 * (line - signal)
        fast[j], slow[j] = average_12, average_26
        lines[j], signals[j], rests[j] = line, signal, line - signal
        change = price - before
        before = price
        weight = 1.0 / 14.0 if j > 1 else 1.0
        gains += weight * ((change if change > 0.0 else 0.0) - gains)
        losses += weight * ((-change if change < 0.0 else 0.0) - losses)
        total = gains + losses
        strength[j] = 100.0 * gains / total if total != 0.0 else np.nan
    fill_head(12, fast)
    fill_head(26, slow)
    fill_head(26, lines)
    fill_head(34, signals)
    fill_head(34, rests)
    fill_head(15, strength)


@kernel
def write_smoothed_range(true_range: Row, close: Row, ranges: Output, drawdown: Output) -> None:
    """True range smoothed by 1/14 (NaN until 14 were seen and on bars without), and the drawdown.

    The drawdown is the close relative to the highest close so far, minus 1.
    """
    average = 0.0
    seen = 0
    highest = close[0]
    for j in range(close.size):
        gap = true_range[j] - average
        is_known = gap == gap
        weight = 1.0 / 14.0 if seen > 0 else 1.0
        average += weight * gap if is_known else 0.0
        seen += 1 if is_known else 0
        ranges[j] = average if is_known & (seen >= 14) else np.nan
        highest = close[j] if close[j] > highest else highest
        drawdown[j] = close[j] / highest - 1.0


@kernel
def write_balance_volume(close: Row, volume: Row, out: Output) -> None:
    """Volume of rising bars minus that of falling ones so far; NaN on a bar without volume."""
    balance = 0.0
    before = close[0]
    for j in range(close.size):
        side = (1.0 if close[j] > before else 0.0) - (1.0 if close[j] < before else 0.0)
        before = close[j]
        if volume[j] == volume[j]:
            balance += side * volume[j]
            out[j] = balance
        else:
            out[j] = np.nan
