"""Following weights: against the readable twin, and case by case what the rules promise."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.backtest.reference import follow_weights
from tests.backtest.worlds import Matrix, create_closes, create_volumes, create_weights

from assay.backtest import Costs, run_weights
from assay.kit.errors import BadInput, NotEnoughData

FREE: dict[str, Any] = {"fee_bps": 0.0, "lag": 0}


def row(*values: float) -> Matrix:
    return np.array([values])


@given(
    seed=st.integers(0, 2**32 - 1),
    tokens=st.integers(1, 19),
    days=st.integers(1, 70),
    lag=st.integers(0, 3),
    fee=st.sampled_from([0.0, 10.0, 300.0]),
    impact=st.sampled_from([0.0, 100.0]),
    leverage=st.sampled_from([1.0, 2.5]),
    shorts=st.booleans(),
    interest=st.sampled_from([0.0, 0.05]),
)
def test_kernel_equals_the_readable_twin(
    seed: int,
    tokens: int,
    days: int,
    lag: int,
    fee: float,
    impact: float,
    leverage: float,
    shorts: bool,
    interest: float,
) -> None:
    generator = np.random.default_rng(seed)
    closes = create_closes(generator, tokens, days)
    weights = create_weights(generator, tokens, days, gross=leverage, shorts=shorts)
    volumes = create_volumes(generator, closes) if impact else None
    run = run_weights(
        closes,
        weights,
        volume_usd=volumes,
        fee_bps=fee,
        slippage_bps=5.0,
        impact_bps=impact,
        lag=lag,
        cash=interest,
        leverage=leverage,
        keep_holdings=True,
    )
    twin = follow_weights(
        closes,
        weights,
        costs=Costs(fee, 5.0, impact),
        volumes=volumes,
        lag=lag,
        interest=interest,
        leverage=leverage,
    )
    assert run.holdings is not None
    for name, values in twin.items():
        np.testing.assert_allclose(getattr(run, name), values, rtol=1e-6, atol=1e-9, err_msg=name)
    solvent = run.equity > 0.0
    grown = np.concatenate(([1.0], run.equity[:-1])) * (1.0 + run.returns)
    np.testing.assert_allclose(grown, run.equity, rtol=1e-12, atol=1e-12)
    shares = run.cash + run.holdings.sum(axis=0)
    np.testing.assert_allclose(shares[solvent], 1.0, rtol=1e-9)
    if leverage == 1.0 and not interest:
        assert np.all(run.cash >= -1e-12)


def test_decision_is_filled_at_the_later_close_and_earns_only_from_there() -> None:
    closes = row(100.0, 200.0, 300.0, 150.0)
    run = run_weights(closes, row(1.0, 1.0, 1.0, 1.0), fee_bps=0.0, lag=1)
    np.testing.assert_allclose(run.equity, [1.0, 1.0, 1.5, 0.75])
    late = run_weights(closes, row(1.0, 1.0, 1.0, 1.0), fee_bps=0.0, lag=2)
    np.testing.assert_allclose(late.equity, [1.0, 1.0, 1.0, 0.5])


def test_costs_of_a_purchase_and_a_sale() -> None:
    run = run_weights(row(50.0, 50.0, 50.0), row(0.5, 0.0, np.nan), fee_bps=10.0, lag=0)
    bought = 1.0 - 0.5 * 0.001
    np.testing.assert_allclose(run.equity, [bought, bought - 0.5 * 0.001, bought - 0.5 * 0.001])
    np.testing.assert_allclose(run.cost, [0.5 * 0.001, 0.5 * 0.001 / bought, 0.0])
    np.testing.assert_allclose(run.turnover, [0.5, 0.5 / bought, 0.0])


def test_everything_invested_leaves_room_for_its_own_costs() -> None:
    run = run_weights(row(10.0, 20.0), row(1.0, 1.0), fee_bps=100.0, lag=0)
    np.testing.assert_allclose(run.equity, [1.0 / 1.01, 2.0 / 1.01])
    np.testing.assert_allclose(run.cash, 0.0, atol=1e-15)


def test_impact_is_the_square_root_of_the_share_of_volume() -> None:
    run = run_weights(
        row(10.0),
        row(0.25),
        volume_usd=row(1_000_000.0),
        fee_bps=0.0,
        impact_bps=100.0,
        capital_usd=1_000_000.0,
        lag=0,
    )
    np.testing.assert_allclose(run.cost, [0.25 * 0.01 * 0.5])


def test_no_order_lets_the_position_drift_and_zero_sells_it() -> None:
    closes = np.array([[1.0, 2.0, 2.0, 2.0], [1.0, 1.0, 1.0, 4.0]])
    weights = np.array([[0.5, np.nan, 0.0, 0.0], [0.5, np.nan, np.nan, np.nan]])
    run = run_weights(closes, weights, keep_holdings=True, **FREE)
    assert run.holdings is not None
    np.testing.assert_allclose(run.equity, [1.0, 1.5, 1.5, 3.0])
    np.testing.assert_allclose(run.holdings[:, 1], [2 / 3, 1 / 3])
    np.testing.assert_allclose(run.holdings[:, 2], [0.0, 1 / 3])
    assert run.holdings[0, 2] == 0.0


def test_halted_coin_keeps_its_price_and_its_orders_lapse_counted() -> None:
    closes = row(10.0, np.nan, np.nan, 5.0)
    run = run_weights(closes, row(1.0, 0.0, 0.0, 0.0), **FREE)
    np.testing.assert_allclose(run.equity, [1.0, 1.0, 1.0, 0.5])
    assert run.unfilled.tolist() == [0, 1, 1, 0]
    assert run.turnover[3] == 1.0


def test_dead_coin_is_sold_at_its_last_price_on_the_day_after() -> None:
    closes = np.array([[10.0, 4.0, np.nan, np.nan], [1.0, 1.0, 1.0, 1.0]])
    weights = np.array([[0.5, np.nan, np.nan, 0.7], [0.0, 0.0, 0.0, 0.0]])
    run = run_weights(closes, weights, fee_bps=100.0, lag=0)
    bought = 0.5 * 0.01
    np.testing.assert_allclose(run.equity[1], 1.0 - bought - 0.3)
    np.testing.assert_allclose(run.equity[2], 1.0 - bought - 0.3 - 0.2 * 0.01)
    np.testing.assert_allclose(run.cash[2:], 1.0)
    assert run.unfilled.tolist() == [0, 0, 0, 1]


def test_caller_may_know_better_what_ended() -> None:
    closes = row(10.0, 5.0, np.nan)
    weights = row(1.0, np.nan, np.nan)
    ended = run_weights(closes, weights, fee_bps=100.0, lag=0)
    halted = run_weights(closes, weights, fee_bps=100.0, lag=0, last_bars=[3])
    assert ended.cash[2] == 1.0
    assert halted.cash[2] < 1e-12
    assert halted.equity[2] > ended.equity[2]


def test_order_for_a_coin_not_yet_listed_lapses() -> None:
    run = run_weights(row(np.nan, 5.0, 10.0), row(1.0, 1.0, 1.0), **FREE)
    assert run.unfilled.tolist() == [1, 0, 0]
    np.testing.assert_allclose(run.equity, [1.0, 1.0, 2.0])


def test_bar_without_volume_cannot_be_traded() -> None:
    run = run_weights(row(5.0, 5.0), row(1.0, 1.0), volume_usd=row(0.0, 9.0), **FREE)
    assert run.unfilled.tolist() == [1, 0]
    np.testing.assert_allclose(run.cash, [1.0, 0.0])


def test_short_loses_what_the_price_gains_until_ruin() -> None:
    run = run_weights(row(10.0, 12.0, 40.0, 1.0), row(-1.0, np.nan, np.nan, 1.0), **FREE)
    np.testing.assert_allclose(run.equity, [1.0, 0.8, 0.0, 0.0])
    np.testing.assert_allclose(run.returns, [0.0, -0.2, -1.0, 0.0])


def test_cash_earns_what_it_is_told_and_nothing_else() -> None:
    idle = run_weights(row(1.0, 1.0, 1.0), row(0.0, 0.0, 0.0))
    assert idle.equity.tolist() == [1.0, 1.0, 1.0]
    lent = run_weights(row(1.0, 1.0, 1.0), row(0.0, 0.0, 0.0), cash=0.365)
    np.testing.assert_allclose(lent.equity, [1.0, 1.001, 1.001**2])


def test_longer_panel_changes_no_earlier_day() -> None:
    generator = np.random.default_rng(5)
    closes, weights = create_closes(generator, 12, 80), create_weights(generator, 12, 80)
    whole = run_weights(closes, weights, last_bars=np.full(12, 80))
    part = run_weights(closes[:, :50], weights[:, :50], last_bars=np.full(12, 80))
    for name in ("equity", "returns", "turnover", "cost", "cash", "unfilled"):
        assert getattr(whole, name)[:50].tobytes() == getattr(part, name).tobytes()


def test_too_much_weight_is_refused_unless_borrowing_is_allowed() -> None:
    closes, weights = np.ones((2, 3)), np.full((2, 3), 0.6)
    with pytest.raises(BadInput, match="column 0 add up to more than 1") as refusal:
        run_weights(closes, weights)
    assert "leverage" in refusal.value.hint
    run = run_weights(closes, weights, leverage=1.2)
    np.testing.assert_allclose(run.cash[1:], -0.2, atol=2e-3)


@pytest.mark.parametrize(
    ("closes", "weights", "options"),
    [
        (np.ones(3), np.ones(3), {}),
        (np.ones((2, 3)), np.ones((3, 2)) / 3, {}),
        (row(1.0, 0.0), row(0.0, 0.0), {}),
        (row(1.0, -2.0), row(0.0, 0.0), {}),
        (row(1.0, np.inf), row(0.0, 0.0), {}),
        (row(1.0, 1.0), row(np.inf, 0.0), {}),
        (row(1.0, 1.0), row(0.0, 0.0), {"lag": -1}),
        (row(1.0, 1.0), row(0.0, 0.0), {"fee_bps": -1.0}),
        (row(1.0, 1.0), row(0.0, 0.0), {"fee_bps": float("nan")}),
        (row(1.0, 1.0), row(0.0, 0.0), {"fee_bps": 9000.0, "slippage_bps": 1000.0}),
        (row(1.0, 1.0), row(0.0, 0.0), {"impact_bps": 50.0}),
        (row(1.0, 1.0), row(0.0, 0.0), {"volume_usd": row(1.0)}),
        (row(1.0, 1.0), row(0.0, 0.0), {"capital_usd": 0.0}),
        (row(1.0, 1.0), row(0.0, 0.0), {"leverage": 0.0}),
        (row(1.0, 1.0), row(0.0, 0.0), {"last_bars": [1, 1]}),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_advice(
    closes: Matrix, weights: Matrix, options: dict[str, Any]
) -> None:
    with pytest.raises(BadInput) as refusal:
        run_weights(closes, weights, **options)
    assert refusal.value.hint


@pytest.mark.parametrize("shape", [(0, 5), (5, 0)])
def test_empty_window_is_not_enough_data(shape: tuple[int, int]) -> None:
    with pytest.raises(NotEnoughData, match="empty"):
        run_weights(np.ones(shape), np.ones(shape))


def test_one_day_and_a_lag_beyond_the_window_trade_nothing() -> None:
    run = run_weights(row(3.0), row(1.0), lag=5)
    assert (run.equity.tolist(), run.turnover.tolist()) == ([1.0], [0.0])
