"""The accounts: equal to the back-tester, money conserved, ended coins sold at their last price."""

from datetime import date, timedelta
from math import fsum

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assay.backtest import run_weights
from assay.indices.compute.accounting import ENDED, Market, settle_day, value_holdings
from assay.indices.types import Holding, Orders, State, Target

DAY = date(2022, 1, 1)
EMPTY = State(1000.0, {}, 1000.0, 1000.0, 0.0, 0.0, None)
Matrix = NDArray[np.float64]


def create_prices(seed: int, tokens: int, days: int) -> Matrix:
    generator = np.random.default_rng(seed)
    closes = 5.0 * np.exp(np.cumsum(generator.normal(0, 0.08, (tokens, days)), axis=1))
    closes[generator.random(closes.shape) < 0.05] = np.nan
    for token in generator.integers(0, tokens, 2):
        closes[token, generator.integers(5, days) :] = np.nan
    closes[:, 0] = 5.0
    return closes


def create_wishes(seed: int, tokens: int, days: int) -> Matrix:
    generator = np.random.default_rng(seed + 1)
    wishes = np.full((tokens, days), np.nan)
    for day in range(0, days, int(generator.integers(1, 6))):
        drawn = generator.random(tokens) * (generator.random(tokens) < 0.6)
        wishes[:, day] = drawn / max(drawn.sum(), 1.0) * generator.choice([1.0, 1.0, 0.5, 0.0])
    return wishes


def follow(closes: Matrix, wishes: Matrix, rate: float) -> tuple[Matrix, Matrix]:
    """Levels and turnover by `settle_day`; a coin has ended a day after its last bar."""
    tokens, days = closes.shape
    last = [int(np.flatnonzero(np.isfinite(row))[-1]) for row in closes]
    prices: dict[int, float] = {}
    state, levels, turnover = EMPTY, [], []
    for day in range(days):
        known = np.isfinite(closes[:, day])
        prices |= {token: float(closes[token, day]) for token in np.flatnonzero(known).tolist()}
        market = Market(
            DAY + timedelta(days=day),
            prices,
            set(np.flatnonzero(known).tolist()),
            {token for token in range(tokens) if last[token] < day},
        )
        state, _ = settle_day(state, market, rate)
        levels.append(state.level)
        turnover.append(state.turnover)
        drawn = wishes[:, day]
        if np.isfinite(drawn).all():
            targets = tuple(
                Target(token, float(weight), "test")
                for token, weight in enumerate(drawn)
                if weight > 0.0
            )
            state = State(
                state.cash, state.holdings, state.level, state.peak, state.turnover, state.costs,
                Orders("test", 1.0, targets),
            )  # fmt: skip
    return np.array(levels), np.array(turnover)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 10.0, 60.0]))
def test_equal_to_the_back_tester(seed: int, fee_bps: float) -> None:
    closes, wishes = create_prices(seed, 7, 60), create_wishes(seed, 7, 60)
    run = run_weights(closes, wishes, fee_bps=fee_bps)
    levels, turnover = follow(closes, wishes, fee_bps / 10_000.0)
    assert levels / 1000.0 == pytest.approx(run.equity, rel=1e-9)
    assert turnover == pytest.approx(np.cumsum(run.turnover) / 2.0, rel=1e-6, abs=1e-9)


@given(st.integers(0, 10_000))
def test_money_is_conserved(seed: int) -> None:
    generator = np.random.default_rng(seed)
    prices = {token: float(price) for token, price in enumerate(generator.uniform(0.01, 9.0, 6))}
    holdings = {token: Holding(float(generator.uniform(1, 50)), 1.0, DAY) for token in (0, 2, 5)}
    shares = generator.dirichlet(np.ones(6))
    orders = Orders("test", 1.0, tuple(Target(n, float(w), "x") for n, w in enumerate(shares)))
    state = State(12.0, holdings, 0.0, 0.0, 0.0, 0.0, orders)
    market = Market(DAY, prices, {0, 1, 2, 3, 4}, {5})
    after, trades = settle_day(state, market, 0.001)
    before = value_holdings(state, prices)
    costs = fsum(trade.cost for trade in trades)
    assert after.level == pytest.approx(before - costs, rel=1e-12)
    assert value_holdings(after, prices) == pytest.approx(after.level, rel=1e-12)
    assert after.cash >= -1e-9
    assert after.orders is None
    assert costs == pytest.approx(0.001 * fsum(trade.value for trade in trades))


def test_an_ended_coin_is_sold_at_its_last_price() -> None:
    state = State(0.0, {7: Holding(2.0, 50.0, DAY)}, 100.0, 100.0, 0.0, 0.0, None)
    after, trades = settle_day(state, Market(DAY, {7: 3.0}, set(), {7}), 0.001)
    assert after.cash == pytest.approx(6.0 * 0.999)
    assert after.holdings == {}
    assert [(trade.is_buy, trade.price, trade.reason) for trade in trades] == [(False, 3.0, ENDED)]
    assert trades[0].weight_from == 1.0
    assert trades[0].weight_to == 0.0


def test_orders_without_a_bar_lapse() -> None:
    orders = Orders("test", 1.0, (Target(1, 0.5, "a"), Target(2, 0.5, "b")))
    state = State(100.0, {3: Holding(1.0, 9.0, DAY)}, 0.0, 0.0, 0.0, 0.0, orders)
    after, trades = settle_day(state, Market(DAY, {1: 4.0, 2: 5.0, 3: 10.0}, {1}, set()), 0.0)
    assert sorted(after.holdings) == [1, 3]
    assert [trade.token_id for trade in trades] == [1]
    assert after.level == pytest.approx(110.0)
    assert after.cash == pytest.approx(45.0)


def test_the_entry_price_is_what_was_paid_on_average() -> None:
    state = State(90.0, {1: Holding(1.0, 10.0, DAY)}, 0.0, 0.0, 0.0, 0.0, None)
    orders = Orders("test", 1.0, (Target(1, 0.9, "a"),))
    bought = State(state.cash, state.holdings, 0.0, 0.0, 0.0, 0.0, orders)
    after, _ = settle_day(bought, Market(DAY, {1: 20.0}, {1}, set()), 0.0)
    held = after.holdings[1]
    assert held.amount * 20.0 == pytest.approx(99.0)
    paid = (1.0 * 10.0 + (held.amount - 1.0) * 20.0) / held.amount
    assert held.entry_price == pytest.approx(paid)
    assert held.entered == DAY
