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
    which it is sold for good), 0 on a day without a bar and after ruin (-1, which only shorts
    can bring). A signal of t is filled at the close of
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
def _fill(wish: float, cash: float, held: float, rate: float) -> tuple[float, bool]:
    """Dollars traded towards `wish`, and whether they reach it: cash may not suffice."""
    trade = wish * (cash + held) - held
    reach = max(cash, 0.0) / (1.0 + rate)
    return (trade, True) if trade <= reach else (reach, False)


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
        returns[day] = 0.0
        if earlier <= 0.0:
            continue
        held, trade, is_met = units * price, 0.0, False
        wish = targets[day - lag] if day >= lag else np.nan
        if day > end:
            wish, trade, is_met = 0.0, -held, True
        elif wish == wish and prices[day] == prices[day] and cash + held > 0.0:
            trade, is_met = _fill(wish, cash, held, rate)
        value = cash + held - abs(trade) * rate
        cash -= trade + abs(trade) * rate
        units = 0.0 if wish == 0.0 and is_met else units + trade / price
        returns[day] = value / earlier - 1.0 if value > 0.0 else -1.0
        earlier = value


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
