"""Windows over calendar days, for all days of one token at once; days without a value are skipped.

A window of 90 days is built from windows of 64, 16, 8 and 2, each of those from two halves:
`add_up` keeps the sums of 1, 2, 4, 8 ... days, `total` puts a window together from them. That costs
a few steps of plain loops (which compilers vectorise) instead of 90, takes no sums from each other,
and makes every result depend on the window's own values alone: the newest day can be computed by
itself, and a longer panel changes no bit of an earlier day.

Rows hold `REACH` days before the first day that is asked for; results hold the days asked for only
(`count` of them, the last of the row).
"""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from assay.kit.compiled import kernel

Row = NDArray[np.float64]
Table = NDArray[np.float64]

# Windows in days. numpy's integers, because numba compiles a kernel anew for each literal one.
DAYS_7, DAYS_14, DAYS_20, DAYS_29, DAYS_30, DAYS_50, DAYS_90, DAYS_105, DAYS_180 = (
    cast(int, np.int64(days)) for days in (7, 14, 20, 29, 30, 50, 90, 105, 180)
)
DAYS_200, DAYS_365 = (cast(int, np.int64(days)) for days in (200, 365))
# The longest window, and one day before it for its first return.
REACH = 366
# A sum of squares about the mean below this share of the plain one is lost in the digits: zero.
NO_SPREAD = 1e-12


@kernel
def flag(x: Row) -> Row:
    """1 where there is a value, 0 where there is none."""
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = 1.0 if x[i] == x[i] else 0.0
    return out


@kernel
def copy(x: Row, out: Row) -> None:
    """The values as they are."""
    for i in range(out.size):
        out[i] = x[i]


@kernel
def negate(x: Row) -> Row:
    """The values with their sign turned: the lowest of x is minus the highest of this."""
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = -x[i]
    return out


@kernel
def shift(x: Row) -> Row:
    """The value of the day before; none on the first day."""
    out = np.empty(x.size)
    out[0] = np.nan
    for i in range(1, x.size):
        out[i] = x[i - 1]
    return out


@kernel
def fill(x: Row, filling: float) -> Row:
    """The values, with `filling` where there is none."""
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = x[i] if x[i] == x[i] else filling
    return out


@kernel
def _levels(longest: int) -> int:
    levels = 1
    while (1 << levels) <= longest:
        levels += 1
    return levels


@kernel
def add_up(x: Row, longest: int, count: int) -> Table:
    """Sums of 1, 2, 4, 8 ... days, enough for windows of up to `longest` days; x without NaN."""
    reach = x[x.size - count - longest + 1 :]
    sums = np.zeros((_levels(longest), reach.size))
    copy(reach, sums[0])
    for level in range(1, sums.shape[0]):
        size = 1 << (level - 1)
        older, newer = sums[level - 1, : reach.size - size], sums[level - 1, size:]
        target = sums[level, size:]
        for i in range(target.size):
            target[i] = older[i] + newer[i]
    return sums


@kernel
def total(sums: Table, window: int, count: int) -> Row:
    """Sums of the last `window` days, from `add_up`."""
    out = np.zeros(count)
    begin = sums.shape[1] - count
    for level in range(sums.shape[0] - 1, -1, -1):
        if (window >> level) & 1:
            part = sums[level, begin : begin + count]
            for i in range(count):
                out[i] += part[i]
            begin -= 1 << level
    return out


@kernel
def sum_of(x: Row, window: int, count: int) -> Row:
    """Sums of the last `window` days, days without a value left out."""
    return total(add_up(fill(x, 0.0), window, count), window, count)


@kernel
def count_of(x: Row, window: int, count: int) -> Row:
    """How many of the last `window` days have a value."""
    return total(add_up(flag(x), window, count), window, count)


@kernel
def mean_of(x: Row, window: int, need: float, count: int) -> Row:
    """Means of the last `window` days; NaN where fewer than `need` of them have a value."""
    seen, out = count_of(x, window, count), sum_of(x, window, count)
    for i in range(count):
        out[i] = out[i] / seen[i] if seen[i] >= need else np.nan
    return out


@kernel
def _power(base: float, exponent: int) -> float:
    result = 1.0
    for _ in range(exponent):
        result *= base
    return result


@kernel
def decayed(x: Row, decay: float, window: int, count: int) -> Row:
    """Sums of the last `window` days, each day weighing `decay` times the next; x without NaN."""
    reach = x[x.size - count - window + 1 :]
    sums = np.zeros((_levels(window), reach.size))
    copy(reach, sums[0])
    for level in range(1, sums.shape[0]):
        size = 1 << (level - 1)
        weight = _power(decay, size)
        older, newer = sums[level - 1, : reach.size - size], sums[level - 1, size:]
        target = sums[level, size:]
        for i in range(target.size):
            target[i] = newer[i] + weight * older[i]
    out = np.zeros(count)
    begin = reach.size - count
    for level in range(sums.shape[0] - 1, -1, -1):
        if (window >> level) & 1:
            weight = _power(decay, reach.size - count - begin)
            part = sums[level, begin : begin + count]
            for i in range(count):
                out[i] += weight * part[i]
            begin -= 1 << level
    return out


@kernel
def climb(x: Row, longest: int, count: int) -> Table:
    """Largest values of 1, 2, 4, 8 ... days, for windows of up to `longest` days."""
    reach = fill(x[x.size - count - longest + 1 :], -np.inf)
    tops = np.zeros((_levels(longest), reach.size))
    copy(reach, tops[0])
    for level in range(1, tops.shape[0]):
        size = 1 << (level - 1)
        older, newer = tops[level - 1, : reach.size - size], tops[level - 1, size:]
        target = tops[level, size:]
        for i in range(target.size):
            target[i] = older[i] if older[i] > newer[i] else newer[i]
    return tops


@kernel
def highest(tops: Table, window: int, count: int) -> Row:
    """Largest value of the last `window` days, from `climb`; -inf where there is none."""
    level = _levels(window) - 1
    begin = tops.shape[1] - count
    newer = tops[level, begin:]
    older = tops[level, begin - window + (1 << level) :]
    out = np.empty(count)
    for i in range(count):
        out[i] = older[i] if older[i] > newer[i] else newer[i]
    return out


@kernel
def highest_of(x: Row, window: int, count: int) -> Row:
    """Largest value of the last `window` days; -inf where there is none."""
    return highest(climb(x, window, count), window, count)


@kernel
def _later_top(older: Row, older_day: Row, newer: Row, newer_day: Row, top: Row, day: Row) -> None:
    for i in range(top.size):
        is_older = older[i] > newer[i]
        top[i] = older[i] if is_older else newer[i]
        day[i] = older_day[i] if is_older else newer_day[i]


@kernel
def days_since_highest(x: Row, window: int, count: int) -> Row:
    """Days since the newest largest value of the last `window` days; NaN where there is none."""
    top = fill(x[x.size - count - window + 1 :], -np.inf)
    day = np.empty(top.size)
    for i in range(top.size):
        day[i] = i
    next_top, next_day = top.copy(), day.copy()
    size = 1
    # A step never reaches beyond the window: the last one overlaps.
    while size < window:
        step = min(size, window - size)
        n = top.size - step
        _later_top(top[:n], day[:n], top[step:], day[step:], next_top[step:], next_day[step:])
        top, next_top, day, next_day = next_top, top, next_day, day
        size += step
    out = np.empty(count)
    for i in range(count):
        j = top.size - count + i
        out[i] = j - day[j] if top[j] > -np.inf else np.nan
    return out


@kernel
def about_last(x: Row, window: int, count: int) -> tuple[Row, Row]:
    """(sums of the distances from the last value over `window` days, sums of their squares).

    Distances from a value of the window itself: nothing cancels, and what stands still gives 0.
    """
    distances, squares = np.zeros(count), np.zeros(count)
    now = x[x.size - count :]
    for lag in range(1, window):
        before = x[x.size - count - lag :]
        for i in range(count):
            gap = before[i] - now[i]
            gap = gap if gap == gap else 0.0
            distances[i] += gap
            squares[i] += gap * gap
    return distances, squares


@kernel
def about_mean(count: Row, sum_x: Row, sum_y: Row, sum_xy: Row) -> Row:
    """Sums of joint deviations from the sums of x, y and their product."""
    out = np.empty(count.size)
    for i in range(count.size):
        out[i] = sum_xy[i] - sum_x[i] * sum_y[i] / count[i]
    return out


@kernel
def squares_about_mean(count: Row, sum_x: Row, sum_xx: Row) -> Row:
    """Sums of squared deviations; exactly 0 where the spread is lost in the digits."""
    out = about_mean(count, sum_x, sum_x, sum_xx)
    for i in range(count.size):
        out[i] = 0.0 if out[i] <= NO_SPREAD * sum_xx[i] else out[i]
    return out


@kernel
def mean_largest_five(y: Row, x: Row, slope: Row, count: int) -> Row:
    """Mean of the five largest y - slope * x of the last 30 days; y with -inf where none, x 0."""
    top: Table = np.full((5, count), -np.inf)
    first: Row = top[0]
    second, third, fourth, fifth = top[1], top[2], top[3], top[4]
    for lag in range(30):
        begin = y.size - count - lag
        ys, xs = y[begin : begin + count], x[begin : begin + count]
        for i in range(count):
            value = ys[i] - slope[i] * xs[i]
            a, b, c, d, e = first[i], second[i], third[i], fourth[i], fifth[i]
            first[i] = value if value > a else a
            value = a if value > a else value
            second[i] = value if value > b else b
            value = b if value > b else value
            third[i] = value if value > c else c
            value = c if value > c else value
            fourth[i] = value if value > d else d
            value = d if value > d else value
            fifth[i] = value if value > e else e
    for i in range(count):
        first[i] = (((first[i] + second[i]) + (third[i] + fourth[i])) + fifth[i]) / 5.0
    return first


@kernel
def pair_sums(y: Row, x: Row, longest: int, count: int) -> NDArray[np.float64]:
    """Sums over the days that know both y and x: [6, levels, days], for `pair_totals`."""
    products = np.empty((6, y.size))
    for i in range(y.size):
        both = (y[i] == y[i]) & (x[i] == x[i])
        b, a = y[i] if both else 0.0, x[i] if both else 0.0
        products[0, i] = 1.0 if both else 0.0
        products[1, i], products[2, i] = b, a
        products[3, i], products[4, i], products[5, i] = b * b, a * b, a * a
    out = np.empty((6, _levels(longest), count + longest - 1))
    for row in range(6):
        sums = add_up(products[row], longest, count)
        for level in range(sums.shape[0]):
            copy(sums[level], out[row, level])
    return out


@kernel
def pair_totals(sums: NDArray[np.float64], window: int, count: int) -> Table:
    """Sums of the last `window` days, rows: days, y, x, yy, xy, xx."""
    out = np.empty((6, count))
    for row in range(6):
        copy(total(sums[row], window, count), out[row])
    return out


@kernel
def write_correlation(totals: Table, need: float, out: Row) -> None:
    """Pearson's from `pair_totals`, within [-1, 1]; NaN below `need` days or without spread."""
    yy = squares_about_mean(totals[0], totals[1], totals[3])
    xy = about_mean(totals[0], totals[2], totals[1], totals[4])
    xx = squares_about_mean(totals[0], totals[2], totals[5])
    for i in range(out.size):
        spread = np.sqrt(xx[i]) * np.sqrt(yy[i])
        ratio = xy[i] / spread if (totals[0, i] >= need) & (spread > 0.0) else np.nan
        ratio = 1.0 if ratio > 1.0 else ratio
        out[i] = -1.0 if ratio < -1.0 else ratio
