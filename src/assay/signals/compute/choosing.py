"""Which rule is in force: the one with the best past, chosen again at every refit.

At a refit every rule is followed over the whole past, long only, traded one bar after the signal,
net of costs, in every coin that has `minimal_past` such bars by then. Of each coin

    m(x), v(x)   mean and variance of x over its bars;  r = the coin's simple return a bar
    f            position times r, less side cost times the change of position
    e            mean position
    gain         (m(f) - v(f) / 2) - (e m(r) - e e v(r) / 2)

is the growth a bar above holding the constant exposure e (growth by its second-order expansion).
The rule with the highest median gain over coins is taken; ties go to the earlier rule, and before
the first refit, or where nothing has a past, the default rule stands. Nothing after the refit's
own bar is read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assay.kit.compiled import kernel
from assay.signals.compute.deciding import blend_, step_
from assay.signals.types import Book, Choice, Flags, Matrix, Series

LAG = 1


@kernel
def _add(sums: Series, position: float, gained: float, moved: float) -> None:
    sums[0] += position
    sums[1] += gained
    sums[2] += gained * gained
    sums[3] += moved
    sums[4] += moved * moved


@kernel
def _gain(sums: Series, count: int) -> float:
    e, f, r = sums[0] / count, sums[1] / count, sums[3] / count
    spread = sums[2] / count - f * f
    moves = sums[4] / count - r * r
    gain: float = (f - 0.5 * spread) - (e * r - 0.5 * e * e * moves)
    return gain


@kernel
def _write_gains(
    own: Matrix,
    market: Series,
    bitcoin: Series,
    viewed: Flags,
    returns: Matrix,
    rule: tuple[int, float, float],
    limits: tuple[int, int, float],
    refits: NDArray[np.int64],
    out: Matrix,
) -> None:
    source, enter, leave = rule
    hold, minimal_past, cost = limits
    for i in range(own.shape[0]):
        state, held, refit = 0, 0, 0
        waiting, position = 0.0, 0.0
        is_waiting, is_counted = False, False
        count, sums = 0, np.zeros(5)
        for t in range(own.shape[1]):
            # Decided at t - 2, filled at the close of t - 1, it earns the return of t.
            fee = cost * abs(waiting - position)
            if is_counted:
                count += 1
                _add(sums, position, position * returns[i, t] - fee, returns[i, t])
            elif fee > 0.0:
                sums[1] -= fee
            position, is_counted = waiting, is_waiting
            if viewed[i, t]:
                held += 1
                score = blend_(source, own[i, t], market[t], bitcoin[t])
                following = step_(state, held, score, enter, leave, hold)
                if following != state:
                    state, held = following, 0
                waiting, is_waiting = float(max(state, 0)), True
            else:
                state, held, waiting, is_waiting = 0, 0, 0.0, False
            if refit < refits.size and refits[refit] == t:
                if count >= minimal_past:
                    out[refit, i] = _gain(sums, count)
                refit += 1


def compute_returns(close: Matrix) -> Matrix:
    """Simple returns a bar of carried closes, [tokens, bars]; 0 where there is none."""
    out = np.zeros_like(close)
    np.divide(close[:, 1:], close[:, :-1], out=out[:, 1:])
    out[:, 1:] -= 1.0
    out[np.isnan(out)] = 0.0
    return out


def compute_gains(
    book: Book,
    trends: tuple[Matrix, Matrix, Matrix],
    viewed: Flags,
    returns: Matrix,
    refits: Sequence[int],
) -> Matrix:
    """Gain of every rule at every refit, [rules, refits, tokens]; NaN without enough past.

    `trends` are own [shapes, tokens, bars], the market's and Bitcoin's [shapes, bars].
    """
    own, market, bitcoin = trends
    out = np.full((len(book.rules), len(refits), viewed.shape[0]), np.nan)
    columns = np.asarray(refits, np.int64)
    for place, rule in enumerate(book.rules):
        _write_gains(
            own[rule.shape],
            market[rule.shape],
            bitcoin[rule.shape],
            viewed,
            returns,
            (int(rule.source), rule.enter, rule.leave),
            (book.minimal_hold, book.minimal_past, book.side_cost),
            columns,
            out[place],
        )
    return out


def choose_rules(book: Book, gains: Matrix, refits: Sequence[int]) -> list[Choice]:
    """The rule in force from column 0 and from every refit on."""
    chosen = [Choice(0, book.default, float("nan"))]
    for place, column in enumerate(refits):
        medians = [_median(gains[rule, place]) for rule in range(len(book.rules))]
        known = [rule for rule, median in enumerate(medians) if median is not None]
        if known:
            best = max(known, key=lambda rule: (medians[rule], -rule))
            chosen.append(Choice(column, best, float(medians[best] or 0.0)))
        else:
            chosen.append(Choice(column, book.default, float("nan")))
    return chosen


def _median(values: Series) -> float | None:
    present = np.sort(values[~np.isnan(values)], kind="stable")
    if present.size == 0:
        return None
    middle = present.size // 2
    if present.size % 2:
        return float(present[middle])
    return float(0.5 * present[middle - 1] + 0.5 * present[middle])
