"""The fast book: the kernel's windows, and dicts for the levels that are far from the best price.

A window starts a quarter of its width above (bids) or below (asks) the best price and moves when
the best price leaves it or comes close to its far end. The best level of a side is always inside;
every level outside is in the dict of its side, so that nothing is ever forgotten.
"""

import numpy as np

from assay.feeds.compute.book import layout as k
from assay.feeds.compute.book.kernels import apply_frame, apply_levels
from assay.feeds.compute.book.reading import UNITS, Side, Ticks, TooBig, count_units

_LEAST_WIDTH = 4096
_MOST_WIDTH = 65_536
_SHARE = 0.95
"""Of a snapshot's levels, the windows hold so many, if their width allows it."""
_NEAR = 1024
"""Keys from the best that are searched first."""

Levels = list[tuple[int, int]]

_MOST_SIZE = 1 << 62


def fits(symbol: str, ticks: Ticks) -> bool:
    """Whether the kernel can keep this book: a tick in whole 1e-8, a plain symbol."""
    return (
        ticks.decimals <= 8
        and ticks.units * 10 ** (8 - ticks.decimals) < UNITS * UNITS
        and 0 < len(symbol) <= k.SYMBOL_MOST
        and symbol.isascii()
        and symbol.isalnum()
    )


def _list_units(side: Side) -> list[int]:
    units = [count_units(size) for size in side.values()]
    if units and max(units) >= _MOST_SIZE:
        raise TooBig
    return units


class Ladder:
    """Both sides of a book. Raises TooBig, unchanged, for a size that it cannot hold."""

    __slots__ = ("_far", "_width", "read", "state")

    def __init__(self, symbol: str, ticks: Ticks, bids: Side, asks: Side) -> None:
        sides = [dict(zip(side, _list_units(side), strict=True)) for side in (bids, asks)]
        self._far = [{key: size for key, size in side.items() if size} for side in sides]
        self._width = _choose_width(self._far)
        self.state = np.zeros(k.WINDOWS + 2 * self._width, np.int64)
        self.read = apply_frame
        """The kernel: bytes and `state` to a code; after CARE call `settle`."""
        self.state[k.TICK] = ticks.units * 10 ** (8 - ticks.decimals)
        self.state[k.WIDTH] = self._width
        self.state[k.SYMBOL_SIZE] = len(symbol)
        self.state[k.SYMBOL : k.SYMBOL + len(symbol)] = list(symbol.encode())
        for side in (0, 1):
            self.state[k.BEST + side] = k.NONE
            self._move(side)

    def change(self, bids: Side, asks: Side) -> None:
        """Put the new sizes; 0 removes."""
        keys = [*bids, *asks]
        sizes = [*_list_units(bids), *_list_units(asks)]
        for start in range(0, len(keys), k.MOST_LEVELS):
            stop = min(start + k.MOST_LEVELS, len(keys))
            self.state[k.SCRATCH : k.SCRATCH + stop - start] = keys[start:stop]
            self.state[k.SIZES : k.SIZES + stop - start] = sizes[start:stop]
            count = min(max(len(bids) - start, 0), stop - start)
            if apply_levels(self.state, count, stop - start - count) == k.CARE:
                self.settle()

    def settle(self) -> None:
        """After CARE: put the levels outside the windows, and move a window that needs it."""
        state = self.state
        start = 0
        for side, far in enumerate(self._far):
            stop, base = int(state[k.FAR_STOP + side]), int(state[k.BASE + side])
            has_strayed = False
            keys = state[k.FAR + start : k.FAR + stop].tolist()
            sizes = state[k.FAR_SIZES + start : k.FAR_SIZES + stop].tolist()
            for key, size in zip(keys, sizes, strict=True):
                if size:
                    far[key] = size
                    has_strayed |= key < base
                else:
                    far.pop(key, None)
            state[k.FAR_LEVELS + side] = len(far)
            start = stop
            if has_strayed or self._has_strayed(side):
                self._move(side)

    def _has_strayed(self, side: int) -> bool:
        best, base = int(self.state[k.BEST + side]), int(self.state[k.BASE + side])
        if best == k.NONE:
            return bool(self._far[side])
        return best - base >= self._width - self._width // 8

    def _move(self, side: int) -> None:
        """Put the window around the best level."""
        state, far = self.state, self._far[side]
        start = k.WINDOWS + side * self._width
        window = state[start : start + self._width]
        base = int(state[k.BASE + side])
        held = np.flatnonzero(window)
        far.update(zip((held + base).tolist(), window[held].tolist(), strict=True))
        window[:] = 0
        best = min(far, default=k.NONE)
        base = best - self._width // 4 if far else 0
        inside = [key for key in far if key < base + self._width]
        window[[key - base for key in inside]] = [far.pop(key) for key in inside]
        state[k.BASE + side] = base
        state[k.BEST + side] = best
        state[k.COUNT + side] = len(inside)
        state[k.FAR_LEVELS + side] = len(far)

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is at or above the best ask."""
        return bool(self.state[k.BEST] + self.state[k.BEST + 1] <= 0)

    def list_best(self, levels: int | None) -> tuple[Levels, Levels]:
        """(key, units) of bids and asks, best first; all of them for None."""
        return self._list_side(0, levels), self._list_side(1, levels)

    def list_top(self) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """The best (key, units) of bids and of asks; None for an empty side."""
        return self._read_best(0), self._read_best(1)

    def _read_best(self, side: int) -> tuple[int, int] | None:
        best = int(self.state[k.BEST + side])
        if best == k.NONE:
            return None
        at = k.WINDOWS + side * self._width + best - int(self.state[k.BASE + side])
        return best, int(self.state[at])

    def _list_side(self, side: int, levels: int | None) -> Levels:
        best = int(self.state[k.BEST + side])
        if best == k.NONE:
            return []
        start = best - int(self.state[k.BASE + side])
        first = k.WINDOWS + side * self._width
        for stop in (min(start + _NEAR, self._width), self._width):
            window = self.state[first + start : first + stop]
            held = np.flatnonzero(window)[:levels]
            if len(held) == levels:
                break
        found = list(zip((held + best).tolist(), window[held].tolist(), strict=True))
        if levels is None or len(found) < levels:
            found.extend(sorted(self._far[side].items()))
        return found[:levels]


def _choose_width(sides: list[dict[int, int]]) -> int:
    """The least power of two whose window holds most levels of both sides."""
    wanted = 0
    for side in sides:
        if side:
            keys = sorted(side)
            wanted = max(wanted, keys[int((len(keys) - 1) * _SHARE)] - keys[0])
    width = _LEAST_WIDTH
    while width < _MOST_WIDTH and width // 2 < wanted:
        width *= 2
    return width
