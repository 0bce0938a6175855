"""Follow a signal on each token alone, as if it were an account of its own."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.backtest.compute import checks
from assay.backtest.types import Matrix, Series
from assay.kit.compiled import kernel


def run_signals(
    closes: ArrayLike,
    signals: ArrayLike,
    *,
    fee_bps: float,
    slippage_bps: float,
    lag: int = 1,
    allow_short: bool = True,
    last_bars: ArrayLike | None = None,
) -> Matrix:
    """Simple daily returns, net of costs, of following `signals` on each token alone.

    [tokens, days]; NaN where the token is not traded (before its first bar and after the day on
    which it is sold for good), 0 on a day without a bar. A signal of t is filled at the close of
    t + lag: 1 puts everything into the token, -1 is short as much as the account is worth, 0 is
    out, NaN no order; fractions are allowed. Each account equals `run_weights` of that token
    alone, so a short is set back to the account's value at each close and pays for it. Without
    `allow_short` a negative signal means out. Raises BadInput.
    """
    prices = checks.check_closes(closes)
    targets = checks.check_signals(signals, prices, allow_short=allow_short)
    rate = checks.check_costs(fee_bps, slippage_bps).rate
    ends = checks.check_last_bars(last_bars, prices)
    returns = np.full(prices.shape, np.nan)
    _follow(prices, targets, ends, checks.check_lag(lag), rate, returns)
    return returns


@kernel
def _follow_token(
    prices: Series, targets: Series, end: int, lag: int, rate: float, returns: Series
) -> None:
    cash, units, price, earlier = 1.0, 0.0, np.nan, 1.0
    for day in range(min(prices.size, end + 2)):
        if prices[day] == prices[day]:
            price = prices[day]
        if price != price:
            continue
        held = units * price
        value = cash + held
        if value <= 0.0:
            returns[day] = -1.0
            break
        wish = 0.0 if day > end else (targets[day - lag] if day >= lag else np.nan)
        trade = 0.0
        if wish == wish and (prices[day] == prices[day] or day > end):
            trade = wish * value - held
        if trade > 0.0:
            trade = min(trade, max(cash, 0.0) / (1.0 + rate))
        paid = abs(trade) * rate
        cash -= trade + paid
        units = 0.0 if wish == 0.0 and trade != 0.0 else units + trade / price
        returns[day] = (value - paid) / earlier - 1.0
        earlier = value - paid


@kernel
def _follow(
    prices: Matrix,
    targets: Matrix,
    ends: NDArray[np.int64],
    lag: int,
    rate: float,
    returns: Matrix,
) -> None:
    for token in range(prices.shape[0]):
        _follow_token(prices[token], targets[token], ends[token], lag, rate, returns[token])
