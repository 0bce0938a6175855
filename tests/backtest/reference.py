"""The rules of docs/method/backtest.md as plain Python: slow, and meant to be read."""

from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from assay.backtest import Costs

Matrix = NDArray[np.float64]


def find_last_bar(closes: Matrix, token: int) -> int:
    bars = [day for day, close in enumerate(closes[token]) if isfinite(close)]
    return bars[-1] if bars else -1


class Account:
    """One account; money is a share of the capital."""

    def __init__(self, costs: Costs, capital: float, leverage: float) -> None:
        self.costs, self.capital, self.leverage = costs, capital, leverage
        self.cash, self.units, self.price = 1.0, dict[int, float](), dict[int, float]()
        self.traded, self.paid = 0.0, 0.0

    def value(self) -> float:
        return self.cash + sum(units * self.price[token] for token, units in self.units.items())

    def cost_of(self, dollars: float, volume: float | None) -> float:
        impact = self.costs.impact_bps / 10_000.0
        if impact and volume:
            return abs(dollars) * (
                self.costs.rate + impact * sqrt(abs(dollars) * self.capital / volume)
            )
        return abs(dollars) * self.costs.rate

    def trade(self, token: int, dollars: float, volume: float | None = None) -> None:
        paid = self.cost_of(dollars, volume)
        self.cash -= dollars + paid
        self.traded += abs(dollars)
        self.paid += paid
        self.units[token] = self.units.get(token, 0.0) + dollars / self.price[token]

    def rebalance(self, targets: dict[int, float], volumes: dict[int, float | None]) -> None:
        value = self.value()
        trades = {
            token: weight * value - self.units.get(token, 0.0) * self.price[token]
            for token, weight in targets.items()
        }
        costs = {token: self.cost_of(trades[token], volumes[token]) for token in trades}
        sales = sum(-trades[t] - costs[t] for t in trades if trades[t] < 0.0)
        purchases = sum(trades[t] + costs[t] for t in trades if trades[t] > 0.0)
        available = max(self.cash + (self.leverage - 1.0) * value + sales, 0.0)
        share = 1.0 if purchases <= available else available / purchases
        for token, dollars in trades.items():
            self.trade(token, dollars * share if dollars > 0.0 else dollars, volumes[token])
            if targets[token] == 0.0 and (share == 1.0 or dollars < 0.0):
                self.units[token] = 0.0


def follow_weights(
    closes: Matrix,
    weights: Matrix,
    *,
    costs: Costs,
    volumes: Matrix | None = None,
    lag: int = 1,
    interest: float = 0.0,
    capital: float = 1_000_000.0,
    leverage: float = 1.0,
) -> dict[str, list[float]]:
    """What `run_weights` does, one token and one day at a time."""
    account = Account(costs, capital, leverage)
    story: dict[str, list[float]] = {"equity": [], "turnover": [], "cost": [], "unfilled": []}
    tokens, days = closes.shape
    last = [find_last_bar(closes, token) for token in range(tokens)]
    ruined = False
    for day in range(days):
        account.cash *= 1.0 + interest / 365.0 if day else 1.0
        account.traded = account.paid = 0.0
        for token in range(tokens):
            if isfinite(closes[token, day]):
                account.price[token] = float(closes[token, day])
        before, lapsed = account.value(), 0
        ruined = ruined or before <= 0.0
        if not ruined:
            for token in range(tokens):
                if last[token] < day and account.units.get(token):
                    account.trade(token, -account.units[token] * account.price[token])
                    account.units[token] = 0.0
            targets, lapsed = list_targets(account, closes, weights, volumes, day, lag)
            of_day: dict[int, float | None] = {
                token: None if volumes is None else float(volumes[token, day]) for token in targets
            }
            account.rebalance(targets, of_day)
            ruined = account.value() <= 0.0
        story["equity"].append(0.0 if ruined else account.value())
        story["turnover"].append(0.0 if ruined else account.traded / before)
        story["cost"].append(0.0 if ruined else account.paid / before)
        story["unfilled"].append(lapsed)
    return story


def list_targets(
    account: Account,
    closes: Matrix,
    weights: Matrix,
    volumes: Matrix | None,
    day: int,
    lag: int,
) -> tuple[dict[int, float], int]:
    """The day's targets that can be traded, and how many cannot."""
    targets, lapsed = dict[int, float](), 0
    for token in range(closes.shape[0]) if day >= lag else ():
        weight = float(weights[token, day - lag])
        if np.isnan(weight):
            continue
        if isfinite(closes[token, day]) and (volumes is None or volumes[token, day] > 0.0):
            targets[token] = weight
            continue
        held = account.units.get(token, 0.0) * account.price.get(token, 1.0)
        lapsed += weight * account.value() - held != 0.0
    return targets, lapsed


def cross_averages(
    prices: list[float], fast: int, slow: int, *, fee: float, slip: float, lag: int
) -> tuple[list[float], int]:
    """Value after each bar of buying above and selling below, and the number of purchases."""
    cash, units, was_below, trades, values = 1.0, 0.0, False, 0, []
    for bar, price in enumerate(prices):
        seen = bar - lag
        if seen >= slow - 1:
            quick = np.mean(prices[seen - fast + 1 : seen + 1])
            calm = np.mean(prices[seen - slow + 1 : seen + 1])
            if quick < calm:
                was_below = True
                cash += units * price * (1.0 - slip) * (1.0 - fee)
                units = 0.0
            elif quick > calm and was_below and units == 0.0:
                units, cash = cash / (price * (1.0 + slip) * (1.0 + fee)), 0.0
                trades += 1
        values.append(cash + units * price)
    return values, trades
