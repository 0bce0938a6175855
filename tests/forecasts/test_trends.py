"""Trend calls against ordinary least squares and a random walk's own error rate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.forecasts.compute.trends import compute_trends, name_direction
from assay.forecasts.measuring.quantiles import compute_block_t
from assay.forecasts.types import Direction


@given(st.integers(0, 10_000))
def test_slope_is_least_squares_and_statistic_its_size_under_a_random_walk(seed: int) -> None:
    generator = np.random.default_rng(seed)
    logs = np.cumsum(generator.normal(0.01, 0.05, 40))
    trends = compute_trends(np.exp(logs)[None])
    window = logs[-30:]
    design = np.arange(30.0)
    slope = np.polyfit(design, window, 1)[0]
    assert trends.slope[0, -1] == pytest.approx(slope, rel=1e-5, abs=1e-9)
    weights = np.array(
        [(design[place:] - 14.5).sum() / ((design - 14.5) ** 2).sum() for place in range(1, 30)]
    )
    steps = np.diff(window)
    error = np.sqrt((steps**2).mean() * (weights**2).sum())
    assert trends.statistic[0, -1] == pytest.approx(slope / error, rel=1e-4, abs=1e-9)
    assert trends.change[0, -1] == pytest.approx(window[-1] - window[0])


def test_a_random_walk_is_called_trending_on_one_day_in_ten() -> None:
    generator = np.random.default_rng(1)
    closes = np.exp(np.cumsum(generator.normal(0, 0.05, (3000, 30)), axis=1))
    statistic = compute_trends(closes, 29).statistic[:, -1]
    assert (statistic >= 1.645).mean() == pytest.approx(0.05, abs=0.012)
    assert (statistic <= -1.645).mean() == pytest.approx(0.05, abs=0.012)


def test_directions_of_a_climb_a_fall_and_a_standstill() -> None:
    days = np.arange(60.0)
    wiggle = np.where(days % 2 == 0, 0.01, -0.01)
    closes = np.exp(np.stack([0.02 * days + wiggle, -0.02 * days + wiggle, wiggle, 0 * days]))
    statistic = compute_trends(closes).statistic[:, -1]
    assert [name_direction(value) for value in statistic] == [
        Direction.UP,
        Direction.DOWN,
        Direction.NONE,
        Direction.NONE,
    ]
    assert statistic[3] == 0.0
    assert name_direction(float("nan")) is Direction.NONE


def test_gaps_take_the_price_before_and_too_many_say_nothing() -> None:
    closes = np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.05, (4, 40)), axis=1))
    closes[0, 20:25] = np.nan
    closes[1, 20:26] = np.nan
    closes[2, 39] = np.nan
    closes[3, 10] = np.nan
    filled = closes.copy()
    filled[0, 20:25] = closes[0, 19]
    trends, plain = compute_trends(closes), compute_trends(filled)
    assert trends.statistic[0, -1] == plain.statistic[0, -1]
    assert np.isnan(trends.statistic[1:, -1]).all()
    assert np.isnan(trends.statistic[:, :29]).all()


def test_a_longer_panel_and_another_start_change_nothing() -> None:
    closes = np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.05, (3, 80)), axis=1))
    whole, part = compute_trends(closes), compute_trends(closes[:, :60])
    late = compute_trends(closes, 50)
    assert whole.statistic[:, :60].tobytes() == part.statistic.tobytes()
    assert whole.slope[:, 50:].tobytes() == late.slope[:, 50:].tobytes()


def test_skill_is_tested_over_months() -> None:
    daily = np.repeat([0.01, 0.03, 0.02, 0.0, 0.04, 0.02, 0.02], 30)
    daily[5:25] = np.nan
    means = np.array([0.01, 0.03, 0.02, 0.0, 0.04, 0.02, 0.02])
    wanted = means.mean() / (means.std(ddof=1) / np.sqrt(7))
    assert compute_block_t(daily) == pytest.approx(wanted)
    assert np.isnan(compute_block_t(daily[:150]))
    assert np.isnan(compute_block_t(np.full(400, np.nan)))
