"""Rare events: AUC against scikit-learn, episodes, lift, intervals and Brier skill by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss, roc_auc_score  # type: ignore[import-untyped]

from assay.evaluation import (
    compute_daily_auc,
    compute_effective_count,
    compute_event_percentiles,
    compute_wilson,
    group_by_rank,
    mark_top_share,
    number_episodes,
    score_events,
    score_groups,
    score_probabilities,
)
from assay.kit.errors import BadInput

Worlds = tuple[np.ndarray, np.ndarray, np.ndarray]


def draw(seed: int, tokens: int = 30, days: int = 25, levels: int = 7) -> Worlds:
    """Scores with many ties, events that follow them, members with gaps."""
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, levels, (tokens, days)).astype(np.float64)
    happened = generator.random((tokens, days)) < 0.02 + 0.05 * scores / levels
    members = generator.random((tokens, days)) < 0.8
    return scores, happened & members, members


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_daily_auc_equals_scikit_learn(seed: int) -> None:
    scores, happened, members = draw(seed)
    daily = compute_daily_auc(scores, happened, members)
    for day in range(scores.shape[1]):
        rows = members[:, day]
        truth = happened[rows, day]
        if truth.any() and not truth.all():
            expected = roc_auc_score(truth, scores[rows, day])
            assert daily[day] == pytest.approx(expected, abs=1e-12)
        else:
            assert math.isnan(daily[day])


def test_the_mean_percentile_of_a_day_is_its_auc_and_members_alone_count() -> None:
    scores, happened, members = draw(5)
    percentiles = compute_event_percentiles(scores, happened, members)
    assert np.array_equal(np.isfinite(percentiles), happened & members)
    scores[~members] = np.nan
    again = compute_event_percentiles(scores, happened, members)
    assert np.array_equal(percentiles, again, equal_nan=True)


def test_a_longer_window_changes_no_earlier_day() -> None:
    scores, happened, members = draw(8)
    whole = compute_daily_auc(scores, happened, members)
    part = compute_daily_auc(scores[:, :12], happened[:, :12], members[:, :12])
    assert np.array_equal(whole[:12], part, equal_nan=True)
    assert np.array_equal(
        mark_top_share(scores, members, 0.1)[:, :12],
        mark_top_share(scores[:, :12], members[:, :12], 0.1),
    )
    starts, _ = number_episodes(happened, 5)
    first, _ = number_episodes(happened[:, :12], 5)
    assert np.array_equal(starts[:, :12] >= 0, first >= 0)


def test_an_event_seen_on_many_days_is_one_episode() -> None:
    happened = np.zeros((2, 300), np.bool_)
    happened[0, 10:60] = True
    happened[0, 100] = True  # 90 days after the start: still the same
    happened[0, 101] = True
    happened[1, 5] = True
    episodes, count = number_episodes(happened, 90)
    assert count == 3
    assert set(episodes[0, 10:60]) == {0}
    assert episodes[0, 100] == 0
    assert episodes[0, 101] == 1
    assert episodes[1, 5] == 2
    assert (episodes >= 0).sum() == happened.sum()


def test_an_episode_of_many_days_does_not_outweigh_another() -> None:
    scores = np.tile(np.arange(11.0)[:, None], (1, 40))
    members = np.ones_like(scores, np.bool_)
    happened = np.zeros_like(members)
    happened[10, :30] = True  # the highest score, seen for 30 days
    happened[0, 35] = True  # the lowest, seen once
    score = score_events(scores, happened, members, gap_days=90)
    assert score.episodes == 2
    assert score.events == 31
    assert score.auc_episodes == pytest.approx(0.5)
    assert score.auc_events == pytest.approx(30 / 31)
    assert score.auc_daily == pytest.approx(30 / 31)
    assert score.days_with_events == 31
    assert score.lift == pytest.approx((30 / 80) / (31 / 440))


def test_the_top_tenth_is_rounded_up_and_ties_go_by_position() -> None:
    scores = np.array([[1.0], [3.0], [3.0], [3.0], [0.0], [9.0]] * 2)
    members = np.ones_like(scores, np.bool_)
    members[5] = False
    assert np.flatnonzero(mark_top_share(scores, members, 0.1)[:, 0]).tolist() == [1, 11]
    with pytest.raises(BadInput, match="share"):
        mark_top_share(scores, members, 0.0)


def test_nothing_happened_gives_no_number() -> None:
    scores, _, members = draw(1)
    score = score_events(scores, np.zeros_like(members), members, gap_days=90)
    assert (score.events, score.episodes, score.rate) == (0, 0, 0.0)
    assert math.isnan(score.auc_daily)
    assert math.isnan(score.lift)
    assert math.isnan(score_probabilities(scores, scores, members, ~members & members).brier)


def test_brier_equals_scikit_learn() -> None:
    scores, happened, members = draw(3)
    stated = scores / 10
    base = np.full_like(stated, happened[members].mean())
    found = score_probabilities(stated, base, happened, members)
    expected = brier_score_loss(happened[members], stated[members])
    usual = brier_score_loss(happened[members], base[members])
    assert found.brier == pytest.approx(expected, abs=1e-12)
    assert found.skill == pytest.approx(1 - expected / usual, abs=1e-12)


@given(st.integers(0, 50), st.integers(1, 500))
def test_wilson_equals_scipy(events: int, more: int) -> None:
    count = events + more
    low, high = compute_wilson(events / count, count)
    expected = binomtest(events, count).proportion_ci(0.9, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_without_trials_says_anything_is_possible() -> None:
    assert compute_wilson(0.3, 0.0) == (0.0, 1.0)
    assert all(math.isnan(edge) for edge in compute_wilson(math.nan, 10.0))
    narrow, wide = compute_wilson(0.01, 1000.0), compute_wilson(0.01, 5.0)
    assert wide[0] < narrow[0] < 0.01 < narrow[1] < wide[1]


def test_common_shocks_leave_few_independent_trials() -> None:
    judgements = [9_000] * 10
    even = compute_effective_count([90] * 10, judgements, 90)
    crash = compute_effective_count([0] * 9 + [900], judgements, 90)
    assert even == 1000.0  # no more than judgements 90 days apart
    # p = .01, variance of p = 10/9 * (9 * 90^2 + 810^2) / 90000^2
    variance = 10 / 9 * (9 * 90**2 + 810**2) / 90_000**2
    assert crash == pytest.approx(0.01 * 0.99 / variance)
    assert crash < 110
    assert compute_effective_count([0, 0, 0], [900, 900, 0], 90) == 2.0
    assert compute_effective_count([], [], 90) == 0.0
    assert compute_effective_count([3], [90], 90) == 1.0


def test_groups_compare_what_was_said_with_what_happened() -> None:
    generator = np.random.default_rng(4)
    stated = generator.uniform(0.0, 0.2, (200, 300))
    members = np.ones_like(stated, np.bool_)
    happened = generator.random(stated.shape) < stated
    group = group_by_rank(stated, members, 10)
    assert [(group == g).sum() for g in range(10)] == [6000] * 10
    found = score_groups(stated, happened, group, gap_days=1)
    assert sum(row.low <= row.stated <= row.high for row in found) >= 8
    assert [row.events for row in found] == [int(happened[group == g].sum()) for g in range(10)]
    wrong = score_groups(stated + 0.1, happened, group, gap_days=1)
    assert not any(row.low <= row.stated <= row.high for row in wrong)


def test_shapes_must_fit() -> None:
    scores, happened, members = draw(2)
    with pytest.raises(BadInput, match="fit"):
        compute_event_percentiles(scores[:, :3], happened, members)
