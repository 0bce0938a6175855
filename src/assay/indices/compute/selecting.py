"""Who is in: ranks and buffer bands."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from assay.indices.types import Basket

Series = NDArray[np.float64]
Flags = NDArray[np.bool_]


def rank_rows(values: Series, eligible: Flags) -> list[int]:
    """Rows of the eligible tokens that have a value, the largest first, ties in order of rows
    (which is that of ids).
    """
    rows = np.flatnonzero(eligible & np.isfinite(values))
    return [int(row) for row in rows[np.argsort(-values[rows], kind="stable")]]


def choose_members(order: Sequence[int], held: Collection[int], basket: Basket) -> list[int]:
    """The `basket.count` members out of `order` (the best first), best first.

    Held ones stay while their rank is at most count * (1 + buffer). Ranks up to count * (1 -
    buffer) are in by right and push out the worst held one if need be; places left over go to the
    best of the rest.
    """
    count = basket.count
    inside = [row for row in order[: int(count * (1.0 - basket.buffer))] if row not in held]
    stay = [row for row in order[: int(count * (1.0 + basket.buffer))] if row in held]
    places = {row: rank for rank, row in enumerate(order)}
    chosen = [*inside, *stay[: count - len(inside)]]
    taken = set(chosen)
    rest = [row for row in order if row not in taken]
    chosen += rest[: count - len(chosen)]
    return sorted(chosen, key=places.__getitem__)


def leave_out_largest(sizes: Series, eligible: Flags, outside_top: int) -> Flags:
    """`eligible` without the `outside_top` largest of them."""
    small = eligible.copy()
    small[rank_rows(sizes, eligible)[:outside_top]] = False
    return small
