"""Books of coins run over days: what they grew by and what they traded.

A book judged at the close of t trades at the close of t+1 and is then left alone for its holding
period. One book starts on each of the first `holding` days (for 7 days: one for every weekday), so
no single start decides a figure. Weights drift with prices in between; a coin that dies stays at
its last price until the book trades again. A chosen coin without a bar on the trading day is not
bought.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.evaluation.types import Flags, Matrix, Series
from assay.kit.compiled import kernel
from assay.kit.errors import BadInput

TRADE_LAG = 1

Cube = NDArray[np.float64]
"""[books, parts, days]."""
Parts = NDArray[np.int64]


@dataclass(frozen=True)
class Books:
    """Daily gross growth of every book and part, and the share traded just before it.

    Both are [books, parts, days]. Growth is NaN before a book's first day of holding; `traded` is
    the sum of absolute changes of weight at the close before, entry included.
    """

    growth: Cube
    traded: Cube
    holding_days: int


@kernel
def compute_daily_growth(closes: Matrix) -> Matrix:
    """Price of each day over the last one before it, [days, tokens]; 1 where there is no bar."""
    tokens, days = closes.shape
    growth = np.ones((days, tokens))
    for token in range(tokens):
        last = np.nan
        for day in range(days):
            price = closes[token, day]
            if np.isfinite(price):
                if np.isfinite(last):
                    growth[day, token] = price / last
                last = price
    return growth


@kernel
def _drift(weights: Series, owner: Parts, growth: Series, sums: Series) -> None:
    sums[:] = 0.0
    for token in range(weights.size):
        if owner[token] >= 0:
            weights[token] *= growth[token]
            sums[owner[token]] += weights[token]
    for token in range(weights.size):
        if owner[token] >= 0:
            weights[token] /= sums[owner[token]]


@kernel
def _choose(buckets: NDArray[np.int8], tradable: Flags, wanted: Parts, counts: Parts) -> None:
    counts[:] = 0
    for token in range(wanted.size):
        wanted[token] = -1
        if buckets[token] >= 0 and tradable[token]:
            wanted[token] = buckets[token]
            counts[wanted[token]] += 1


@kernel
def _trade(weights: Series, owner: Parts, wanted: Parts, counts: Parts, traded: Series) -> None:
    for token in range(weights.size):
        held = owner[token]
        part = wanted[token]
        target = 0.0
        if part >= 0:
            target = 1.0 / counts[part]
        if held == part and part >= 0:
            traded[part] += abs(target - weights[token])
        elif held != part:
            if held >= 0:
                traded[held] += weights[token]
            if part >= 0:
                traded[part] += target
        weights[token] = target
        owner[token] = part


@kernel
def _run_book(
    growth: Matrix,
    tradable: Flags,
    buckets: NDArray[np.int8],
    start: int,
    holding: int,
    grown: Matrix,
    traded: Matrix,
) -> None:
    days, tokens = growth.shape
    weights = np.zeros(tokens)
    owner = np.full(tokens, -1, np.int64)
    wanted = np.empty(tokens, np.int64)
    counts = np.zeros(grown.shape[0], np.int64)
    sums = np.zeros(grown.shape[0])
    started = False
    for day in range(start + TRADE_LAG, days):
        _drift(weights, owner, growth[day], sums)
        if started:
            grown[:, day] = sums
        if (day - start - TRADE_LAG) % holding != 0 or day + 1 >= days:
            continue
        _choose(buckets[day - TRADE_LAG], tradable[day], wanted, counts)
        if counts.min() > 0:
            _trade(weights, owner, wanted, counts, traded[:, day + 1])
            started = True


@kernel
def _run_books(
    growth: Matrix,
    tradable: Flags,
    buckets: NDArray[np.int8],
    holding: int,
    grown: Cube,
    traded: Cube,
) -> None:
    for book in range(holding):
        _run_book(growth, tradable, buckets, book, holding, grown[book], traded[book])


def compute_books(
    closes: Matrix, buckets: NDArray[np.int8], *, parts: int, holding_days: int
) -> Books:
    """Run one book for each start day; `buckets` [tokens, days] names each part, -1 none.

    A day on which some part would be empty leaves the book as it is until its next turn. Column t
    of the answer depends on judgements up to t-2 and prices up to t. Raises BadInput for a holding
    below 1 day.
    """
    if holding_days < 1:
        raise BadInput("a book must be held for at least 1 day", hint="Set holding_days to 7.")
    days = closes.shape[1]
    growth = np.full((holding_days, parts, days), np.nan)
    traded = np.zeros((holding_days, parts, days))
    dense = np.array(closes, dtype=np.float64, order="C", copy=True)
    _run_books(
        compute_daily_growth(dense),
        np.array(np.isfinite(dense).T, order="C", copy=True),
        np.array(buckets.T, order="C", copy=True),
        holding_days,
        growth,
        traded,
    )
    return Books(growth, traded, holding_days)
