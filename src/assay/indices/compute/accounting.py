"""The accounts of one index: what it holds is worth, and what a fill changes.

The convention is that of `backtest.run_weights`: a weight is a share of the value before the day's
trades, costs are paid from cash, and purchases are scaled down together where cash and the day's
sales do not pay for them with their costs. Sums are exact (`math.fsum`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import fsum

from assay.indices.types import Holding, Orders, State, Trade

LEFT = "left the basket"
ENDED = "stopped trading: sold at its last price"

Prices = Mapping[int, float]
"""Last price known of each coin, running through redenominations."""


@dataclass(frozen=True, slots=True)
class Market:
    """One day for the accounts: prices, who has a bar, and whose trading has ended."""

    day: date
    prices: Prices
    open_ids: Collection[int]
    ended_ids: Collection[int]


@dataclass(frozen=True, slots=True)
class _Account:
    cash: float
    holdings: dict[int, Holding]
    trades: list[Trade]


def value_holdings(state: State, prices: Prices) -> float:
    """Cash and all holdings at `prices`, in points of the index."""
    worth = (holding.amount * prices[key] for key, holding in state.holdings.items())
    return fsum((state.cash, *worth))


def settle_day(state: State, market: Market, rate: float) -> tuple[State, list[Trade]]:
    """The state after a close: ended holdings sold, yesterday's orders filled.

    Orders for a coin without a bar lapse; a holding without one keeps its last price. `rate` is the
    cost of one side as a share of what is traded. Trades are ascending by token.
    """
    before = value_holdings(state, market.prices)
    account = _sell_ended(state, market, rate, before)
    if state.orders is not None:
        value = before - fsum(trade.cost for trade in account.trades)
        account = _fill(account, state.orders, market, rate, value)
    costs = fsum(trade.cost for trade in account.trades)
    level = before - costs
    traded = fsum(trade.value for trade in account.trades)
    settled = State(
        cash=account.cash,
        holdings=dict(sorted(account.holdings.items())),
        level=level,
        peak=max(state.peak, level),
        turnover=state.turnover + 0.5 * traded / before,
        costs=state.costs + costs,
        orders=None,
    )
    trades = [_with_weights(trade, state, settled, market, before) for trade in account.trades]
    return settled, sorted(trades, key=lambda trade: trade.token_id)


def _sell_ended(state: State, market: Market, rate: float, before: float) -> _Account:
    account = _Account(state.cash, dict(state.holdings), [])
    cash = [state.cash]
    for key in sorted(set(state.holdings) & set(market.ended_ids)):
        holding = account.holdings.pop(key)
        price = market.prices[key]
        value = holding.amount * price
        trade = _trade(key, -value, price, value * rate, ENDED)
        account.trades.append(trade)
        cash += [value, -trade.cost]
    return replace(account, cash=fsum(cash))


def _fill(account: _Account, orders: Orders, market: Market, rate: float, value: float) -> _Account:
    wishes = {target.token_id: target for target in orders.targets}
    planned: dict[int, float] = {}
    for key in sorted(set(wishes) | set(account.holdings)):
        if key not in market.open_ids:
            continue
        holding = account.holdings.get(key)
        held = holding.amount * market.prices[key] if holding else 0.0
        planned[key] = (wishes[key].weight * value if key in wishes else 0.0) - held
    share = _affordable(account.cash, planned.values(), rate)
    cash = [account.cash]
    holdings, trades = dict(account.holdings), list(account.trades)
    for key, wanted in planned.items():
        dollars = wanted * share if wanted > 0.0 else wanted
        if dollars == 0.0:
            continue
        price = market.prices[key]
        reason = wishes[key].reason if key in wishes else LEFT
        trade = _trade(key, dollars, price, abs(dollars) * rate, reason)
        trades.append(trade)
        cash += [-dollars, -trade.cost]
        if key in wishes and wishes[key].weight > 0.0:
            holdings[key] = _change(holdings.get(key), trade, market.day)
        else:
            holdings.pop(key, None)
    return _Account(fsum(cash), holdings, trades)


def _affordable(cash: float, planned: Collection[float], rate: float) -> float:
    needed = fsum(wanted * (1.0 + rate) for wanted in planned if wanted > 0.0)
    there = fsum((cash, *(-wanted * (1.0 - rate) for wanted in planned if wanted < 0.0)))
    return 1.0 if needed <= there else max(there, 0.0) / needed


def _trade(key: int, dollars: float, price: float, cost: float, reason: str) -> Trade:
    size = abs(dollars)
    return Trade(key, dollars > 0.0, 0.0, 0.0, price, size / price, size, cost, reason)


def _change(holding: Holding | None, trade: Trade, day: date) -> Holding:
    if holding is None:
        return Holding(trade.amount, trade.price, day)
    if not trade.is_buy:
        return replace(holding, amount=holding.amount - trade.amount)
    amount = holding.amount + trade.amount
    paid = holding.amount * holding.entry_price + trade.amount * trade.price
    return Holding(amount, paid / amount, holding.entered)


def _with_weights(
    trade: Trade, earlier: State, later: State, market: Market, before: float
) -> Trade:
    def share(holdings: Mapping[int, Holding], whole: float) -> float:
        holding = holdings.get(trade.token_id)
        return holding.amount * trade.price / whole if holding else 0.0

    return replace(
        trade,
        weight_from=share(earlier.holdings, before),
        weight_to=share(later.holdings, later.level),
    )
