"""Hysteresis: when a position begins, how it is kept, what ends it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.signals.compute.deciding import agree_, blend_, compute_states
from assay.signals.types import Rule, Shape, Source

RULE = Rule(Source.OWN, Shape.TREND_7_56, 0.6, 0.1)


def decide(scores: list[float], hold: int = 0, viewed: list[bool] | None = None) -> list[int]:
    own = np.full((len(Shape), 1, len(scores)), np.nan)
    own[RULE.shape, 0] = scores
    nothing = np.full((len(Shape), len(scores)), np.nan)
    seen = np.array([viewed or [True] * len(scores)])
    states, _ = compute_states(RULE, own, nothing, nothing, seen, hold)
    return [int(state) for state in states[0]]


def test_it_enters_at_one_threshold_and_leaves_at_another() -> None:
    assert decide([0.5, 0.6, 0.3, 0.1, 0.09, 0.5]) == [0, 1, 1, 1, 0, 0]
    assert decide([-0.5, -0.6, -0.3, -0.1, -0.09, -0.5]) == [0, -1, -1, -1, 0, 0]


def test_a_score_between_the_thresholds_does_not_flicker() -> None:
    waver = [0.7, 0.55, 0.62, 0.3, 0.65, 0.2, 0.11]
    assert decide(waver) == [1] * 7


def test_a_position_is_held_for_the_minimal_time() -> None:
    assert decide([0.7, 0.0, 0.0, 0.0, 0.0], hold=3) == [1, 1, 1, 0, 0]


def test_the_opposite_threshold_turns_at_once() -> None:
    assert decide([0.7, -0.6, 0.6], hold=5) == [1, -1, 1]


def test_without_a_view_the_position_is_forgotten() -> None:
    assert decide([0.7, 0.5, 0.5, 0.5], viewed=[True, True, False, True]) == [1, 1, 0, 0]


def test_a_missing_score_counts_as_none() -> None:
    assert decide([0.7, float("nan"), 0.3]) == [1, 0, 0]


@given(st.lists(st.floats(-1, 1), min_size=30, max_size=120), st.integers(0, 5))
@settings(max_examples=60)
def test_a_position_ends_early_only_by_its_opposite(scores: list[float], hold: int) -> None:
    states = decide(scores, hold)
    begun = 0
    for t in range(1, len(states)):
        if states[t] != states[t - 1]:
            if states[t] == 0:
                assert t - begun >= hold
                assert scores[t] * states[t - 1] < RULE.leave
            else:
                assert scores[t] * states[t] >= RULE.enter
            begun = t
        elif states[t] == 0:
            assert abs(scores[t]) < RULE.enter


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Source.OWN, 0.8),
        (Source.OWN_AND_MARKET, 0.4),
        (Source.OWN_AND_BITCOIN, 0.0),
        (Source.OWN_PLUS_MARKET, 0.6),
        (Source.OWN_PLUS_BITCOIN, 0.3),
        (Source.MARKET, 0.4),
        (Source.BITCOIN, -0.2),
    ],
)
def test_each_source_reads_its_own(source: Source, expected: float) -> None:
    assert blend_(int(source), 0.8, 0.4, -0.2) == pytest.approx(expected)


def test_agreement_is_the_weaker_of_two() -> None:
    assert agree_(-0.8, -0.4) == -0.4
    assert agree_(-0.8, 0.4) == 0.0
    assert agree_(0.2, 0.9) == 0.2
    assert agree_(0.0, 0.9) == 0.0
