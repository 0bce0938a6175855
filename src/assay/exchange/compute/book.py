"""The book of a pair as users see it: the synthetic levels, less what users took, plus their own.

It moves on the 100 ms grid and by what users do, never between. What a taker took from a level is
back when that level is drawn anew, at most 10 s later. Synthetic levels that a user's resting order
reaches are hidden, so the book is never crossed. Prices are ticks, sizes are steps.
"""

import numpy as np
from numpy.typing import NDArray

from assay.exchange.compute.ladder import (
    BEYOND,
    KEY,
    SIZE,
    diff_side,
    find_renewal,
    lay_side,
    make_cells,
    mark_side,
)

Ints = NDArray[np.int64]
Pairs = list[tuple[int, int]]
"""(price, size), best first."""

BID, ASK = -1, 1
IDS_A_STEP = 64
ROOM = 256


def _make_levels(size: int) -> Ints:
    return np.empty((2, size), dtype=np.int64)


class HalfBook:
    """One side; `sign` is BID or ASK. Keys are ticks times sign, best first ascending."""

    def __init__(self, seed: np.uint64, sign: int, width: int, unit: int, most: int) -> None:
        self.sign = sign
        self.own: dict[int, int] = {}
        self.eaten: dict[int, tuple[int, int]] = {}
        """Steps taken off a level, and the step at which they are back."""
        self.hidden = -BEYOND
        self.count = 0
        self._seed, self._width, self._unit, self._most = seed, width, unit, most
        self._cells = make_cells()
        self._laid = _make_levels(most)
        self._laid_count = 0
        self._shown = self._laid
        self._marked = _make_levels(0)
        self._told = _make_levels(0)
        self._told_count = 0
        self._out = _make_levels(0)
        self._noted: dict[int, int] = {}

    def lay(self, step: int, touch: int) -> None:
        """Show the side as of `step` with the path's touch at tick `touch`."""
        self._laid_count = lay_side(
            self._seed,
            step,
            touch,
            self.sign,
            self._width,
            self._unit,
            self._most,
            self._cells,
            self._laid,
        )
        for key in [key for key, (_, until) in self.eaten.items() if until <= step]:
            del self.eaten[key]
        self.show()

    def show(self) -> None:
        """Apply what users did to the levels that were laid."""
        if not self.own and not self.eaten and self.hidden == -BEYOND:
            self._shown, self.count = self._laid, self._laid_count
            return
        keys = sorted(self.own.keys() | self.eaten.keys())
        rows = [(key, self.eaten.get(key, (0, 0))[0], self.own.get(key, 0)) for key in keys]
        marks = np.array(rows, dtype=np.int64).reshape(-1, 3)
        needed = self._laid_count + len(rows)
        if self._marked.shape[1] < needed:
            self._marked = _make_levels(needed + ROOM)
        self._shown = self._marked
        self.count = mark_side(self._laid_count, self._laid, marks, self.hidden, self._shown)

    def eat(self, key: int, size: int, step: int) -> None:
        """Take `size` drawn steps off a level until it is drawn anew."""
        until = find_renewal(self._seed, self.sign * key, step)
        self.eaten[key] = (self.eaten.get(key, (0, 0))[0] + size, until)

    def add_own(self, key: int, size: int) -> None:
        """Put `size` steps of a user onto a level (negative: off it)."""
        left = self.own.get(key, 0) + size
        if left:
            self.own[key] = left
        else:
            self.own.pop(key, None)

    def get_best(self) -> tuple[int, int]:
        """Best tick and its steps; (0, 0) on an empty side."""
        if self.count == 0:
            return (0, 0)
        return int(self._shown[KEY, 0]) * self.sign, int(self._shown[SIZE, 0])

    def get_drawn(self, key: int) -> int:
        """Synthetic steps shown at a level."""
        place = int(np.searchsorted(self._shown[KEY, : self.count], key))
        if place == self.count or self._shown[KEY, place] != key:
            return 0
        return int(self._shown[SIZE, place]) - self.own.get(key, 0)

    def _list(self, levels: Ints, count: int, tick: int, step: int) -> Pairs:
        prices = levels[KEY, :count] * (self.sign * tick)
        sizes = levels[SIZE, :count] * step
        return list(zip(prices.tolist(), sizes.tolist(), strict=True))

    def list_levels(self, limit: int, tick: int = 1, step: int = 1) -> Pairs:
        """The best levels in ticks and steps, or in units of which those are `tick` and `step`."""
        return self._list(self._shown, min(limit, self.count), tick, step)

    def _compare(self) -> int:
        """Write what changed since the last call into `_out`, which is then told; how much."""
        if self._told.shape[1] < self.count:
            told, self._told = self._told, _make_levels(self.count + ROOM)
            self._told[:, : self._told_count] = told[:, : self._told_count]
        if self._out.shape[1] < self._told_count + self.count:
            self._out = _make_levels(self._told_count + self.count + ROOM)
        changed = diff_side(self._told_count, self._told, self.count, self._shown, self._out)
        self._told[:, : self.count] = self._shown[:, : self.count]
        self._told_count = self.count
        return changed

    def note(self) -> None:
        """Keep what changed for the next telling, even if it changes back before that: whoever
        asks for a snapshot now must hear of it.
        """
        changed = self._compare()
        keys, sizes = self._out[:, :changed].tolist()
        self._noted.update(zip(keys, sizes, strict=True))

    def list_changes(self, tick: int = 1, step: int = 1) -> Pairs:
        """What changed since the last call, best first, size 0 where a level went."""
        if not self._noted:
            changed = self._compare()  # before `_out` is read: it may be made anew
            return self._list(self._out, changed, tick, step)
        self.note()
        noted, self._noted = sorted(self._noted.items()), {}
        return [(key * self.sign * tick, size * step) for key, size in noted]


class Book:
    """Both sides, and the numbers of their changes."""

    def __init__(self, seed: np.uint64, width: int, unit: int, most: int, first_step: int) -> None:
        self.bids = HalfBook(seed, BID, width, unit, most)
        self.asks = HalfBook(seed, ASK, width, unit, most)
        self.step = -1
        self.is_telling = False
        """True while changes are listed for somebody."""
        self._first_step = first_step
        self._acts = 0
        self._is_current = True
        self._told_id = 0

    @property
    def update_id(self) -> int:
        """The number of the last change in the book as it is shown."""
        return (self.step - self._first_step + 1) * IDS_A_STEP + self._acts

    def lay(self, step: int, bid: int, ask: int) -> None:
        """Show the book of `step`, whose touches the path gives, with all that users did."""
        self.step = step
        self._hide()
        self.bids.lay(step, bid)
        self.asks.lay(step, ask)

    def act(self) -> None:
        """Count a change that a user made; `show` shows it."""
        self._acts += 1
        self._is_current = False

    def show(self) -> None:
        """Show what users did since the book was laid."""
        if not self._is_current:
            self._hide()
            self.bids.show()
            self.asks.show()
            if self.is_telling:
                self.bids.note()
                self.asks.note()

    def _hide(self) -> None:
        self.asks.hidden = -min(self.bids.own, default=BEYOND)
        self.bids.hidden = -min(self.asks.own, default=BEYOND)
        self._is_current = True

    def start_telling(self) -> None:
        """Take the book as it is shown for known: changes are told from here on."""
        self.is_telling = True
        self.bids.list_changes()
        self.asks.list_changes()
        self._told_id = self.update_id

    def list_changes(self, tick: int = 1, step: int = 1) -> tuple[int, int, Pairs, Pairs] | None:
        """First and last number and what changed of bids and asks; None if nothing did."""
        bids, asks = self.bids.list_changes(tick, step), self.asks.list_changes(tick, step)
        if not bids and not asks:
            return None
        first, self._told_id = self._told_id + 1, self.update_id
        return first, self._told_id, bids, asks
