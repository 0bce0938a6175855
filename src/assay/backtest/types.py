"""The words of the backtest room: matrices [tokens, days], and what a simulated account did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Series = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading costs, in basis points of the dollars traded, a side (a purchase or a sale).

    A fill of x dollars on a day with v dollars of volume costs
    `x * (fee + slippage + impact * sqrt(x / v))`. The square-root law of market impact: Torre
    (BARRA Market Impact Model Handbook, 1997); Toth et al. (Physical Review X 1, 021006, 2011).
    """

    fee_bps: float
    slippage_bps: float = 0.0
    impact_bps: float = 0.0

    @property
    def rate(self) -> float:
        """Share of the traded dollars that every fill costs, whatever its size."""
        return (self.fee_bps + self.slippage_bps) / 10_000.0


@dataclass(frozen=True, slots=True)
class Run:
    """One portfolio, day by day; every array is [days] unless said otherwise.

    equity: value of 1 invested before the first close, after the day's trades and their costs.
    returns: equity / equity before - 1; the first against 1. 0 after ruin.
    turnover: dollars bought plus dollars sold, over the value before the trades.
    cost: dollars of fees, slippage and impact, over the value before the trades.
    cash: share of equity in cash after the trades; above 1 while short, below 0 on borrowed money.
    unfilled: orders of that day that could not be filled (the token had no bar, or no volume).
    holdings: [tokens, days] share of equity in each token after the trades; None unless asked for.
    """

    equity: Series
    returns: Series
    turnover: Series
    cost: Series
    cash: Series
    unfilled: NDArray[np.int64]
    holdings: Matrix | None = None


CENT = 10**6
"""One cent, in the 1e-8 dollars in which an account is kept."""


class Outcome(IntEnum):
    """What became of an order."""

    FILLED = 0
    FORCED = 1
    NO_BAR = 2
    NO_VOLUME = 3
    NO_CASH = 4


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders in the order they were decided, one element of each array for each.

    lots: bought (+) or sold (-), or wanted where nothing was filled. money: lots at the close, in
    1e-8 dollars. costs: fees, slippage and impact, in 1e-8 dollars; 0 where nothing was filled.
    outcome: an Outcome. FORCED: the token ended, or the account was ruined. NO_CASH: the cash left
    did not buy one lot; purchases that were only made smaller are FILLED.
    """

    token: NDArray[np.int64]
    day: NDArray[np.int64]
    outcome: NDArray[np.int64]
    lots: NDArray[np.int64]
    money: NDArray[np.int64]
    costs: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Account:
    """An account kept in whole numbers: money in 1e-8 dollars, int64, [days] unless said otherwise.

    cash and equity: at the close, after the trades. purchases, sales, costs: of the day, so cash
    moves by exactly sales - purchases - costs. cut: purchases not made for lack of cash. lots:
    [tokens] held at the end, of `coins_per_lot` coins each. orders: those not filled, with the
    filled ones when asked for.
    """

    cash: NDArray[np.int64]
    equity: NDArray[np.int64]
    purchases: NDArray[np.int64]
    sales: NDArray[np.int64]
    costs: NDArray[np.int64]
    cut: NDArray[np.int64]
    lots: NDArray[np.int64]
    coins_per_lot: Series
    orders: Orders

    @property
    def cash_cents(self) -> NDArray[np.int64]:
        """Whole cents of cash; the rest is `dust`."""
        return self.cash // CENT

    @property
    def dust(self) -> NDArray[np.int64]:
        """What of the cash is less than a cent, in 1e-8 dollars: cash = cents * 10^6 + dust."""
        return self.cash % CENT


@dataclass(frozen=True, slots=True)
class Sweep:
    """What each set of parameters earned on each asset; every array is [sets, assets].

    total_return: last value / first - 1, net of costs; a position still open counts at the last
    close. sharpe: yearly, of the returns of all bars; NaN without a trade. max_drawdown: 0 or
    negative. trades: purchases, an open one included. The last three are None unless asked for.
    """

    total_return: Matrix
    sharpe: Matrix | None = None
    max_drawdown: Matrix | None = None
    trades: NDArray[np.int64] | None = None
