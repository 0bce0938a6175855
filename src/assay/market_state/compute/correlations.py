"""Correlations of daily returns over 90 days, robust and shrunk towards the market's mean.

Robust: a return is cut to 3 robust deviations (1.4826 times the median distance) around its median,
so that one pump does not decide. Shrunk: Fisher's z of a correlation from n days has sampling
variance 1 / (n - 3) for normal returns; these have fat tails and come in clusters, so twice that is
assumed. What the z of all pairs vary beyond it is real, and each z keeps that share of its distance
from the mean z (the random-effects estimate of Hedges and Olkin, 1985; an empirical Bayes
estimate). Both numbers were chosen on 2019 and 2020 by the error against the next 90 days.
"""

import math

import numpy as np

from assay.factors import exp_, log_, round_significant
from assay.kit.compiled import kernel
from assay.market_state.types import (
    CORRELATION_DAYS,
    CORRELATION_MINIMUM,
    CORRELATION_NOISE,
    CORRELATION_REACH,
    Counts,
    Flags,
    Matrix,
    Series,
)

_LARGEST = 0.9999
_NORMAL_MAD = 1.4826


@kernel
def _log_changes(close: Matrix, out: Matrix) -> None:
    for token in range(close.shape[0]):
        for t in range(1, close.shape[1]):
            out[token, t] = log_(close[token, t] / close[token, t - 1])


def compute_log_changes(close: Matrix) -> Matrix:
    """Log returns of one day, [tokens, days]; NaN unless the day before is known too."""
    out = np.full(close.shape, np.nan)
    _log_changes(np.ascontiguousarray(close, dtype=np.float64), out)
    return out


@kernel
def _correlate(one: Series, other: Series) -> tuple[float, int]:
    """Pearson's correlation over the days that both know, and their number."""
    count = 0
    x = 0.0
    y = 0.0
    xx = 0.0
    yy = 0.0
    xy = 0.0
    for i in range(one.size):
        a = one[i]
        b = other[i]
        if a == a and b == b:
            count += 1
            x += a
            y += b
            xx += a * a
            yy += b * b
            xy += a * b
    left = count * xx - x * x
    right = count * yy - y * y
    if not (left > 0.0 and right > 0.0):
        return np.nan, count
    return (count * xy - x * y) / math.sqrt(left * right), count


@kernel
def _median(values: Series, count: int) -> float:
    ordered = np.sort(values[:count])
    half = count // 2
    middle: float = ordered[half] if count % 2 else 0.5 * (ordered[half - 1] + ordered[half])
    return middle


@kernel
def _cut_outliers(window: Matrix, reach: float) -> None:
    known = np.empty(window.shape[1])
    for row in window:
        count = 0
        for value in row:
            if value == value:
                known[count] = value
                count += 1
        if count == 0:
            continue
        middle = _median(known, count)
        for i in range(count):
            known[i] = abs(known[i] - middle)
        limit = reach * _NORMAL_MAD * _median(known, count)
        for i in range(row.size):
            if row[i] == row[i]:
                row[i] = min(max(row[i], middle - limit), middle + limit)


@kernel
def _fill_z(window: Matrix, peers: int, needed: int, z: Matrix, noise: Matrix) -> None:
    for i in range(window.shape[0]):
        for j in range(min(i, peers)):
            value, count = _correlate(window[i], window[j])
            if value == value and count >= needed:
                value = min(max(value, -_LARGEST), _LARGEST)
                z[i, j] = 0.5 * log_((1.0 + value) / (1.0 - value))
                noise[i, j] = CORRELATION_NOISE / (count - 3)


@kernel
def _pool(z: Matrix, noise: Matrix) -> tuple[float, float]:
    """Mean of the known z, and their variance beyond sampling noise."""
    count = 0
    total = 0.0
    noises = 0.0
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            if z[i, j] == z[i, j]:
                count += 1
                total += z[i, j]
                noises += noise[i, j]
    if count < 2:
        return np.nan, np.nan
    mean = total / count
    squares = 0.0
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            if z[i, j] == z[i, j]:
                squares += (z[i, j] - mean) * (z[i, j] - mean)
    return mean, max(squares / (count - 1) - noises / count, 0.0)


@kernel
def _shrink(z: Matrix, noise: Matrix, out: Matrix) -> None:
    mean, real = _pool(z, noise)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            if z[i, j] == z[i, j]:
                kept = real / (real + noise[i, j]) if mean == mean else 1.0
                centre = mean if mean == mean else 0.0
                power = exp_(2.0 * (centre + kept * (z[i, j] - centre)))
                value = round_significant((power - 1.0) / (power + 1.0), 6)
                out[i, j] = value
                if i < out.shape[1]:
                    out[j, i] = value


def compute_correlations(changes: Matrix, peers: int) -> Matrix:
    """Robust, shrunk correlations of every row with the first `peers` rows, [tokens, peers].

    `changes` [tokens, days] are the log returns of a window. NaN on the diagonal and for pairs that
    share fewer than 60 known days or do not vary.
    """
    window = np.array(changes, dtype=np.float64, order="C")
    _cut_outliers(window, CORRELATION_REACH)
    peers = min(peers, window.shape[0])
    z = np.full((window.shape[0], peers), np.nan)
    noise = np.full_like(z, np.nan)
    out = np.full_like(z, np.nan)
    _fill_z(window, peers, CORRELATION_MINIMUM, z, noise)
    _shrink(z, noise, out)
    return out


@kernel
def _correlate_chosen(window: Matrix, chosen: Counts, out: Matrix) -> None:
    for i in range(chosen.shape[0]):
        for place in range(chosen.shape[1]):
            value, _ = _correlate(window[i], window[chosen[i, place]])
            out[i, place] = value


def correlate_chosen(changes: Matrix, chosen: Counts) -> Matrix:
    """Pearson's correlation, neither cut nor shrunk, of every row with its `chosen` rows [tokens,
    places], over the days that both know; NaN where one does not vary.
    """
    out = np.full(chosen.shape, np.nan)
    _correlate_chosen(np.ascontiguousarray(changes), np.ascontiguousarray(chosen), out)
    return out


@kernel
def _mean_correlation(changes: Matrix, chosen: Flags, t: int, days: int) -> tuple[float, int]:
    """Mean over all pairs of the chosen that know every day of the window, and their number."""
    sums = np.zeros(days)
    count = 0
    for token in range(changes.shape[0]):
        if not chosen[token, t]:
            continue
        window = changes[token, t - days + 1 : t + 1]
        mean = 0.0
        for value in window:
            mean += value
        mean /= days
        squares = 0.0
        for value in window:
            squares += (value - mean) * (value - mean)
        if squares > 0.0:
            count += 1
            length = math.sqrt(squares)
            for i in range(days):
                sums[i] += (window[i] - mean) / length
    if count < 2:
        return np.nan, count
    total = 0.0
    for value in sums:
        total += value * value
    return (total - count) / (count * (count - 1.0)), count


@kernel
def _mean_correlations(
    changes: Matrix, chosen: Flags, days: int, out: Series, counts: Counts
) -> None:
    for t in range(days - 1, changes.shape[1]):
        mean, counts[t] = _mean_correlation(changes, chosen, t, days)
        out[t] = round_significant(mean, 6)


def compute_mean_correlations(changes: Matrix, chosen: Flags) -> tuple[Series, Counts]:
    """Mean correlation over 90 days among all pairs of the chosen coins, neither cut nor shrunk,
    and how many coins that were, [days]. Only coins that know all 90 returns take part.

    With x_i the centred returns of unit length, the mean over pairs is (|sum x_i|^2 - N) /
    (N (N - 1)).
    """
    out = np.full(changes.shape[1], np.nan)
    counts = np.zeros(changes.shape[1], np.int64)
    _mean_correlations(changes, chosen, CORRELATION_DAYS, out, counts)
    return out, counts


@kernel
def _mean_rows(values: Matrix, out: Series) -> None:
    for i in range(values.shape[0]):
        total = 0.0
        count = 0
        for value in values[i]:
            if value == value:
                total += value
                count += 1
        if count > 0:
            out[i] = total / count


def compute_row_means(values: Matrix) -> Series:
    """Mean of the known values of each row; NaN without any."""
    out = np.full(values.shape[0], np.nan)
    _mean_rows(values, out)
    return out
