"""Follow target weights: one account, all tokens, fills at a later close, money counted in floats.

Rules in docs/method/backtest.md. Days are walked in blocks that are turned to [days, tokens] first:
the account needs all tokens of one day side by side.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.backtest.compute import checks
from assay.backtest.types import Matrix, Run, Series
from assay.kit.compiled import kernel
from assay.kit.errors import BadInput

BLOCK = 16
"""Days turned at a time: two cache lines of each token."""

DAYS_PER_YEAR = 365.0


def run_weights(
    closes: ArrayLike,
    weights: ArrayLike,
    *,
    volume_usd: ArrayLike | None = None,
    fee_bps: float = 10.0,
    slippage_bps: float = 0.0,
    impact_bps: float = 0.0,
    lag: int = 1,
    cash: float = 0.0,
    capital_usd: float = 1_000_000.0,
    leverage: float = 1.0,
    last_bars: ArrayLike | None = None,
    keep_holdings: bool = False,
) -> Run:
    """What an account earns that trades to `weights` [tokens, days], decided at the close of t and
    filled at the close of t + lag.

    A weight is a share of the account's value at the fill; NaN is no order (the position drifts),
    0 sells everything. Purchases and their costs are scaled down together where the cash does not
    reach (`leverage` above 1 lets it go that far below zero). `closes` [tokens, days], NaN = no
    bar, must run through redenominations without a step. Without a bar (or, when `volume_usd` is
    given, without volume) orders of that day lapse and are counted; the position keeps its last
    price. A token that never has a bar again is sold at its last price on the day after it;
    `last_bars` (column of each token's last bar) says so better where the end of the data is not
    the end of the token. Costs as in `Costs`; the impact needs `volume_usd` (dollars of that day)
    and `capital_usd`. `cash` is the yearly interest on cash of either sign. Shorts borrow for
    nothing. Raises BadInput.
    """
    prices = checks.check_closes(closes)
    targets = checks.check_weights(weights, prices, leverage)
    costs = checks.check_costs(fee_bps, slippage_bps, impact_bps)
    volumes = checks.check_volume(volume_usd, prices, costs)
    ends = checks.check_last_bars(last_bars, prices)
    if not 0.0 < capital_usd < np.inf or leverage <= 0.0:
        raise BadInput(
            f"A capital of {capital_usd:g} with leverage {leverage:g} cannot trade.",
            hint="Both are above zero.",
        )
    tokens, days = prices.shape
    series = np.zeros((5, days))
    unfilled = np.zeros(days, dtype=np.int64)
    holdings = np.zeros((tokens, days) if keep_holdings else (0, 0))
    settings = np.array(
        [
            costs.rate,
            costs.impact_bps / 10_000.0 * np.sqrt(capital_usd),
            1.0 - leverage,
            1.0 + cash / DAYS_PER_YEAR,
        ]
    )
    _simulate(
        prices, targets, volumes, ends, checks.check_lag(lag), settings, series, unfilled, holdings
    )
    return Run(
        equity=series[0],
        returns=series[1],
        turnover=series[2],
        cost=series[3],
        cash=series[4],
        unfilled=unfilled,
        holdings=holdings if keep_holdings else None,
    )


@kernel
def turn_block(source: Matrix, first: int, block: Matrix) -> None:
    """Days `first`.. of [tokens, days] into block [days, tokens]; days outside the source are NaN.

    A source without tokens leaves the block as it is.
    """
    tokens, days = source.shape
    for token in range(tokens):
        for step in range(block.shape[0]):
            day = first + step
            block[step, token] = source[token, day] if 0 <= day < days else np.nan


@kernel
def value_positions(bars: Series, price: Series, units: Series) -> float:
    """Take over the day's closes and give what is held at them."""
    total = 0.0
    for token in range(bars.size):
        if bars[token] == bars[token]:
            price[token] = bars[token]
        if units[token] != 0.0:
            total += units[token] * price[token]
    return total


@kernel
def sell_ended(
    day: int,
    order: NDArray[np.int64],
    ends: NDArray[np.int64],
    following: int,
    price: Series,
    units: Series,
    rate: float,
    account: Series,
) -> int:
    """Close the positions of tokens whose last bar was yesterday; gives the next token to end.

    account: cash, dollars traded, dollars of cost.
    """
    while following < order.size and ends[order[following]] < day:
        token = order[following]
        following += 1
        if units[token] != 0.0:
            traded = abs(units[token] * price[token])
            account[0] += units[token] * price[token] - traded * rate
            account[1] += traded
            account[2] += traded * rate
            units[token] = 0.0
    return following


@kernel
def plan_trades(
    value: float,
    wishes: Series,
    bars: Series,
    volumes: Series,
    price: Series,
    units: Series,
    trades: Series,
) -> int:
    """Dollars to buy (+) or sell (-) of each token; gives how many wishes cannot be filled."""
    lapsed = 0
    for token in range(wishes.size):
        trades[token] = 0.0
        if wishes[token] != wishes[token]:
            continue
        held = units[token] * price[token] if units[token] != 0.0 else 0.0
        wanted = wishes[token] * value - held
        open_market = bars[token] == bars[token] and (volumes.size == 0 or volumes[token] > 0.0)
        if open_market:
            trades[token] = wanted
        elif wanted != 0.0:
            lapsed += 1
    return lapsed


@kernel
def compute_affordable(
    cash: float, trades: Series, volumes: Series, rate: float, impact: float
) -> float:
    """The share of the planned purchases that cash and the day's sales pay for, costs included."""
    needed = 0.0
    for token in range(trades.size):
        size = abs(trades[token])
        if size > 0.0:
            price_of_trade = rate
            if impact > 0.0:
                price_of_trade += impact * np.sqrt(size / volumes[token])
            if trades[token] > 0.0:
                needed += size * (1.0 + price_of_trade)
            else:
                cash += size * (1.0 - price_of_trade)
    if needed <= cash:
        return 1.0
    return max(cash, 0.0) / needed


@kernel
def fill_trades(
    share: float,
    trades: Series,
    wishes: Series,
    volumes: Series,
    price: Series,
    units: Series,
    rate: float,
    impact: float,
    account: Series,
) -> None:
    """Carry the trades out, purchases scaled by `share`."""
    for token in range(trades.size):
        dollars = trades[token]
        if dollars == 0.0:
            continue
        if dollars > 0.0:
            dollars *= share
        size = abs(dollars)
        paid = size * rate
        if impact > 0.0:
            paid += size * impact * np.sqrt(size / volumes[token])
        account[0] -= dollars + paid
        account[1] += size
        account[2] += paid
        units[token] = 0.0 if wishes[token] == 0.0 else units[token] + dollars / price[token]


@kernel
def _record(
    day: int,
    before: float,
    units: Series,
    price: Series,
    account: Series,
    series: Matrix,
    holdings: Matrix,
) -> None:
    equity = before - account[2]
    earlier = series[0, day - 1] if day > 0 else 1.0
    series[0, day] = equity
    series[1, day] = equity / earlier - 1.0
    series[2, day] = account[1] / before
    series[3, day] = account[2] / before
    series[4, day] = account[0] / equity
    for token in range(holdings.shape[0]):
        if units[token] != 0.0:
            holdings[token, day] = units[token] * price[token] / equity


@kernel
def _simulate(
    prices: Matrix,
    targets: Matrix,
    volumes: Matrix,
    ends: NDArray[np.int64],
    lag: int,
    settings: Series,
    series: Matrix,
    unfilled: NDArray[np.int64],
    holdings: Matrix,
) -> None:
    tokens, days = prices.shape
    rate, impact, floor_share, interest = settings
    bars, wishes = np.empty((BLOCK, tokens)), np.empty((BLOCK, tokens))
    turnovers = np.empty((BLOCK, volumes.shape[0]))
    price, units, trades = np.full(tokens, np.nan), np.zeros(tokens), np.empty(tokens)
    account = np.array([1.0, 0.0, 0.0])
    order, following = np.argsort(ends, kind="mergesort"), 0
    for day in range(days):
        step = day % BLOCK
        if step == 0:
            turn_block(prices, day, bars)
            turn_block(targets, day - lag, wishes)
            turn_block(volumes, day, turnovers)
        if day > 0:
            account[0] *= interest
        account[1] = account[2] = 0.0
        before = account[0] + value_positions(bars[step], price, units)
        if before <= 0.0:
            break
        following = sell_ended(day, order, ends, following, price, units, rate, account)
        value = before - account[2]
        unfilled[day] = plan_trades(
            value, wishes[step], bars[step], turnovers[step], price, units, trades
        )
        cash = account[0] - floor_share * value
        share = compute_affordable(cash, trades, turnovers[step], rate, impact)
        fill_trades(
            share, trades, wishes[step], turnovers[step], price, units, rate, impact, account
        )
        _record(day, before, units, price, account, series, holdings)
    if day < days and before <= 0.0:
        series[1, day] = -1.0
