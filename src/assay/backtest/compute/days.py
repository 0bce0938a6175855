"""What both accounts, the one in floats and the one in whole cents, do with the tokens of one day.

Matrices come as [tokens, days], but an account needs all tokens of one day side by side, so they
are turned block by block. Loops over the tokens of a day hold no branch: they are walked several
tokens at a time. Sums of floats run in eight fixed lanes, the same on every processor.
"""

import numpy as np
from numpy.typing import NDArray

from assay.backtest.types import Matrix, Series
from assay.kit.compiled import kernel
from assay.kit.errors import BadInput

Flags = NDArray[np.bool_]
Columns = NDArray[np.int64]

BLOCK = 32
"""Days turned at a time."""
LANES = 8
TOLERANCE = 1e-9
"""Weights are sums of rounded parts; they may exceed the limit by this much of it."""

MOST, WHOLE = 1_000.0, 2.0**40
"""The largest weight worth adding up, and the parts of 1 in which it is done."""

FINE, BAD_CLOSE, BAD_WEIGHTS, TOO_RICH = range(4)
"""Verdicts on a day, the last by the account in whole cents only."""


def refuse(verdict: int, day: int, lag: int, leverage: float) -> None:
    """Raise BadInput unless the simulation found everything fine."""
    if verdict == BAD_CLOSE:
        raise BadInput(
            f"A close in column {day} is zero, negative or infinite.",
            hint="Put NaN where a token has no bar.",
        )
    if verdict == BAD_WEIGHTS:
        raise BadInput(
            f"The weights of column {day - lag} add up to more than {leverage:g} of the capital.",
            hint="Scale them down, or allow it: leverage=2.0 is a full long beside a full short.",
        )
    if verdict == TOO_RICH:
        raise BadInput(
            f"In column {day} the account holds more than 64 bits of 1e-8 dollars can count.",
            hint="Start with less capital: what is won or lost in per cent is the same.",
        )


@kernel
def find_last_bars(closes: Matrix) -> Columns:
    """Column of each token's last bar, -1 without one."""
    last = np.full(closes.shape[0], -1)
    for token in range(closes.shape[0]):
        for day in range(closes.shape[1] - 1, -1, -1):
            if closes[token, day] == closes[token, day]:
                last[token] = day
                break
    return last


@kernel
def turn_block(source: Matrix, first: int, block: Matrix) -> None:
    """Days `first`.. of [tokens, days] into block [days, tokens]; days outside the source are NaN.

    A source without tokens leaves the block as it is.
    """
    tokens, days = source.shape
    begin, stop = min(max(0, -first), block.shape[0]), min(block.shape[0], days - first)
    block[:begin] = np.nan
    whole = tokens - tokens % LANES
    for token in range(0, whole, LANES):
        for step in range(begin, stop):
            for lane in range(LANES):
                block[step, token + lane] = source[token + lane, first + step]
    for token in range(whole, tokens):
        for step in range(begin, stop):
            block[step, token] = source[token, first + step]


@kernel
def sum_lanes(values: Series) -> float:
    """Sum in eight lanes, lane by lane at the end."""
    lanes = np.zeros(LANES)
    whole = values.size - values.size % LANES
    for place in range(0, whole, LANES):
        for lane in range(LANES):
            lanes[lane] += values[place + lane]
    for place in range(whole, values.size):
        lanes[place - whole] += values[place]
    total = 0.0
    for lane in range(LANES):
        total += lanes[lane]
    return total


@kernel
def inspect_day(bars: Series, wishes: Series, leverage: float) -> int:
    """FINE, or what is wrong with the day's closes or weights. Weights are added up as whole
    numbers of 2^-40, so that their order does not matter.
    """
    wrong, far, gross = 0, 0, 0
    for token in range(bars.size):
        wrong += int((bars[token] <= 0.0) | (bars[token] == np.inf))
        size = abs(wishes[token])
        is_far = size > MOST
        far += int(is_far)
        gross += int((0.0 if is_far or size != size else size) * WHOLE)
    if wrong > 0:
        return BAD_CLOSE
    is_within = gross <= leverage * (1.0 + TOLERANCE) * WHOLE
    return FINE if far == 0 and is_within else BAD_WEIGHTS


@kernel
def open_day(bars: Series, volumes: Series, price: Series, is_open: Flags) -> None:
    """Take over the closes; a token can be traded if it has a bar and, where volumes are given,
    volume.
    """
    for token in range(bars.size):
        has_bar = bars[token] == bars[token]
        price[token] = bars[token] if has_bar else price[token]
        is_open[token] = has_bar
    for token in range(volumes.size):
        is_open[token] &= volumes[token] > 0.0


@kernel
def find_ended(order: Columns, ends: Columns, following: int, day: int) -> int:
    """How far in `order` (tokens by their last bar) those reach whose last bar was before `day`."""
    while following < order.size and ends[order[following]] < day:
        following += 1
    return following
