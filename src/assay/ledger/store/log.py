"""The tables of the transparency log: logs, keys, entries, tiles and checkpoints."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zlib import crc32

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    func,
    select,
    text,
    tuple_,
)

from assay.kit.database import metadata
from assay.kit.moments import from_microseconds, to_microseconds
from assay.ledger.store.publications import publications
from assay.ledger.types import Log, LogKey, SignedCheckpoint

logs = Table(
    "logs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("origin", String, nullable=False, unique=True),
    Column("is_replay", Boolean, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    # Which database file or server the log grows in: a copy is another one.
    Column("place", String, nullable=False),
)
log_keys = Table(
    "log_keys",
    metadata,
    Column("log", Integer, ForeignKey("logs.number"), primary_key=True),
    Column("public_key", LargeBinary, primary_key=True),
    Column("name", String, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger),
)
log_entries = Table(
    "log_entries",
    metadata,
    Column("log", Integer, ForeignKey("logs.number"), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("published_at_us", BigInteger, nullable=False),
    # A publication's header is the entry; an entry without publication has its bytes here.
    Column("sequence", Integer, unique=True),
    Column("entry", LargeBinary),
)
log_tiles = Table(
    "log_tiles",
    metadata,
    Column("log", Integer, ForeignKey("logs.number"), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    # Of the hashes: a damaged tile is found without hashing a million leaves.
    Column("crc32", BigInteger, nullable=False),
)
log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    Column("log", Integer, ForeignKey("logs.number"), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("signed_at_us", BigInteger, nullable=False),
)


_SAVE_TILE = text(
    'INSERT INTO log_tiles (log, level, "index", hashes, crc32)'
    " VALUES (:log, :level, :index, :hashes, :crc32)"
    ' ON CONFLICT (log, level, "index")'
    " DO UPDATE SET hashes = excluded.hashes, crc32 = excluded.crc32"
)
_FETCH = 500


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be added: a publication by its sequence number, or other bytes."""

    position: int
    published_at: datetime
    sequence: int | None
    entry: bytes | None = None


@dataclass(frozen=True, slots=True)
class StoredTile:
    """A tile as it lies in the table; `is_whole` says whether its checksum fits."""

    level: int
    index: int
    hashes: bytes
    is_whole: bool


def insert_log(connection: Connection, log: Log, keys: list[LogKey]) -> None:
    """Start a log."""
    connection.execute(
        logs.insert().values(
            number=log.number,
            origin=log.origin,
            is_replay=log.is_replay,
            started_at_us=to_microseconds(log.started_at),
            place=log.place,
        )
    )
    for key in keys:
        insert_key(connection, log.number, key)


def insert_key(connection: Connection, number: int, key: LogKey) -> None:
    """Let a key sign the checkpoints of a log from its `since` on."""
    connection.execute(
        log_keys.insert().values(
            log=number,
            name=key.name,
            public_key=key.public_key,
            since_us=to_microseconds(key.since),
        )
    )


def retire_keys(connection: Connection, number: int, until: datetime) -> None:
    """Let every key of a log that has no end sign until then."""
    table = log_keys.c
    retired = log_keys.update().where(table.log == number, table.until_us.is_(None))
    connection.execute(retired.values(until_us=to_microseconds(until)))


def save_place(connection: Connection, number: int, place: str) -> None:
    """Let a log grow at this place from now on; the empty one is nowhere."""
    connection.execute(logs.update().where(logs.c.number == number).values(place=place))


def load_log(connection: Connection, number: int | None = None) -> Log | None:
    """One log (default: the newest); None where there is none."""
    statement = select(logs).order_by(logs.c.number.desc()).limit(1)
    if number is not None:
        statement = statement.where(logs.c.number == number)
    row = connection.execute(statement).one_or_none()
    return None if row is None else _log(row)


def list_logs(connection: Connection) -> list[Log]:
    """All logs of this database, oldest first."""
    return [_log(row) for row in connection.execute(select(logs).order_by(logs.c.number))]


def find_log(connection: Connection, origin: str) -> int | None:
    """The number of the log with this origin; None where it is not of this database."""
    statement = select(logs.c.number).where(logs.c.origin == origin)
    return connection.execute(statement).scalar_one_or_none()


def list_log_keys(connection: Connection, number: int) -> list[LogKey]:
    """The keys of a log, oldest first."""
    statement = select(log_keys).where(log_keys.c.log == number).order_by(log_keys.c.since_us)
    return [
        LogKey(
            row.name,
            row.public_key,
            from_microseconds(row.since_us),
            None if row.until_us is None else from_microseconds(row.until_us),
        )
        for row in connection.execute(statement)
    ]


def load_end(connection: Connection, number: int) -> tuple[int, datetime | None]:
    """How many entries a log has, and when its last one was published."""
    table = log_entries.c
    statement = select(table.position, table.published_at_us).where(table.log == number)
    row = connection.execute(statement.order_by(table.position.desc()).limit(1)).one_or_none()
    return (0, None) if row is None else (row.position + 1, from_microseconds(row.published_at_us))


def insert_entries(connection: Connection, number: int, entries: Iterable[NewEntry]) -> None:
    """Add entries at the end of a log."""
    rows = [
        {
            "log": number,
            "position": item.position,
            "published_at_us": to_microseconds(item.published_at),
            "sequence": item.sequence,
            "entry": item.entry,
        }
        for item in entries
    ]
    if rows:
        connection.execute(log_entries.insert(), rows)


def load_position(connection: Connection, sequence: int) -> tuple[int, int] | None:
    """Log and position of a publication; None where it is in no log yet."""
    table = log_entries.c
    row = connection.execute(
        select(table.log, table.position).where(table.sequence == sequence)
    ).one_or_none()
    return None if row is None else (row.log, row.position)


def list_entries(connection: Connection, number: int, start: int, end: int) -> list[bytes]:
    """The bytes of the entries from `start` up to but not including `end`."""
    table = log_entries.c
    statement = (
        select(func.coalesce(table.entry, publications.c.header))
        .select_from(log_entries.outerjoin(publications, publications.c.sequence == table.sequence))
        .where(table.log == number, table.position >= start, table.position < end)
        .order_by(table.position)
    )
    return [bytes(entry) for entry in connection.execute(statement).scalars()]


def load_tile(connection: Connection, number: int, level: int, index: int) -> bytes:
    """The hashes of one tile; empty where there is none."""
    table = log_tiles.c
    found = connection.execute(
        select(table.hashes).where(table.log == number, table.level == level, table.index == index)
    ).scalar_one_or_none()
    return b"" if found is None else bytes(found)


def save_tiles(connection: Connection, number: int, tiles: Mapping[tuple[int, int], bytes]) -> None:
    """Write tiles that are new or longer now."""
    rows = [
        {"log": number, "level": level, "index": index, "hashes": hashes, "crc32": crc32(hashes)}
        for (level, index), hashes in tiles.items()
    ]
    if rows:
        connection.execute(_SAVE_TILE, rows)


def read_tiles(connection: Connection, number: int) -> Iterator[StoredTile]:
    """All tiles of a log by level and index, a few at a time."""
    table = log_tiles.c
    key = tuple_(table.level, table.index)
    statement = select(table.level, table.index, table.hashes, table.crc32)
    statement = statement.where(table.log == number).order_by(table.level, table.index)
    after = (-1, -1)
    while rows := connection.execute(statement.where(key > after).limit(_FETCH)).all():
        for level, index, hashes, checksum in rows:
            yield StoredTile(level, index, bytes(hashes), crc32(hashes) == checksum)
            after = (level, index)


def insert_checkpoint(connection: Connection, number: int, signed: SignedCheckpoint) -> None:
    """Add a signed checkpoint."""
    connection.execute(
        log_checkpoints.insert().values(
            log=number,
            size=signed.size,
            root=signed.root,
            note=signed.note,
            signed_at_us=to_microseconds(signed.signed_at),
        )
    )


def load_checkpoint(
    connection: Connection, number: int, size: int | None = None
) -> SignedCheckpoint | None:
    """The checkpoint of a size (default: the newest); None where there is none."""
    statement = select(log_checkpoints).where(log_checkpoints.c.log == number)
    if size is not None:
        statement = statement.where(log_checkpoints.c.size == size)
    row = connection.execute(
        statement.order_by(log_checkpoints.c.size.desc()).limit(1)
    ).one_or_none()
    return None if row is None else _checkpoint(row)


def list_checkpoints(
    connection: Connection,
    number: int,
    *,
    after: int | None,
    limit: int,
    is_newest_first: bool = True,
) -> list[SignedCheckpoint]:
    """The next `limit` checkpoints of a log behind the one of `after` entries (None: from the first
    of that order).
    """
    size = log_checkpoints.c.size
    statement = select(log_checkpoints).where(log_checkpoints.c.log == number)
    statement = statement.order_by(size.desc() if is_newest_first else size)
    if after is not None:
        statement = statement.where(size < after if is_newest_first else size > after)
    return [_checkpoint(row) for row in connection.execute(statement.limit(limit))]


def _log(row: Row[Any]) -> Log:
    started_at = from_microseconds(row.started_at_us)
    return Log(row.number, row.origin, row.is_replay, started_at, row.place)


def _checkpoint(row: Row[Any]) -> SignedCheckpoint:
    signed_at = from_microseconds(row.signed_at_us)
    return SignedCheckpoint(row.size, bytes(row.root), bytes(row.note), signed_at)
