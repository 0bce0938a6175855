"""The publications table: rows are added, never changed (triggers of the migrations refuse it)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime

import zstandard
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Index,
    Integer,
    LargeBinary,
    RowMapping,
    SmallInteger,
    String,
    Table,
    func,
    select,
)

from assay.kit.database import metadata
from assay.kit.errors import Corrupt, NotFound
from assay.kit.moments import from_microseconds, to_microseconds
from assay.ledger.types import Heading, Origin, Publication, Selection, Standing

publications = Table(
    "publications",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("publication_id", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("hour", SmallInteger),
    Column("published_at_us", BigInteger, nullable=False),
    Column("origin", String, nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("inputs_digest", String(64), nullable=False),
    Column("facts_recorded_by_us", BigInteger, nullable=False),
    Column("model", String, nullable=False),
    Column("code", String, nullable=False),
    Column("corrects", String, index=True),
    Column("withdraws", String, index=True),
    # The blobs come last: SQLite walks a row's overflow pages to reach any column behind them.
    Column("header", LargeBinary, nullable=False),
    Column("rows_zstd", LargeBinary, nullable=False),
    Index("publications_by_day", "kind", "as_of", "sequence"),
    sqlite_autoincrement=True,
)

_MOST_PARAMETERS = 500
_INSERT = publications.insert()
"""With its values beside it: naming them in the statement costs more than writing them."""

_NAMED = publications.alias()
"""Those that name another one; made once, making it costs more than a query."""


def insert_publication(connection: Connection, said: Publication) -> None:
    """Add one publication under its sequence number.

    That is one more than the last: writers take turns, and unlike the database's own counter this
    leaves no gap where a transaction was rolled back.
    """
    values = {field.name: getattr(said, field.name) for field in fields(said)}
    for name in ("published_at", "facts_recorded_by", "rows"):
        del values[name]
    values |= {
        "origin": said.origin.value,
        "published_at_us": to_microseconds(said.published_at),
        "facts_recorded_by_us": to_microseconds(said.facts_recorded_by),
        "rows_zstd": zstandard.compress(said.rows, 3),
    }
    connection.execute(_INSERT, values)


def load_publication(connection: Connection, publication_id: str) -> Publication:
    """One publication by id. Raises NotFound."""
    statement = select(publications).where(publications.c.publication_id == publication_id)
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound(
            f"No publication has the id {publication_id!r}.",
            hint="Ids are in the `publication` field of every list.",
        )
    return _publication(row)


def load_rows(connection: Connection, publication_ids: Sequence[str]) -> dict[str, bytes]:
    """The rows alone of many publications in one question; an id nobody has is left out."""
    table = publications.c
    statement = select(table.publication_id, table.rows_zstd)
    statement = statement.where(table.publication_id.in_(publication_ids))
    return {
        row.publication_id: _decompress(row.publication_id, row.rows_zstd)
        for row in connection.execute(statement)
    }


def load_latest(
    connection: Connection,
    kind: str,
    as_of: date | None = None,
    said_by: datetime | None = None,
    *,
    hour: int | None = None,
    before: int | None = None,
) -> Publication | None:
    """What stands for `as_of` (default: the newest day): the last word said by `said_by`.

    A withdrawal hides what it names; then the word before it stands. Of an hourly kind the day's
    last hour unless `hour` names one. `before` counts only what has a smaller sequence number.
    None where nothing was said.
    """
    table = publications.c
    statement = select(publications).where(*_stands(kind, said_by, before))
    if as_of is not None:
        statement = statement.where(table.as_of == as_of)
    if hour is not None:
        statement = statement.where(table.hour == hour)
    statement = statement.order_by(
        table.as_of.desc(), func.coalesce(table.hour, -1).desc(), table.sequence.desc()
    )
    row = connection.execute(statement.limit(1)).mappings().one_or_none()
    return None if row is None else _publication(row)


def list_standing(
    connection: Connection,
    kind: str,
    start: date | None = None,
    end: date | None = None,
    said_by: datetime | None = None,
) -> list[Standing]:
    """What stands for each day (of an hourly kind: each hour) from `start` to `end` (both
    included), ascending.
    """
    table = publications.c
    statement = select(table.as_of, table.hour, table.sequence, table.publication_id, table.origin)
    statement = statement.where(*_stands(kind, said_by))
    if start is not None:
        statement = statement.where(table.as_of >= start)
    if end is not None:
        statement = statement.where(table.as_of <= end)
    statement = statement.order_by(table.as_of, table.hour, table.sequence)
    last_word = {
        (row.as_of, row.hour): Standing(
            row.as_of, row.sequence, row.publication_id, Origin(row.origin), row.hour
        )
        for row in connection.execute(statement)
    }
    return list(last_word.values())


def load_newest(connection: Connection) -> dict[str, tuple[date, datetime]]:
    """The newest day that each kind speaks of, and when its newest statement was published."""
    table = publications.c
    # The index holds these three columns; the newest statements are then read by their numbers.
    newest = select(
        table.kind, func.max(table.as_of).label("as_of"), func.max(table.sequence).label("last")
    )
    grouped = newest.group_by(table.kind).subquery()
    statement = select(grouped.c.kind, grouped.c.as_of, table.published_at_us).join_from(
        grouped, publications, table.sequence == grouped.c.last
    )
    return {
        kind: (_date(day), from_microseconds(published))
        for kind, day, published in connection.execute(statement)
    }


def list_headers(
    connection: Connection, asked: Selection, after: int | None, limit: int
) -> list[Heading]:
    """Publications without their rows, in order of their sequence numbers: the next `limit` behind
    the number `after`.
    """
    table = publications.c
    columns = [table[field.name] for field in fields(Heading) if field.name in table]
    statement = select(*columns, table.published_at_us).where(*_selected(asked))
    if asked.is_newest_first:
        statement = statement.order_by(table.sequence.desc())
    else:
        statement = statement.order_by(table.sequence)
    if after is not None:
        behind = table.sequence < after if asked.is_newest_first else table.sequence > after
        statement = statement.where(behind)
    return [_heading(row) for row in connection.execute(statement.limit(limit)).mappings()]


def list_kinds(connection: Connection) -> list[str]:
    """The kinds of which something was ever said, ascending."""
    kinds = select(publications.c.kind).distinct().order_by(publications.c.kind)
    return [str(kind) for kind in connection.execute(kinds).scalars()]


def _selected(asked: Selection) -> list[ColumnElement[bool]]:
    table = publications.c
    conditions: list[ColumnElement[bool]] = []
    if asked.kind.endswith("*"):
        conditions.append(table.kind.startswith(asked.kind[:-1], autoescape=True))
    elif asked.kind:
        conditions.append(table.kind == asked.kind)
    if asked.origin is not None:
        conditions.append(table.origin == asked.origin.value)
    if asked.start is not None:
        conditions.append(table.as_of >= asked.start)
    if asked.end is not None:
        conditions.append(table.as_of <= asked.end)
    if asked.said_by is not None:
        conditions.append(table.published_at_us <= to_microseconds(asked.said_by))
    return conditions


def _stands(
    kind: str, said_by: datetime | None, before: int | None = None
) -> list[ColumnElement[bool]]:
    withdrawn = select(_NAMED.c.withdraws).where(_NAMED.c.withdraws.is_not(None))
    conditions = [publications.c.kind == kind, publications.c.withdraws.is_(None)]
    if before is not None:
        conditions.append(publications.c.sequence < before)
        # The sum keeps SQLite from walking all numbers below instead of the few withdrawals: 20 ms.
        withdrawn = withdrawn.where(_NAMED.c.sequence + 0 < before)
    if said_by is not None:
        limit = to_microseconds(said_by)
        conditions.append(publications.c.published_at_us <= limit)
        withdrawn = withdrawn.where(_NAMED.c.published_at_us <= limit)
    return [*conditions, publications.c.publication_id.not_in(withdrawn)]


def list_overruled(connection: Connection, sequences: Collection[int]) -> set[int]:
    """Which of these publications a later one has corrected or withdrawn."""
    table, wanted = publications.c, sorted(sequences)
    found: set[int] = set()
    for start in range(0, len(wanted), _MOST_PARAMETERS):
        chosen = table.sequence.in_(wanted[start : start + _MOST_PARAMETERS])
        for column in (_NAMED.c.corrects, _NAMED.c.withdraws):
            named = table.publication_id.in_(select(column).where(column.is_not(None)))
            found.update(connection.execute(select(table.sequence).where(chosen, named)).scalars())
    return found


def load_version(connection: Connection) -> int:
    """The newest sequence number, 0 when nothing was said: changes exactly when something is."""
    return int(connection.execute(select(func.max(publications.c.sequence))).scalar() or 0)


def _publication(row: RowMapping | Mapping[str, object]) -> Publication:
    values = dict(row)
    return Publication(
        publication_id=str(values["publication_id"]),
        sequence=int(str(values["sequence"])),
        kind=str(values["kind"]),
        as_of=_date(values["as_of"]),
        published_at=from_microseconds(values["published_at_us"]),
        origin=Origin(str(values["origin"])),
        header=_bytes(values["header"]),
        rows=_decompress(str(values["publication_id"]), values["rows_zstd"]),
        digest=str(values["digest"]),
        inputs_digest=str(values["inputs_digest"]),
        facts_recorded_by=from_microseconds(values["facts_recorded_by_us"]),
        model=str(values["model"]),
        code=str(values["code"]),
        corrects=_optional(values["corrects"]),
        withdraws=_optional(values["withdraws"]),
        hour=None if values["hour"] is None else int(str(values["hour"])),
    )


def _heading(row: RowMapping) -> Heading:
    return Heading(
        publication_id=row["publication_id"],
        sequence=row["sequence"],
        kind=row["kind"],
        as_of=row["as_of"],
        hour=row["hour"],
        published_at=from_microseconds(row["published_at_us"]),
        origin=Origin(row["origin"]),
        digest=row["digest"],
        inputs_digest=row["inputs_digest"],
        model=row["model"],
        code=row["code"],
        corrects=row["corrects"],
        withdraws=row["withdraws"],
    )


def _decompress(publication_id: str, value: object) -> bytes:
    try:
        return zstandard.decompress(_bytes(value))
    except zstandard.ZstdError as error:
        raise Corrupt(
            f"{publication_id} is not as sealed: its rows cannot be read.",
            hint="Stop, and restore a backup.",
        ) from error


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"expected bytes, the database gave {type(value).__name__}")
    return value


def _date(value: object) -> date:
    if not isinstance(value, date):
        raise TypeError(f"expected a date, the database gave {type(value).__name__}")
    return value


def _optional(value: object) -> str | None:
    return None if value is None else str(value)
