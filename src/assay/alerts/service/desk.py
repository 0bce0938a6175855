"""The engine, the rules that it watches, and what it has found that is not written yet."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from assay import accounts
from assay.alerts.compute.engine import Engine
from assay.alerts.rules import Firing, Rule
from assay.alerts.service.recording import Batch, Recorded
from assay.alerts.store import rules as store
from assay.alerts.types import Reading
from assay.kit.clock import Clock
from assay.kit.database import Database


@dataclass(frozen=True, slots=True)
class Roster:
    """Which rules are to be watched by now, and those of them that were not (in this revision).

    `mark` is the number of changes of rules that it has seen.
    """

    wanted: frozenset[str]
    changed: tuple[Rule, ...]
    mark: int


def load_roster(database: Database, clock: Clock, have: dict[str, int]) -> Roster:
    """The rules to watch, but for those paused, over, expired or of a disabled account. `have` are
    the revisions that are watched already.
    """
    now = clock.now()
    with database.read() as connection:
        mark = store.load_mark(connection, store.RULES_MARK)
        revisions = store.list_revisions(connection)
        new = [rule_id for rule_id, revision in revisions.items() if have.get(rule_id) != revision]
        changed = store.load_rules(connection, new)
    gone = {rule_id for rule_id, rule in changed.items() if rule.status(now) != "watching"}
    disabled = _list_disabled(database)
    kept = tuple(rule for rule_id, rule in sorted(changed.items()) if rule_id not in gone)
    return Roster(
        frozenset(revisions.keys() - gone),
        tuple(rule for rule in kept if rule.account_id not in disabled),
        mark,
    )


def _list_disabled(database: Database) -> frozenset[str]:
    listed = accounts.list_accounts(database)
    return frozenset(account.account_id for account in listed if account.is_disabled)


class Desk:
    """Used by one thread. `read` is the publication up to which the engine has judged."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.read = 0
        self.pending: list[Firing] = []
        self._rules: dict[str, Rule] = {}
        self._written = 0

    @property
    def revisions(self) -> dict[str, int]:
        """The rules that are watched, with their revisions."""
        return {rule_id: rule.revision for rule_id, rule in self._rules.items()}

    @property
    def is_clean(self) -> bool:
        """True if all that was found is written."""
        return not self.pending and not self.engine.changed and self.read == self._written

    def begin(self, read: int, windows: bytes | None) -> None:
        """Go on from what was written: once the rules are there."""
        self.read = self._written = read
        if windows is not None:
            self.engine.restore_windows(windows)

    def take(self, readings: Iterable[Reading]) -> bool:
        """Let the engine judge readings; whether anything fired."""
        before = len(self.pending)
        for reading in readings:
            self.pending += self.engine.feed(reading)
        return len(self.pending) > before

    def adopt(self, roster: Roster) -> list[Rule]:
        """Watch what is to be watched from now on; the rules that have read nothing yet."""
        for rule_id in self._rules.keys() - roster.wanted:
            self.drop((rule_id,))
        for rule in roster.changed:
            self.engine.add(rule)
            self._rules[rule.rule_id] = rule
        return [rule for rule in roster.changed if not rule.state]

    def prime(self, rule: Rule, readings: Iterable[Reading]) -> None:
        """Tell a new rule what stands."""
        for reading in readings:
            self.pending += self.engine.prime(rule.rule_id, reading)

    def drop(self, rule_ids: Collection[str]) -> None:
        """Watch these no longer; what they have found is still written."""
        for rule_id in rule_ids:
            self.engine.remove(rule_id)
            self._rules.pop(rule_id, None)

    def cut(self, *, has_windows: bool) -> Batch | None:
        """All that is not written, as one batch; None where there is nothing."""
        if self.is_clean and not has_windows:
            return None
        found = {rule_id: self.engine.dump(rule_id) for rule_id in self.engine.changed}
        standings = {rule_id: item for rule_id, item in found.items() if item is not None}
        fired = {firing.rule_id for firing in self.pending}
        rules = {rule_id: self._rules[rule_id] for rule_id in fired if rule_id in self._rules}
        windows = self.engine.dump_windows() if has_windows else None
        batch = Batch(tuple(self.pending), standings, rules, self.read, windows)
        self.pending = []
        self.engine.changed.clear()
        return batch

    def put_back(self, batch: Batch) -> None:
        """The batch could not be written: it is to be written with what came since."""
        self.pending = [*batch.firings, *self.pending]
        self.engine.changed |= {item for item in batch.standings if item in self.engine}

    def settle(self, batch: Batch, recorded: Recorded) -> None:
        """The batch is written. What was refused is watched no longer, until it is read anew."""
        self._written = batch.read
        self.drop(recorded.refused)
