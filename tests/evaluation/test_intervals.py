from statistics import NormalDist

import numpy as np
import pytest

from assay.evaluation.intervals import (
    compute_ewma_intervals,
    compute_winkler_scores,
    score_coverage,
)


def test_winkler_score_of_worked_examples() -> None:
    low, high = np.array([[-1.0, -1.0, -1.0, np.nan]]), np.array([[1.0, 1.0, 1.0, 1.0]])
    outcome = np.array([[0.0, 1.5, -3.0, 0.0]])
    found = compute_winkler_scores(low, high, outcome, 0.9)
    np.testing.assert_allclose(found[0, :3], [2.0, 2.0 + 20.0 * 0.5, 2.0 + 20.0 * 2.0])
    assert np.isnan(found[0, 3])


def test_naive_intervals_follow_the_recursion_and_the_square_root_of_time() -> None:
    rng = np.random.default_rng(4)
    closes = np.exp(np.cumsum(rng.normal(0.0, 0.03, (31, 80)), axis=1))
    closes[0, 50] = np.nan
    universe = np.ones(closes.shape, dtype=np.bool_)
    low, high = compute_ewma_intervals(closes, universe, 9, 0.9)
    daily = np.diff(np.log(closes), axis=1, prepend=np.nan)
    daily -= np.append(np.nan, np.nanmedian(daily[:, 1:], axis=0))[None, :]
    for token in (0, 7):
        known = daily[token][np.isfinite(daily[token])]
        variance = float((known[:20] ** 2).mean())
        for value in known[20:]:
            variance = 0.94 * variance + 0.06 * value * value
        reach = NormalDist().inv_cdf(0.95) * np.sqrt(9.0 * variance)
        assert high[token, -1] == pytest.approx(reach)
        assert low[token, -1] == pytest.approx(-reach)
    assert np.isnan(high[:, 19]).all()
    assert np.isfinite(high[:, 20]).all()
    assert high[0, 50] == high[0, 49], "a missing bar changes nothing"


def test_naive_intervals_know_nothing_of_tomorrow() -> None:
    rng = np.random.default_rng(4)
    closes = np.exp(np.cumsum(rng.normal(0.0, 0.03, (12, 80)), axis=1))
    universe = np.ones(closes.shape, dtype=np.bool_)
    changed = closes.copy()
    changed[:, 60:] *= rng.uniform(0.2, 5.0, (12, 20))
    before = compute_ewma_intervals(closes, universe, 7, 0.9)[1][:, :60]
    after = compute_ewma_intervals(changed, universe, 7, 0.9)[1][:, :60]
    np.testing.assert_array_equal(before, after)


def test_coverage_by_third_and_month() -> None:
    outcome = np.zeros((30, 40))
    outcome[20:] = 5.0
    outcome[:, 31:] = 9.0
    wide = np.full(outcome.shape, 1.0)
    volatility = np.arange(30.0)[:, None] * np.ones(outcome.shape)
    coverage = score_coverage(
        -wide,
        wide,
        outcome,
        baseline=(-2.0 * wide, 2.0 * wide),
        volatility=volatility,
        members=np.ones(outcome.shape, dtype=np.bool_),
        level=0.9,
        months=["2021-01"] * 31 + ["2021-02"] * 9,
    )
    assert coverage is not None
    assert coverage.overall == pytest.approx(20 * 31 / (30 * 40))
    assert coverage.low_vol == pytest.approx(31 / 40)
    assert coverage.mid_vol == pytest.approx(31 / 40)
    assert coverage.high_vol == 0.0
    assert [name for name, _ in coverage.months] == ["2021-01"], "nine days make no month"
    assert coverage.worst_month_name == "2021-01"
    assert coverage.worst_month == pytest.approx(20 / 30)
    assert coverage.winkler_ratio == pytest.approx(coverage.winkler / coverage.winkler_baseline)


def test_no_interval_no_coverage() -> None:
    nothing = np.full((3, 4), np.nan)
    members = np.ones((3, 4), dtype=np.bool_)
    found = score_coverage(
        nothing,
        nothing,
        np.zeros((3, 4)),
        baseline=(nothing, nothing),
        volatility=nothing,
        members=members,
        level=0.9,
        months=["2021-01"] * 4,
    )
    assert found is None
