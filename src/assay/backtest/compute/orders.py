"""Follow target weights order by order, in whole numbers: rounding neither makes nor loses money.

Money is counted in 1e-8 dollars, positions in lots, both as 64-bit integers. A lot is 1e-8 of a
coin, or the power of ten of it that is worth at least 1e-8 dollars at the token's first close. The
one rounding is that of lots times price to money, to the nearest, once for each order.
"""

import numpy as np
from numpy.typing import ArrayLike

from assay.backtest.compute import checks
from assay.backtest.compute.book import (
    CASH,
    COSTS,
    CUT,
    EQUITY,
    LEVERAGE,
    LIMIT,
    PURCHASES,
    SALES,
    Desk,
    Market,
    Whole,
    live_day,
)
from assay.backtest.compute.days import (
    BLOCK,
    FINE,
    TOO_RICH,
    Columns,
    find_ended,
    inspect_day,
    open_day,
    refuse,
    turn_block,
)
from assay.backtest.types import CENT, Account, Matrix, Orders, Series
from assay.kit.compiled import kernel


def run_orders(
    closes: ArrayLike,
    weights: ArrayLike,
    *,
    volume_usd: ArrayLike | None = None,
    fee_bps: float = 10.0,
    slippage_bps: float = 0.0,
    impact_bps: float = 0.0,
    lag: int = 1,
    capital_cents: int = 100_000_000,
    leverage: float = 1.0,
    last_bars: ArrayLike | None = None,
    keep_orders: bool = False,
) -> Account:
    """The account of `run_weights`, kept like a bookkeeper does: exact, and order by order.

    Same rules and arguments, `capital_cents` (whole cents) instead of a capital in dollars, no
    interest. Every order that was not filled is in `orders` with its reason; `keep_orders` adds the
    filled ones. An account worth nothing at a close is closed out there; what it owes stays on the
    book. Raises BadInput, also for an account that outgrows 40 billion dollars.
    """
    prices, targets, volumes, ends = checks.check_account(closes, weights, volume_usd, last_bars)
    costs = checks.check_costs(fee_bps, slippage_bps, impact_bps)
    checks.check_capital(capital_cents, leverage, costs, volumes)
    wait = checks.check_lag(lag)
    if capital_cents * CENT * leverage > LIMIT:
        refuse(TOO_RICH, 0, wait, leverage)
    # Volumes are dollars and money is 1e-8 dollars: sqrt(money / 1e8 / volume).
    settings = np.array([costs.rate, costs.impact_bps / 10_000.0 / 10_000.0, leverage])
    book = np.zeros((6, prices.shape[1]), dtype=np.int64)
    scales = _find_scales(prices)
    verdict, day, lots, log = _simulate(
        prices,
        targets,
        volumes,
        ends,
        wait,
        settings,
        int(capital_cents) * CENT,
        scales,
        book,
        keep_orders,
    )
    refuse(verdict, day, wait, leverage)
    return Account(
        cash=book[CASH],
        equity=book[EQUITY],
        purchases=book[PURCHASES],
        sales=book[SALES],
        costs=book[COSTS],
        cut=book[CUT],
        lots=lots,
        coins_per_lot=scales / 1e8,
        orders=Orders(*(np.ascontiguousarray(column) for column in log.T)),
    )


@kernel
def _find_scales(closes: Matrix) -> Series:
    """How many 1e-8 of a coin make a lot: the first power of ten worth 1e-8 dollars."""
    scales = np.ones(closes.shape[0])
    for token in range(closes.shape[0]):
        for day in range(closes.shape[1]):
            if closes[token, day] == closes[token, day]:
                while closes[token, day] * scales[token] < 1.0 and scales[token] < 1e22:
                    scales[token] *= 10.0
                break
    return scales


@kernel
def _simulate(
    prices: Matrix,
    targets: Matrix,
    volumes: Matrix,
    ends: Columns,
    lag: int,
    settings: Series,
    capital: int,
    scales: Series,
    book: Whole,
    keep_orders: bool,
) -> tuple[int, int, Whole, Whole]:
    tokens, days = prices.shape
    bars, wishes = np.empty((BLOCK, tokens)), np.empty((BLOCK, tokens))
    turnovers = np.empty((BLOCK, volumes.shape[0]))
    price, lot_price = np.ones(tokens), np.empty(tokens)
    is_open = np.zeros(tokens, dtype=np.bool_)
    lots, scratch = np.zeros(tokens, dtype=np.int64), np.zeros((3, tokens), dtype=np.int64)
    desk = Desk(scratch[0], lots, scratch[1], scratch[2])
    log, count, verdict = np.empty((64, 6), dtype=np.int64), 0, FINE
    order, following = np.argsort(ends, kind="mergesort"), 0
    for day in range(days):
        step = day % BLOCK
        if step == 0:
            turn_block(prices, day, bars)
            turn_block(targets, day - lag, wishes)
            turn_block(volumes, day, turnovers)
        verdict = inspect_day(bars[step], wishes[step], settings[LEVERAGE])
        if verdict == FINE:
            open_day(bars[step], turnovers[step], price, is_open)
            for token in range(tokens):
                lot_price[token] = price[token] * scales[token]
            market = Market(bars[step], wishes[step], turnovers[step], lot_price, is_open)
            book[CASH, day] = book[CASH, day - 1] if day > 0 else capital
            passed, following = following, find_ended(order, ends, following, day)
            verdict, log, count = live_day(
                day, order[passed:following], market, settings, keep_orders, desk, book, log, count
            )
        if verdict != FINE:
            return verdict, day, lots, log[:count]
    return FINE, 0, lots, log[:count]
