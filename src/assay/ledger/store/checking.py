"""What the log's tables are asked when they are checked, and when a log starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from assay.kit.moments import from_microseconds
from assay.ledger.store.log import log_entries
from assay.ledger.store.publications import publications
from assay.ledger.types import Origin

_FETCH = 1_000


@dataclass(frozen=True, slots=True)
class Unlogged:
    """A publication that is in no log."""

    sequence: int
    published_at: datetime
    is_replay: bool
    header: bytes


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry with its place and time; `content` is None where its publication is missing."""

    position: int
    published_at: datetime
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many publications there are and how many entries speak of one, and the last of each."""

    publications: int
    last_publication: int
    entries: int
    last_entry: int


def list_unlogged(connection: Connection, after: int, limit: int) -> list[Unlogged]:
    """The next `limit` publications behind the sequence number `after` that are in no log."""
    table = publications.c
    statement = (
        select(table.sequence, table.published_at_us, table.origin, table.header)
        .select_from(publications.outerjoin(log_entries, log_entries.c.sequence == table.sequence))
        .where(table.sequence > after, log_entries.c.log.is_(None))
        .order_by(table.sequence)
        .limit(limit)
    )
    return [
        Unlogged(
            row.sequence,
            from_microseconds(row.published_at_us),
            row.origin == Origin.REPLAY.value,
            bytes(row.header),
        )
        for row in connection.execute(statement)
    ]


def count_all(connection: Connection) -> Counts:
    """Publications, and entries of all logs that speak of one."""
    said = connection.execute(select(func.count(), func.max(publications.c.sequence))).one()
    sequence = log_entries.c.sequence
    logged = connection.execute(select(func.count(sequence), func.max(sequence))).one()
    return Counts(said[0], said[1] or 0, logged[0], logged[1] or 0)


def count_entries(connection: Connection, number: int) -> int:
    """How many entries a log has."""
    statement = select(func.count()).where(log_entries.c.log == number)
    return int(connection.execute(statement).scalar_one())


def read_all_entries(connection: Connection, number: int) -> Iterator[StoredEntry]:
    """The entries of a log in order, some at a time."""
    table = log_entries.c
    statement = (
        select(
            table.position,
            table.published_at_us,
            func.coalesce(table.entry, publications.c.header).label("content"),
        )
        .select_from(log_entries.outerjoin(publications, publications.c.sequence == table.sequence))
        .where(table.log == number)
        .order_by(table.position)
        .limit(_FETCH)
    )
    after = -1
    while rows := connection.execute(statement.where(table.position > after)).all():
        for row in rows:
            content = None if row.content is None else bytes(row.content)
            yield StoredEntry(row.position, from_microseconds(row.published_at_us), content)
        after = rows[-1].position
