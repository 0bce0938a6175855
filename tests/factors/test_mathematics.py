"""The deterministic functions agree with libm and hold their own promises."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assay.factors.compute.mathematics import (
    compute_exp,
    compute_log,
    exp_,
    log_,
    logistic_,
    round_significant,
    round_significant_values,
)

ANY_FINITE = st.floats(allow_nan=False, allow_infinity=False)


def ulps_apart(ours: float, exact: float) -> float:
    return abs(ours - exact) / math.ulp(exact)


@given(st.floats(min_value=5e-324, allow_infinity=False))
@example(1.0)
@example(math.nextafter(1.0, 0.0))
@example(math.nextafter(1.0, 2.0))
@example(5e-324)
@example(1.7976931348623157e308)
def test_logarithm_is_within_one_ulp_of_libm(x: float) -> None:
    assert ulps_apart(log_(x), math.log(x)) <= 1


@given(st.floats(0.5, 2.0))
def test_logarithm_is_within_one_ulp_near_one(x: float) -> None:
    assert ulps_apart(log_(x), math.log(x)) <= 1


@given(st.floats(-708.0, 709.7))
@example(0.0)
@example(-0.34657359027997264)
def test_exponential_is_within_one_ulp_of_libm(x: float) -> None:
    assert ulps_apart(exp_(x), math.exp(x)) <= 1


@given(st.floats(-745.1, -708.0))
def test_exponential_is_within_two_ulps_where_the_result_is_subnormal(x: float) -> None:
    assert ulps_apart(exp_(x), math.exp(x)) <= 2


def test_exponential_and_logarithm_of_the_edges() -> None:
    assert [exp_(0.0), exp_(-math.inf), exp_(math.inf), exp_(1e300), exp_(-1e300)] == [
        1.0,
        0.0,
        math.inf,
        math.inf,
        0.0,
    ]
    assert [log_(1.0), log_(0.0), log_(math.inf)] == [0.0, -math.inf, math.inf]
    assert math.isnan(log_(-1.0))
    assert math.isnan(log_(-math.inf))
    assert math.isnan(log_(math.nan))
    assert math.isnan(exp_(math.nan))


@given(st.floats(-700, 700))
def test_logistic_is_bounded_and_mirrors(x: float) -> None:
    assert 0.0 <= logistic_(x) <= 1.0
    assert logistic_(x) + logistic_(-x) == pytest.approx(1.0, abs=4e-16)


@pytest.mark.parametrize(
    ("x", "rounded"),
    [
        (1234567.0, 1234570.0),
        (0.000123456789, 0.000123457),
        (-9999995.0, -10000000.0),
        (999999.4, 999999.0),
        (999999.6, 1000000.0),
        (1.0, 1.0),
        (0.0, 0.0),
        (-0.0, 0.0),
        (1e-291, 0.0),
        (1.797693134862e308, 1.79769e308),
        (math.inf, math.inf),
        (-math.inf, -math.inf),
    ],
)
def test_rounding_by_worked_examples(x: float, rounded: float) -> None:
    assert round_significant(x) == rounded
    assert math.copysign(1.0, round_significant(0.0 * x if x == 0 else 0.0)) == 1.0


@given(st.floats(1e-15, 1e26), st.booleans())
@example(1e23, False)
def test_rounding_gives_the_double_nearest_to_a_six_digit_decimal(x: float, minus: bool) -> None:
    value = -x if minus else x
    ours = round_significant(value)
    assert len(Decimal(repr(ours)).normalize().as_tuple().digits) <= 6
    assert abs(Decimal(ours) - Decimal(value)) <= abs(Decimal(value)) * Decimal("5.0000001e-6")


@given(ANY_FINITE, st.integers(1, 15))
def test_rounding_twice_changes_nothing(x: float, digits: int) -> None:
    once = round_significant(x, digits)
    assert round_significant(once, digits) == once


@given(ANY_FINITE, ANY_FINITE)
def test_rounding_keeps_order_and_sign(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    assert round_significant(low) <= round_significant(high)
    assert round_significant(-a) == -round_significant(a)


@given(st.lists(st.floats(), max_size=70))
def test_arrays_hold_the_same_bits_as_single_numbers(numbers: list[float]) -> None:
    values = np.array(numbers, dtype=np.float64)
    for many, one in (
        (compute_log, log_),
        (compute_exp, exp_),
        (round_significant_values, round_significant),
    ):
        single = np.array([one(x) for x in numbers], dtype=np.float64)
        np.testing.assert_array_equal(many(values), single)
