"""Following signals token by token: the same account as a portfolio of that token alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.backtest.worlds import Matrix, create_closes

from assay.backtest import run_signals, run_weights
from assay.kit.errors import BadInput, NotEnoughData


def row(*values: float) -> Matrix:
    return np.array([values])


@given(
    seed=st.integers(0, 2**32 - 1),
    days=st.integers(1, 60),
    lag=st.integers(0, 2),
    fee=st.sampled_from([0.0, 10.0, 500.0]),
    allow_short=st.booleans(),
    fractions=st.booleans(),
)
def test_each_token_equals_a_portfolio_of_it_alone(
    seed: int, days: int, lag: int, fee: float, allow_short: bool, fractions: bool
) -> None:
    generator = np.random.default_rng(seed)
    closes = create_closes(generator, 5, days)
    signals = generator.choice([-1.0, 0.0, 1.0, np.nan], (5, days), p=[0.3, 0.2, 0.4, 0.1])
    if fractions:
        signals *= generator.random((5, days))
    returns = run_signals(
        closes, signals, fee_bps=fee, slippage_bps=5.0, lag=lag, allow_short=allow_short
    )
    wanted = signals if allow_short else np.where(signals < 0.0, 0.0, signals)
    for token in range(5):
        alone = run_weights(
            closes[[token]], wanted[[token]], fee_bps=fee, slippage_bps=5.0, lag=lag
        )
        np.testing.assert_allclose(np.nan_to_num(returns[token]), alone.returns, atol=1e-9)


def test_long_short_and_out_by_hand() -> None:
    closes = row(100.0, 110.0, 99.0, 198.0, 99.0)
    returns = run_signals(closes, row(1.0, -1.0, 0.0, 1.0, 1.0), fee_bps=0.0, slippage_bps=0.0)
    np.testing.assert_allclose(returns, row(0.0, 0.0, -0.1, -1.0, 0.0), atol=1e-12)
    long_only = run_signals(
        closes, row(1.0, -1.0, 0.0, 1.0, 1.0), fee_bps=0.0, slippage_bps=0.0, allow_short=False
    )
    np.testing.assert_allclose(long_only, row(0.0, 0.0, -0.1, 0.0, 0.0), atol=1e-12)


def test_costs_are_paid_once_for_holding_and_daily_for_staying_short() -> None:
    closes = row(1.0, 1.1, 1.21)
    held = run_signals(closes, row(1.0, 1.0, 1.0), fee_bps=100.0, slippage_bps=0.0, lag=0)
    np.testing.assert_allclose(held, row(1 / 1.01 - 1.0, 0.1, 0.1))
    short = run_signals(closes, row(-1.0, -1.0, -1.0), fee_bps=100.0, slippage_bps=0.0, lag=0)
    assert short[0, 0] == pytest.approx(-0.01)
    left, owed = 0.99 - 0.1, 1.1
    assert short[0, 1] == pytest.approx((left - (owed - left) * 0.01) / 0.99 - 1.0)


def test_missing_before_birth_and_after_the_exit_still_in_a_halt() -> None:
    closes = row(np.nan, 10.0, np.nan, 20.0, np.nan, np.nan)
    ones = np.ones((1, 6))
    returns = run_signals(closes, ones, fee_bps=100.0, slippage_bps=0.0, lag=0)
    expected = row(np.nan, 1 / 1.01 - 1.0, 0.0, 1.0, -0.01, np.nan)
    np.testing.assert_allclose(returns, expected)
    waiting = run_signals(closes, ones, fee_bps=0.0, slippage_bps=0.0, lag=0, last_bars=[6])
    np.testing.assert_allclose(waiting, row(np.nan, 0.0, 0.0, 1.0, 0.0, 0.0))


def test_integer_signals_are_welcome_and_others_refused() -> None:
    closes = np.array([[1.0, 2.0, 4.0]])
    whole = run_signals(closes, np.array([[1, 1, 0]], dtype=np.int8), fee_bps=0.0, slippage_bps=0.0)
    np.testing.assert_allclose(whole, row(0.0, 0.0, 1.0))
    with pytest.raises(BadInput, match="outside"):
        run_signals(closes, row(2.0, 0.0, 0.0), fee_bps=0.0, slippage_bps=0.0)
    with pytest.raises(BadInput, match="shape"):
        run_signals(closes, row(1.0), fee_bps=0.0, slippage_bps=0.0)
    with pytest.raises(NotEnoughData):
        run_signals(np.ones((0, 3)), np.ones((0, 3)), fee_bps=0.0, slippage_bps=0.0)


def test_longer_panel_changes_no_earlier_return() -> None:
    generator = np.random.default_rng(8)
    closes = create_closes(generator, 10, 90)
    signals = generator.choice([-1.0, 0.0, 1.0], (10, 90))
    ends = np.full(10, 90)
    whole = run_signals(closes, signals, fee_bps=10.0, slippage_bps=5.0, last_bars=ends)
    part = run_signals(
        closes[:, :60], signals[:, :60], fee_bps=10.0, slippage_bps=5.0, last_bars=ends
    )
    assert np.ascontiguousarray(whole[:, :60]).tobytes() == part.tobytes()
