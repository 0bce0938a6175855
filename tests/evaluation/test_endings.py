from datetime import date, timedelta

import numpy as np
import pytest

from assay.evaluation import Death
from assay.evaluation.endings import score_deaths, score_stability
from assay.evaluation.types import DeathReport, Flags, Matrix

FIRST = date(2022, 1, 1)


def judge(scores: Matrix, viewed: Flags, universe: Flags, *deaths: tuple[int, int]) -> DeathReport:
    return score_deaths(
        scores,
        viewed,
        universe,
        [Death(row, FIRST + timedelta(days=last)) for row, last in deaths],
        first_day=FIRST,
        symbols=[f"SYN{row}" for row in range(scores.shape[0])],
        high_score=75.0,
    )


def test_both_definitions_and_only_the_last_thirty_days() -> None:
    scores = np.full((4, 100), 50.0)
    scores[0, 10:30] = 99.0
    scores[1, 59] = 80.0
    scores[2, 30:60] = 76.0
    everywhere = np.ones(scores.shape, dtype=np.bool_)
    found = judge(scores, everywhere, everywhere, (0, 59), (1, 59), (2, 59), (3, 59))
    assert found.count == 4
    assert (found.any_day_high, found.mean_high) == (2, 1)
    assert (found.share_any_day, found.share_mean) == (0.5, 0.25)
    assert [record.symbol for record in found.records] == ["SYN0", "SYN1", "SYN2", "SYN3"]
    assert found.records[1].days_high == 1
    assert found.records[1].days_judged == 30


def test_silence_before_a_death_is_not_praise_and_a_stranger_does_not_count() -> None:
    scores = np.full((3, 60), 90.0)
    viewed = np.ones(scores.shape, dtype=np.bool_)
    universe = viewed.copy()
    viewed[0, 20:] = False
    universe[1] = False
    found = judge(scores, viewed, universe, (0, 49), (1, 49), (2, 400))
    assert found.count == 1
    assert found.any_day_high == 0
    assert found.without_view == 1
    assert np.isnan(found.records[0].highest)


def test_no_deaths_no_share() -> None:
    scores = np.full((2, 40), 90.0)
    everywhere = np.ones(scores.shape, dtype=np.bool_)
    found = judge(scores, everywhere, everywhere)
    assert found.count == 0
    assert np.isnan(found.share_any_day)
    assert found.base_share_any_day == 1.0
    empty = judge(scores, everywhere & False, everywhere & False)
    assert np.isnan(empty.base_share_mean)


def test_base_shares_look_back_thirty_days_and_no_further() -> None:
    scores = np.full((1, 61), 10.0)
    scores[0, 0] = 90.0
    everywhere = np.ones(scores.shape, dtype=np.bool_)
    found = judge(scores, everywhere, everywhere)
    assert found.base_share_any_day == pytest.approx(30 / 61)
    assert found.base_share_mean == pytest.approx(1 / 61)


def test_stability_of_a_still_and_of_a_turning_score() -> None:
    still = np.arange(12.0)[:, None] * np.ones((12, 20))
    viewed = np.ones(still.shape, dtype=np.bool_)
    found = score_stability(still, viewed)
    assert found.mean_absolute_change == 0.0
    assert found.rank_autocorrelation_1d == pytest.approx(1.0)
    turning = np.where(np.arange(20) % 2, still, 11.0 - still)
    turned = score_stability(turning, viewed)
    assert turned.rank_autocorrelation_1d == pytest.approx(-1.0)
    assert turned.rank_autocorrelation_7d == pytest.approx(-1.0)
    assert np.isnan(score_stability(still[:, :1], viewed[:, :1]).rank_autocorrelation_1d)
