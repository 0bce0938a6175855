"""The publications table: rows are added, never changed (triggers refuse it)."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime

import zstandard
from sqlalchemy import (
    DDL,
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
    event,
    func,
    select,
)

from assay.kit.database import metadata
from assay.kit.errors import NotFound
from assay.ledger.types import Origin, Publication, Standing

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
    Column("corrects", String),
    Column("withdraws", String, index=True),
    # The blobs come last: SQLite walks a row's overflow pages to reach any column behind them.
    Column("header", LargeBinary, nullable=False),
    Column("rows_zstd", LargeBinary, nullable=False),
    Index("publications_by_day", "kind", "as_of", "sequence"),
    sqlite_autoincrement=True,
)

_NAMED = publications.alias()
"""Those that name another one; made once, making it costs more than a query."""

for _verb in ("UPDATE", "DELETE"):
    event.listen(
        publications,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER publications_no_{_verb.lower()} BEFORE {_verb} ON publications "
            "BEGIN SELECT RAISE(ABORT, 'publications are immutable'); END"
        ).execute_if(dialect="sqlite"),
    )


def insert_publication(connection: Connection, said: Publication) -> int:
    """Add one publication; its sequence number (`said.sequence` is ignored)."""
    values = {field.name: getattr(said, field.name) for field in fields(said)}
    for name in ("sequence", "published_at", "facts_recorded_by", "rows"):
        del values[name]
    result = connection.execute(
        publications.insert().values(
            **{**values, "origin": said.origin.value},
            published_at_us=_microseconds(said.published_at),
            facts_recorded_by_us=_microseconds(said.facts_recorded_by),
            rows_zstd=zstandard.compress(said.rows, 3),
        )
    )
    key = result.inserted_primary_key
    return int(key[0]) if key is not None else 0


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


def _stands(
    kind: str, said_by: datetime | None, before: int | None = None
) -> list[ColumnElement[bool]]:
    withdrawn = select(_NAMED.c.withdraws).where(_NAMED.c.withdraws.is_not(None))
    conditions = [publications.c.kind == kind, publications.c.withdraws.is_(None)]
    if before is not None:
        conditions.append(publications.c.sequence < before)
        withdrawn = withdrawn.where(_NAMED.c.sequence < before)
    if said_by is not None:
        limit = _microseconds(said_by)
        conditions.append(publications.c.published_at_us <= limit)
        withdrawn = withdrawn.where(_NAMED.c.published_at_us <= limit)
    return [*conditions, publications.c.publication_id.not_in(withdrawn)]


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
        published_at=_moment(values["published_at_us"]),
        origin=Origin(str(values["origin"])),
        header=_bytes(values["header"]),
        rows=zstandard.decompress(_bytes(values["rows_zstd"])),
        digest=str(values["digest"]),
        inputs_digest=str(values["inputs_digest"]),
        facts_recorded_by=_moment(values["facts_recorded_by_us"]),
        model=str(values["model"]),
        code=str(values["code"]),
        corrects=_optional(values["corrects"]),
        withdraws=_optional(values["withdraws"]),
        hour=None if values["hour"] is None else int(str(values["hour"])),
    )


def _microseconds(moment: datetime) -> int:
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def _moment(value: object) -> datetime:
    seconds, microseconds = divmod(int(str(value)), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)


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
