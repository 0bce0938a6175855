"""What of the past a test needs: extremes of a window, and a history to be unusual against.

Both have a bounded size whatever comes in.
"""

import math
from array import array
from bisect import insort
from collections import deque
from itertools import chain
from statistics import median

BUCKETS = 256
"""A window is told apart into so many pieces: it is up to one of them longer than it says."""

TO_DEVIATIONS = 1.4826
"""A normal sample's median absolute deviation times this is its standard deviation."""


class Extremes:
    """Highest or lowest number of the last `width_ms`, by a monotonic queue of buckets.

    Adding takes constant time on average; at most `BUCKETS` + 2 entries are kept.
    """

    __slots__ = ("_bucket_ms", "_is_high", "_queue", "_width_ms")

    def __init__(self, width_ms: int, *, is_high: bool) -> None:
        self._width_ms = width_ms
        self._bucket_ms = max(1, width_ms // BUCKETS)
        self._is_high = is_high
        self._queue: deque[tuple[int, float]] = deque()

    def add(self, at_ms: int, value: float) -> None:
        """Take in a number; times may not go back."""
        queue, bucket = self._queue, at_ms // self._bucket_ms
        if self._is_high:
            while queue and queue[-1][1] <= value:
                queue.pop()
        else:
            while queue and queue[-1][1] >= value:
                queue.pop()
        # Within a bucket only the extreme counts, and it counts until the bucket has passed.
        if not queue or queue[-1][0] != bucket:
            queue.append((bucket, value))
        oldest = (at_ms - self._width_ms) // self._bucket_ms
        while queue[0][0] < oldest:
            queue.popleft()

    @property
    def value(self) -> float:
        """The extreme; at least one number must have been added."""
        return self._queue[0][1]

    def __len__(self) -> int:
        return len(self._queue)

    def clear(self) -> None:
        """Forget everything."""
        self._queue.clear()

    def dump(self) -> bytes:
        """What `restore` takes: float64, bucket and value by turns."""
        return array("d", chain.from_iterable(self._queue)).tobytes()

    def restore(self, kept: bytes) -> None:
        """Go on from what `dump` gave."""
        flat = array("d", kept)
        self._queue = deque(zip(map(int, flat[::2]), flat[1::2], strict=True))


class History:
    """The last `length` numbers, as logarithms of 1 + number, oldest out first."""

    __slots__ = ("_order", "_sorted", "length")

    def __init__(self, length: int) -> None:
        self.length = length
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    def compute_z(self, value: float) -> float | None:
        """How unusual `value` (not negative) is: (x - median) / (1.4826 MAD) of the logarithms.

        None while the history is not full, and where more than half of it is one number.
        """
        if len(self._order) < self.length or value < 0.0:
            return None
        middle = median(self._sorted)
        spread = TO_DEVIATIONS * median(sorted([abs(item - middle) for item in self._sorted]))
        return (math.log1p(value) - middle) / spread if spread > 0.0 else None

    def add(self, value: float) -> None:
        """Take in a number; a negative one is left out."""
        if value < 0.0:
            return
        item = math.log1p(value)
        if len(self._order) == self.length:
            self._sorted.remove(self._order.popleft())
        self._order.append(item)
        insort(self._sorted, item)

    def __len__(self) -> int:
        return len(self._order)

    def clear(self) -> None:
        """Forget everything."""
        self._order.clear()
        self._sorted.clear()

    def dump(self) -> bytes:
        """What `restore` takes: float64, oldest first."""
        return array("d", self._order).tobytes()

    def restore(self, kept: bytes) -> None:
        """Go on from what `dump` gave."""
        self._order = deque(array("d", kept))
        self._sorted = sorted(self._order)
