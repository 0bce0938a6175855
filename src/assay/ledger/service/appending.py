"""The end of the log that grows: it refuses what could make it say two things of one past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from assay.kit.database import Database
from assay.kit.database.place import find_place, is_same_place
from assay.kit.errors import ClockBehind, Corrupt, StateCopied, WrongLog
from assay.kit.home import Home
from assay.kit.moments import format_utc
from assay.ledger.compute.notes import Checkpoint, sign_checkpoint
from assay.ledger.compute.tree import Edge
from assay.ledger.service.heads import COPIED, refuse_unmet
from assay.ledger.service.signing import load_signers
from assay.ledger.store.log import (
    NewEntry,
    insert_checkpoint,
    insert_entries,
    load_checkpoint,
    load_end,
    load_tile,
    save_tiles,
)
from assay.ledger.store.private import insert_private
from assay.ledger.types import Log, PrivateStatement, SignedCheckpoint
from assay.verifier import hash_leaf

EVENED = timedelta(seconds=1)
"""How far the clocks of several hosts may lie apart. No entry is older than the one before it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What enters the log: a publication's header by its sequence number, or other bytes."""

    published_at: datetime
    sequence: int | None
    content: bytes
    private: PrivateStatement | None = None


class Appender:
    """The log's end in one writing transaction."""

    def __init__(self, home: Home, connection: Connection, log: Log) -> None:
        self.log = log
        self._home = home
        self._connection = connection
        size, self.last_at = load_end(connection, log.number)
        self._edge = Edge(
            size, lambda level, index: load_tile(connection, log.number, level, index)
        )

    def refuse_other(self, *, is_replay: bool) -> None:
        """Raises WrongLog where a replay meets a live log, or the other way round."""
        if self.log.is_replay == is_replay:
            return
        writer, found = ("replay", "live") if is_replay else ("live", "replay")
        raise WrongLog(
            f"A {writer} clock may not write into the {found} log {self.log.origin}.",
            hint="Point ASSAY_HOME (and ASSAY_DATABASE_URL) to a home of its own.",
        )

    def even(self, moment: datetime) -> datetime:
        """The time of the next entry: `moment`, or that of the entry before where the clock is at
        most `EVENED` behind it. Raises ClockBehind where it is further behind.
        """
        refuse_behind(self.log, self.last_at, moment)
        if self.last_at is not None and moment < self.last_at:
            return self.last_at
        self.last_at = moment
        return moment

    def add(self, entries: Sequence[Entry]) -> None:
        """Write entries and the tiles that they change."""
        number = self.log.number
        start = self._edge.size
        tiles = self._edge.extend(hash_leaf(item.content) for item in entries)
        save_tiles(self._connection, number, tiles)
        rows = [
            NewEntry(
                position,
                item.published_at,
                item.sequence,
                item.content if item.sequence is None else None,
            )
            for position, item in enumerate(entries, start=start)
        ]
        insert_entries(self._connection, number, rows)
        for row, item in zip(rows, entries, strict=True):
            if item.private is not None:
                insert_private(self._connection, number, row.position, item.private)
        if entries:
            self.last_at = entries[-1].published_at

    def sign(self, now: datetime) -> SignedCheckpoint:
        """Sign the tree as it is now."""
        keys = load_signers(self._connection, self._home, self.log, now)
        head = Checkpoint(self.log.origin, self._edge.size, self._edge.root())
        signed = SignedCheckpoint(head.size, head.root, sign_checkpoint(head, keys), now)
        insert_checkpoint(self._connection, self.log.number, signed)
        return signed

    def check(self) -> None:
        """Raises Corrupt where the log's end is not what its newest checkpoint signs."""
        signed = load_checkpoint(self._connection, self.log.number)
        refuse_cut(self.log, self._edge.size, signed)
        if signed is not None and self._edge.root() != signed.root:
            raise Corrupt(
                f"The tiles of the log {self.log.origin} do not have the root that was signed.",
                hint=DAMAGED,
            )


DAMAGED = "Stop, and restore a backup; `assay log check` says where the damage is."


def open_end(database: Database, connection: Connection, log: Log) -> Appender:
    """The end of a log, found to be the one and only.

    Raises StateCopied where the database is a copy or older than heads that are known, Corrupt
    where it is damaged.
    """
    refuse_moved(database, connection, log)
    refuse_unmet(connection, database.home, log)
    end = Appender(database.home, connection, log)
    end.check()
    return end


def refuse_moved(database: Database, connection: Connection, log: Log) -> None:
    """Raises StateCopied where the database is not the one in which the log grew."""
    found = find_place(database, connection)
    if not is_same_place(log.place, found):
        raise StateCopied(
            f"The database is restored or copied state: the log {log.origin} grew in another one"
            f" ({log.place or 'before a restore'}, this is {found}).",
            hint=COPIED,
        )


def refuse_behind(log: Log, last_at: datetime | None, now: datetime) -> None:
    """Raises ClockBehind where `now` is too far before the log's last entry."""
    if last_at is not None and now < last_at - EVENED:
        raise ClockBehind(
            f"The clock says {format_utc(now)}, the last entry of the log {log.origin} is of"
            f" {format_utc(last_at)}.",
            hint="Let the clock follow NTP. Nothing is ever said in the past of what was said.",
        )


def refuse_cut(log: Log, size: int, signed: SignedCheckpoint | None) -> None:
    """Raises Corrupt where the log does not have as many entries as its newest checkpoint says."""
    if size != (signed.size if signed else 0):
        raise Corrupt(
            f"The database is truncated: the log {log.origin} has {size} entries, its newest"
            f" checkpoint {signed.size if signed else 0}.",
            hint=DAMAGED,
        )
