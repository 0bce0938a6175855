"""Logarithm, exponential and rounding in plain IEEE arithmetic: equal bytes on every CPU.

numpy's `log`, `exp` and `power` give different last bits with AVX2 and AVX-512, so nothing that is
judged may use them. These use only `+ - * /`, comparisons and bit moves, which IEEE 754 fixes to
the last bit (as it does the square root: `math.sqrt` and `numpy.sqrt` may be used as they are).

Sources: the argument reductions are the textbook ones (J.-M. Muller, *Elementary Functions*,
ch. 11; the compensated sum of `log_` is the identity behind `log` in every libm since 4.3BSD);
the coefficients are those of the Taylor series, cut where the next term is below 1/20 ulp.
"""

import numpy as np
from numpy.typing import NDArray

from assay.kit.compiled import kernel

_SIGNIFICAND_BITS = 52
_EXPONENT_BIAS = 1023
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
# ln 2 = _LN2_HIGH + _LN2_LOW; the high part has 40 bits, so times any exponent it is exact.
_LN2_HIGH = 0.6931471805592082
_LN2_LOW = 7.371002565167799e-13
_INVERSE_LN2 = 1.4426950408889634
# Adding and taking away 1.5 * 2**52 rounds |x| < 2**51 to the nearest integer, ties to even.
_TO_INTEGER = 6755399441055744.0
_SMALLEST_NORMAL = 2.2250738585072014e-308
_TWO_POWER_54 = 18014398509481984.0

_LOWEST_POWER = -307
_POWERS_OF_TEN = np.array([float(f"1e{power}") for power in range(_LOWEST_POWER, 309)])


@kernel
def log_(x: float) -> float:
    """Natural logarithm of `x`, within 1 ulp.

    Missing data: NaN gives NaN, a negative number NaN, zero -inf, +inf +inf. No errors.
    Formula: x = 2**k (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), s = f / (2 + f),
    log x = k ln 2 + 2 (s + s**3 / 3 + s**5 / 5 + ...).
    """
    is_subnormal = x < _SMALLEST_NORMAL
    scaled = x * _TWO_POWER_54 if is_subnormal else x
    bits = np.float64(scaled).view(np.int64)
    exponent = (bits - _SQRT_HALF_BITS) >> _SIGNIFICAND_BITS
    f = np.int64(bits - (exponent << _SIGNIFICAND_BITS)).view(np.float64) - 1.0
    k = float(exponent) - (54.0 if is_subnormal else 0.0)
    s = f / (2.0 + f)
    z = s * s
    tail = 2.0 / 17.0 + z * (2.0 / 19.0 + z * (2.0 / 21.0))
    tail = 2.0 / 11.0 + z * (2.0 / 13.0 + z * (2.0 / 15.0 + z * tail))
    tail = z * (2.0 / 3.0 + z * (2.0 / 5.0 + z * (2.0 / 7.0 + z * (2.0 / 9.0 + z * tail))))
    half_square = 0.5 * f * f
    result = k * _LN2_HIGH - ((half_square - (s * (half_square + tail) + k * _LN2_LOW)) - f)
    if x > 0.0:
        return result if x < np.inf else np.inf
    return -np.inf if x == 0.0 else np.nan


@kernel
def exp_(x: float) -> float:
    """e to the power of `x`, within 1 ulp (within 2 where the result is subnormal).

    Missing data: NaN gives NaN, -inf 0, +inf +inf; beyond 709.78 the result is +inf. No errors.
    Formula: x = k ln 2 + r with |r| <= ln 2 / 2; exp x = 2**k (1 + r + r**2 / 2! + ...).
    """
    # The comparisons are written so that NaN becomes 0 here: NaN as an integer is undefined.
    bounded = x if x > -746.0 else (-746.0 if x < 0.0 else 0.0)
    bounded = bounded if bounded < 710.0 else 710.0
    k = (bounded * _INVERSE_LN2 + _TO_INTEGER) - _TO_INTEGER
    high = bounded - k * _LN2_HIGH
    low = k * _LN2_LOW
    r = high - low
    p = 1.0 / 3628800.0 + r * (1.0 / 39916800.0 + r * (1.0 / 479001600.0 + r / 6227020800.0))
    p = 1.0 / 5040.0 + r * (1.0 / 40320.0 + r * (1.0 / 362880.0 + r * p))
    p = 1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r * p))
    p = 0.5 + r * (1.0 / 6.0 + r * p)
    y = 1.0 + (high - (low - r * r * p))
    # Two factors, because 2**k alone overflows or loses bits at both ends of the range.
    exponent = np.int64(k)
    first = exponent >> 1
    second = exponent - first
    one = np.int64((first + _EXPONENT_BIAS) << _SIGNIFICAND_BITS).view(np.float64)
    two = np.int64((second + _EXPONENT_BIAS) << _SIGNIFICAND_BITS).view(np.float64)
    return y * one * two if x == x else x


@kernel
def logistic_(x: float) -> float:
    """1 / (1 + exp(-x)), in [0, 1], without overflow. NaN gives NaN."""
    if x >= 0.0:
        return 1.0 / (1.0 + exp_(-x))
    power = exp_(x)
    return power / (1.0 + power)


@kernel
def round_significant(x: float, digits: int = 6) -> float:
    """`x` rounded to `digits` significant decimal digits (1 to 15).

    Rule: e is the power with 10**e <= |x| < 10**(e + 1); m = |x| * 10**(digits - 1 - e) (a division
    by 10**(e + 1 - digits) where that power is negative) in one IEEE operation, rounded to the
    nearest integer, ties to even; the result is m / 10**(digits - 1 - e) (or m times the power), in
    one operation, with the sign of x; powers of ten are exact. Rounding twice changes nothing, and
    for 1e-16 < |x| < 1e27 the result is the double nearest to a decimal of `digits` digits.
    Missing data: NaN, +inf and -inf stay; |x| < 1e-290, -0.0 included, gives +0.0. No errors.
    """
    size = abs(x)
    if not size < np.inf:
        return x
    if size < 1e-290:
        return 0.0
    binary = (np.float64(size).view(np.int64) >> _SIGNIFICAND_BITS) - _EXPONENT_BIAS
    # 1233 / 4096 is log10(2) near enough that the guess is right or one off.
    power = (binary * 1233) >> 12
    if size < _POWERS_OF_TEN[power - _LOWEST_POWER]:
        power -= 1
    elif power < 308 and size >= _POWERS_OF_TEN[power + 1 - _LOWEST_POWER]:
        power += 1
    places = digits - 1 - power
    scale: float = _POWERS_OF_TEN[abs(places) - _LOWEST_POWER]
    shifted = size * scale if places >= 0 else size / scale
    whole = (shifted + _TO_INTEGER) - _TO_INTEGER
    # Powers of ten come from the table: one operation could land just below, in the decade before.
    if whole == _POWERS_OF_TEN[digits - 1 - _LOWEST_POWER]:
        rounded = _POWERS_OF_TEN[power - _LOWEST_POWER]
    elif whole == _POWERS_OF_TEN[digits - _LOWEST_POWER]:
        rounded = _POWERS_OF_TEN[power + 1 - _LOWEST_POWER]
    else:
        rounded = whole / scale if places >= 0 else whole * scale
    result: float = -rounded if x < 0.0 else rounded
    return result


@kernel
def _log_each(values: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for i in range(values.size):
        out[i] = log_(values[i])


@kernel
def _exp_each(values: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    for i in range(values.size):
        out[i] = exp_(values[i])


@kernel
def _round_each(values: NDArray[np.float64], digits: int, out: NDArray[np.float64]) -> None:
    for i in range(values.size):
        out[i] = round_significant(values[i], digits)


def compute_log(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`log_` of every element, in a new array of the same shape. NaN stays NaN."""
    flat = np.ascontiguousarray(values, dtype=np.float64)
    out = np.empty_like(flat)
    _log_each(flat.reshape(-1), out.reshape(-1))
    return out


def compute_exp(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`exp_` of every element, in a new array of the same shape. NaN stays NaN."""
    flat = np.ascontiguousarray(values, dtype=np.float64)
    out = np.empty_like(flat)
    _exp_each(flat.reshape(-1), out.reshape(-1))
    return out


def round_significant_values(values: NDArray[np.float64], digits: int = 6) -> NDArray[np.float64]:
    """`round_significant` of every element, in a new array of the same shape. NaN stays NaN."""
    flat = np.ascontiguousarray(values, dtype=np.float64)
    out = np.empty_like(flat)
    _round_each(flat.reshape(-1), digits, out.reshape(-1))
    return out
