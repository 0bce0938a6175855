"""From scores to states: the sources of a rule, and hysteresis.

A flat token goes long when its score reaches `enter` and short when it falls to -`enter`; the
opposite threshold turns a position at any time. A position is left for nothing once its score is
below `leave` (a short: above -`leave`) and it has been held for `minimal_hold` bars. Without a view
the state is 0 and is forgotten. A missing score counts as 0.
"""

from __future__ import annotations

import numpy as np

from assay.kit.compiled import kernel
from assay.signals.types import Flags, Matrix, Rule, Series, States


@kernel
def agree_(one: float, other: float) -> float:
    """The weaker of two scores of one sign; 0 where the signs differ."""
    if one > 0.0:
        return max(0.0, min(one, other))
    return min(0.0, max(one, other))


@kernel
def blend_(source: int, own: float, market: float, bitcoin: float) -> float:
    """The score that a rule of `source` reads; missing ones count as 0."""
    own = 0.0 if np.isnan(own) else own
    market = 0.0 if np.isnan(market) else market
    bitcoin = 0.0 if np.isnan(bitcoin) else bitcoin
    if source == 0:
        return own
    if source == 1:
        return agree_(own, market)
    if source == 2:
        return agree_(own, bitcoin)
    if source == 3:
        return 0.5 * own + 0.5 * market
    if source == 4:
        return 0.5 * own + 0.5 * bitcoin
    return market if source == 5 else bitcoin


@kernel
def step_(state: int, held: int, score: float, enter: float, leave: float, hold: int) -> int:
    """The next state after a bar with `score`; `held` counts bars of the state, this one too."""
    if score >= enter:
        return 1
    if score <= -enter:
        return -1
    if state != 0 and held >= hold and score * state < leave:
        return 0
    return state


@kernel
def _write_states(
    own: Matrix,
    market: Series,
    bitcoin: Series,
    viewed: Flags,
    source: int,
    enter: float,
    leave: float,
    hold: int,
    out: States,
    scores: Matrix,
) -> None:
    for i in range(own.shape[0]):
        state, held = 0, 0
        for t in range(own.shape[1]):
            scores[i, t] = np.nan
            if not viewed[i, t]:
                state, held = 0, 0
                out[i, t] = 0
                continue
            held += 1
            scores[i, t] = blend_(source, own[i, t], market[t], bitcoin[t])
            following = step_(state, held, scores[i, t], enter, leave, hold)
            if following != state:
                state, held = following, 0
            out[i, t] = state


def compute_states(
    rule: Rule, own: Matrix, market: Matrix, bitcoin: Matrix, viewed: Flags, minimal_hold: int
) -> tuple[States, Matrix]:
    """States of one rule and the scores it read, [tokens, bars].

    `own` [shapes, tokens, bars], `market` and `bitcoin` [shapes, bars]. Scores are NaN without a
    view.
    """
    states = np.empty(viewed.shape, np.int8)
    scores = np.empty(viewed.shape)
    _write_states(
        own[rule.shape],
        market[rule.shape],
        bitcoin[rule.shape],
        viewed,
        int(rule.source),
        rule.enter,
        rule.leave,
        minimal_hold,
        states,
        scores,
    )
    return states, scores
