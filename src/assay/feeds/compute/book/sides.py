"""The portable book: two dicts and two heaps, for every venue, on any machine, nothing compiled."""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from itertools import islice

from assay.feeds.compute.book.reading import Side, count_units

_SPARE = 1024


class Half:
    """One side of a book.

    Removed levels stay in dict and heap with size 0 until they come to the top or there are too
    many, so that each key is in the heap once and no change searches a list.
    """

    __slots__ = ("_heap", "_most", "sizes")

    def __init__(self, levels: Side) -> None:
        self.sizes: Side = {key: size for key, size in levels.items() if size}
        self._sweep()

    def change(self, changes: Side) -> None:
        """Put the new sizes; 0 removes."""
        sizes = self.sizes
        heap = self._heap
        for key in [key for key in changes if key not in sizes]:
            if changes[key]:
                heappush(heap, key)
            else:
                del changes[key]
        sizes.update(changes)
        while heap and not sizes[heap[0]]:
            del sizes[heappop(heap)]
        if len(heap) > self._most:
            self.sizes = {key: size for key, size in sizes.items() if size}
            self._sweep()

    def _sweep(self) -> None:
        self._heap = list(self.sizes)
        heapify(self._heap)
        self._most = 2 * len(self._heap) + _SPARE

    @property
    def best(self) -> int | None:
        """The best key; None when empty."""
        return self._heap[0] if self._heap else None

    def read_best(self) -> tuple[int, int] | None:
        """The best key and its size in 1e-8."""
        best = self.best
        return None if best is None else (best, count_units(self.sizes[best]))

    def walk(self) -> Iterator[int]:
        """Keys, best first, without sorting more of the heap than is asked for."""
        heap = self._heap
        frontier = [(heap[0], 0)] if heap else []
        while frontier:
            key, at = heappop(frontier)
            if self.sizes[key]:
                yield key
            for child in (2 * at + 1, 2 * at + 2):
                if child < len(heap):
                    heappush(frontier, (heap[child], child))

    def list_best(self, levels: int | None) -> list[tuple[int, int]]:
        """(key, units), best first."""
        sizes = self.sizes
        if levels is None:
            return [(key, count_units(sizes[key])) for key in sorted(sizes) if sizes[key]]
        return [(key, count_units(sizes[key])) for key in islice(self.walk(), levels)]

    def cut(self, levels: int) -> None:
        """Keep the best so many."""
        if len(self.sizes) > levels:
            best = sorted(key for key, size in self.sizes.items() if size)[:levels]
            self.sizes = {key: self.sizes[key] for key in best}
            self._sweep()


class Sides:
    """Both sides of a book, sizes as they were read."""

    __slots__ = ("asks", "bids")

    def __init__(self, bids: Side, asks: Side) -> None:
        self.bids = Half(bids)
        self.asks = Half(asks)

    def change(self, bids: Side, asks: Side) -> None:
        """Put the new sizes; 0 removes."""
        if bids:
            self.bids.change(bids)
        if asks:
            self.asks.change(asks)

    def cut(self, levels: int) -> None:
        """Keep the best so many on each side."""
        self.bids.cut(levels)
        self.asks.cut(levels)

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is at or above the best ask."""
        bid, ask = self.bids.best, self.asks.best
        return bid is not None and ask is not None and bid + ask <= 0

    def list_top(self) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """The best (key, units) of bids and of asks; None for an empty side."""
        return self.bids.read_best(), self.asks.read_best()

    def list_best(self, levels: int | None) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """(key, units) of bids and asks, best first; all of them for None."""
        return self.bids.list_best(levels), self.asks.list_best(levels)
