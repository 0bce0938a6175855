"""Moving windows whose bits depend on the window's own bars and on nothing before them.

A running sum that adds the newest bar and takes the oldest away is fast, but drifts, and its last
bits remember every bar it has seen. Here a window is built from smaller ones: 5 bars directly, 10
from two fives, 20 from two tens, 60 from three twenties, 50 from five tens and 200 from four
fifties, always in the same order. That is as fast (each step is a plain loop over arrays, which
compilers vectorise), never takes large sums from each other, gives exactly zero spread and exactly
the price as mean where nothing moved, and makes the newest day alone equal to the last column of
the whole history, bit for bit.

Every function takes one token's bars in order of time and writes `out[j]` for the window that ends
at bar j; where fewer than a window of bars exist it leaves what stands there, except the functions
that say they write NaN. A NaN inside a window makes that window NaN and no other.
Formula of the merges: T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating Formulae and a Pairwise
Algorithm for Computing Sample Variances" (1979).
"""

import numpy as np
from numpy.typing import NDArray

from assay.kit.compiled import kernel

Row = NDArray[np.float64]
Table = NDArray[np.float64]
Output = NDArray[np.floating]


@kernel
def fill_head(window: int, out: Output) -> None:
    """NaN where the window is not yet full."""
    for j in range(min(window - 1, out.size)):
        out[j] = np.nan


@kernel
def _mean_five(a: Row, b: Row, c: Row, d: Row, e: Row, mean: Row) -> None:
    for j in range(mean.size):
        base = a[j]
        mean[j] = base + ((b[j] - base) + (c[j] - base) + (d[j] - base) + (e[j] - base)) * 0.2


@kernel
def _joint_five(x: Row, y: Row, joint: Row) -> None:
    # Deviations from the oldest of the five: at least a fifth of the sum of squares survives the
    # subtraction, so nothing cancels, and a constant window gives exactly zero.
    for j in range(joint.size):
        a, b = x[j], y[j]
        p, q, r, s = x[j + 1] - a, x[j + 2] - a, x[j + 3] - a, x[j + 4] - a
        t, u, v, w = y[j + 1] - b, y[j + 2] - b, y[j + 3] - b, y[j + 4] - b
        product = ((p + q) + (r + s)) * ((t + u) + (v + w))
        joint[j] = ((p * t + q * u) + (r * v + s * w)) - product * 0.2


@kernel
def _average(a: Row, b: Row, mean: Row) -> None:
    for j in range(mean.size):
        mean[j] = (a[j] + b[j]) * 0.5


@kernel
def _merge_two(
    older: Row, newer: Row, x: Row, y: Row, u: Row, v: Row, weight: float, out: Row
) -> None:
    # out = older + newer + weight * (step of the first mean) * (step of the second mean)
    for j in range(out.size):
        out[j] = (older[j] + newer[j]) + (y[j] - x[j]) * (v[j] - u[j]) * weight


@kernel
def _merge_three(a: Row, b: Row, c: Row, x: Row, y: Row, out: Row) -> None:
    # Three blocks of 20; x and y are the means of the blocks, read at 0, 20 and 40 bars.
    for j in range(out.size):
        p, q = x[j + 20] - x[j], x[j + 40] - x[j]
        s, t = y[j + 20] - y[j], y[j + 40] - y[j]
        between = (p * s + q * t) - (p + q) * (s + t) / 3.0
        out[j] = ((a[j] + b[j]) + c[j]) + 20.0 * between


@kernel
def write_mean_5(x: Row, out: Row) -> None:
    """Mean of 5 bars."""
    n = x.size
    if n >= 5:
        _mean_five(x[: n - 4], x[1 : n - 3], x[2 : n - 2], x[3 : n - 1], x[4:], out[4:])


@kernel
def write_mean_double(half: Row, bars: int, out: Row) -> None:
    """Mean of 2 * `bars` bars from the means of `bars` bars."""
    n = half.size
    if n >= 2 * bars:
        _average(half[bars - 1 : n - bars], half[2 * bars - 1 :], out[2 * bars - 1 :])


@kernel
def write_mean_50(tens: Row, out: Row) -> None:
    """Mean of 50 bars from the means of 10."""
    n = tens.size
    if n >= 50:
        _mean_five(
            tens[9 : n - 40],
            tens[19 : n - 30],
            tens[29 : n - 20],
            tens[39 : n - 10],
            tens[49:],
            out[49:],
        )


@kernel
def write_joint_5(x: Row, y: Row, out: Row) -> None:
    """Sum over 5 bars of the deviation of x from its mean times that of y (x twice: squares)."""
    n = x.size
    if n >= 5:
        _joint_five(x, y, out[4:])


@kernel
def write_joint_double(half: Row, x_means: Row, y_means: Row, bars: int, out: Row) -> None:
    """Joint (or squared, with x twice) deviations of 2 * `bars` bars from those of `bars` bars."""
    n = half.size
    if n < 2 * bars:
        return
    older, newer = slice(bars - 1, n - bars), slice(2 * bars - 1, n)
    _merge_two(
        half[older],
        half[newer],
        x_means[older],
        x_means[newer],
        y_means[older],
        y_means[newer],
        0.5 * bars,
        out[newer],
    )


@kernel
def write_joint_60(twenty: Row, x_means: Row, y_means: Row, out: Row) -> None:
    """Joint (or squared, with x twice) deviations of 60 bars from those of 20."""
    n = twenty.size
    if n >= 60:
        _merge_three(
            twenty[19 : n - 40],
            twenty[39 : n - 20],
            twenty[59:],
            x_means[19:],
            y_means[19:],
            out[59:],
        )


@kernel
def _larger(a: Row, b: Row, out: Output) -> None:
    for j in range(out.size):
        # Written so that a NaN on either side wins.
        out[j] = a[j] if (a[j] > b[j]) | (a[j] != a[j]) else b[j]


@kernel
def _smaller(a: Row, b: Row, out: Output) -> None:
    for j in range(out.size):
        out[j] = a[j] if (a[j] < b[j]) | (a[j] != a[j]) else b[j]


@kernel
def write_rolling_max(x: Row, window: int, one: Row, two: Row, out: Output) -> None:
    """Largest of `window` (2 or more) bars, NaN before; `one` and `two` are scratch as long as x.

    The largest of 2, 4, 8 ... bars come from two halves; in the last step the halves overlap.
    """
    fill_head(window, out)
    n, size = x.size, 1
    if n < window:
        return
    source, target, other = x, one, two
    while 2 * size < window:
        _larger(source[size - 1 : n - size], source[2 * size - 1 :], target[2 * size - 1 : n])
        source, target, other = target, other, target
        size *= 2
    _larger(source[size - 1 : n - window + size], source[window - 1 : n], out[window - 1 :])


@kernel
def write_rolling_min(x: Row, window: int, one: Row, two: Row, out: Output) -> None:
    """Smallest of `window` (2 or more) bars, NaN before; as `write_rolling_max`."""
    fill_head(window, out)
    n, size = x.size, 1
    if n < window:
        return
    source, target, other = x, one, two
    while 2 * size < window:
        _smaller(source[size - 1 : n - size], source[2 * size - 1 :], target[2 * size - 1 : n])
        source, target, other = target, other, target
        size *= 2
    _smaller(source[size - 1 : n - window + size], source[window - 1 : n], out[window - 1 :])


@kernel
def _distance_of_four(a: Row, b: Row, c: Row, d: Row, mean: Row, total: Row) -> None:
    for j in range(total.size):
        m = mean[j]
        total[j] += (abs(a[j] - m) + abs(b[j] - m)) + (abs(c[j] - m) + abs(d[j] - m))


@kernel
def write_mean_distance_20(x: Row, mean: Row, out: Row) -> None:
    """Mean absolute distance of 20 bars from their mean, which is given."""
    n = x.size
    if n < 20:
        return
    out[19:] = 0.0
    for lag in range(0, 20, 4):
        _distance_of_four(
            x[19 - lag : n - lag],
            x[18 - lag : n - lag - 1],
            x[17 - lag : n - lag - 2],
            x[16 - lag : n - lag - 3],
            mean[19:],
            out[19:],
        )
    for j in range(19, n):
        out[j] *= 0.05


@kernel
def write_means_to_20(x: Row, five: Row, ten: Row, twenty: Row) -> None:
    """Means of 5, 10 and 20 bars."""
    write_mean_5(x, five)
    write_mean_double(five, 5, ten)
    write_mean_double(ten, 10, twenty)


@kernel
def write_joint_20(
    x: Row, y: Row, x_means: Table, y_means: Table, five: Row, ten: Row, twenty: Row
) -> None:
    """Joint deviations of 20 bars (x twice: squares); the means have rows for 5 and 10 bars."""
    write_joint_5(x, y, five)
    write_joint_double(five, x_means[0], y_means[0], 5, ten)
    write_joint_double(ten, x_means[1], y_means[1], 10, twenty)
