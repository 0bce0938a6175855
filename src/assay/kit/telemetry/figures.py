"""Counting what happened: plain numbers in plain dictionaries, without locks.

A figure of the API is only written by its event loop. `Times` are also written by read threads: an
update is a few byte codes under the interpreter's lock, and one lost among millions is no harm.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import Final

BOUNDS_S: Final = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)
"""Upper bounds of the buckets in seconds, about 2.3 times apart."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "other"

# Counts of the buckets, the last beyond all bounds; then the sum in seconds.
Row = list[float]
_EMPTY: Final = [0.0] * (len(BOUNDS_S) + 2)


class Times:
    """Durations by label values, in the fixed buckets."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: dict[tuple[str, ...], Row] = {}

    def observe(self, labels: tuple[str, ...], seconds: float) -> None:
        """Count one event that took `seconds`."""
        row = self.rows.get(labels)
        if row is None:
            row = self.rows.setdefault(labels, _EMPTY.copy())
        row[bisect_left(BOUNDS_S, seconds)] += 1
        row[-1] += seconds


class RequestStats:
    """Requests of one process: how many, how they ended, how long they took.

    `route` is the path template, never the path: the number of series stays small whatever is
    asked for.
    """

    __slots__ = ("_rows", "in_flight", "refused")

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, int], Row] = {}
        self.in_flight = 0
        self.refused: Counter[str] = Counter()
        """Requests that a limit or a quota turned away, by the code of the problem."""

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (route, method, status)
        row = self._rows.get(key)
        if row is None:
            # A method is the caller's own word: only those of the standard become labels.
            key = (route, method if method in METHODS else OTHER, status)
            row = self._rows.setdefault(key, _EMPTY.copy())
        row[bisect_left(BOUNDS_S, seconds)] += 1
        row[-1] += seconds

    def refuse(self, code: str) -> None:
        """Count one request that a limit or quota turned away with this problem code."""
        self.refused[code] += 1

    def counts(self) -> Iterator[tuple[tuple[str, str, int], int]]:
        """Requests by route, method and status."""
        for key, row in list(self._rows.items()):
            yield key, int(sum(row[:-1]))

    def times(self) -> dict[tuple[str, ...], Row]:
        """Durations by route and method."""
        merged: dict[tuple[str, ...], Row] = {}
        for (route, method, _), row in list(self._rows.items()):
            total = merged.get((route, method))
            merged[route, method] = (
                row.copy()
                if total is None
                else [mine + more for mine, more in zip(total, row, strict=True)]
            )
        return merged


class UpstreamStats:
    """Calls to other people's services, by host."""

    __slots__ = ("breakers", "errors", "retries", "times")

    def __init__(self) -> None:
        self.times = Times()
        """Attempts by host and outcome (a status, or `error`)."""
        self.errors: Counter[tuple[str, str]] = Counter()
        """Failed attempts by host and kind of failure."""
        self.retries: Counter[str] = Counter()
        self.breakers: dict[str, str] = {}
        """State of each host's circuit breaker: closed, open or half-open."""


UPSTREAM: Final = UpstreamStats()
"""The calls of this process."""

DATABASE: Final = Times()
"""Transactions of this process by what they were: read or write, and ok or failed."""
