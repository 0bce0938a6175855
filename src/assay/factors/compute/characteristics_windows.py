"""Sums, extremes and regressions over the window [a, b] of one token's row, both ends included.

Every number is summed afresh from the oldest value to the newest, so that its bits depend on the
window alone: the newest day can be computed by itself, and a longer panel changes nothing earlier.
Missing data: NaN values are skipped; where fewer than `need` are left the result is NaN.
"""

import math

import numpy as np
from numpy.typing import NDArray

from assay.kit.compiled import kernel

Row = NDArray[np.float64]


@kernel
def mean(x: Row, a: int, b: int, need: int) -> float:
    """Arithmetic mean."""
    count = 0
    total = 0.0
    for i in range(a, b + 1):
        if x[i] == x[i]:
            total += x[i]
            count += 1
    return total / count if count >= need and count > 0 else np.nan


@kernel
def central(x: Row, a: int, b: int) -> tuple[int, float, float]:
    """(how many, their mean, sum of squared deviations from it)."""
    count = 0
    total = 0.0
    for i in range(a, b + 1):
        if x[i] == x[i]:
            total += x[i]
            count += 1
    if count == 0:
        return 0, np.nan, np.nan
    middle = total / count
    squares = 0.0
    for i in range(a, b + 1):
        if x[i] == x[i]:
            squares += (x[i] - middle) * (x[i] - middle)
    return count, middle, squares


@kernel
def deviation(x: Row, a: int, b: int, need: int) -> float:
    """Sample standard deviation (n - 1)."""
    count, _, squares = central(x, a, b)
    return math.sqrt(squares / (count - 1)) if count >= need and count > 1 else np.nan


@kernel
def skewness(x: Row, a: int, b: int, need: int) -> float:
    """Mean cubed deviation over the cubed sample deviation; NaN where nothing moves."""
    count, middle, squares = central(x, a, b)
    if count < need or count < 2 or not squares > 0.0:
        return np.nan
    spread = math.sqrt(squares / (count - 1))
    total = 0.0
    for i in range(a, b + 1):
        if x[i] == x[i]:
            score = (x[i] - middle) / spread
            total += score * score * score
    return total / count


@kernel
def autocorrelation(x: Row, a: int, b: int, need: int) -> float:
    """Of each value with the one before it, where both are known."""
    count, middle, _ = central(x, a, b)
    if count < need:
        return np.nan
    pairs = 0
    joint = 0.0
    squares = 0.0
    for i in range(a + 1, b + 1):
        if x[i] == x[i] and x[i - 1] == x[i - 1]:
            joint += (x[i] - middle) * (x[i - 1] - middle)
            squares += (x[i] - middle) * (x[i] - middle)
            pairs += 1
    return joint / squares if pairs + 1 >= need and squares > 0.0 else np.nan


@kernel
def highest(x: Row, a: int, b: int) -> float:
    """Largest value."""
    result: float = -np.inf
    for i in range(a, b + 1):
        if x[i] > result:
            result = x[i]
    return result if result > -np.inf else np.nan


@kernel
def lowest(x: Row, a: int, b: int) -> float:
    """Smallest value."""
    result: float = np.inf
    for i in range(a, b + 1):
        if x[i] < result:
            result = x[i]
    return result if result < np.inf else np.nan


@kernel
def days_since_highest(x: Row, a: int, b: int) -> float:
    """Days from the newest largest value to b."""
    result = -np.inf
    at = -1
    for i in range(a, b + 1):
        if x[i] >= result:
            result = x[i]
            at = i
    return float(b - at) if at >= 0 else np.nan


@kernel
def mean_largest_five(x: Row, a: int, b: int, need: int) -> float:
    """Mean of the five largest values."""
    top = np.full(5, -np.inf)
    count = 0
    for i in range(a, b + 1):
        if x[i] == x[i]:
            count += 1
            if x[i] > top[0]:
                top[0] = x[i]
                for j in range(4):
                    if top[j] > top[j + 1]:
                        top[j], top[j + 1] = top[j + 1], top[j]
    if count < need or count < 5:
        return np.nan
    average: float = (top[0] + top[1] + top[2] + top[3] + top[4]) / 5.0
    return average


@kernel
def regress(y: Row, x: Row, a: int, b: int) -> tuple[int, float, float, float]:
    """Of y on x with an intercept, over days that know both.

    (pairs, squares of x, joint, squares of y), the last three about the means.
    """
    pairs = 0
    total_x = 0.0
    total_y = 0.0
    for i in range(a, b + 1):
        if x[i] == x[i] and y[i] == y[i]:
            total_x += x[i]
            total_y += y[i]
            pairs += 1
    if pairs == 0:
        return 0, 0.0, 0.0, 0.0
    mean_x = total_x / pairs
    mean_y = total_y / pairs
    xx = 0.0
    xy = 0.0
    yy = 0.0
    for i in range(a, b + 1):
        if x[i] == x[i] and y[i] == y[i]:
            xx += (x[i] - mean_x) * (x[i] - mean_x)
            xy += (x[i] - mean_x) * (y[i] - mean_y)
            yy += (y[i] - mean_y) * (y[i] - mean_y)
    return pairs, xx, xy, yy


@kernel
def correlation(y: Row, x: Row, a: int, b: int, need: int) -> float:
    """Pearson's, over days that know both; NaN where one of them never moves."""
    pairs, xx, xy, yy = regress(y, x, a, b)
    if pairs < need or not (xx > 0.0 and yy > 0.0):
        return np.nan
    return xy / math.sqrt(xx * yy)
