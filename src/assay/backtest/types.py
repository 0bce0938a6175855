"""The words of the backtest room: matrices [tokens, days], and what a simulated account did."""

from __future__ import annotations

from dataclasses import dataclass

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
