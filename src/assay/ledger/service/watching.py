"""The minute's work: news of the log go to the witnesses, and now and then onto the chain.

Whoever calls `watch` often does each task in its turn; turns are kept in the database, so that of
several processes only one has each, and a task that fails comes back ever more slowly.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import AssayError
from assay.kit.upstream import UPSTREAMS, Upstreams
from assay.ledger.outside import Outside, Submission, Witness
from assay.ledger.service.anchoring import RESEND_AFTER, Anchoring
from assay.ledger.service.asking import ask_outside
from assay.ledger.service.heads import keep_view
from assay.ledger.service.witnessing import submit_checkpoint
from assay.ledger.store.log import load_checkpoint, load_log
from assay.ledger.store.outside import (
    LONGEST_BACKOFF,
    end_turn,
    is_due,
    list_anchors,
    list_sent_anchors,
    list_witnesses,
    take_turn,
)
from assay.ledger.types import Log

MINUTE: Final = timedelta(minutes=1)
SETTLE: Final = "settle anchors"
ANCHOR: Final = "anchor"

log = logging.getLogger("assay.log")


@dataclass(frozen=True, slots=True)
class _World:
    """What the database says before anything is asked."""

    log: Log
    size: int
    cosigned: dict[str, int | None]
    anchored: int
    oldest_sent: datetime | None


def watch(
    database: Database, outside: Outside, clock: Clock, *, upstreams: Upstreams = UPSTREAMS
) -> None:
    """Do what is due now: submit the newest checkpoint to witnesses that have not cosigned it (each
    at most once a minute), look after transactions under way, anchor in the stated cadence. Trouble
    is logged and put off; only a database that is away raises.
    """
    _Watching(database, outside, clock, upstreams).watch()


@dataclass(frozen=True, slots=True)
class _Watching:
    database: Database
    outside: Outside
    clock: Clock
    upstreams: Upstreams

    def watch(self) -> None:
        world = self._look()
        if world is None:
            return
        news = [
            witness
            for witness in self.outside.witnesses
            if world.cosigned.get(str(witness.key)) != world.size
        ]
        self._submit(world, news)
        if self.outside.chain is None or not self.outside.chain.contract:
            return
        anchoring = Anchoring(
            self.database, self.outside.chain, self.clock, upstreams=self.upstreams
        )
        is_automatic = self.outside.anchor_every_h > 0
        if world.oldest_sent is not None:
            is_stuck = self.clock.now() - world.oldest_sent >= RESEND_AFTER
            resend = is_stuck and is_automatic
            self._do(SETTLE, MINUTE, anchoring.write if resend else anchoring.settle)
        elif is_automatic and world.anchored < world.size:
            self._do(ANCHOR, timedelta(hours=self.outside.anchor_every_h), anchoring.write)

    def _look(self) -> _World | None:
        with self.database.read() as connection:
            newest_log = load_log(connection)
            if newest_log is None:
                return None
            number = newest_log.number
            signed = load_checkpoint(connection, number)
            if signed is None:
                return None
            anchors = list_anchors(connection, number, limit=1)
            chain = self.outside.chain
            place = (chain.chain_id, chain.contract) if chain else None
            sent = [
                item
                for item in list_sent_anchors(connection, number)
                if (item.chain_id, item.contract) == place
            ]
            return _World(
                newest_log,
                signed.size,
                {state.vkey: state.size for state in list_witnesses(connection, number)},
                anchors[0].size if anchors else 0,
                sent[0].sent_at if sent else None,
            )

    def _submit(self, world: _World, witnesses: list[Witness]) -> None:
        """Each witness has its own turns: one that is away does not slow the others."""
        due: dict[str, int] = {}
        for witness in witnesses:
            failures = self._take(_name(witness.key.name), MINUTE)
            if failures is not None:
                due[witness.key.name] = failures
        if not due:
            return
        asked = tuple(witness for witness in witnesses if witness.key.name in due)
        told = submit_checkpoint(
            self.database, Outside(asked), self.clock, upstreams=self.upstreams
        )
        for item in told:
            self._end(_name(item.witness), due[item.witness], is_well=not item.trouble)
            _tell(item)
        if any(item.is_alarm for item in told):
            # What they know is remembered, and stops whoever appends.
            view = ask_outside(self.database, self.outside, self.clock, upstreams=self.upstreams)
            keep_view(self.database.home, world.log, view)

    def _do(self, name: str, every: timedelta, work: Callable[[], object]) -> None:
        failures = self._take(name, every)
        if failures is None:
            return
        try:
            work()
        except AssayError as error:
            self._end(name, failures, is_well=False)
            log.warning("%s of the log failed: %s", name, error)
        else:
            self._end(name, failures, is_well=True)

    def _take(self, name: str, every: timedelta) -> int | None:
        now = self.clock.now()
        with self.database.read() as connection:
            if not is_due(connection, name, now, every):
                return None
        with self.database.write() as connection:
            return take_turn(connection, name, now, every)

    def _end(self, name: str, failures: int, *, is_well: bool) -> None:
        if is_well and not failures:
            return
        count = 0 if is_well else failures + 1
        pause = min(LONGEST_BACKOFF, MINUTE * 2 ** min(failures, 10))
        next_at = None if is_well else self.clock.now() + pause
        with self.database.write() as connection:
            end_turn(connection, name, count, next_at)


def _name(witness: str) -> str:
    return f"witness {witness}"


def _tell(item: Submission) -> None:
    if item.is_alarm:
        log.critical(
            "witness %s does not accept %d entries of the log: %s",
            item.witness,
            item.size,
            item.trouble,
        )
    elif item.trouble:
        log.warning(
            "witness %s has not cosigned %d entries of the log: %s",
            item.witness,
            item.size,
            item.trouble,
        )
    else:
        log.info("witness %s cosigned %d entries of the log", item.witness, item.size)
