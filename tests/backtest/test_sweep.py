"""Sweeping moving-average crosses: against the readable twin, ties, gaps and refusals."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.backtest.reference import cross_averages
from tests.backtest.worlds import create_closes

from assay.backtest import sweep_crosses
from assay.kit.errors import BadInput, NotEnoughData

PAIRS = np.array(list(combinations((1, 2, 5, 13), 2)))


@given(
    seed=st.integers(0, 2**32 - 1),
    bars=st.integers(1, 60),
    lag=st.integers(0, 3),
    fee=st.sampled_from([0.0, 10.0, 200.0]),
    slip=st.sampled_from([0.0, 30.0]),
)
def test_kernel_equals_the_readable_twin(
    seed: int, bars: int, lag: int, fee: float, slip: float
) -> None:
    closes = create_closes(np.random.default_rng(seed), 3, bars)
    found = sweep_crosses(
        closes, PAIRS[:, 0], PAIRS[:, 1], fee_bps=fee, slippage_bps=slip, lag=lag, details=True
    )
    assert found.sharpe is not None
    assert found.max_drawdown is not None
    assert found.trades is not None
    for asset, series in enumerate(closes):
        prices = series[np.isfinite(series)].tolist()
        for place, (fast, slow) in enumerate(PAIRS.tolist()):
            values, trades = cross_averages(
                prices, fast, slow, fee=fee / 1e4, slip=slip / 1e4, lag=lag
            )
            path = np.array([1.0, *values])
            changes = path[1:] / path[:-1] - 1.0
            falls = path / np.maximum.accumulate(path) - 1.0
            where = (place, asset)
            assert found.trades[where] == trades
            assert found.total_return[where] == pytest.approx(path[-1] - 1.0, abs=1e-9)
            assert found.max_drawdown[where] == pytest.approx(falls.min(), abs=1e-9)
            if trades and changes.size > 1 and changes.std() > 1e-9:
                sharpe = changes.mean() / changes.std(ddof=1) * np.sqrt(365.0)
                assert found.sharpe[where] == pytest.approx(sharpe, rel=1e-6, abs=1e-6)
            elif not trades:
                assert np.isnan(found.sharpe[where])


def test_returns_alone_equal_the_details() -> None:
    closes = create_closes(np.random.default_rng(3), 7, 400)
    lean = sweep_crosses(closes, PAIRS[:, 0], PAIRS[:, 1])
    full = sweep_crosses(closes, PAIRS[:, 0], PAIRS[:, 1], details=True)
    assert lean.total_return.tobytes() == full.total_return.tobytes()
    assert (lean.sharpe, lean.max_drawdown, lean.trades) == (None, None, None)


def test_equal_averages_neither_buy_nor_sell() -> None:
    flat = np.full((1, 50), 7.0)
    assert sweep_crosses(flat, [2], [5], details=True).total_return[0, 0] == 0.0
    prices = np.array([[4.0, 2.0, 1.0, 3.0, 3.0, 3.0, 3.0, 9.0]])
    held = sweep_crosses(prices, [1], [2], fee_bps=0.0, lag=0, details=True)
    assert held.trades is not None
    assert (held.total_return[0, 0], held.trades[0, 0]) == (2.0, 1)


def test_gaps_do_not_count_as_bars() -> None:
    closes = create_closes(np.random.default_rng(11), 1, 300)[:, :200]
    bars = closes[np.isfinite(closes)]
    gappy = np.full((1, 2 * bars.size), np.nan)
    gappy[0, ::2] = bars
    one = sweep_crosses(bars[None, :], [3, 5], [10, 20], details=True)
    two = sweep_crosses(gappy, [3, 5], [10, 20], details=True)
    assert one.total_return.tobytes() == two.total_return.tobytes()


def test_too_few_bars_never_trade() -> None:
    closes = np.array([[1.0, 2.0, 3.0], [np.nan, np.nan, np.nan]])
    found = sweep_crosses(closes, [2], [50], details=True)
    assert found.trades is not None
    assert found.sharpe is not None
    assert found.total_return.tolist() == [[0.0, 0.0]]
    assert found.trades.tolist() == [[0, 0]]
    assert np.isnan(found.sharpe).all()


@pytest.mark.parametrize(
    ("fast", "slow", "options"),
    [
        ([5], [5], {}),
        ([9], [5], {}),
        ([0], [5], {}),
        ([], [], {}),
        ([1, 2], [5], {}),
        ([1.5], [5.0], {}),
        ([2], [5], {"lag": -1}),
        ([2], [5], {"fee_bps": -3.0}),
    ],
)
def test_bad_windows_are_refused_with_advice(
    fast: list[float], slow: list[float], options: dict[str, Any]
) -> None:
    with pytest.raises(BadInput) as refusal:
        sweep_crosses(np.ones((1, 9)), fast, slow, **options)
    assert refusal.value.hint


def test_empty_window_is_not_enough_data() -> None:
    with pytest.raises(NotEnoughData):
        sweep_crosses(np.ones((3, 0)), [2], [5])
