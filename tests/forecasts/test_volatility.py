"""Deviations and thirds against a plain reading of their formulas."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.forecasts.compute.volatility import compute_spread
from assay.forecasts.types import Matrix

ROWS, DAYS = 4, 70


def _own_deviation(closes: list[float], share: float) -> float:
    """The last day's fast and slow variance of one token, as the manual words it."""
    returns = [np.log(b / a) for a, b in pairwise(closes) if a == a and b == b]
    fast = slow = 0.0
    for count, value in enumerate(returns, start=1):
        square = value * value
        fast += (square - fast) * (1 / count if count <= 20 else 0.12)
        slow += (square - slow) * (1 / count if count <= 20 else 0.01)
    return float(np.sqrt(share * fast + (1 - share) * slow))


def _walk(seed: int) -> Matrix:
    generator = np.random.default_rng(seed)
    steps = generator.normal(0, [[0.01], [0.03], [0.05], [0.2]], (ROWS, DAYS))
    return np.asarray(np.exp(np.cumsum(steps, axis=1)))


@given(st.integers(0, 10_000), st.lists(st.integers(35, DAYS - 2), max_size=6))
def test_deviations_are_fast_and_slow_shrunk_to_the_median(seed: int, holes: list[int]) -> None:
    closes = _walk(seed)
    closes[2, holes] = np.nan
    spread = compute_spread(closes, np.ones(ROWS, np.bool_), (1, 7, 365))
    for place, share in enumerate((0.8, 0.4, 0.0)):
        own = [_own_deviation(row.tolist(), share) for row in closes]
        for row in range(ROWS):
            wanted = 0.6 * own[row] + 0.4 * float(np.median(own))
            assert spread.deviations[place, row, -1] == pytest.approx(wanted, rel=1e-5)


def test_recent_deviation_is_the_sample_deviation_of_thirty_days() -> None:
    closes = _walk(1)
    spread = compute_spread(closes, np.ones(ROWS, np.bool_), ())
    wanted = np.diff(np.log(closes), axis=1)[:, -30:].std(axis=1, ddof=1)
    assert spread.recent[:, -1] == pytest.approx(wanted, rel=1e-5)
    assert spread.deviations.shape == (0, ROWS, DAYS)


def test_thirds_follow_volatility_and_only_coins_with_history_have_one() -> None:
    closes = _walk(2)
    closes[1, : DAYS - 29] = np.nan
    spread = compute_spread(closes, np.array([True, True, True, False]), (1,))
    assert spread.universe[:, -1].tolist() == [True, False, True, False]
    assert spread.thirds[:, -1].tolist() == [0, -1, 1, -1]
    assert not spread.universe[:, :29].any()


def test_one_coin_that_never_moves_borrows_the_markets_deviation() -> None:
    closes = _walk(3)
    closes[0] = 7.0
    spread = compute_spread(closes, np.ones(ROWS, np.bool_), (1,))
    own = sorted(_own_deviation(row.tolist(), 0.8) for row in closes)
    assert spread.deviations[0, 0, -1] == pytest.approx(0.4 * (own[1] + own[2]) / 2, rel=1e-5)
    still = compute_spread(np.full((2, DAYS), 7.0), np.ones(2, np.bool_), (1,))
    assert still.deviations[0, :, -1].tolist() == [0.0, 0.0]


def test_a_longer_panel_changes_no_earlier_value() -> None:
    closes = _walk(4)
    whole = compute_spread(closes, np.ones(ROWS, np.bool_), (1, 90))
    part = compute_spread(closes[:, :50], np.ones(ROWS, np.bool_), (1, 90))
    for name in ("returns", "recent", "thirds", "universe"):
        assert getattr(whole, name)[:, :50].tobytes() == getattr(part, name).tobytes()
    assert whole.deviations[:, :, :50].tobytes() == part.deviations.tobytes()
