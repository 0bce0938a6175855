"""The synthetic book around a path: which levels stand where, and how large.

No recording has the depth of that night: every level here is drawn. A level is a pure function of
the pair, its price and the time, so any moment's book can be made without those before it. Keys
are ticks, negative on the bid side, so that both sides are sorted best first ascending. Sizes are
steps. The arrays of a `Cells` only remember what was drawn.

A side is the touch (where the path trades) and one level in each cell of `width` ticks beyond it,
at a drawn tick. A level is drawn anew every `RENEW_STEPS` steps of 100 ms, each at its own turn,
and grows with the bit length of its distance in cells.
"""

import numpy as np
from numpy.typing import NDArray

from assay.exchange.compute.noise import draw_below, draw_unit
from assay.kit.compiled import kernel

Ints = NDArray[np.int64]

RENEW_STEPS = 100
SLOTS = 4096
"""Cells remembered: a power of two, above twice the most levels of a side."""
KEY, SIZE = 0, 1
"""Rows of an array of levels."""
BEYOND = 2**62
"""A key after any other."""
_AT, _TURN, _SIZE = np.int64(1), np.int64(2), np.int64(3)
_PERIOD = np.int64(RENEW_STEPS)

Cells = tuple[Ints, Ints, Ints, Ints]
"""For each slot: the cell it remembers, the tick of its level, when that is drawn anew (a step),
and its size before distance counts.
"""


def make_cells() -> Cells:
    """An empty memory of drawn cells."""
    nothing = np.full(SLOTS, -1, dtype=np.int64)
    return nothing, nothing.copy(), nothing.copy(), nothing.copy()


@kernel
def find_renewal(seed: np.uint64, tick: int, step: int) -> int:
    """The first step after `step` at which the level at `tick` is drawn anew."""
    turn = draw_below(seed, tick, _TURN, _PERIOD)
    return ((step + turn) // RENEW_STEPS + 1) * RENEW_STEPS - turn


@kernel
def draw_size(seed: np.uint64, tick: int, renewal: int, unit: int) -> int:
    """Steps at `tick` until its next `renewal`, before its distance counts: few large levels
    among many small ones.
    """
    u = draw_unit(seed, tick * 16 + _SIZE, renewal)
    return int(unit * (0.1 + 0.4 * u + 3.0 * u * u * u * u))


@kernel
def lay_side(
    seed: np.uint64,
    step: int,
    touch: int,
    sign: int,
    width: int,
    unit: int,
    most: int,
    cells: Cells,
    out: Ints,
) -> int:
    """Write up to `most` levels, best first, and give how many. `touch` 0: the side is empty.
    Steps must not go back while `cells` remembers.
    """
    if touch <= 0:
        return 0
    cell_of, tick_of, renewal_of, size_of = cells
    out[KEY, 0] = sign * touch
    out[SIZE, 0] = 1 + draw_size(seed, touch, find_renewal(seed, touch, step), unit) // 2
    count = 1
    cell = touch // width
    far, bits = 0, 0  # distance in cells, and its bit length
    while count < most and cell >= 0:
        slot = cell & (SLOTS - 1)
        if cell_of[slot] != cell:
            cell_of[slot] = cell
            tick_of[slot] = cell * width + draw_below(seed, cell, _AT, width)
            renewal_of[slot] = -1
        tick = tick_of[slot]
        if renewal_of[slot] <= step:
            renewal_of[slot] = find_renewal(seed, tick, step)
            size_of[slot] = draw_size(seed, tick, renewal_of[slot], unit)
        if sign * tick > out[KEY, 0] and tick > 0:
            out[KEY, count] = sign * tick
            out[SIZE, count] = 1 + size_of[slot] * (2 + bits) // 4
            count += 1
        cell += sign
        far += 1
        if far == 1 << bits:
            bits += 1
    return count


@kernel
def mark_side(count: int, laid: Ints, marks: Ints, hidden: int, out: Ints) -> int:
    """A side with what users did: levels up to key `hidden` away, eaten steps off, own steps on.

    `marks` are rows (key, eaten, own) in ascending order of keys. Gives how many levels.
    """
    written = 0
    i = 0
    j = 0
    while i < count or j < marks.shape[0]:
        here = laid[KEY, i] if i < count else BEYOND
        mark = marks[j, 0] if j < marks.shape[0] else BEYOND
        key = min(here, mark)
        size = 0
        if here == key:
            if key > hidden:
                size = laid[SIZE, i]
            i += 1
        if mark == key:
            size = max(0, size - marks[j, 1]) + marks[j, 2]
            j += 1
        if size > 0:
            out[KEY, written] = key
            out[SIZE, written] = size
            written += 1
    return written


@kernel
def diff_side(old_count: int, old: Ints, count: int, new: Ints, out: Ints) -> int:
    """Levels that changed from `old` to `new`, size 0 for those gone. Gives how many."""
    changed = 0
    i = 0
    j = 0
    while i < old_count or j < count:
        before = old[KEY, i] if i < old_count else BEYOND
        after = new[KEY, j] if j < count else BEYOND
        key = min(before, after)
        was = 0
        now = 0
        if before == key:
            was = old[SIZE, i]
            i += 1
        if after == key:
            now = new[SIZE, j]
            j += 1
        if was != now:
            out[KEY, changed] = key
            out[SIZE, changed] = now
            changed += 1
    return changed
