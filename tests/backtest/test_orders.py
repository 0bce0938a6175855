"""The account in whole numbers: money is conserved to the last 1e-8 dollar, orders are reported."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.backtest.worlds import Matrix, create_closes, create_volumes, create_weights

from assay.backtest import Account, Orders, Outcome, run_orders, run_weights
from assay.kit.errors import BadInput

DOLLAR = 10**8
FREE: dict[str, Any] = {"fee_bps": 0.0, "lag": 0, "keep_orders": True}


def row(*values: float) -> Matrix:
    return np.array([values])


def list_filled(orders: Orders) -> list[int]:
    return np.flatnonzero(orders.outcome <= Outcome.FORCED).tolist()


def last_prices(closes: Matrix) -> Matrix:
    """The newest close of each token up to each day; NaN before the first."""
    prices = closes.copy()
    for day in range(1, closes.shape[1]):
        gone = np.isnan(prices[:, day])
        prices[gone, day] = prices[gone, day - 1]
    return prices


def check_book(account: Account, capital_cents: int) -> None:
    """What was there, plus sales, minus purchases and costs, is what is there."""
    moved = account.sales - account.purchases - account.costs
    start = capital_cents * 10**6
    before = [start, *account.cash[:-1].tolist()]
    for day, cash in enumerate(account.cash.tolist()):
        assert cash == before[day] + int(moved[day])
    assert int(account.cash[-1]) == start + sum(moved.tolist())
    np.testing.assert_array_equal(account.cash, account.cash_cents * 10**6 + account.dust)
    assert np.all((account.dust >= 0) & (account.dust < 10**6))


def check_orders_make_the_book(account: Account, days: int) -> None:
    """The filled orders alone give every line of the book and the lots at the end."""
    orders, lots = account.orders, np.zeros_like(account.lots)
    bought, sold, costs = ([0] * days for _ in range(3))
    for place in list_filled(orders):
        day, size = int(orders.day[place]), int(orders.lots[place])
        (bought if size > 0 else sold)[day] += int(orders.money[place])
        costs[day] += int(orders.costs[place])
        lots[orders.token[place]] += size
    assert account.purchases.tolist() == bought
    assert account.sales.tolist() == sold
    assert account.costs.tolist() == costs
    np.testing.assert_array_equal(account.lots, lots)


def check_equity(account: Account, closes: Matrix) -> None:
    """Cash plus what is held at the last close, with lots rebuilt from the orders, day by day."""
    orders, prices = account.orders, last_prices(closes)
    filled, lots = list_filled(orders), [0] * closes.shape[0]
    for day in range(closes.shape[1]):
        for place in filled:
            if orders.day[place] == day:
                lots[int(orders.token[place])] += int(orders.lots[place])
        worth = Fraction(0)
        for token, size in enumerate(lots):
            if size:
                coins = size * Fraction(float(account.coins_per_lot[token]))
                worth += coins * Fraction(float(prices[token, day])) * DOLLAR
        exact = int(account.cash[day]) + worth
        # Half a unit of rounding each, and the double's own sixteen digits.
        slack = len(lots) + abs(worth) / 10**14
        assert abs(int(account.equity[day]) - exact) <= slack


@given(
    seed=st.integers(0, 2**32 - 1),
    tokens=st.integers(1, 11),
    days=st.integers(1, 25),
    lag=st.integers(0, 2),
    fee=st.sampled_from([0.0, 10.0, 333.3]),
    impact=st.sampled_from([0.0, 100.0]),
    leverage=st.sampled_from([1.0, 2.5]),
    shorts=st.booleans(),
    cents=st.sampled_from([1, 777, 10**8, 10**11]),
)
def test_money_is_conserved(
    seed: int,
    tokens: int,
    days: int,
    lag: int,
    fee: float,
    impact: float,
    leverage: float,
    shorts: bool,
    cents: int,
) -> None:
    generator = np.random.default_rng(seed)
    closes = create_closes(generator, tokens, days)
    weights = create_weights(generator, tokens, days, gross=leverage, shorts=shorts)
    volumes = create_volumes(generator, closes) if impact else None
    account = run_orders(
        closes,
        weights,
        volume_usd=volumes,
        fee_bps=fee,
        impact_bps=impact,
        lag=lag,
        capital_cents=cents,
        leverage=leverage,
        keep_orders=True,
    )
    check_book(account, cents)
    check_orders_make_the_book(account, days)
    check_equity(account, closes)
    if leverage == 1.0 and not shorts:
        assert np.all(account.cash >= 0)
        assert np.all(account.lots >= 0)


@given(seed=st.integers(0, 2**32 - 1), shorts=st.booleans(), impact=st.sampled_from([0.0, 50.0]))
def test_follows_the_account_in_floats(seed: int, shorts: bool, impact: float) -> None:
    generator = np.random.default_rng(seed)
    closes = create_closes(generator, 6, 50)
    weights = create_weights(generator, 6, 50, gross=0.9, shorts=shorts)
    volumes = create_volumes(generator, closes)
    options: dict[str, Any] = {"volume_usd": volumes, "impact_bps": impact, "slippage_bps": 5.0}
    exact = run_orders(closes, weights, capital_cents=10**8, **options)
    floats = run_weights(closes, weights, capital_usd=1e6, **options)
    alive = floats.equity > 1e-3
    np.testing.assert_allclose(exact.equity[alive] / 1e14, floats.equity[alive], rtol=1e-6)


@given(seed=st.integers(0, 2**32 - 1))
def test_every_order_is_filled_or_reported(seed: int) -> None:
    generator = np.random.default_rng(seed)
    closes = create_closes(generator, 7, 40)
    weights = np.abs(create_weights(generator, 7, 40))
    volumes = create_volumes(generator, closes)
    account = run_orders(closes, weights, volume_usd=volumes, lag=0, keep_orders=True)
    orders = account.orders
    seen = {
        (int(d), int(t)): int(o)
        for d, t, o in zip(orders.day, orders.token, orders.outcome, strict=True)
    }
    first = {t: int(np.argmax(np.isfinite(closes[t]))) for t in range(7)}
    held = set[int]()
    for day in range(40):
        for token in range(7):
            outcome = seen.get((day, token))
            has_bar, volume = np.isfinite(closes[token, day]), volumes[token, day]
            if outcome == Outcome.NO_BAR:
                assert not has_bar
            elif outcome == Outcome.NO_VOLUME:
                assert has_bar
                assert volume == 0.0
            elif outcome == Outcome.FILLED:
                assert has_bar
                assert volume > 0.0
            wants = weights[token, day] > 0.0
            if wants and not (has_bar and volume > 0.0):
                assert outcome in (Outcome.NO_BAR, Outcome.NO_VOLUME, Outcome.FORCED)
            if wants and has_bar and volume > 0.0 and token not in held and day >= first[token]:
                assert outcome in (Outcome.FILLED, Outcome.NO_CASH)
            if outcome == Outcome.FILLED:
                held.add(token)


def test_one_purchase_and_sale_by_hand() -> None:
    account = run_orders(
        row(3.0, 7.0, 7.0),
        row(0.5, 0.0, np.nan),
        fee_bps=100.0,
        lag=0,
        capital_cents=10_000,
        keep_orders=True,
    )
    coins = 50 * DOLLAR // 3
    spent = coins * 3
    assert account.orders.lots.tolist() == [coins, -coins]
    assert account.purchases.tolist() == [spent, 0, 0]
    assert account.sales.tolist() == [0, coins * 7, 0]
    assert account.costs.tolist() == [round(spent / 100), round(coins * 7 / 100), 0]
    left = 100 * DOLLAR - spent - round(spent / 100) + coins * 7 - round(coins * 7 / 100)
    assert account.cash.tolist()[1:] == [left, left]
    assert account.equity.tolist()[1:] == [left, left]


def test_all_in_is_cut_to_the_cash_and_never_overdraws() -> None:
    account = run_orders(row(10.0, 20.0), row(1.0, 1.0), fee_bps=100.0, lag=0, keep_orders=True)
    assert 0 <= account.cash[0] < 1000
    assert account.cut[0] == pytest.approx(1e14 * (1 - 1 / 1.01), rel=1e-6)
    assert account.equity[1] / 1e14 == pytest.approx(2 / 1.01, rel=1e-9)


def test_purchase_without_any_cash_is_reported() -> None:
    closes = np.array([[5.0, 10.0], [5.0, 5.0]])
    weights = np.array([[1.0, np.nan], [np.nan, 1.0]])
    orders = run_orders(closes, weights, **FREE).orders
    assert orders.outcome.tolist() == [Outcome.FILLED, Outcome.NO_CASH]
    assert orders.money[1] == 2 * 10**14


def test_lapsed_orders_say_why_and_how_much() -> None:
    closes = np.array([[4.0, np.nan, 4.0], [4.0, 4.0, 4.0]])
    weights = np.array([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]])
    volumes = np.array([[9.0, np.nan, 9.0], [9.0, 0.0, 9.0]])
    account = run_orders(closes, weights, volume_usd=volumes, fee_bps=0.0, lag=0)
    assert account.orders.outcome.tolist() == [Outcome.NO_BAR, Outcome.NO_VOLUME]
    assert account.orders.money.tolist() == [5 * 10**13, 5 * 10**13]
    assert account.orders.lots.tolist() == [-125_000 * DOLLAR, 125_000 * DOLLAR]
    assert account.cash[-1] == 10**14


def test_dead_coin_is_sold_by_force_at_its_last_price() -> None:
    account = run_orders(
        row(10.0, 4.0, np.nan, np.nan), row(0.5, np.nan, np.nan, np.nan), **{**FREE, "fee_bps": 100}
    )
    assert account.orders.outcome.tolist() == [Outcome.FILLED, Outcome.FORCED]
    assert account.orders.day.tolist() == [0, 2]
    assert account.sales[2] == 20_000_000_000_000
    assert account.costs[2] == 200_000_000_000
    assert account.lots.tolist() == [0]


def test_ruined_short_is_closed_out_and_the_debt_stays() -> None:
    account = run_orders(row(10.0, 25.0, 1.0), row(-1.0, np.nan, 1.0), **FREE)
    assert account.equity.tolist() == [10**14, -5 * 10**13, -5 * 10**13]
    assert account.cash.tolist()[1:] == [-5 * 10**13, -5 * 10**13]
    assert account.orders.outcome.tolist() == [Outcome.FILLED, Outcome.FORCED]


def test_cheap_coins_are_counted_in_larger_lots() -> None:
    account = run_orders(row(2e-9, 4e-9), row(1.0, np.nan), **FREE)
    assert account.coins_per_lot.tolist() == [10.0]
    assert account.equity[1] == pytest.approx(2 * 10**14, rel=1e-9)


@pytest.mark.parametrize(
    ("closes", "cents"), [(row(1.0, 1.0), 10**13), (row(1.0, 1e9), 10**10), (row(1.0, 1e30), 10**8)]
)
def test_account_too_rich_to_count_is_refused(closes: Matrix, cents: int) -> None:
    with pytest.raises(BadInput, match="64 bits") as refusal:
        run_orders(closes, np.ones_like(closes), fee_bps=0.0, lag=0, capital_cents=cents)
    assert refusal.value.hint


def test_bad_days_are_refused_with_their_column() -> None:
    with pytest.raises(BadInput, match="column 2 is zero"):
        run_orders(row(1.0, 1.0, 0.0), row(0.0, 0.0, 0.0))
    with pytest.raises(BadInput, match="column 1 add up"):
        run_orders(row(1.0, 1.0, 1.0), row(0.0, 3.0, 0.0))
