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
    """Each [tokens]: money and lots of positions, lots wanted, and lots of them that are filled."""

    held: Whole
    lots: Whole
    wanted: Whole
    filled: Whole


class Totals(NamedTuple):
    """Sums over the orders of a day: money bought and sold, the costs of each side, and how many
    could not be carried out.
    """

    bought: int
    sold: int
    bought_costs: int
    sold_costs: int
    failed: int


@kernel
def _weigh(lots: int, lot_price: float) -> int:
    """Money in that many lots, whatever their sign."""
    return int(np.rint(abs(lots) * lot_price))


@kernel
def _charge(money: int, rate: float, impact: float, volume: float) -> int:
    """What an order of that much money costs; without impact the volume does not matter."""
    if impact > 0.0 and money > 0:
        rate += impact * np.sqrt(money / volume)
    return int(np.rint(money * rate))


@kernel
def _wish_lots(
    wish: float, value: float, held: int, lots: int, lot_price: float
) -> tuple[int, bool]:
    """Lots from what is held to what is wished for (a wish of 0 is all of them), and whether they
    are too many to count.
    """
    change = (wish * value - held) / lot_price
    is_far = abs(change) > LIMIT
    size = int(0.0 if is_far or wish != wish else change)
    return -lots if wish == 0.0 else size, is_far


@kernel
def value_lots(market: Market, desk: Desk) -> tuple[bool, int]:
    """Money in each position and in all; False if it is more than can be counted."""
    lots, held, lot_price = desk.lots, desk.held, market.lot_price
    far, millions, total = 0, 0, 0
    for token in range(lots.size):
        money = lots[token] * lot_price[token]
        is_far = abs(money) > LIMIT
        whole = int(np.rint(0.0 if is_far else money))
        held[token] = whole
        total += whole
        far += int(is_far)
        millions += abs(whole) >> 20
    return far == 0 and millions < int(LIMIT) >> 20, total


@kernel
def _plan_orders(value: int, market: Market, settings: Series, desk: Desk) -> tuple[bool, Totals]:
    """Lots wanted of every token that can be traded; whether they can be counted."""
    wishes, lot_price, is_open = market.wishes, market.lot_price, market.is_open
    held, lots, wanted = desk.held, desk.lots, desk.wanted
    rate, impact, volumes = settings[RATE], settings[IMPACT], market.volumes
    capital, beyond, lapsed = float(value), 0, 0
    bought, sold, bought_costs, costs = 0, 0, 0, 0
    for token in range(wishes.size):
        size, is_far = _wish_lots(
            wishes[token], capital, held[token], lots[token], lot_price[token]
        )
        beyond += int(is_far)
        lapsed += int((size != 0) & (not is_open[token]))
        size = size if is_open[token] else 0
        wanted[token] = size
        money = _weigh(size, lot_price[token])
        cost = _charge(money, rate, impact, volumes[token] if impact > 0.0 else 0.0)
        bought += money if size > 0 else 0
        sold += money if size < 0 else 0
        bought_costs += cost if size > 0 else 0
        costs += cost
    return beyond == 0, Totals(bought, sold, bought_costs, costs - bought_costs, lapsed)


@kernel
def _fill_orders(
    share: float, impact: float, market: Market, settings: Series, desk: Desk
) -> tuple[int, Totals]:
    """Move the lots wanted, purchases scaled to `share`; gives the money then held. Purchases of
    which nothing is left have failed.
    """
    lots, wanted, filled, lot_price = desk.lots, desk.wanted, desk.filled, market.lot_price
    rate, volumes, is_cut = settings[RATE], market.volumes, share < 1.0
    bought, sold, bought_costs, costs, lost, total = 0, 0, 0, 0, 0, 0
    for token in range(lots.size):
        asked = wanted[token]
        size = int(asked * share) if is_cut and asked > 0 else asked
        lost += int((size == 0) & (asked != 0))
        filled[token] = size
        money = _weigh(size, lot_price[token])
        cost = _charge(money, rate, impact, volumes[token] if impact > 0.0 else 0.0)
        bought += money if size > 0 else 0
        sold += money if size < 0 else 0
        bought_costs += cost if size > 0 else 0
        costs += cost
        lots[token] += size
        total += int(np.rint(lots[token] * lot_price[token]))
    return total, Totals(bought, sold, bought_costs, costs - bought_costs, lost)


@kernel
def _add_order(log: Whole, count: int, row: tuple[int, int, int, int, int, int]) -> Whole:
    """The log with a row at `count`, twice as long where it was full."""
    if count == log.shape[0]:
        longer = np.empty((2 * count, log.shape[1]), dtype=np.int64)
        longer[:count] = log
        log = longer
    for place in range(log.shape[1]):
        log[count, place] = row[place]
    return log


@kernel
def _log_lapsed(
    day: int, value: int, market: Market, desk: Desk, log: Whole, count: int
) -> tuple[Whole, int]:
    """Report orders for tokens that cannot be traded."""
    for token in range(desk.lots.size):
        price = market.lot_price[token]
        size, _ = _wish_lots(
            market.wishes[token], float(value), desk.held[token], desk.lots[token], price
        )
        if size != 0 and not market.is_open[token]:
            why = NO_VOLUME if market.bars[token] == market.bars[token] else NO_BAR
            log = _add_order(log, count, (token, day, why, size, _weigh(size, price), 0))
            count += 1
    return log, count


@kernel
def _log_lost(day: int, market: Market, desk: Desk, log: Whole, count: int) -> tuple[Whole, int]:
    """Report purchases of which a cut leaves nothing."""
    for token in range(desk.lots.size):
        size = desk.wanted[token]
        if size != 0 and desk.filled[token] == 0:
            money = _weigh(size, market.lot_price[token])
            log = _add_order(log, count, (token, day, NO_CASH, size, money, 0))
            count += 1
    return log, count


@kernel
def _log_filled(
    day: int,
    outcome: int,
    impact: float,
    market: Market,
    settings: Series,
    desk: Desk,
    log: Whole,
    count: int,
) -> tuple[Whole, int]:
    for token in range(desk.lots.size):
        size = desk.filled[token]
        if size != 0:
            money = _weigh(size, market.lot_price[token])
            volume = market.volumes[token] if impact > 0.0 else 0.0
            cost = _charge(money, settings[RATE], impact, volume)
            log = _add_order(log, count, (token, day, outcome, size, money, cost))
            count += 1
    return log, count


@kernel
def _settle(day: int, totals: Totals, book: Whole) -> None:
    """Write the day's sums down."""
    costs = totals.bought_costs + totals.sold_costs
    book[PURCHASES, day] += totals.bought
    book[SALES, day] += totals.sold
    book[COSTS, day] += costs
    book[CASH, day] += totals.sold - totals.bought - costs


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
    _, totals = _fill_orders(1.0, 0.0, market, settings, desk)
    _settle(day, totals, book)
    if keep_orders:
        log, count = _log_filled(day, FORCED, 0.0, market, settings, desk, log, count)
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
) -> tuple[bool, int, Whole, int]:
    """The day's orders, from plan to book; False if they cannot be counted, and the money held."""
    is_countable, plan = _plan_orders(value, market, settings, desk)
    if plan.failed > 0:
        log, count = _log_lapsed(day, value, market, desk, log, count)
    borrowed = int((settings[LEVERAGE] - 1.0) * value)
    available = book[CASH, day] + borrowed + plan.sold - plan.sold_costs
    needed, share = plan.bought + plan.bought_costs, 1.0
    if needed > available:
        # Each order may round up by one for its money and one for its costs, twice.
        spendable = max(available - 4.0 * desk.lots.size, 0.0)
        share = spendable / needed * (1.0 - 1e-12)
    impact = settings[IMPACT]
    total, done = _fill_orders(share, impact, market, settings, desk)
    _settle(day, done, book)
    book[CUT, day] = plan.bought - done.bought
    if done.failed > 0:
        log, count = _log_lost(day, market, desk, log, count)
    if keep_orders:
        log, count = _log_filled(day, FILLED, impact, market, settings, desk, log, count)
    return is_countable, total, log, count


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
    is_fine, total = value_lots(market, desk)
    value = book[CASH, day] + total
    was_ruined = day > 0 and book[EQUITY, day - 1] <= 0
    if not is_fine or was_ruined:
        book[EQUITY, day] = value
        return FINE if is_fine else TOO_RICH, log, count
    if value <= 0:
        leaving = np.arange(desk.lots.size)
    if leaving.size > 0:
        log, count = _close_out(day, leaving, market, settings, keep_orders, desk, book, log, count)
        total = value_lots(market, desk)[1]
        value = book[CASH, day] + total
    if value > 0:
        is_fine, total, log, count = _trade(
            day, value, market, settings, keep_orders, desk, book, log, count
        )
    book[EQUITY, day] = book[CASH, day] + total
    return FINE if is_fine else TOO_RICH, log, count
