"""Ranks across the market: where one token stands among the members of one day.

All functions take tokens along the last axis in ascending token id, so that "ties by position"
means "ties by token id". Only members with a number are ranked; the lowest gets -0.5, the highest
+0.5 and a single one 0. A member whose value is NaN gets 0 (the median: nothing known, nothing
said); a token that is no member gets NaN, so that a forgotten mask shows. Infinities are ranked as
the largest and smallest numbers.

Ties: `Ties.POSITION` gives equal values distinct ranks in token order (a permutation, for models
that need one); `Ties.AVERAGE` gives them their mean rank (for statistics such as a correlation).
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from assay.kit.compiled import kernel
from assay.kit.errors import BadInput


class Ties(IntEnum):
    """What equal values get."""

    POSITION = 0
    AVERAGE = 1


@kernel
def _list_ranked(values: NDArray[np.float64], members: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Positions of the members that have a number, in token order."""
    positions = np.empty(values.size, dtype=np.int64)
    count = 0
    for i in range(values.size):
        if members[i] and values[i] == values[i]:
            positions[count] = i
            count += 1
    return positions[:count]


@kernel
def _fill_unranked(members: NDArray[np.bool_], out: NDArray[np.float64]) -> None:
    for i in range(members.size):
        out[i] = 0.0 if members[i] else np.nan


@kernel
def _rank_row(
    values: NDArray[np.float64],
    members: NDArray[np.bool_],
    ties: int,
    levels: int,
    out: NDArray[np.float64],
) -> None:
    """One cross-section; `levels` of 0 means every rank its own level."""
    _fill_unranked(members, out)
    positions = _list_ranked(values, members)
    count = positions.size
    # Merge sort is stable: equal values stay in token order on every machine.
    order = np.argsort(values[positions], kind="mergesort")
    first = 0
    while first < count:
        last = first
        if ties == 1:
            value = values[positions[order[first]]]
            while last + 1 < count and values[positions[order[last + 1]]] == value:
                last += 1
        place = 0.5 * float(first + last)
        steps = count - 1
        if levels > 0:
            place = float(int(place * levels / count))
            steps = levels - 1
        for i in range(first, last + 1):
            out[positions[order[i]]] = place / steps - 0.5 if steps > 0 and count > 1 else 0.0
        first = last + 1


@kernel
def _rank_rows(
    values: NDArray[np.float64],
    members: NDArray[np.bool_],
    ties: int,
    levels: int,
    out: NDArray[np.float64],
) -> None:
    """Many cross-sections; one row of `members` for all, or one for each."""
    for row in range(values.shape[0]):
        _rank_row(values[row], members[row % members.shape[0]], ties, levels, out[row])


def _rank(
    values: NDArray[np.float64], members: NDArray[np.bool_], ties: Ties, levels: int
) -> NDArray[np.float64]:
    if members.shape not in (values.shape, values.shape[-1:]):
        raise BadInput(
            f"membership of shape {members.shape} does not fit values of shape {values.shape}",
            hint="give members as [tokens], or in the shape of the values, tokens last",
        )
    tokens = values.shape[-1]
    rows = np.ascontiguousarray(values, dtype=np.float64).reshape(-1, tokens)
    masks = np.ascontiguousarray(members, dtype=np.bool_).reshape(-1, tokens)
    out = np.empty_like(rows)
    _rank_rows(rows, masks, int(ties), levels, out)
    return out.reshape(values.shape)


def compute_centred_ranks(
    values: NDArray[np.float64],
    members: NDArray[np.bool_],
    ties: Ties = Ties.POSITION,
) -> NDArray[np.float64]:
    """Ranks of each row of `values` among its members, in [-0.5, 0.5].

    Shapes: `values` [..., tokens] (a column, [features, tokens], [days, tokens] ...); `members`
    [tokens] for all rows or the shape of `values`. The result has the shape of `values`.
    Missing data: NaN of a member gives 0, a token that is no member gives NaN. Raises BadInput when
    the shapes differ. Formula: rank i of n ranked members (0 is lowest) is i / (n - 1) - 0.5.
    """
    return _rank(values, members, ties, 0)


def compute_quantised_ranks(
    values: NDArray[np.float64],
    members: NDArray[np.bool_],
    levels: int,
    ties: Ties = Ties.POSITION,
) -> NDArray[np.float64]:
    """Ranks of each row among its members, on `levels` equally filled steps in [-0.5, 0.5].

    Shapes and missing data as `compute_centred_ranks`. Raises BadInput for fewer than 2 levels or
    shapes that differ. Formula: rank i of n (0 is lowest) has level floor(i * levels / n), which is
    level / (levels - 1) - 0.5; a small change of a rank then rarely changes a model's input.
    """
    if levels < 2:
        raise BadInput(f"{levels} levels cannot rank", hint="ask for 2 levels or more")
    return _rank(values, members, ties, levels)
