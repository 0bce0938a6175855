"""Trends that run, and what following them earned: against the back-tester and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.signals.worlds import create_closes

from assay.backtest import run_signals
from assay.signals.compute.choosing import compute_returns
from assay.signals.compute.running import Followed, compute_followed, compute_runs
from assay.signals.types import DAILY


def test_a_trend_is_the_last_signal_that_was_not_none() -> None:
    runs = compute_runs(np.array([[0, 1, 1, 0, 1, -1, 0, 0, -1, 1]], np.int8))
    assert runs.trend[0].tolist() == [0, 1, 1, 1, 1, -1, -1, -1, -1, 1]
    assert runs.trend_since[0].tolist() == [-1, 1, 1, 1, 1, 5, 5, 5, 5, 9]
    assert runs.entry[0].tolist() == [-1, 1, 1, -1, 4, 5, -1, -1, 8, 9]


@pytest.fixture
def market() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    close = create_closes(4, 3, 60)
    close[2, 40:] = np.nan
    states = np.random.default_rng(1).integers(-1, 2, close.shape).astype(np.int8)
    viewed = ~np.isnan(close)
    viewed[:, :5] = False
    states[~viewed] = 0
    return close, states, viewed


def follow(
    market: tuple[np.ndarray, np.ndarray, np.ndarray], columns: list[int], first: int = 0
) -> Followed:
    close, states, viewed = market
    carried = close.copy()
    carried[2, 40:] = close[2, 39]
    return compute_followed(DAILY, close, compute_returns(carried), states, viewed, first, columns)


def test_returns_are_those_of_the_back_tester(
    market: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    close, states, viewed = market
    columns = [20, 35, 59]
    followed = follow(market, columns)
    orders = np.where(viewed, states, np.nan)
    for short, got in ((False, followed.signal), (True, followed.long_short)):
        daily = run_signals(
            close[:2], orders[:2], fee_bps=10.0, slippage_bps=5.0, allow_short=short
        )
        worth = np.cumprod(1.0 + np.nan_to_num(daily), axis=1)
        np.testing.assert_allclose(got[:2], worth[:, columns] - 1.0, rtol=1e-12)
    assert followed.since.tolist() == [5, 5, 5]


def test_holding_is_bought_once_one_bar_after_the_first_view(
    market: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    close = market[0]
    followed = follow(market, [30])
    expected = close[0, 30] / close[0, 6] / (1.0 + DAILY.side_cost) - 1.0
    assert followed.holding[0, 0] == pytest.approx(expected, rel=1e-6)


def test_constant_exposure_is_near_its_account_in_the_back_tester(
    market: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    close, states, _ = market
    followed = follow(market, [50])
    e = np.maximum(states[0, 5:49], 0).mean()
    assert followed.exposure[0, 0] == pytest.approx(e, abs=1e-12)
    orders = np.full((1, 60), np.nan)
    orders[0, 5:] = e
    daily = run_signals(close[:1], orders, fee_bps=10.0, slippage_bps=5.0)
    worth = np.prod(1.0 + np.nan_to_num(daily[0, :51]))
    assert followed.constant[0, 0] == pytest.approx(worth - 1.0, abs=1e-5)


def test_nothing_is_earned_before_a_trade_could_be_made(
    market: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    followed = follow(market, [5, 6, 7])
    assert np.isnan(followed.signal[:, 0]).all()
    assert np.isfinite(followed.signal[:, 1]).all()
    assert np.isnan(followed.constant[:, 1]).all()
    assert np.isfinite(followed.constant[:, 2]).all()


@given(st.integers(10, 58))
@settings(max_examples=15)
def test_a_longer_axis_changes_no_bit_of_a_living_coin(column: int) -> None:
    close = create_closes(4, 3, 60)
    states = np.random.default_rng(1).integers(-1, 2, close.shape).astype(np.int8)
    viewed = np.ones(close.shape, np.bool_)
    whole = compute_followed(DAILY, close, compute_returns(close), states, viewed, 3, [column])
    cut = slice(0, column + 1)
    short = compute_followed(
        DAILY,
        close[:, cut],
        compute_returns(close[:, cut]),
        states[:, cut],
        viewed[:, cut],
        3,
        [column],
    )
    for name in ("signal", "long_short", "holding", "constant", "exposure"):
        assert getattr(whole, name).tobytes() == getattr(short, name).tobytes()
