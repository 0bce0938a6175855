"""The path inside a minute: trades that visit open, both extremes and close, and add up to the
recorded volume, so that a candle built from them is the recorded one.

How many trades, when, in which order the extremes come, the way between them and the sizes are
drawn from a seed, the pair and the minute: no recording has them. Prices are ticks, sizes are
steps, volume is in units of one tick times one step.
"""

import math

import numpy as np
from numpy.typing import NDArray

from assay.exchange.compute.noise import fill_units
from assay.kit.compiled import kernel

Ints = NDArray[np.int64]
Candles = tuple[Ints, Ints, Ints, Ints]
"""Open, high, low and close in ticks."""

Units = NDArray[np.float64]

MINUTE_MS = 60_000
MAX_TRADES = 600
DOLLARS_A_TRADE = 100.0
TIME, WALK, SIZE, TURNS = 0, 1, 2, 3
"""Rows of a minute's draws: three for each trade; the last for the minute as a whole."""
DRAWS = 4
_ORDER, _FIRST_TURN, _SECOND_TURN, _SIDE = 0, 1, 2, 3
KEYS_A_MINUTE = 1_024


def count_needed(candles: Candles) -> Ints:
    """The fewest trades that show each candle: open, close, and the extremes they are not."""
    start, high, low, end = candles
    highs = ((high != start) & (high != end)).astype(np.int64)
    lows = ((low != start) & (low != end)).astype(np.int64)
    needed: Ints = 1 + highs + lows + ((start != end) | (highs + lows > 0))
    return needed


def count_trades(candles: Candles, volumes: Ints, dollars: NDArray[np.float64]) -> Ints:
    """Trades of each minute: twice the root of its volume in hundreds of dollars, at most 600, at
    most one for each step of volume, at least what the candle needs; none without volume.

    `volumes` in ticks times steps, `dollars` the same in about dollars.
    """
    wished = np.rint(2 * np.sqrt(dollars / DOLLARS_A_TRADE)).astype(np.int64)
    steps = volumes // np.maximum(candles[3], 1)
    counts = np.maximum(count_needed(candles), np.minimum(np.minimum(wished, MAX_TRADES), steps))
    return np.where(dollars > 0, counts, 0)


def draw_minute(seed: np.uint64, minute: int, count: int) -> Units:
    """The draws that a minute of `count` trades needs."""
    units = np.empty((DRAWS, max(count, DRAWS)))
    fill_units(seed, minute * KEYS_A_MINUTE, units)
    return units


@kernel
def place_turns(count: int, candle: Ints, draws: Units, at: Ints, price: Ints) -> int:
    """Write which trade is at which price (open, extremes in drawn order, close); how many."""
    start, end = candle[0], candle[3]
    first, second = candle[1], candle[2]
    if draws[_ORDER] < 0.5:
        first, second = second, first
    at[0], price[0] = 0, start
    turns = 1
    for extreme in (first, second):
        if extreme != start and extreme != end:
            price[turns] = extreme
            turns += 1
    if count == 1:
        return 1
    if turns == 2:
        at[1] = 1 + int(draws[_FIRST_TURN] * (count - 2))
    elif turns == 3:
        x = 1 + int(draws[_FIRST_TURN] * (count - 2))
        y = 1 + int(draws[_SECOND_TURN] * (count - 3))
        if y >= x:
            y += 1
        at[1], at[2] = min(x, y), max(x, y)
    at[turns], price[turns] = count - 1, end
    return turns + 1


@kernel
def walk_prices(candle: Ints, turns: int, draws: Units, at: Ints, price: Ints, out: Ints) -> None:
    """Prices of all trades: between two turns a random bridge that stays within low..high."""
    high, low = int(candle[1]), int(candle[2])
    out[0] = price[0]
    for leg in range(turns - 1):
        start, steps = at[leg], at[leg + 1] - at[leg]
        rise = float(price[leg + 1] - price[leg])
        total = 0.0
        for j in range(1, steps + 1):
            total += draws[start + j] - 0.5
        swing = (high - low) / math.sqrt(float(steps))
        walked = 0.0
        for j in range(1, steps):
            walked += draws[start + j] - 0.5
            share = j / steps
            level = price[leg] + rise * share + swing * (walked - total * share)
            tick = math.floor(level + 0.5)
            out[start + j] = min(max(tick, low), high)
        out[at[leg + 1]] = price[leg + 1]


@kernel
def share_volume(count: int, volume: int, draws: Units, prices: Ints, out: Ints) -> None:
    """Sizes in steps (each at least 1), few large and many small, whose worth comes as near to
    `volume` as a step allows.
    """
    total = 0.0
    for j in range(count):
        total += 1.0 / (0.03 + draws[j])
    left = volume
    largest = 0
    for j in range(count):
        weight = 1.0 / (0.03 + draws[j])
        out[j] = max(1, int(volume * (weight / total) / prices[j]))
        left -= out[j] * prices[j]
        if out[j] > out[largest]:
            largest = j
    for j in range(count):
        k = (largest + j) % count
        # To the nearest step; the grid of what is left is the price of this trade.
        change = (2 * left + prices[k]) // (2 * prices[k])
        change = max(change, 1 - out[k])
        out[k] += change
        left -= change * prices[k]
        if 2 * abs(left) <= prices[k]:
            break


@kernel
def trace_minute(
    count: int,
    candle: Ints,
    before: int,
    volume: int,
    draws: Units,
    trades: Ints,
    sums: Ints,
) -> None:
    """Write the trades of one minute into the rows of `trades`: time in ms within the minute
    (never 0), price, size, and 1 if the taker sold; and what they sum up to into `sums`: size,
    worth, size and worth of buys.

    `candle` is open, high, low and close, `before` the close before it (0: none). The side is the
    tick rule's: a trade above the last one bought, below it sold, at it did as the last one (Lee
    and Ready, 1991).
    """
    sums[:] = 0
    if count == 0:
        return
    at = np.empty(4, dtype=np.int64)
    price = np.empty(4, dtype=np.int64)
    turns = place_turns(count, candle, draws[TURNS], at, price)
    walk_prices(candle, turns, draws[WALK], at, price, trades[1])
    share_volume(count, volume, draws[SIZE], trades[1], trades[2])
    last = before
    sold = 1 if draws[TURNS, _SIDE] < 0.5 else 0
    for j in range(count):
        trades[0, j] = 1 + int((j + draws[TIME, j]) / count * (MINUTE_MS - 1))
        here = trades[1, j]
        if last > 0 and here != last:
            sold = 1 if here < last else 0
        trades[3, j] = sold
        last = here
        worth = here * trades[2, j]
        sums[0] += trades[2, j]
        sums[1] += worth
        if not sold:
            sums[2] += trades[2, j]
            sums[3] += worth
