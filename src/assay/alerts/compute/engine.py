"""The engine: readings in, firings out. A pure function of the readings and of the states it began
with: no clock, no disk, so that what is computed again after a crash comes out the same.

An index from (metric, subject) to tests makes a reading touch only the rules that ask for it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import orjson

from assay.alerts.compute.leaves import (
    FALSE,
    PULSE,
    TRUE,
    LeafState,
    PulseState,
    create_leaf,
)
from assay.alerts.compute.series import Series
from assay.alerts.rules import All, AnyOf, Evidence, Firing, Node, Rule
from assay.alerts.types import Reading

Key = tuple[str, str]
Json = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Engine:
    """The rules that are watched, and how each stands.

    `changed` are the ids of rules whose standing is no longer the one that was stored; whoever
    stores them empties it.
    """

    def __init__(self) -> None:
        self.changed: set[str] = set()
        self._rules: dict[str, RuleState] = {}
        self._series: dict[Key, Series] = {}

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, rule_id: object) -> bool:
        return rule_id in self._rules

    @property
    def keys(self) -> Iterable[Key]:
        """The (metric, subject) pairs that some rule asks for."""
        return self._series.keys()

    @property
    def kept(self) -> int:
        """How many numbers of the past are remembered, over all windows."""
        return sum(series.kept for series in self._series.values())

    def add(self, rule: Rule) -> None:
        """Watch a rule from how it stands in `rule.state`; in the place of an older revision."""
        self.remove(rule.rule_id)
        state = RuleState(rule)
        self._rules[rule.rule_id] = state
        for leaf in state.leaves:
            key = (leaf.test.metric, leaf.test.subject)
            self._series.setdefault(key, Series(*key)).add(leaf)

    def remove(self, rule_id: str) -> None:
        """Watch a rule no longer."""
        state = self._rules.pop(rule_id, None)
        self.changed.discard(rule_id)
        if state is None:
            return
        for key in {(leaf.test.metric, leaf.test.subject) for leaf in state.leaves}:
            self._series[key].remove(state)
            if not self._series[key].leaves:
                del self._series[key]

    def feed(self, reading: Reading) -> list[Firing]:
        """What fires on a reading. One that is late, or the last one again, changes nothing."""
        series = self._series.get((reading.metric, reading.subject))
        if series is None:
            return []
        at_ms = to_ms(reading.at)
        if not series.take(at_ms, reading.value):
            return []
        firings = self._apply(series, series.leaves, reading, at_ms)
        series.remember(reading.value)
        return firings

    def prime(self, rule_id: str, reading: Reading) -> list[Firing]:
        """Tell one rule what was known already when it was made."""
        series = self._series.get((reading.metric, reading.subject))
        state = self._rules.get(rule_id)
        if series is None or state is None:
            return []
        leaves = [leaf for leaf in series.leaves if leaf.owner is state and leaf.last is None]
        at_ms = to_ms(reading.at)
        if series.last_ms is None and not series.take(at_ms, reading.value):
            return []
        return self._apply(series, leaves, reading, at_ms)

    def dump(self, rule_id: str) -> "Standing | None":
        """How a rule stands now; None where it is not watched."""
        state = self._rules.get(rule_id)
        return None if state is None else Standing(state)

    def dump_windows(self) -> bytes:
        """The remembered past of all series."""
        found = [[*key, series.dump()] for key, series in self._series.items()]
        return msgspec.msgpack.encode([item for item in found if item[2] is not None])

    def restore_windows(self, kept: bytes) -> None:
        """Go on from what `dump_windows` gave."""
        for metric, subject, windows in msgspec.msgpack.decode(kept):
            series = self._series.get((metric, subject))
            if series is not None:
                series.restore(windows)

    def _apply(
        self, series: Series, leaves: list[LeafState], reading: Reading, at_ms: int
    ) -> list[Firing]:
        due: dict[RuleState, None] = {}
        value, owner = reading.value, reading.private_to
        for leaf in leaves:
            state = leaf.owner
            assert isinstance(state, RuleState)  # noqa: S101 - this engine made it
            if state.is_over or (owner is not None and owner != state.account_id):
                continue
            if state.is_tree and state not in due and state.settle(at_ms):
                self.changed.add(state.rule_id)
            done = leaf.update(value, at_ms, series)
            leaf.at_ms, leaf.last = at_ms, reading
            if done:
                self.changed.add(state.rule_id)
            # With others beside it a test may count again that has not changed.
            if done or state.is_tree:
                due[state] = None
        firings = []
        for state in due:
            was_armed = state.is_armed
            firing = state.judge(at_ms)
            if firing is not None:
                firings.append(firing)
            if firing is not None or state.is_armed is not was_armed:
                self.changed.add(state.rule_id)
        return firings


class RuleState:
    """A rule as it stands. It fires where it is armed and comes true, and where something happens
    that makes it true; it is armed again once it is known to be false.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule_id = rule.rule_id
        self.account_id = rule.account_id
        self.revision = rule.revision
        self.is_armed = True
        self.fired = rule.fired
        self.is_over = rule.is_over
        self.suppressed = 0
        self.last_fired_ms = None if rule.last_fired_at is None else to_ms(rule.last_fired_at)
        self._is_once = not rule.spec.repeat
        self._cooldown_ms = rule.spec.cooldown_s * 1000
        self.leaves: list[LeafState] = []
        self._root = self._compile(rule.spec.when)
        self._pulses = [leaf for leaf in self.leaves if isinstance(leaf, PulseState)]
        self.is_tree = len(self.leaves) > 1 or any(leaf.hold_ms for leaf in self._pulses)
        if rule.state:
            self._restore(orjson.loads(rule.state))

    def settle(self, at_ms: int) -> bool:
        """Before a reading: arm it where what was held true is over by now; whether that was so."""
        if self.is_armed or self._root.resting_truth(at_ms) != FALSE:
            return False
        self.is_armed = True
        return True

    def judge(self, at_ms: int) -> Firing | None:
        """After a reading: fire or not, and stand armed or not."""
        truth = self._root.truth(at_ms)
        firing = None
        if truth == PULSE or (truth == TRUE and self.is_armed):
            firing = self._fire(at_ms)
        for leaf in self._pulses:
            leaf.is_pulsing = False
        resting = self._root.resting_truth(at_ms)
        if resting == FALSE:
            self.is_armed = True
        elif resting == TRUE:
            self.is_armed = False
        return firing

    def dump(self) -> str:
        """The standing that is not in columns of its own, as JSON."""
        kept = {
            "armed": self.is_armed,
            "suppressed": self.suppressed,
            "leaves": [_dump_leaf(leaf) for leaf in self.leaves],
        }
        return orjson.dumps(kept).decode()

    def _restore(self, kept: Json) -> None:
        self.is_armed = bool(kept["armed"])
        self.suppressed = int(kept["suppressed"])
        for leaf, item in zip(self.leaves, kept["leaves"], strict=True):
            _restore_leaf(leaf, item)

    def _fire(self, at_ms: int) -> Firing | None:
        since = None if self.last_fired_ms is None else at_ms - self.last_fired_ms
        if since is not None and 0 <= since < self._cooldown_ms:
            self.suppressed += 1
            return None
        self.fired += 1
        self.last_fired_ms = at_ms
        self.is_over = self._is_once
        found = [_show(leaf) for leaf in self.leaves if leaf.last is not None]
        return Firing(self.rule_id, self.fired, to_moment(at_ms), tuple(found))

    def _compile(self, node: Node) -> "LeafState | Branch":
        if isinstance(node, All):
            return Branch([self._compile(part) for part in node.all], is_all=True)
        if isinstance(node, AnyOf):
            return Branch([self._compile(part) for part in node.any], is_all=False)
        leaf = create_leaf(node, self)
        self.leaves.append(leaf)
        return leaf


class Branch:
    """`all` or `any` of its parts. Of `all` the least true decides, unless all are true and one of
    them because something happens; of `any` the most true.
    """

    def __init__(self, parts: "list[LeafState | Branch]", *, is_all: bool) -> None:
        self._parts = parts
        self._is_all = is_all

    def truth(self, at_ms: int) -> int:
        """FALSE, UNKNOWN, TRUE or PULSE at a reading."""
        return self._join([part.truth(at_ms) for part in self._parts])

    def resting_truth(self, at_ms: int) -> int:
        """The same once the reading is past."""
        return self._join([part.resting_truth(at_ms) for part in self._parts])

    def _join(self, found: list[int]) -> int:
        lowest = min(found)
        return max(found) if not self._is_all or lowest >= TRUE else lowest


class Standing:
    """How a rule stands, as it is stored."""

    __slots__ = ("fired", "is_over", "last_fired_at", "revision", "rule_id", "state")

    def __init__(self, state: RuleState) -> None:
        self.rule_id = state.rule_id
        self.revision = state.revision
        self.fired = state.fired
        self.is_over = state.is_over
        last = state.last_fired_ms
        self.last_fired_at = None if last is None else to_moment(last)
        self.state = state.dump()


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return (moment - _EPOCH) // _MS


def to_moment(at_ms: int) -> datetime:
    """The moment of `to_ms`."""
    return _EPOCH + at_ms * _MS


def _dump_leaf(leaf: LeafState) -> Json:
    last = leaf.last
    if last is None:
        return leaf.dump()
    return leaf.dump() | {"value": last.value, "source": last.source, "replay": last.is_replay}


def _restore_leaf(leaf: LeafState, kept: Json) -> None:
    leaf.restore(kept)
    if "value" in kept:
        leaf.last = Reading(
            leaf.test.metric,
            leaf.test.subject,
            kept["value"],
            to_moment(leaf.at_ms),
            source=kept["source"],
            is_replay=kept["replay"],
        )


def _show(leaf: LeafState) -> Evidence:
    last, test = leaf.last, leaf.test
    assert last is not None  # noqa: S101 - the caller chose those with a reading
    return Evidence(
        test.metric,
        test.subject,
        test.symbol,
        last.value,
        last.at,
        last.source,
        last.is_replay,
        leaf.beside,
    )
