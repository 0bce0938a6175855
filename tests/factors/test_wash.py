"""Made-up volumes show their signs; crowds' volumes do not; nothing looks ahead."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.factors.compute.wash import SUSPICIOUS_SIGNS, compute_wash_signs

DAYS = 800


def crowd(seed: int, tokens: int = 3) -> np.ndarray:
    """SYNTHETIC honest volumes: a slow log-normal walk with heavy daily noise."""
    random = np.random.default_rng(seed)
    level = np.cumsum(random.normal(0, 0.05, (tokens, DAYS)), axis=1)
    return np.exp(12 + level + random.normal(0, 0.6, (tokens, DAYS)))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_crowd_is_not_suspected(seed: int) -> None:
    assert (compute_wash_signs(crowd(seed)) < SUSPICIOUS_SIGNS).all()


def test_round_sizes_every_day_alike_are_suspected() -> None:
    random = np.random.default_rng(1)
    printed = np.round(random.normal(1_000_000, 9_000, (1, DAYS)), -4)
    assert compute_wash_signs(printed)[0, -1] >= SUSPICIOUS_SIGNS


def test_digits_that_miss_benford_count_where_volumes_span_decades() -> None:
    random = np.random.default_rng(2)
    decades = 10.0 ** random.integers(3, 7, (1, DAYS))
    printed = np.round(decades * 5.0, 0)
    assert compute_wash_signs(printed)[0, -1] >= SUSPICIOUS_SIGNS


def test_too_little_history_says_nothing() -> None:
    printed = np.full((1, 89), 1000.0)
    assert not compute_wash_signs(printed).any()
    assert compute_wash_signs(np.full((1, 90), 1000.0))[0, -1] >= SUSPICIOUS_SIGNS


@given(st.integers(0, 2**32 - 1), st.integers(100, DAYS - 1))
@settings(max_examples=25, deadline=None)
def test_later_volumes_change_no_earlier_sign(seed: int, day: int) -> None:
    volumes = crowd(seed, 2)
    volumes[0, ::7] = np.nan
    before = compute_wash_signs(volumes)
    volumes[:, day:] = 1000.0
    assert (compute_wash_signs(volumes)[:, :day] == before[:, :day]).all()
    assert (compute_wash_signs(volumes[:, :day])[:, :day] == before[:, :day]).all()


@given(st.integers(0, 2**32 - 1), st.integers(0, DAYS - 1))
@settings(max_examples=25, deadline=None)
def test_judging_from_a_later_day_on_gives_the_same_signs(seed: int, start: int) -> None:
    volumes = crowd(seed, 2)
    volumes[1, 30:] = 1000.0
    assert (
        compute_wash_signs(volumes, start)[:, start:] == compute_wash_signs(volumes)[:, start:]
    ).all()
