"""Does a token's volume look made up? Signs in its daily volumes, on every day, causal.

Wash traders print volumes that honest crowds do not: round sizes, first digits that miss Benford's
law, and tails that are too regular (Cong, Li, Tang and Yang 2023, *Crypto Wash Trading*; they read
single trades, which daily bars do not show, so each test here is used only where daily sums can
bear it, and one sign alone proves nothing).
"""

import numpy as np
from numpy.typing import NDArray

from assay.factors.compute.mathematics import log_, round_significant
from assay.kit.compiled import kernel

WINDOW_DAYS = 365
LEAST_DAYS = 90
SUSPICIOUS_SIGNS = 2

_ROUND_DIGITS = 3
_ROUND_SHARE = 0.2
_BENFORD_SPAN = 100.0
# Chi-square with 8 degrees of freedom is exceeded by chance once in a million; autocorrelated days
# make it larger, so the limit is on the statistic divided by ten days that move together.
_BENFORD_LIMIT = 43.8
_BENFORD_DEPENDENCE = 10.0
_TAIL_SHARE = 0.1
_TAIL_EXPONENT_LIMIT = 20.0
_BENFORD_SHARES = np.log10(1.0 + 1.0 / np.arange(1, 10))


@kernel
def _first_digit(value: float) -> int:
    while value >= 10.0:
        value /= 10.0
    while value < 1.0:
        value *= 10.0
    return int(value)


@kernel
def _is_too_regular(ordered: NDArray[np.float64], count: int) -> bool:
    top = max(5, int(_TAIL_SHARE * count))
    threshold = log_(ordered[count - top - 1])
    excess = 0.0
    for i in range(count - top, count):
        excess += log_(ordered[i]) - threshold
    return excess * _TAIL_EXPONENT_LIMIT < top


@kernel
def _misses_benford(ordered: NDArray[np.float64], digits: NDArray[np.int64], count: int) -> bool:
    if ordered[int(0.95 * count)] <= _BENFORD_SPAN * ordered[int(0.05 * count)]:
        return False
    distance = 0.0
    for d in range(9):
        expected = _BENFORD_SHARES[d] * count
        distance += (digits[d] - expected) * (digits[d] - expected) / expected
    return distance > _BENFORD_LIMIT * _BENFORD_DEPENDENCE


@kernel
def _scan_token(volume: NDArray[np.float64], start: int, out: NDArray[np.int8]) -> None:
    # The window is kept in order, one bar in and one out a day, instead of being sorted anew.
    ordered = np.empty(WINDOW_DAYS + 1)
    digits = np.zeros(9, np.int64)
    count = 0
    round_sizes = 0
    for day in range(volume.size):
        value = volume[day]
        if value > 0.0:
            place = np.searchsorted(ordered[:count], value)
            for i in range(count, place, -1):
                ordered[i] = ordered[i - 1]
            ordered[place] = value
            count += 1
            digits[_first_digit(value) - 1] += 1
            round_sizes += round_significant(value, _ROUND_DIGITS) == value
        gone = volume[day - WINDOW_DAYS] if day >= WINDOW_DAYS else np.nan
        if gone > 0.0:
            place = np.searchsorted(ordered[:count], gone)
            count -= 1
            for i in range(place, count):
                ordered[i] = ordered[i + 1]
            digits[_first_digit(gone) - 1] -= 1
            round_sizes -= round_significant(gone, _ROUND_DIGITS) == gone
        if day >= start and count >= LEAST_DAYS:
            signs = 1 if round_sizes > _ROUND_SHARE * count else 0
            signs += 1 if _is_too_regular(ordered, count) else 0
            signs += 1 if _misses_benford(ordered, digits, count) else 0
            out[day] = signs


@kernel
def _scan(volume: NDArray[np.float64], start: int, out: NDArray[np.int8]) -> None:
    for token in range(volume.shape[0]):
        _scan_token(volume[token], start, out[token])


def compute_wash_signs(volume: NDArray[np.float64], start: int = 0) -> NDArray[np.int8]:
    """How many of three signs of washed volume each token shows on each day, 0 to 3.

    `volume` is [tokens, days] in base units as quoted; columns before `start` are not judged and
    give 0. Missing and zero volumes are left out; with fewer than 90 in the last 365 days the
    answer is 0 (nothing can be said). The signs: more than a fifth of the volumes have at most
    three significant digits; the largest tenth has a Hill tail exponent above 20 (every day alike);
    where volumes span two decades, their first digits miss Benford's law by a chi-square (8
    degrees) above 438. Two signs or more (`SUSPICIOUS_SIGNS`) mean that the volume looks washed.
    Column t reads nothing after t.
    """
    first = max(0, start)
    before = max(0, first - WINDOW_DAYS + 1)
    seen = np.ascontiguousarray(volume[:, before:], np.float64)
    recent = np.zeros(seen.shape, np.int8)
    _scan(seen, first - before, recent)
    signs = np.zeros(volume.shape, np.int8)
    signs[:, first:] = recent[:, first - before :]
    return signs
