import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.evaluation import compute_forward_returns, compute_relative_returns
from assay.evaluation.labels import compute_day_medians
from assay.kit.errors import BadInput

NAN = float("nan")


def test_bought_at_lag_and_held_from_there() -> None:
    closes = np.array([[1.0, 2.0, 4.0, 16.0, 32.0]])
    returns = compute_forward_returns(closes, 2, 1)
    assert returns[0, 0] == pytest.approx(np.log(16.0 / 2.0))
    assert returns[0, 1] == pytest.approx(np.log(32.0 / 4.0))
    assert np.isnan(returns[0, 2:]).all(), "the outcome of the last days is not known yet"


def test_a_coin_that_stops_inside_gets_its_last_price() -> None:
    closes = np.array([[10.0, 10.0, 5.0, NAN, NAN, NAN], [1.0] * 6])
    returns = compute_forward_returns(closes, 4, 1)
    assert returns[0, 0] == pytest.approx(np.log(0.5))


def test_a_gap_never_stretches_the_horizon() -> None:
    closes = np.array([[1.0, 2.0, 3.0, NAN, 100.0, 1000.0]])
    returns = compute_forward_returns(closes, 2, 1)
    assert returns[0, 0] == pytest.approx(np.log(3.0 / 2.0)), "sold at the last price before day 3"


def test_a_missing_bar_on_the_day_of_purchase_waits_for_the_next() -> None:
    closes = np.array([[1.0, NAN, 4.0, 8.0, 8.0]])
    assert compute_forward_returns(closes, 2, 1)[0, 0] == pytest.approx(np.log(8.0 / 4.0))


def test_a_coin_that_never_trades_again_was_never_bought() -> None:
    closes = np.array([[5.0, NAN, NAN, NAN]])
    assert compute_forward_returns(closes, 2, 1)[0, 0] == 0.0


def test_an_unknown_outcome_is_unknown_for_the_dead_too() -> None:
    closes = np.array([[5.0, 4.0, NAN, NAN]])
    assert np.isnan(compute_forward_returns(closes, 3, 1)).all()


def test_before_its_first_bar_a_coin_has_no_return() -> None:
    closes = np.array([[NAN, NAN, 1.0, 2.0, 4.0, 8.0]])
    returns = compute_forward_returns(closes, 1, 1)
    assert np.isnan(returns[0, :2]).all()
    assert returns[0, 2] == pytest.approx(np.log(2.0))


@pytest.mark.parametrize(("horizon", "lag"), [(0, 1), (-3, 1), (7, -1)])
def test_impossible_holdings_are_refused(horizon: int, lag: int) -> None:
    with pytest.raises(BadInput, match="cannot hold"):
        compute_forward_returns(np.ones((2, 10)), horizon, lag)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(0, 4), st.integers(0, 18))
def test_a_label_never_reads_beyond_its_exit(seed: int, horizon: int, lag: int, day: int) -> None:
    rng = np.random.default_rng(seed)
    closes = np.exp(rng.normal(0.0, 0.1, (5, 30)))
    closes[rng.random(closes.shape) < 0.2] = np.nan
    changed = closes.copy()
    changed[:, day + lag + horizon + 1 :] = rng.uniform(0.1, 9.0)
    before = compute_forward_returns(closes, horizon, lag)[:, : day + 1]
    after = compute_forward_returns(changed, horizon, lag)[:, : day + 1]
    np.testing.assert_array_equal(before, after)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(1e-6, 1e6))
def test_the_unit_of_a_price_does_not_matter(seed: int, unit: float) -> None:
    rng = np.random.default_rng(seed)
    closes = np.exp(rng.normal(0.0, 0.1, (4, 20)))
    closes[rng.random(closes.shape) < 0.2] = np.nan
    returns = compute_forward_returns(closes, 3, 1)
    np.testing.assert_allclose(compute_forward_returns(closes * unit, 3, 1), returns, atol=1e-9)


def test_relative_returns_have_their_median_at_nought_over_the_universe() -> None:
    rng = np.random.default_rng(3)
    returns = rng.normal(0.0, 1.0, (9, 6))
    universe = rng.random((9, 6)) < 0.7
    universe[:, 5] = False
    relative = compute_relative_returns(returns, universe)
    medians = compute_day_medians(relative, universe)
    np.testing.assert_allclose(medians[:5], 0.0, atol=1e-12)
    assert np.isnan(relative[:, 5]).all(), "a day without a universe has no median coin"
