"""Follow target weights: one account, all tokens, fills at a later close, money counted in floats.

Rules in docs/method/backtest.md; the readable twin of the kernel is in the tests.
"""

import numpy as np
from numpy.typing import ArrayLike

from assay.backtest.compute import checks
from assay.backtest.compute.days import (
    BLOCK,
    FINE,
    Columns,
    Flags,
    find_ended,
    inspect_day,
    open_day,
    refuse,
    sum_lanes,
    turn_block,
)
from assay.backtest.types import Matrix, Run, Series
from assay.kit.compiled import kernel

DAYS_PER_YEAR = 365.0
CASH, TRADED, PAID = range(3)
"""Places in the account: cash, dollars traded today, dollars of cost today (capital = 1)."""
EQUITY, RETURNS, TURNOVER, COST, CASH_SHARE = range(5)
"""Rows of what is recorded each day."""


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
    prices, targets, volumes, ends = checks.check_account(closes, weights, volume_usd, last_bars)
    costs = checks.check_costs(fee_bps, slippage_bps, impact_bps)
    checks.check_capital(capital_usd, leverage, costs, volumes)
    wait = checks.check_lag(lag)
    tokens, days = prices.shape
    series, unfilled = np.zeros((5, days)), np.zeros(days, dtype=np.int64)
    holdings = np.zeros((tokens, days) if keep_holdings else (0, 0))
    impact = costs.impact_bps / 10_000.0 * np.sqrt(capital_usd)
    settings = np.array([costs.rate, impact, leverage, 1.0 + cash / DAYS_PER_YEAR])
    verdict, day = _simulate(
        prices, targets, volumes, ends, wait, settings, series, unfilled, holdings
    )
    refuse(verdict, day, wait, leverage)
    return Run(
        equity=series[EQUITY],
        returns=series[RETURNS],
        turnover=series[TURNOVER],
        cost=series[COST],
        cash=series[CASH_SHARE],
        unfilled=unfilled,
        holdings=holdings if keep_holdings else None,
    )


@kernel
def _value_positions(units: Series, price: Series, held: Series) -> float:
    for token in range(units.size):
        held[token] = units[token] * price[token]
    return sum_lanes(held)


@kernel
def _sell_ended(ended: Columns, units: Series, held: Series, rate: float, account: Series) -> None:
    for token in ended:
        if held[token] != 0.0:
            traded = abs(held[token])
            account[CASH] += held[token] - traded * rate
            account[TRADED] += traded
            account[PAID] += traded * rate
            units[token] = held[token] = 0.0


@kernel
def _plan_trades(value: float, wishes: Series, is_open: Flags, held: Series, trades: Series) -> int:
    """Dollars to buy (+) or sell (-) of each token; gives how many wishes cannot be filled."""
    lapsed = 0
    for token in range(wishes.size):
        wish = wishes[token]
        wanted = wish * value - held[token] if wish == wish else 0.0
        trades[token] = wanted if is_open[token] else 0.0
        lapsed += int((wanted != 0.0) & (not is_open[token]))
    return lapsed


@kernel
def _price_trades(
    trades: Series, volumes: Series, rate: float, impact: float, paid: Series
) -> None:
    """Dollars that each trade costs."""
    for token in range(trades.size):
        paid[token] = abs(trades[token]) * rate
    if impact > 0.0:
        for token in range(trades.size):
            size = abs(trades[token])
            if size > 0.0:
                paid[token] += size * impact * np.sqrt(size / volumes[token])


@kernel
def _sum_purchases(trades: Series, paid: Series, scratch: Series) -> float:
    """Dollars that the purchases take, costs included."""
    for token in range(trades.size):
        scratch[token] = trades[token] + paid[token] if trades[token] > 0.0 else 0.0
    return sum_lanes(scratch)


@kernel
def _sum_sales(trades: Series, paid: Series, scratch: Series) -> float:
    """Dollars that the sales give, costs taken off."""
    for token in range(trades.size):
        scratch[token] = -trades[token] - paid[token] if trades[token] < 0.0 else 0.0
    return sum_lanes(scratch)


@kernel
def _fill_trades(
    trades: Series, wishes: Series, is_whole: bool, price: Series, units: Series
) -> None:
    """Move the positions; a target of 0 that is met in full leaves exactly nothing."""
    for token in range(trades.size):
        moved = units[token] + trades[token] / price[token]
        gone = (wishes[token] == 0.0) & (trades[token] != 0.0) & (is_whole | (trades[token] < 0.0))
        units[token] = 0.0 if gone else moved


@kernel
def _trade(
    value: float,
    wishes: Series,
    is_open: Flags,
    volumes: Series,
    settings: Series,
    price: Series,
    units: Series,
    scratch: Matrix,
    account: Series,
) -> int:
    """Plan the day's trades, cut purchases to the cash at hand, fill; gives the lapsed wishes."""
    rate, impact, leverage = settings[0], settings[1], settings[2]
    held, trades, paid, sums = scratch[0], scratch[1], scratch[2], scratch[3]
    lapsed = _plan_trades(value, wishes, is_open, held, trades)
    _price_trades(trades, volumes, rate, impact, paid)
    received, needed = _sum_sales(trades, paid, sums), _sum_purchases(trades, paid, sums)
    available = max(account[CASH] + (leverage - 1.0) * value + received, 0.0)
    share = 1.0 if needed <= available else available / needed
    if share < 1.0:
        for token in range(trades.size):
            trades[token] = trades[token] * share if trades[token] > 0.0 else trades[token]
        _price_trades(trades, volumes, rate, impact, paid)
        needed = _sum_purchases(trades, paid, sums)
    costs = sum_lanes(paid)
    account[CASH] += received - needed
    account[TRADED] += sum_lanes(np.abs(trades))
    account[PAID] += costs
    _fill_trades(trades, wishes, share == 1.0, price, units)
    return lapsed


@kernel
def _record(day: int, before: float, account: Series, series: Matrix) -> float:
    """Equity of the day; 0 is ruin, and nothing is traded after it."""
    earlier = series[EQUITY, day - 1] if day > 0 else 1.0
    equity = before - float(account[PAID])
    if equity <= 0.0:
        series[RETURNS, day] = -1.0
        return 0.0
    series[EQUITY, day] = equity
    series[RETURNS, day] = equity / earlier - 1.0
    series[TURNOVER, day] = account[TRADED] / before
    series[COST, day] = account[PAID] / before
    series[CASH_SHARE, day] = account[CASH] / equity
    return equity


@kernel
def _simulate(
    prices: Matrix,
    targets: Matrix,
    volumes: Matrix,
    ends: Columns,
    lag: int,
    settings: Series,
    series: Matrix,
    unfilled: Columns,
    holdings: Matrix,
) -> tuple[int, int]:
    tokens, days = prices.shape
    bars, wishes = np.empty((BLOCK, tokens)), np.empty((BLOCK, tokens))
    turnovers = np.empty((BLOCK, volumes.shape[0]))
    price, units, scratch = np.ones(tokens), np.zeros(tokens), np.zeros((4, tokens))
    is_open = np.zeros(tokens, dtype=np.bool_)
    account, equity = np.array([1.0, 0.0, 0.0]), 1.0
    order, following = np.argsort(ends, kind="mergesort"), 0
    for day in range(days):
        step = day % BLOCK
        if step == 0:
            turn_block(prices, day, bars)
            turn_block(targets, day - lag, wishes)
            turn_block(volumes, day, turnovers)
        verdict = inspect_day(bars[step], wishes[step], settings[2])
        if verdict != FINE:
            return verdict, day
        if equity <= 0.0:
            continue
        open_day(bars[step], turnovers[step], price, is_open)
        account[CASH] *= settings[3] if day > 0 else 1.0
        account[TRADED] = account[PAID] = 0.0
        before = account[CASH] + _value_positions(units, price, scratch[0])
        passed, following = following, find_ended(order, ends, following, day)
        if before > 0.0:
            _sell_ended(order[passed:following], units, scratch[0], settings[0], account)
            unfilled[day] = _trade(
                before - account[PAID],
                wishes[step],
                is_open,
                turnovers[step],
                settings,
                price,
                units,
                scratch,
                account,
            )
        equity = _record(day, before, account, series)
        for token in range(holdings.shape[0]):
            holdings[token, day] = units[token] * price[token] / equity if equity > 0.0 else 0.0
    return FINE, 0
