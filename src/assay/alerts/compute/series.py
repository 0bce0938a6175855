"""One metric of one subject as readings come in: what is late, what repeats, what is remembered."""

import math
from typing import Any

from assay.alerts.compute.leaves import LeafState
from assay.alerts.compute.metrics import METRICS
from assay.alerts.compute.windows import Extremes, History
from assay.alerts.rules import Move, Unusual

REWIND_MS = 60_000
"""A live series whose time goes back by more than this begins anew: a replay was started again, or
a clock was set. What is late by less is left out.
"""

Json = dict[str, Any]
Window = tuple[int, bool]
"""Width in milliseconds, and whether it is the highest or the lowest."""


class Series:
    """The tests over one metric of one subject, and the windows they share."""

    def __init__(self, metric: str, subject: str) -> None:
        self.metric = METRICS[metric]
        self.subject = subject
        self.leaves: list[LeafState] = []
        self.last_ms: int | None = None
        self.last_value: float | str | None = None
        self._extremes: dict[Window, Extremes] = {}
        self._histories: dict[int, History] = {}

    def add(self, leaf: LeafState) -> None:
        """Watch for a test; what it was last told of is known to have come."""
        self.leaves.append(leaf)
        for window in _list_windows(leaf):
            self._extremes.setdefault(window, Extremes(window[0], is_high=window[1]))
        if isinstance(leaf.test, Unusual):
            self._histories.setdefault(leaf.test.history, History(leaf.test.history))
        if leaf.last is not None and (self.last_ms is None or leaf.at_ms > self.last_ms):
            self.last_ms, self.last_value = leaf.at_ms, leaf.last.value

    def remove(self, owner: object) -> None:
        """Watch no longer for the tests of a rule; what nobody needs is forgotten."""
        self.leaves = [leaf for leaf in self.leaves if leaf.owner is not owner]
        needed = {window for leaf in self.leaves for window in _list_windows(leaf)}
        lengths = {leaf.test.history for leaf in self.leaves if isinstance(leaf.test, Unusual)}
        self._extremes = {key: item for key, item in self._extremes.items() if key in needed}
        self._histories = {key: item for key, item in self._histories.items() if key in lengths}

    def take(self, at_ms: int, value: float | str) -> bool:
        """Whether a reading counts: neither late nor the last one again, and a number that is one.

        If so, windows hold it; histories get it by `remember`, once tests have looked.
        """
        is_number = not isinstance(value, str)
        if is_number and not _is_sound(value, is_positive=self.metric.is_positive):
            return False
        if self.last_ms is not None and at_ms <= self.last_ms:
            if at_ms == self.last_ms and value == self.last_value:
                return False
            if at_ms < self.last_ms and not self._rewind(at_ms):
                return False
        self.last_ms, self.last_value = at_ms, value
        if is_number:
            for window in self._extremes.values():
                window.add(at_ms, float(value))
        return True

    def remember(self, value: float | str) -> None:
        """Put a reading that tests have seen into the histories."""
        if not isinstance(value, str):
            for history in self._histories.values():
                history.add(value)

    def high(self, width_ms: int) -> float:
        """The highest number of a window, the present reading included."""
        return self._extremes[width_ms, True].value

    def low(self, width_ms: int) -> float:
        """The lowest."""
        return self._extremes[width_ms, False].value

    def unusual(self, length: int, value: float) -> float | None:
        """The robust z of `value` against the readings before it; None while unknown."""
        return self._histories[length].compute_z(value)

    @property
    def kept(self) -> int:
        """How many numbers are remembered."""
        return sum(map(len, self._extremes.values())) + sum(map(len, self._histories.values()))

    def dump(self) -> Json | None:
        """Windows and histories as plain values and bytes; None where there are none."""
        if not self.kept:
            return None
        return {
            "last": self.last_ms,
            "extremes": [[*key, item.dump()] for key, item in self._extremes.items()],
            "histories": [[key, item.dump()] for key, item in self._histories.items()],
        }

    def restore(self, kept: Json) -> None:
        """Go on from what `dump` gave, where a test still needs it."""
        for width_ms, is_high, queue in kept["extremes"]:
            if (width_ms, is_high) in self._extremes:
                self._extremes[width_ms, is_high].restore(queue)
        for length, items in kept["histories"]:
            if length in self._histories:
                self._histories[length].restore(items)
        if self.last_ms is None or kept["last"] > self.last_ms:
            self.last_ms = kept["last"]

    def _rewind(self, at_ms: int) -> bool:
        if not self.metric.is_live or self.last_ms is None or self.last_ms - at_ms <= REWIND_MS:
            return False
        for window in self._extremes.values():
            window.clear()
        for history in self._histories.values():
            history.clear()
        for leaf in self.leaves:
            leaf.rewind()
        return True


def _is_sound(value: float | str, *, is_positive: bool) -> bool:
    number = float(value)
    return math.isfinite(number) and (number > 0.0 or not is_positive)


def _list_windows(leaf: LeafState) -> list[Window]:
    if not isinstance(leaf.test, Move):
        return []
    width_ms, op = leaf.test.within_s * 1000, leaf.test.op
    return [(width_ms, high) for high in (True, False) if op == "moves" or high is (op == "falls")]
