"""Follow target weights order by order, in whole numbers: rounding neither makes nor loses money.

Money is counted in 1e-8 dollars, positions in lots, both as 64-bit integers. A lot is 1e-8 of a
coin, or the power of ten of it that is worth at least 1e-8 dollars at the token's first close. The
one rounding is that of lots times price to money, to the nearest, once for each order.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.backtest.compute import checks
from assay.backtest.compute.days import (
    BLOCK,
    FINE,
    TOO_RICH,
    Columns,
    Flags,
    find_ended,
    inspect_day,
    open_day,
    refuse,
    sum_lanes,
    turn_block,
)
from assay.backtest.types import CENT, Account, Matrix, Orders, Outcome, Series
from assay.kit.compiled import kernel

Whole = NDArray[np.int64]

LIMIT = 4e18
"""Lots of one token, and 1e-8 dollars of all together, that are safe to count in 64 bits."""

CASH, EQUITY, PURCHASES, SALES, COSTS, CUT = range(6)
"""Rows of the book, [6, days]."""
RATE, IMPACT, LEVERAGE = range(3)
FILLED, FORCED = int(Outcome.FILLED), int(Outcome.FORCED)
NO_BAR, NO_VOLUME, NO_CASH = int(Outcome.NO_BAR), int(Outcome.NO_VOLUME), int(Outcome.NO_CASH)


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
def _add_order(log: Whole, count: int, row: tuple[int, int, int, int, int, int]) -> Whole:
    if count == log.shape[0]:
        longer = np.empty((2 * count, log.shape[1]), dtype=np.int64)
        longer[:count] = log
        log = longer
    for place in range(log.shape[1]):
        log[count, place] = row[place]
    return log


@kernel
def _value_lots(lots: Whole, price: Series, scales: Series, held: Whole, scratch: Series) -> bool:
    """Money in each position; False if that is more than can be counted."""
    for token in range(lots.size):
        scratch[token] = abs(lots[token] * (price[token] * scales[token]))
    if not sum_lanes(scratch) <= LIMIT:
        return False
    for token in range(lots.size):
        held[token] = int(np.rint(lots[token] * (price[token] * scales[token])))
    return True


@kernel
def _plan_orders(
    value: int,
    wishes: Series,
    is_open: Flags,
    price: Series,
    scales: Series,
    lots: Whole,
    held: Whole,
    wanted: Whole,
) -> tuple[bool, int]:
    """Lots to buy (+) or sell (-); whether they can be counted, how many cannot be traded."""
    beyond, lapsed, money = 0, 0, float(value)
    for token in range(wishes.size):
        wish = wishes[token]
        change = (wish * money - held[token]) / (price[token] * scales[token])
        change = change if wish == wish else 0.0
        is_far = abs(change) > LIMIT
        beyond += int(is_far)
        size = int(0.0 if is_far else change)
        size = -lots[token] if wish == 0.0 else size
        wanted[token] = size
        lapsed += int((size != 0) & (not is_open[token]))
    return beyond == 0, lapsed


@kernel
def _price_orders(
    wanted: Whole,
    price: Series,
    scales: Series,
    volumes: Series,
    settings: Series,
    money: Whole,
    costs: Whole,
) -> None:
    """Money that each order moves at the close, and what it costs."""
    rate, impact = settings[RATE], settings[IMPACT]
    for token in range(wanted.size):
        gross = np.rint(abs(wanted[token]) * (price[token] * scales[token]))
        money[token] = int(gross)
        costs[token] = int(np.rint(gross * rate))
    if impact > 0.0:
        for token in range(wanted.size):
            if wanted[token] != 0:
                share = impact * np.sqrt(money[token] / volumes[token])
                costs[token] = int(np.rint(money[token] * (rate + share)))


@kernel
def _sum_sides(wanted: Whole, money: Whole, costs: Whole) -> tuple[int, int, int, int]:
    """Money of the purchases and of the sales, then the costs of each."""
    bought, sold, bought_costs, costs_in_all = 0, 0, 0, 0
    for token in range(wanted.size):
        is_purchase = wanted[token] > 0
        bought += money[token] if is_purchase else 0
        sold += 0 if is_purchase else money[token]
        bought_costs += costs[token] if is_purchase else 0
        costs_in_all += costs[token]
    return bought, sold, bought_costs, costs_in_all - bought_costs


@kernel
def _drop_lapsed(
    day: int,
    bars: Series,
    is_open: Flags,
    price: Series,
    scales: Series,
    wanted: Whole,
    log: Whole,
    count: int,
) -> tuple[Whole, int]:
    """Report orders for tokens that cannot be traded, and forget them."""
    for token in range(wanted.size):
        if wanted[token] != 0 and not is_open[token]:
            why = NO_VOLUME if bars[token] == bars[token] else NO_BAR
            money = int(np.rint(abs(wanted[token]) * (price[token] * scales[token])))
            log = _add_order(log, count, (token, day, why, wanted[token], money, 0))
            count += 1
            wanted[token] = 0
    return log, count


@kernel
def _cut_purchases(
    day: int, share: float, wanted: Whole, money: Whole, log: Whole, count: int
) -> tuple[Whole, int]:
    """Scale purchases to the cash at hand; one of which nothing is left is reported."""
    for token in range(wanted.size):
        if wanted[token] > 0:
            left = int(wanted[token] * share)
            if left == 0:
                row = (token, day, NO_CASH, wanted[token], money[token], 0)
                log = _add_order(log, count, row)
                count += 1
            wanted[token] = left
    return log, count


@kernel
def _log_fills(
    day: int, outcome: int, wanted: Whole, money: Whole, costs: Whole, log: Whole, count: int
) -> tuple[Whole, int]:
    for token in range(wanted.size):
        if wanted[token] != 0:
            row = (token, day, outcome, wanted[token], money[token], costs[token])
            log = _add_order(log, count, row)
            count += 1
    return log, count


@kernel
def _settle(day: int, wanted: Whole, money: Whole, costs: Whole, lots: Whole, book: Whole) -> None:
    """Move lots and money, and write both down."""
    bought, sold, bought_costs, sold_costs = _sum_sides(wanted, money, costs)
    for token in range(wanted.size):
        lots[token] += wanted[token]
    book[PURCHASES, day] += bought
    book[SALES, day] += sold
    book[COSTS, day] += bought_costs + sold_costs
    book[CASH, day] += sold - bought - bought_costs - sold_costs


@kernel
def _list_exits(
    value: int, day: int, order: Columns, ends: Columns, following: int, lots: Whole, wanted: Whole
) -> int:
    """Lots to sell whatever the wishes: ended tokens, or everything when the account is ruined."""
    passed = following
    following = find_ended(order, ends, following, day)
    wanted[:] = 0
    for token in order[passed:following] if value > 0 else order:
        wanted[token] = -lots[token]
    return following


@kernel
def _trade(
    day: int,
    value: int,
    wishes: Series,
    bars: Series,
    is_open: Flags,
    volumes: Series,
    settings: Series,
    price: Series,
    scales: Series,
    lots: Whole,
    scratch: Whole,
    book: Whole,
    log: Whole,
    count: int,
    keep_orders: bool,
) -> tuple[bool, Whole, int]:
    """The day's orders, from plan to book; False if they cannot be counted."""
    held, wanted, money, costs = scratch[0], scratch[1], scratch[2], scratch[3]
    is_countable, lapsed = _plan_orders(value, wishes, is_open, price, scales, lots, held, wanted)
    if lapsed > 0:
        log, count = _drop_lapsed(day, bars, is_open, price, scales, wanted, log, count)
    _price_orders(wanted, price, scales, volumes, settings, money, costs)
    bought, sold, bought_costs, sold_costs = _sum_sides(wanted, money, costs)
    borrowed = int((settings[LEVERAGE] - 1.0) * value)
    available, needed = book[CASH, day] + borrowed + sold - sold_costs, bought + bought_costs
    if needed > available:
        # Each order may round up by one for its money and one for its costs, twice.
        share = max(available - 4.0 * wanted.size, 0.0) / needed * (1.0 - 1e-12)
        log, count = _cut_purchases(day, share, wanted, money, log, count)
        _price_orders(wanted, price, scales, volumes, settings, money, costs)
        book[CUT, day] = bought - _sum_sides(wanted, money, costs)[0]
    _settle(day, wanted, money, costs, lots, book)
    if keep_orders:
        log, count = _log_fills(day, FILLED, wanted, money, costs, log, count)
    return is_countable, log, count


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
    price, sums, is_open = np.ones(tokens), np.empty(tokens), np.zeros(tokens, dtype=np.bool_)
    lots, scratch = np.zeros(tokens, dtype=np.int64), np.zeros((4, tokens), dtype=np.int64)
    held, wanted, money, costs = scratch[0], scratch[1], scratch[2], scratch[3]
    log, count = np.empty((64, 6), dtype=np.int64), 0
    free_of_impact = np.array([settings[RATE], 0.0, settings[LEVERAGE]])
    order, following, is_ruined = np.argsort(ends, kind="mergesort"), 0, False
    for day in range(days):
        step = day % BLOCK
        if step == 0:
            turn_block(prices, day, bars)
            turn_block(targets, day - lag, wishes)
            turn_block(volumes, day, turnovers)
        verdict = inspect_day(bars[step], wishes[step], settings[LEVERAGE], sums)
        if verdict != FINE:
            return verdict, day, lots, log[:count]
        book[CASH, day] = book[CASH, day - 1] if day > 0 else capital
        open_day(bars[step], turnovers[step], price, is_open)
        if not _value_lots(lots, price, scales, held, sums):
            return TOO_RICH, day, lots, log[:count]
        value = book[CASH, day] + held.sum()
        passed = following
        following = _list_exits(value, day, order, ends, following, lots, wanted)
        if following > passed or (value <= 0 and not is_ruined):
            _price_orders(wanted, price, scales, turnovers[step], free_of_impact, money, costs)
            _settle(day, wanted, money, costs, lots, book)
            if keep_orders:
                log, count = _log_fills(day, FORCED, wanted, money, costs, log, count)
            _value_lots(lots, price, scales, held, sums)
            value = book[CASH, day] + held.sum()
        is_ruined = is_ruined or value <= 0
        if not is_ruined:
            is_countable, log, count = _trade(
                day,
                value,
                wishes[step],
                bars[step],
                is_open,
                turnovers[step],
                settings,
                price,
                scales,
                lots,
                scratch,
                book,
                log,
                count,
                keep_orders,
            )
            if not is_countable:
                return TOO_RICH, day, lots, log[:count]
            _value_lots(lots, price, scales, held, sums)
        book[EQUITY, day] = book[CASH, day] + held.sum()
        is_ruined = is_ruined or book[EQUITY, day] <= 0
    return FINE, 0, lots, log[:count]
