"""Runs of states, and what following them has earned so far.

Everything is traded one bar after the signal and net of costs, in each coin as an account of its
own (`backtest.run_signals`), from the coin's first bar with a view on. Returns are total ones up to
and including the judged bar, a position still open counts at its close.

    signal      1 is held, 0 and -1 are cash
    long_short  -1 is held short as well
    holding     bought once
    constant    the mean position so far e, held all the time: (1 - c e) prod(1 + e r - c |drift|),
                drift = e (1 + r) / (1 + e r) - e, c = the cost of a side
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.backtest import run_signals
from assay.kit.compiled import kernel
from assay.signals.types import Book, Flags, Matrix, States

Columns = NDArray[np.int64]
NONE = -1


@dataclass(frozen=True, slots=True)
class Runs:
    """[tokens, bars]: the last non-zero state (0: never one), the column where it began, and the
    column where the present position was entered; -1 where there is none.
    """

    trend: States
    trend_since: Columns
    entry: Columns


@kernel
def _write_runs(states: States, trend: States, since: Columns, entry: Columns) -> None:
    for i in range(states.shape[0]):
        last, began, entered, before = 0, -1, -1, 0
        for t in range(states.shape[1]):
            state = states[i, t]
            if state != before:
                entered = t if state != 0 else -1
            if state not in (0, last):
                last, began = state, t
            before = state
            trend[i, t], since[i, t], entry[i, t] = last, began, entered


def compute_runs(states: States) -> Runs:
    """The runs behind every state; causal."""
    trend = np.empty(states.shape, np.int8)
    since, entry = np.empty(states.shape, np.int64), np.empty(states.shape, np.int64)
    _write_runs(states, trend, since, entry)
    return Runs(trend, since, entry)


@dataclass(frozen=True, slots=True)
class Followed:
    """Total returns [tokens, judged columns], NaN before the first trade could be made.

    `exposure` is e; `since` [tokens] the first column with a view (-1: none).
    """

    signal: Matrix
    long_short: Matrix
    holding: Matrix
    constant: Matrix
    exposure: Matrix
    since: Columns


@kernel
def _write_constant(
    returns: Matrix,
    positions: Matrix,
    since: Columns,
    columns: Columns,
    cost: float,
    constant: Matrix,
    exposure: Matrix,
) -> None:
    for i in range(returns.shape[0]):
        start = since[i]
        for j in range(columns.size):
            constant[i, j] = exposure[i, j] = np.nan
            last = columns[j]
            if start < 0 or last < start + 2:
                continue
            total = 0.0
            for t in range(start, last - 1):
                total += positions[i, t]
            e = total / (last - 1 - start)
            worth = 1.0 - cost * e
            for t in range(start + 2, last + 1):
                grown = 1.0 + e * returns[i, t]
                drift = e * (1.0 + returns[i, t]) / grown - e
                worth *= grown - cost * abs(drift)
            constant[i, j], exposure[i, j] = worth - 1.0, e


def find_first_views(viewed: Flags, first: int) -> Columns:
    """First column from `first` on with a view, [tokens]; -1 where there is none."""
    later = viewed[:, first:]
    return np.where(later.any(axis=1), later.argmax(axis=1) + first, NONE)


def compute_followed(
    book: Book,
    close: Matrix,
    returns: Matrix,
    states: States,
    viewed: Flags,
    first: int,
    columns: Sequence[int],
) -> Followed:
    """What following `states` from column `first` on had earned at each of `columns`."""
    since = find_first_views(viewed, first)
    wanted = np.asarray(columns, np.int64)
    places = np.arange(close.shape[1])
    begun = (since[:, None] >= 0) & (places >= since[:, None])
    orders = np.where(begun, states, np.nan)[:, first:]
    alive = np.ascontiguousarray(close[:, first:])
    kept = np.where(begun & (places == since[:, None]), 1.0, np.nan)[:, first:]
    traded = (since[:, None] >= 0) & (wanted > since[:, None])

    def total(signals: Matrix, allow_short: bool) -> Matrix:
        daily = run_signals(
            alive,
            signals,
            fee_bps=book.fee_bps,
            slippage_bps=book.slippage_bps,
            allow_short=allow_short,
        )
        worth = np.cumprod(1.0 + np.where(np.isnan(daily), 0.0, daily), axis=1)
        return np.where(traded, worth[:, wanted - first] - 1.0, np.nan)

    constant = np.empty((close.shape[0], wanted.size))
    exposure = np.empty_like(constant)
    positions = np.where(states > 0, 1.0, 0.0)
    _write_constant(returns, positions, since, wanted, book.side_cost, constant, exposure)
    return Followed(
        total(orders, False),
        total(orders, True),
        total(kept, True),
        constant,
        exposure,
        since,
    )
