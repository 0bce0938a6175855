"""One day of an account in whole numbers: value, plan, cut to the cash, settle, write down.

Money is counted in 1e-8 dollars, positions in lots, both as 64-bit integers.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assay.backtest.compute.days import FINE, TOO_RICH, Columns, Flags
from assay.backtest.types import Outcome, Series
from assay.kit.compiled import kernel

Whole = NDArray[np.int64]

LIMIT = 4e18
"""Lots of one token, and 1e-8 dollars of all together, that are safe to count in 64 bits."""

CASH, EQUITY, PURCHASES, SALES, COSTS, CUT = range(6)
"""Rows of the book, [6, days]."""
RATE, IMPACT, LEVERAGE = range(3)
"""Places in the settings."""
FILLED, FORCED = int(Outcome.FILLED), int(Outcome.FORCED)
NO_BAR, NO_VOLUME, NO_CASH = int(Outcome.NO_BAR), int(Outcome.NO_VOLUME), int(Outcome.NO_CASH)


class Market(NamedTuple):
    """One day of all tokens, each [tokens]; `lot_price` is money of one lot at the last close."""

    bars: Series
    wishes: Series
    volumes: Series
    lot_price: Series
    is_open: Flags


class Desk(NamedTuple):
    """What is held, and the day's orders, each [tokens]: money and lots of positions, lots wanted
    and lots left of them after a cut, money and costs of the orders.
    """

    held: Whole
    lots: Whole
    wanted: Whole
    left: Whole
    money: Whole
    costs: Whole


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
def _value_lots(lots: Whole, price: Series, held: Whole) -> tuple[bool, int]:
    """Money in each position and in all; False if it is more than can be counted."""
    far, millions, total = 0, 0, 0
    for token in range(lots.size):
        money = lots[token] * price[token]
        is_far = abs(money) > LIMIT
        whole = int(np.rint(0.0 if is_far else money))
        held[token] = whole
        total += whole
        far += int(is_far)
        millions += abs(whole) >> 20
    return far == 0 and millions < int(LIMIT) >> 20, total


@kernel
def _plan_orders(value: int, market: Market, desk: Desk) -> tuple[bool, int]:
    """Lots to buy (+) or sell (-); whether they can be counted, how many cannot be traded."""
    wishes, price, is_open = market.wishes, market.lot_price, market.is_open
    held, lots, wanted = desk.held, desk.lots, desk.wanted
    beyond, lapsed, money = 0, 0, float(value)
    for token in range(wishes.size):
        wish = wishes[token]
        change = (wish * money - held[token]) / price[token]
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
    wanted: Whole, market: Market, settings: Series, impact: float, desk: Desk
) -> None:
    """Money that each order moves at the close, and what it costs."""
    price, money, costs = market.lot_price, desk.money, desk.costs
    rate = settings[RATE]
    for token in range(wanted.size):
        gross = np.rint(abs(wanted[token]) * price[token])
        money[token] = int(gross)
        costs[token] = int(np.rint(gross * rate))
    if impact > 0.0:
        for token in range(wanted.size):
            if wanted[token] != 0:
                share = impact * np.sqrt(money[token] / market.volumes[token])
                costs[token] = int(np.rint(money[token] * (rate + share)))


@kernel
def _sum_sides(wanted: Whole, desk: Desk) -> tuple[int, int, int, int]:
    """Money of the purchases and of the sales, then the costs of each."""
    money, costs = desk.money, desk.costs
    bought, sold, bought_costs, all_costs = 0, 0, 0, 0
    for token in range(wanted.size):
        is_purchase = wanted[token] > 0
        bought += money[token] if is_purchase else 0
        sold += 0 if is_purchase else money[token]
        bought_costs += costs[token] if is_purchase else 0
        all_costs += costs[token]
    return bought, sold, bought_costs, all_costs - bought_costs


@kernel
def _cut_purchases(share: float, wanted: Whole, left: Whole) -> int:
    """Orders with the purchases scaled to `share`; gives how many have nothing left."""
    lost = 0
    for token in range(wanted.size):
        size = wanted[token]
        cut = int(size * share)
        left[token] = cut if size > 0 else size
        lost += int((size > 0) & (cut == 0))
    return lost


@kernel
def _drop_lapsed(day: int, market: Market, desk: Desk, log: Whole, count: int) -> Whole:
    """Report orders for tokens that cannot be traded, and forget them."""
    for token in range(desk.wanted.size):
        size = desk.wanted[token]
        if size != 0 and not market.is_open[token]:
            why = NO_VOLUME if market.bars[token] == market.bars[token] else NO_BAR
            money = int(np.rint(abs(size) * market.lot_price[token]))
            log = _add_order(log, count, (token, day, why, size, money, 0))
            count += 1
            desk.wanted[token] = 0
    return log


@kernel
def _log_lost(day: int, desk: Desk, log: Whole, count: int) -> Whole:
    """Report purchases of which a cut leaves nothing."""
    for token in range(desk.wanted.size):
        if desk.wanted[token] > 0 and desk.left[token] == 0:
            row = (token, day, NO_CASH, desk.wanted[token], desk.money[token], 0)
            log = _add_order(log, count, row)
            count += 1
    return log


@kernel
def _log_filled(
    day: int, outcome: int, filled: Whole, desk: Desk, log: Whole, count: int
) -> tuple[Whole, int]:
    for token in range(filled.size):
        if filled[token] != 0:
            row = (token, day, outcome, filled[token], desk.money[token], desk.costs[token])
            log = _add_order(log, count, row)
            count += 1
    return log, count


@kernel
def _settle(day: int, filled: Whole, desk: Desk, book: Whole) -> None:
    """Move lots and money, and write both down."""
    bought, sold, bought_costs, sold_costs = _sum_sides(filled, desk)
    lots = desk.lots
    for token in range(filled.size):
        lots[token] += filled[token]
    book[PURCHASES, day] += bought
    book[SALES, day] += sold
    book[COSTS, day] += bought_costs + sold_costs
    book[CASH, day] += sold - bought - bought_costs - sold_costs


@kernel
def _close_out(
    day: int,
    leaving: Columns,
    market: Market,
    settings: Series,
    keep_orders: bool,
    desk: Desk,
    book: Whole,
    log: Whole,
    count: int,
) -> tuple[Whole, int]:
    """Sell whatever the wishes, at the last price: tokens that ended, or all of a ruined account's
    positions.
    """
    desk.wanted[:] = 0
    for token in leaving:
        desk.wanted[token] = -desk.lots[token]
    _price_orders(desk.wanted, market, settings, 0.0, desk)
    _settle(day, desk.wanted, desk, book)
    if keep_orders:
        log, count = _log_filled(day, FORCED, desk.wanted, desk, log, count)
    return log, count


@kernel
def _trade(
    day: int,
    value: int,
    market: Market,
    settings: Series,
    keep_orders: bool,
    desk: Desk,
    book: Whole,
    log: Whole,
    count: int,
) -> tuple[bool, Whole, int]:
    """The day's orders, from plan to book; False if they cannot be counted."""
    is_countable, lapsed = _plan_orders(value, market, desk)
    if lapsed > 0:
        log = _drop_lapsed(day, market, desk, log, count)
        count += lapsed
    filled = desk.wanted
    _price_orders(filled, market, settings, settings[IMPACT], desk)
    bought, sold, bought_costs, sold_costs = _sum_sides(filled, desk)
    borrowed = int((settings[LEVERAGE] - 1.0) * value)
    available, needed = book[CASH, day] + borrowed + sold - sold_costs, bought + bought_costs
    if needed > available:
        # Each order may round up by one for its money and one for its costs, twice.
        share = max(available - 4.0 * filled.size, 0.0) / needed * (1.0 - 1e-12)
        lost = _cut_purchases(share, filled, desk.left)
        if lost > 0:
            log = _log_lost(day, desk, log, count)
            count += lost
        filled = desk.left
        _price_orders(filled, market, settings, settings[IMPACT], desk)
        book[CUT, day] = bought - _sum_sides(filled, desk)[0]
    _settle(day, filled, desk, book)
    if keep_orders:
        log, count = _log_filled(day, FILLED, filled, desk, log, count)
    return is_countable, log, count


@kernel
def live_day(
    day: int,
    leaving: Columns,
    market: Market,
    settings: Series,
    keep_orders: bool,
    desk: Desk,
    book: Whole,
    log: Whole,
    count: int,
) -> tuple[int, Whole, int]:
    """Value, forced exits, orders, equity. A ruined account holds nothing and orders nothing."""
    is_fine, total = _value_lots(desk.lots, market.lot_price, desk.held)
    value = book[CASH, day] + total
    was_ruined = day > 0 and book[EQUITY, day - 1] <= 0
    if not is_fine or was_ruined:
        book[EQUITY, day] = value
        return FINE if is_fine else TOO_RICH, log, count
    if value <= 0:
        leaving = np.arange(desk.lots.size)
    if leaving.size > 0:
        log, count = _close_out(day, leaving, market, settings, keep_orders, desk, book, log, count)
        total = _value_lots(desk.lots, market.lot_price, desk.held)[1]
        value = book[CASH, day] + total
    if value > 0:
        is_fine, log, count = _trade(
            day, value, market, settings, keep_orders, desk, book, log, count
        )
        total = _value_lots(desk.lots, market.lot_price, desk.held)[1]
    book[EQUITY, day] = book[CASH, day] + total
    return FINE if is_fine else TOO_RICH, log, count
