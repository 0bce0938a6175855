"""Fitting: ridge against its normal equations, trees shortened without a change, calibration."""

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.grades.worlds import create_panel

from assay.grades.compute.cross_sections import CrossSections, compute_cross_sections
from assay.grades.compute.fitting import (
    PLANS,
    TREE_SETTINGS,
    add_days,
    fit_intervals,
    fit_linear,
    fit_slope,
    shorten_trees,
)
from assay.grades.compute.scoring import Trees, compute_linear_terms, sum_rows
from assay.grades.compute.targets import compute_steady_target, compute_targets
from assay.grades.types import GradeKind

PLAN = PLANS[GradeKind.TRADER]


@pytest.fixture(scope="module")
def sections() -> CrossSections:
    return compute_cross_sections(create_panel(days=200), np.ones(40, np.bool_), keep_values=True)


@pytest.fixture(scope="module")
def closes() -> np.ndarray:
    return create_panel(days=200).close


def test_the_ridge_is_the_same_in_one_go_and_in_steps(
    sections: CrossSections, closes: np.ndarray
) -> None:
    target = compute_targets(GradeKind.TRADER, closes, sections).plain
    whole = add_days(None, target, sections, PLAN, 150)
    steps = add_days(add_days(None, target, sections, PLAN, 90), target, sections, PLAN, 150)
    assert (whole.rows, whole.days) == (steps.rows, steps.days)
    np.testing.assert_allclose(steps.gram, whole.gram, rtol=1e-4, atol=1e-2)
    one, other = fit_linear(whole, PLAN), fit_linear(steps, PLAN)
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-5)


def test_linear_terms_are_the_model_that_was_fitted(
    sections: CrossSections, closes: np.ndarray
) -> None:
    target = compute_targets(GradeKind.TRADER, closes, sections).plain
    linear = fit_linear(add_days(None, target, sections, PLAN, 150), PLAN)
    ranks = sections.ranks[160][:7]
    regimes = sections.regimes[:, 160]
    chosen = [float(regimes[i]) for i in (1, 7, 8, 0, 2)]
    k = ranks.astype(np.float64)
    expected = k @ linear.weights + (k * k - 1 / 12) @ linear.squares
    for value, row in zip(chosen, linear.interactions, strict=True):
        expected += value * (k @ row)
    found = sum_rows(compute_linear_terms(linear, ranks, regimes))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_targets_are_centred_and_end_where_outcomes_do(
    sections: CrossSections, closes: np.ndarray
) -> None:
    targets = compute_targets(GradeKind.TRADER, closes, sections)
    assert targets.outcome_days == 11
    last = closes.shape[1] - targets.outcome_days
    assert np.isfinite(targets.plain[:, last - 1]).all()
    for day in (60, last - 1):
        assert abs(targets.plain[:, day].mean()) < 1e-12
        assert np.abs(targets.relative[:, day]).max() <= 0.5
    np.testing.assert_array_equal(
        targets.plain[:, last:],
        np.where(np.isfinite(targets.plain[:, last:]), targets.plain[:, last:], np.nan),
    )
    assert not np.isfinite(targets.paid[last:]).any()


def test_a_steady_target_keeps_what_the_factors_paid_on_average(
    sections: CrossSections, closes: np.ndarray
) -> None:
    targets = compute_targets(GradeKind.TRADER, closes, sections)
    days = np.arange(120)
    steady = compute_steady_target(targets, sections, days)
    assert not np.isfinite(steady[:, 120:]).any()
    difference = np.nanmean(steady[:, days] - targets.plain[:, days])
    assert abs(difference) < 1e-3


def test_shuffled_labels_stay_within_their_day(sections: CrossSections, closes: np.ndarray) -> None:
    plain = compute_targets(GradeKind.TRADER, closes, sections).plain
    shuffled = compute_targets(GradeKind.TRADER, closes, sections, np.random.default_rng(5)).plain
    for day in (40, 100, 150):
        np.testing.assert_allclose(np.sort(shuffled[:, day]), np.sort(plain[:, day]), atol=1e-12)
    assert (shuffled[:, 100] != plain[:, 100]).any()


def test_shortened_trees_predict_the_same() -> None:
    generator = np.random.default_rng(2)
    inputs = np.rint(generator.uniform(-32, 32, (4000, 6)))
    outcome = np.sin(inputs[:, 0] / 10) + generator.normal(0, 0.1, 4000)
    settings = {**TREE_SETTINGS, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(inputs, outcome), 50)
    whole = booster.model_to_string()
    short = shorten_trees(whole)
    assert len(short) < 0.9 * len(whole)
    trees = Trees(short)
    np.testing.assert_allclose(trees.predict(inputs), booster.predict(inputs), atol=1e-5)
    explained = trees.explain(inputs[:50])
    np.testing.assert_allclose(explained.sum(axis=1), trees.predict(inputs[:50]), atol=1e-9)
    assert shorten_trees(short) == short


@given(st.floats(-1.5, 1.5), st.integers(0, 2**31))
def test_the_slope_is_found_again(slope: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=20_000)
    chance = 1 / (1 + np.exp(-slope * scores))
    beats = np.asarray(generator.uniform(size=20_000) < chance, np.float64)
    assert abs(fit_slope(scores, beats) - slope) < 0.12


def test_no_scores_give_no_slope() -> None:
    assert fit_slope(np.empty(0), np.empty(0)) == 0.0


def test_interval_edges_cover_what_they_should(sections: CrossSections) -> None:
    generator = np.random.default_rng(3)
    relative = generator.normal(0.0, 1.0, sections.universe.shape) * np.sqrt(7)
    relative[:, :30] = np.nan
    volatility = sections.volatility[:, 30:]
    relative[:, 30:] *= 0.6 * volatility + 0.4 * np.median(volatility, axis=0)
    low, high, days = fit_intervals(sections, relative, 7, 190)
    assert days > 100
    np.testing.assert_allclose(high, 1.645, atol=0.15)
    np.testing.assert_allclose(low, -1.645, atol=0.15)
