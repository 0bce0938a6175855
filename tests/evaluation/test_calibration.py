import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.evaluation.calibration import score_calibration


def test_a_certain_and_right_forecast_has_full_skill() -> None:
    outcome = np.array([[1.0, -1.0, 2.0, -0.5]])
    members = np.ones((1, 4), dtype=np.bool_)
    found = score_calibration((outcome > 0).astype(np.float64), outcome, members)
    assert found is not None
    assert (found.brier, found.skill, found.expected_error) == (0.0, 1.0, 0.0)
    assert found.base_rate == 0.5


def test_brier_of_a_worked_example() -> None:
    outcome = np.array([[1.0, -1.0, 1.0, 1.0, np.nan]])
    stated = np.array([[0.8, 0.4, 0.6, np.nan, 0.5]])
    found = score_calibration(stated, outcome, np.ones((1, 5), dtype=np.bool_), bins=2)
    assert found is not None
    assert found.count == 3
    assert found.brier == pytest.approx((0.04 + 0.16 + 0.16) / 3)
    assert found.brier_base == pytest.approx(2 / 3 * 1 / 3)


def test_always_the_base_rate_has_no_skill_and_one_bin() -> None:
    rng = np.random.default_rng(1)
    outcome = rng.normal(size=(20, 20))
    base = float((outcome > 0).mean())
    found = score_calibration(np.full((20, 20), base), outcome, np.ones((20, 20), dtype=np.bool_))
    assert found is not None
    assert found.skill == pytest.approx(0.0, abs=1e-12)
    assert len(found.bins) == 1


def test_the_median_coin_itself_does_not_beat_the_median_coin() -> None:
    members = np.ones((1, 2), dtype=np.bool_)
    found = score_calibration(np.full((1, 2), 0.5), np.zeros((1, 2)), members)
    assert found is not None
    assert found.base_rate == 0.0
    assert np.isnan(found.skill)
    assert score_calibration(np.full((1, 2), np.nan), np.zeros((1, 2)), members) is None


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_bins_hold_every_judgement_once_and_rise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stated = np.round(rng.uniform(size=(30, 10)), 2)
    outcome = rng.normal(size=(30, 10))
    found = score_calibration(stated, outcome, rng.random((30, 10)) < 0.9)
    assert found is not None
    assert sum(row.count for row in found.bins) == found.count
    levels = [row.stated for row in found.bins]
    assert levels == sorted(levels)
    assert 0.0 <= found.brier <= 1.0
