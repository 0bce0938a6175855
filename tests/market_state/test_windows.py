"""Figures over the days behind a day, against readable references."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assay.market_state.compute.windows import (
    compute_drop,
    compute_percentiles,
    compute_trailing_mean,
    compute_trailing_ratio,
    compute_volatility,
)

Series = NDArray[np.float64]

values = st.lists(
    st.one_of(st.just(math.nan), st.integers(-50, 50).map(float)), min_size=1, max_size=60
).map(np.array)
window = st.integers(1, 70)


def look_back(series: Series, t: int, days: int) -> Series:
    past = series[max(0, t - days + 1) : t + 1]
    return past[np.isfinite(past)]


@given(values, window)
def test_mean_and_drop(series: Series, days: int) -> None:
    means, drops = compute_trailing_mean(series, days, 2), compute_drop(series, days, 2)
    for t in range(series.size):
        past = look_back(series, t, days)
        enough = past.size >= 2
        assert means[t] == pytest.approx(past.mean() if enough else math.nan, nan_ok=True)
        drop = series[t] - past.max() if enough else math.nan
        assert drops[t] == pytest.approx(drop, nan_ok=True)


@given(values, window)
def test_volatility_is_a_root_mean_square_of_a_year(series: Series, days: int) -> None:
    found = compute_volatility(series, days, 1, 365)
    for t in range(series.size):
        past = look_back(series, t, days)
        expected = math.sqrt((past**2).mean() * 365) if past.size else math.nan
        assert found[t] == pytest.approx(expected, rel=1e-5, nan_ok=True)


@given(values, window)
def test_percentile_counts_equals_half(series: Series, days: int) -> None:
    found = compute_percentiles(series, 1, days)
    for t in range(series.size):
        past = look_back(series, t, days)
        expected = math.nan
        if math.isfinite(series[t]):
            below, equal = (past < series[t]).sum(), (past == series[t]).sum()
            expected = 100 * (below + equal / 2) / past.size
        assert found[t] == pytest.approx(expected, nan_ok=True)


def test_ratio_uses_the_days_both_know() -> None:
    part = np.array([1.0, math.nan, 3.0, 4.0])
    whole = np.array([10.0, 20.0, math.nan, 10.0])
    found = compute_trailing_ratio(part, whole, 3)
    np.testing.assert_allclose(found, [0.1, 0.1, 0.1, 0.4])
    assert math.isnan(compute_trailing_ratio(np.array([math.nan]), np.array([1.0]), 3)[0])


@given(values, window, st.data())
def test_later_days_change_no_bit(series: Series, days: int, data: st.DataObject) -> None:
    end = data.draw(st.integers(1, series.size))
    part = series[:end]
    for whole, cut in (
        (compute_trailing_mean(series, days, 1), compute_trailing_mean(part, days, 1)),
        (compute_drop(series, days, 1), compute_drop(part, days, 1)),
        (compute_volatility(series, days, 1, 365), compute_volatility(part, days, 1, 365)),
        (compute_percentiles(series, 1, days), compute_percentiles(part, 1, days)),
        (compute_percentiles(series, 1), compute_percentiles(part, 1)),
        (
            compute_trailing_ratio(series, series * series, days),
            compute_trailing_ratio(part, part * part, days),
        ),
    ):
        assert whole[:end].tobytes() == cut.tobytes()
