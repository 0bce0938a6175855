from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.evaluation import (
    Trials,
    compute_deflated_sharpe,
    compute_overfit_probability,
    create_permuted_labels,
)
from assay.evaluation.trials import compute_expected_best_sharpe, score_permutations, score_trials
from assay.kit.errors import BadInput, NotEnoughData

# Bailey and Lopez de Prado (2014), section "A numerical example": an annualised Sharpe ratio of 2.5
# over 1,250 days, the best of 100 tries whose annualised ratios have variance 1/2.
DAILY_SHARPE = 2.5 / sqrt(250.0)
DAILY_VARIANCE = 0.5 / 250.0


def test_deflated_sharpe_ratio_of_the_papers_example() -> None:
    expected_best = compute_expected_best_sharpe(100, DAILY_VARIANCE)
    assert expected_best == pytest.approx(0.1132, abs=5e-5)
    deflated = compute_deflated_sharpe(
        DAILY_SHARPE, expected_best, count=1250, skewness=-3.0, kurtosis=10.0
    )
    assert deflated == pytest.approx(0.9004, abs=5e-5)


def test_the_paper_accepts_it_after_46_tries_or_88_with_normal_returns() -> None:
    skewed = compute_deflated_sharpe(
        DAILY_SHARPE,
        compute_expected_best_sharpe(46, DAILY_VARIANCE),
        count=1250,
        skewness=-3.0,
        kurtosis=10.0,
    )
    normal = compute_deflated_sharpe(
        DAILY_SHARPE,
        compute_expected_best_sharpe(88, DAILY_VARIANCE),
        count=1250,
        skewness=0.0,
        kurtosis=3.0,
    )
    assert skewed == pytest.approx(0.9505, abs=5e-5)
    assert normal == pytest.approx(0.9505, abs=5e-5)


@settings(deadline=None)
@given(st.integers(2, 5000), st.floats(1e-4, 1.0))
def test_more_tries_promise_more_by_chance(count: int, variance: float) -> None:
    assert compute_expected_best_sharpe(count + 1, variance) > compute_expected_best_sharpe(
        count, variance
    )
    assert compute_expected_best_sharpe(1, variance) == 0.0


def test_an_impossible_deflation_says_nothing() -> None:
    assert np.isnan(compute_deflated_sharpe(2.0, 0.0, count=1, skewness=0.0, kurtosis=3.0))
    assert np.isnan(compute_deflated_sharpe(1.0, 0.0, count=9, skewness=5.0, kurtosis=1.0))


def test_a_try_that_is_always_best_is_not_overfitted() -> None:
    rng = np.random.default_rng(2)
    daily = rng.normal(0.0, 1.0, (20, 800))
    daily[7] += 1.0
    assert compute_overfit_probability(daily, blocks=10) == 0.0


def test_the_best_of_pure_noise_is_overfitted_half_the_time() -> None:
    rng = np.random.default_rng(5)
    found = [compute_overfit_probability(rng.normal(size=(15, 400)), blocks=8) for _ in range(30)]
    assert 0.35 < float(np.mean(found)) < 0.65


def test_overfitting_needs_tries_days_and_an_even_number_of_blocks() -> None:
    with pytest.raises(NotEnoughData, match="1 configurations"):
        compute_overfit_probability(np.ones((1, 400)))
    with pytest.raises(NotEnoughData, match="Give at least 2 configurations and 32 days"):
        compute_overfit_probability(np.ones((3, 20)))
    with pytest.raises(BadInput, match="cannot be halved"):
        compute_overfit_probability(np.ones((3, 400)), blocks=7)


def test_distance_from_the_null_of_a_worked_example() -> None:
    found = score_permutations(0.5, np.array([0.0, 0.1, 0.2, -0.1, -0.2]))
    assert found.null_mean == pytest.approx(0.0)
    assert found.null_sd == pytest.approx(0.15811388300841897)
    assert found.distance_sd == pytest.approx(0.5 / 0.15811388300841897)
    assert found.share_above == pytest.approx(1 / 6)
    daily = np.array([[0.0, np.nan, 0.2], [0.3, 0.3, np.nan]])
    assert score_permutations(0.5, daily).null_mean == pytest.approx(0.2)


def test_without_permutations_there_is_no_distance() -> None:
    assert score_permutations(0.5, None).permutations == 0
    assert np.isnan(score_permutations(0.5, None).distance_sd)
    assert score_permutations(0.5, np.array([0.1])).permutations == 1
    assert np.isnan(score_permutations(0.5, np.array([0.1, 0.1])).distance_sd)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_permuted_labels_keep_each_days_values_and_touch_nobody_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.normal(size=(25, 8))
    labels[rng.random(labels.shape) < 0.1] = np.nan
    members = rng.random(labels.shape) < 0.8
    shuffled = create_permuted_labels(labels, members, np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), np.sort(labels, axis=0))
    np.testing.assert_array_equal(shuffled[~members], labels[~members])
    again = create_permuted_labels(labels, members, np.random.default_rng(seed))
    np.testing.assert_array_equal(shuffled, again)


def test_trials_deflate_what_was_chosen() -> None:
    rng = np.random.default_rng(1)
    weekly = rng.normal(0.01, 0.03, 140)
    alone = score_trials(weekly, None, 52.0)
    many = score_trials(weekly, Trials(200), 52.0)
    spread = score_trials(weekly, Trials(200, sharpes=rng.normal(0.5, 1.5, 200)), 52.0)
    assert alone.expected_best_by_chance == 0.0
    assert alone.deflated_sharpe > many.deflated_sharpe > spread.deflated_sharpe
    assert np.isnan(alone.overfit_probability)
    judged = score_trials(weekly, Trials(9, daily=rng.normal(size=(9, 320))), 52.0)
    assert 0.0 <= judged.overfit_probability <= 1.0
    assert np.isnan(score_trials(np.zeros(10), None, 52.0).sharpe)
