"""What came of a purchase: against a plain reference, with halts, deaths and unknown ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.moonshots.compute.outcomes import compute_outcomes, mark_extremes
from assay.moonshots.types import OUTCOME_DAYS, Event


def follow(close: np.ndarray, day: int) -> tuple[float, float, float]:
    """Highest, lowest and last close over the price paid, as one would write it down."""
    if day + OUTCOME_DAYS >= close.size or not np.isfinite(close[: day + 1]).any():
        return (math.nan,) * 3
    seen = [price for price in close[day + 1 : day + OUTCOME_DAYS + 1] if np.isfinite(price)]
    if not seen:
        return 1.0, 1.0, 1.0
    return max(seen) / seen[0], min(seen) / seen[0], seen[-1] / seen[0]


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.9))
def test_equals_the_reference(seed: int, holes: float) -> None:
    generator = np.random.default_rng(seed)
    close = np.exp(np.cumsum(generator.normal(0, 0.1, (3, 150)), axis=1))
    close[generator.random(close.shape) < holes] = np.nan
    found = compute_outcomes(close)
    for token in range(3):
        for day in range(0, 150, 7):
            got = [m[token, day] for m in (found.highest, found.lowest, found.final)]
            assert got == pytest.approx(follow(close[token], day), nan_ok=True)


def test_a_coin_that_stops_inside_keeps_its_last_price() -> None:
    close = np.full((1, 200), 10.0)
    close[0, 50:60] = 1.5
    close[0, 60:] = np.nan
    found = compute_outcomes(close)
    assert found.happened(Event.FALL_80)[0, 40]
    assert found.final[0, 40] == pytest.approx(0.15)
    # Judged on its last day: never bought.
    assert found.final[0, 59] == 1.0
    assert not found.happened(Event.FALL_80)[0, 59]
    # Judged before it: the price paid is the collapsed one.
    assert found.final[0, 57] == 1.0


def test_an_outcome_is_unknown_until_its_last_day_has_closed() -> None:
    close = np.full((1, 150), 1.0)
    close[0, 100:] = 20.0
    known = 150 - OUTCOME_DAYS - 1
    found = compute_outcomes(close)
    assert np.isfinite(found.highest[0, known])
    assert np.isnan(found.highest[0, known + 1 :]).all()
    assert not found.happened(Event.UP_2X)[0, known + 1 :].any()
    assert found.happened(Event.UP_10X)[0, known]


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(93, 199))
def test_nothing_after_the_horizon_is_read(seed: int, width: int) -> None:
    generator = np.random.default_rng(seed)
    close = np.exp(np.cumsum(generator.normal(0, 0.1, (4, 200)), axis=1))
    close[generator.random(close.shape) < 0.1] = np.nan
    whole, part = compute_outcomes(close), compute_outcomes(close[:, :width])
    known = width - OUTCOME_DAYS
    assert np.array_equal(part.lowest[:, :known], whole.lowest[:, :known], equal_nan=True)
    assert np.isnan(part.lowest[:, known:]).all()


def test_touching_the_ratio_counts() -> None:
    close = np.full((1, 120), 1.0)
    close[0, 20], close[0, 22] = 2.0, 0.2
    found = compute_outcomes(close)
    assert found.happened(Event.UP_2X)[0, 10]
    assert found.happened(Event.FALL_80)[0, 10]
    assert not found.happened(Event.UP_5X)[0, 10]
    assert found.final[0, 10] == 1.0


def test_the_extremes_are_a_share_of_the_day() -> None:
    values = np.arange(40.0)[:, None] + np.zeros((1, 2))
    members = np.ones(values.shape, np.bool_)
    members[:, 1] = False
    marked = mark_extremes(values, members, 0.05)
    assert np.flatnonzero(marked[:, 0] == 1.0).tolist() == [39, 38][::-1]
    assert np.isnan(marked[:, 1]).all()
