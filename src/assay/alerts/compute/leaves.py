"""The tests at the leaves of a rule, as they stand between readings.

A test that lasts is on, off or unknown; one that happens (a crossing, a change) is true at the
reading that did it and for its `hold_s` after it. `docs/method/alerts.md` has the definitions.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from assay.alerts.compute.metrics import METRICS
from assay.alerts.rules import (
    Changes,
    Compare,
    Cross,
    Happens,
    Move,
    OneOf,
    Test,
    Unusual,
)
from assay.alerts.types import Reading

REARM_SHARE = 0.005
"""How far a reading comes back before a level counts as left: this share of the level."""
REARM_MOVE = 0.2
"""The same for a move, as a share of its percent, and of a robust z above its own bound."""

FALSE, UNKNOWN, TRUE, PULSE = 0, 1, 2, 3
"""How true a test is now. `PULSE`: because of something that happens at this very reading."""

SAME, CHANGED, HAPPENED = 0, 1, 2
"""What a reading did to a test."""

Json = dict[str, Any]


class Past(Protocol):
    """What a series remembers for its tests."""

    def high(self, width_ms: int) -> float:
        """The highest number of a window, the present reading included."""
        ...

    def low(self, width_ms: int) -> float:
        """The lowest."""
        ...

    def unusual(self, length: int, value: float) -> float | None:
        """The robust z of `value` against the readings before it; None while unknown."""
        ...


class LeafState:
    """A test of one rule. `on` is None while nothing is known."""

    keeps: ClassVar[tuple[str, ...]] = ("on",)

    def __init__(self, test: Test, owner: object) -> None:
        self.test = test
        self.owner = owner
        self.on: bool | None = None
        self.last: Reading | None = None
        self.at_ms = 0
        self.beside: float | None = None
        self.fresh_ms = METRICS[test.metric].fresh_s * 1000

    def update(self, value: float | str, at_ms: int, past: Past) -> int:
        """Take a reading in; SAME, CHANGED or HAPPENED."""
        raise NotImplementedError

    def truth(self, at_ms: int) -> int:
        """FALSE, UNKNOWN or TRUE at a moment; what is older than its metric allows is unknown."""
        if self.on is None or not -self.fresh_ms <= at_ms - self.at_ms <= self.fresh_ms:
            return UNKNOWN
        return TRUE if self.on else FALSE

    def resting_truth(self, at_ms: int) -> int:
        """The same once the present reading is past."""
        return self.truth(at_ms)

    def rewind(self) -> None:
        """The series begins anew at an earlier time."""

    def dump(self) -> Json:
        """What `restore` takes."""
        kept: Json = {name: getattr(self, name) for name in self.keeps}
        return {**kept, "at": self.at_ms}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Go on from what `dump` gave."""
        for name in self.keeps:
            setattr(self, name, kept[name])
        self.at_ms = int(kept["at"])

    def _turn(self, is_on: bool) -> int:
        if is_on is self.on:
            return SAME
        self.on = is_on
        return CHANGED


class LevelState(LeafState):
    """Above or below a value."""

    def __init__(self, test: Compare, owner: object) -> None:
        super().__init__(test, owner)
        band = find_band(test)
        self._is_above = test.op == "above"
        self._enter = test.value
        self._leave = test.value - band if self._is_above else test.value + band

    def update(self, value: float | str, at_ms: int, past: Past) -> int:
        """On beyond the value, off at or behind the value less its band."""
        bound = self._leave if self.on else self._enter
        if isinstance(value, str):
            return SAME
        return self._turn(value > bound if self._is_above else value < bound)


class MoveState(LeafState):
    """Away from the extreme of a window."""

    def __init__(self, test: Move, owner: object) -> None:
        super().__init__(test, owner)
        rearm = test.rearm if test.rearm is not None else REARM_MOVE * test.percent
        self._enter, self._leave = test.percent, test.percent - rearm
        self._width_ms = test.within_s * 1000
        self._op = test.op

    def update(self, value: float | str, at_ms: int, past: Past) -> int:
        """On from the percentage on, off below it less its band."""
        if isinstance(value, str):
            return SAME
        moved = -1.0
        if self._op != "falls":
            low = past.low(self._width_ms)
            moved, self.beside = 100.0 * (value - low) / low, low
        if self._op != "rises":
            high = past.high(self._width_ms)
            fallen = 100.0 * (high - value) / high
            if fallen > moved:
                moved, self.beside = fallen, high
        return self._turn(moved >= self._enter if not self.on else moved >= self._leave)


class UnusualState(LeafState):
    """Beyond what its history makes likely."""

    def __init__(self, test: Unusual, owner: object) -> None:
        super().__init__(test, owner)
        rearm = test.rearm if test.rearm is not None else REARM_MOVE * test.z
        self._enter, self._leave = test.z, test.z - rearm
        self._length = test.history

    def update(self, value: float | str, at_ms: int, past: Past) -> int:
        """On from the bound on; nothing changes while the history says nothing."""
        z = None if isinstance(value, str) else past.unusual(self._length, value)
        if z is None:
            return SAME
        self.beside = z
        return self._turn(z >= self._enter if not self.on else z >= self._leave)


class OneOfState(LeafState):
    """Is one of some words."""

    def __init__(self, test: OneOf, owner: object) -> None:
        super().__init__(test, owner)
        self._words = frozenset(test.values)

    def update(self, value: float | str, at_ms: int, past: Past) -> int:
        """On while the word is one of them."""
        return self._turn(value in self._words)


class PulseState(LeafState):
    """Something that happens. `pulse_ms` is when it last did, None: never."""

    keeps: ClassVar[tuple[str, ...]] = ("pulse_ms",)

    def __init__(self, test: Cross | Changes | Happens, owner: object) -> None:
        super().__init__(test, owner)
        self.hold_ms = test.hold_s * 1000
        self.pulse_ms: int | None = None
        self.is_pulsing = False

    def truth(self, at_ms: int) -> int:
        """PULSE at the reading that did it, TRUE for `hold_s` after it, else FALSE."""
        return PULSE if self.is_pulsing else self.resting_truth(at_ms)

    def resting_truth(self, at_ms: int) -> int:
        """TRUE for `hold_s` after it happened."""
        if self.pulse_ms is None:
            return FALSE
        return TRUE if 0 <= at_ms - self.pulse_ms < self.hold_ms else FALSE

    def _pulse(self, at_ms: int) -> int:
        self.pulse_ms, self.is_pulsing = at_ms, True
        return HAPPENED


class CrossState(PulseState):
    """Goes through a value."""

    keeps: ClassVar[tuple[str, ...]] = ("pulse_ms", "was_low", "was_high")

    def __init__(self, test: Cross, owner: object) -> None:
        super().__init__(test, owner)
        self._value, self._band = test.value, find_band(test)
        self._rises = test.op != "crosses_below"
        self._falls = test.op != "crosses_above"
        self.was_low: bool | None = None
        self.was_high: bool | None = None
        self.beside = test.value

    def update(self, value: float | str, at_ms: int, past: Past) -> int:
        """Happens beyond the value once a reading was on the other side, by the band except for
        the first reading ever.
        """
        if isinstance(value, str):
            return SAME
        if self.was_low is None:
            self.was_low, self.was_high = value < self._value, value > self._value
            return CHANGED
        before = (self.was_low, self.was_high)
        happened = SAME
        if value > self._value and self.was_low:
            self.was_low = False
            happened = self._pulse(at_ms) if self._rises else CHANGED
        elif value < self._value and self.was_high:
            self.was_high = False
            happened = self._pulse(at_ms) if self._falls else CHANGED
        self.was_low = self.was_low or value < self._value - self._band
        self.was_high = self.was_high or value > self._value + self._band
        return happened or (CHANGED if before != (self.was_low, self.was_high) else SAME)

    def rewind(self) -> None:
        """It must be seen on one side again before it can cross."""
        self.was_low = self.was_high = None


class ChangeState(PulseState):
    """Another word than before."""

    keeps: ClassVar[tuple[str, ...]] = ("pulse_ms", "word")

    def __init__(self, test: Changes, owner: object) -> None:
        super().__init__(test, owner)
        self._was, self._to = test.was, test.to
        self.word: str | None = None

    def update(self, value: float | str, at_ms: int, past: Past) -> int:
        """Happens where the word differs from the one before, and both are those wanted."""
        before, self.word = self.word, str(value)
        if before == self.word:
            return SAME
        if before is None or (self._was or before) != before or (self._to or value) != value:
            return CHANGED
        return self._pulse(at_ms)


class HappenState(PulseState):
    """Each reading is one."""

    def update(self, value: float | str, at_ms: int, past: Past) -> int:
        """Happens."""
        return self._pulse(at_ms)


def find_band(test: Compare | Cross) -> float:
    """How far a reading must come back, in units of the metric."""
    return test.rearm if test.rearm is not None else REARM_SHARE * abs(test.value)


def create_leaf(test: Test, owner: object) -> LeafState:
    """The state of a test before its first reading."""
    if isinstance(test, Compare):
        return LevelState(test, owner)
    if isinstance(test, Cross):
        return CrossState(test, owner)
    if isinstance(test, Move):
        return MoveState(test, owner)
    if isinstance(test, Unusual):
        return UnusualState(test, owner)
    if isinstance(test, OneOf):
        return OneOfState(test, owner)
    return ChangeState(test, owner) if isinstance(test, Changes) else HappenState(test, owner)
