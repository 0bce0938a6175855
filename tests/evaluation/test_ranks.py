import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from assay.evaluation import compute_buckets, compute_daily_rank_ics, score_ranks
from assay.evaluation.ranks import compute_newey_west_t, compute_running_newey_west
from assay.evaluation.types import Flags, Matrix
from assay.kit.errors import BadInput

SEEDS = st.integers(0, 2**32 - 1)


def create_market(seed: int, tokens: int = 40, days: int = 6) -> tuple[Matrix, Matrix, Flags]:
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(50.0, 20.0, (tokens, days)))
    returns = 0.01 * scores + rng.normal(0.0, 1.0, (tokens, days))
    returns[rng.random(returns.shape) < 0.1] = np.nan
    return scores, returns, rng.random((tokens, days)) < 0.85


def ics(scores: Matrix, returns: Matrix, members: Flags, least: int = 5) -> Matrix:
    return compute_daily_rank_ics(scores, returns, members, minimum_coins=least)


@settings(deadline=None, max_examples=50)
@given(SEEDS)
def test_rank_ic_is_spearmans_with_average_ties(seed: int) -> None:
    scores, returns, members = create_market(seed)
    found = ics(scores, returns, members)
    for day in range(scores.shape[1]):
        used = members[:, day] & np.isfinite(returns[:, day])
        expected = spearmanr(scores[used, day], returns[used, day]).statistic
        assert found[day] == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_the_order_of_the_rows_does_not_matter(seed: int) -> None:
    scores, returns, members = create_market(seed)
    order = np.random.default_rng(seed).permutation(scores.shape[0])
    control = np.abs(scores - 40.0)
    np.testing.assert_allclose(
        ics(scores, returns, members),
        ics(scores[order], returns[order], members[order]),
        atol=1e-12,
    )
    plain = compute_daily_rank_ics(scores, returns, members, control=control, minimum_coins=5)
    mixed = compute_daily_rank_ics(
        scores[order], returns[order], members[order], control=control[order], minimum_coins=5
    )
    np.testing.assert_allclose(plain, mixed, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_a_monotone_transform_changes_nothing_and_a_reversal_only_the_sign(seed: int) -> None:
    scores, returns, members = create_market(seed)
    scores[np.random.default_rng(seed).random(scores.shape) < 0.1] = np.nan
    found = ics(scores, returns, members)
    np.testing.assert_allclose(ics(scores**3 + 7.0, returns, members), found, atol=1e-12)
    np.testing.assert_allclose(ics(-scores, returns, members), -found, atol=1e-12)
    assert (np.abs(found) <= 1.0).all()


def test_a_coin_with_no_view_stands_at_the_median() -> None:
    scores, returns, members = create_market(11, tokens=41, days=1)
    members[:] = True
    returns = np.nan_to_num(returns)
    silent = scores.copy()
    silent[5] = np.nan
    spoken = scores.copy()
    spoken[5] = np.median(np.delete(scores, 5))
    np.testing.assert_allclose(ics(silent, returns, members), ics(spoken, returns, members))


def test_saying_nothing_of_anybody_is_worth_nought_and_is_counted() -> None:
    _, returns, members = create_market(5)
    assert (ics(np.full(returns.shape, np.nan), returns, members) == 0.0).all()
    assert (ics(np.full(returns.shape, 3.0), returns, members) == 0.0).all()


def test_too_few_coins_or_equal_returns_give_no_figure() -> None:
    scores, returns, members = create_market(5, tokens=20)
    assert np.isnan(ics(scores, returns, members, least=30)).all()
    assert np.isnan(ics(scores, np.zeros(returns.shape), members)).all()


def test_different_shapes_are_refused() -> None:
    scores, returns, members = create_market(5)
    with pytest.raises(BadInput, match="different shapes"):
        compute_daily_rank_ics(scores[:, 1:], returns, members)


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_residual_ic_is_the_rank_correlation_of_the_regression_residuals(seed: int) -> None:
    scores, returns, members = create_market(seed)
    control = np.random.default_rng(seed + 1).normal(size=scores.shape) + 0.02 * scores
    found = compute_daily_rank_ics(scores, returns, members, control=control, minimum_coins=5)
    for day in range(scores.shape[1]):
        used = members[:, day] & np.isfinite(returns[:, day])
        said, against = rankdata(scores[used, day]), rankdata(control[used, day])
        slope, level = np.polyfit(against, said, 1)
        left = np.round(said - level - slope * against, 9)
        expected = spearmanr(left, returns[used, day]).statistic
        assert found[day] == pytest.approx(expected, abs=1e-3)


def test_nothing_is_left_of_a_score_once_it_is_its_own_control() -> None:
    scores, returns, members = create_market(2)
    left = compute_daily_rank_ics(scores, returns, members, control=scores, minimum_coins=5)
    np.testing.assert_allclose(left, 0.0)


def test_mean_icir_and_share_positive_of_a_worked_example() -> None:
    daily = np.array([0.1, 0.3, np.nan, -0.1, 0.1])
    score = score_ranks(daily, 7)
    assert score.rank_ic_mean == pytest.approx(0.1)
    assert score.rank_ic_sd == pytest.approx(0.16329931618554522)
    assert score.icir == pytest.approx(0.1 / 0.16329931618554522)
    assert score.share_positive == pytest.approx(0.75)
    assert score.days == 4
    assert score_ranks(np.array([np.nan]), 7).days == 0
    assert np.isnan(score_ranks(np.array([0.2]), 7).icir)


def test_newey_west_without_lags_is_the_ordinary_t_and_falls_with_dependence() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0.2, 1.0, 400)
    ordinary = values.mean() / (values.std() / np.sqrt(values.size))
    assert compute_newey_west_t(values, 0) == pytest.approx(ordinary)
    smooth = np.convolve(values, np.ones(7) / 7.0, mode="valid")
    assert compute_newey_west_t(smooth, 7) < compute_newey_west_t(smooth, 0)
    assert np.isnan(compute_newey_west_t(np.array([1.0, 2.0]), 1))
    assert np.isnan(compute_newey_west_t(np.ones(9), 1))


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(2, 5))
def test_buckets_are_equal_ordered_and_only_for_members(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(40, 3))
    members = rng.random((40, 3)) < 0.8
    buckets = compute_buckets(values, members, count)
    assert ((buckets >= 0) == members).all()
    for day in range(3):
        sizes = np.bincount(buckets[members[:, day], day], minlength=count)
        assert sizes.max() - sizes.min() <= 1
        order = values[members[:, day], day].argsort()
        assert (np.diff(buckets[members[:, day], day][order].astype(int)) >= 0).all()


def test_equal_values_share_a_bucket_and_a_missing_one_is_in_the_middle() -> None:
    values = np.array([[1.0], [1.0], [1.0], [1.0], [9.0], [np.nan]])
    members = np.ones((6, 1), dtype=np.bool_)
    buckets = compute_buckets(values, members, 3)[:, 0]
    assert set(buckets[[0, 1, 2, 3, 5]].tolist()) == {1}
    assert buckets[4] == 2
    assert (compute_buckets(values, members & False, 3) == -1).all()


def test_the_running_error_is_that_of_every_record_so_far() -> None:
    generator = np.random.default_rng(5)
    values = generator.normal(0.1, 1.0, 60)
    values[[0, 7, 30]] = np.nan
    mean, error = compute_running_newey_west(values, 7)
    assert np.isnan(mean[0])
    for day in range(4, 60):
        t = compute_newey_west_t(values[: day + 1], 7)
        so_far = np.nanmean(values[: day + 1])
        assert mean[day] == pytest.approx(so_far)
        if np.isfinite(t):
            assert error[day] == pytest.approx(so_far / t)
        else:
            assert np.isnan(error[day])
