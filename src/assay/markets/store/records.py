"""What the database says about imports: who they were, their tokens and what they turned away.

An import's rows are written before its commit in the lake and count only once it is `done`; the
commit decides, and `settle` makes the two agree after a crash.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import (
    Column,
    Connection,
    Float,
    ForeignKey,
    Insert,
    Integer,
    RowMapping,
    String,
    Table,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from assay.kit.database import Database, metadata
from assay.kit.home import Home
from assay.kit.moments import format_utc, parse_utc
from assay.markets.reports import Fault
from assay.markets.types import (
    Interval,
    Redenomination,
    Registry,
    Ticker,
    TokenId,
    TokenKind,
    TokenRecord,
)

FIRST_OWN_ID = 1_000_000
"""Tokens of a user's own files start here, so that they never meet one that ships later."""

imports = Table(
    "markets_imports",
    metadata,
    Column("import_id", String, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("source", String, nullable=False),
    Column("interval", String, nullable=False),
    Column("venue", String, nullable=False),
    Column("recorded_at", String, nullable=False),
    Column("partial_from", String),
    Column("state", String, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("corrections", Integer, nullable=False),
)
tokens = Table(
    "markets_tokens",
    metadata,
    Column("token_id", Integer, primary_key=True),
    Column("import_id", ForeignKey("markets_imports.import_id"), nullable=False, index=True),
    Column("symbol", String, nullable=False),
    Column("quote", String, nullable=False),
    Column("venue", String, nullable=False),
    Column("first_day", String, nullable=False),
)
starts = Table(
    "markets_starts",
    metadata,
    Column("token_id", Integer, primary_key=True),
    Column("import_id", ForeignKey("markets_imports.import_id"), primary_key=True),
    Column("first_day", String, nullable=False),
)
quarantine = Table(
    "markets_quarantine",
    metadata,
    Column("venue", String, primary_key=True),
    Column("interval", String, primary_key=True),
    Column("symbol", String, primary_key=True),
    Column("time", String, primary_key=True),
    Column("reason", String, primary_key=True),
    Column("content", String, primary_key=True),
    Column("import_id", ForeignKey("markets_imports.import_id"), nullable=False, index=True),
)
redenominations = Table(
    "markets_redenominations",
    metadata,
    Column("token_id", Integer, primary_key=True),
    Column("day", String, primary_key=True),
    Column("factor", Float, nullable=False),
    Column("known_at", String, nullable=False),
    Column("recorded_at", String, nullable=False),
)


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One import as the database has it; `number` counts imports from 1."""

    import_id: str
    number: int
    source: str
    interval: Interval
    venue: str
    recorded_at: datetime
    partial_from: date | None
    is_done: bool
    accepted: int = 0
    corrections: int = 0


@contextmanager
def opened(home: Home) -> Iterator[Database]:
    """The database for the length of a block."""
    database = Database(home)
    try:
        yield database
    finally:
        database.close()


def next_number(database: Database) -> int:
    """The number that the next import gets."""
    with database.read() as connection:
        return int(connection.execute(select(func.max(imports.c.number))).scalar() or 0) + 1


def save_import(
    database: Database,
    row: ImportRow,
    new: list[TokenRecord],
    earlier: Mapping[int, date],
    faulty: pl.DataFrame,
) -> None:
    """Announce an import in one transaction: its new tokens, known ones that it shows to have begun
    `earlier`, and its rows for quarantine.
    """
    with database.write() as connection:
        connection.execute(imports.insert().values(**_import_values(row)))
        if new:
            connection.execute(tokens.insert(), [_token_values(t, row.import_id) for t in new])
        if earlier:
            begun = [
                {"token_id": token_id, "import_id": row.import_id, "first_day": day.isoformat()}
                for token_id, day in earlier.items()
            ]
            connection.execute(starts.insert(), begun)
        _save_quarantine(connection, row, faulty)


def _save_quarantine(connection: Connection, row: ImportRow, faulty: pl.DataFrame) -> None:
    values = [
        {
            "venue": row.venue,
            "interval": row.interval.value,
            "symbol": symbol,
            "time": time,
            "reason": reason,
            "content": content,
            "import_id": row.import_id,
        }
        for symbol, time, reason, content in faulty.iter_rows()
    ]
    if values:
        connection.execute(_insert_new(connection, quarantine), values)


def _insert_new(connection: Connection, table: Table) -> Insert:
    """An insert that leaves rows alone whose key is there already."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def is_new_in_quarantine(
    database: Database, venue: str, interval: Interval, faulty: pl.DataFrame
) -> bool:
    """True if some row of `faulty` (`symbol, time, reason, content`) is not in quarantine yet."""
    if faulty.is_empty():
        return False
    table = quarantine.c
    query = select(table.symbol, table.time, table.reason, table.content).where(
        table.venue == venue, table.interval == interval.value
    )
    with database.read() as connection:
        seen = {tuple(row) for row in connection.execute(query)}
    return any(row not in seen for row in faulty.iter_rows())


def settle(database: Database, import_id: str, *, is_committed: bool) -> None:
    """Close an announced import: keep its rows if the lake holds its commit, else remove them."""
    with database.write() as connection:
        if is_committed:
            done = imports.update().where(imports.c.import_id == import_id).values(state="done")
            connection.execute(done)
            return
        for table in (tokens, starts, quarantine, imports):
            connection.execute(table.delete().where(table.c.import_id == import_id))


def load_imports(database: Database) -> list[ImportRow]:
    """All imports in order, the unsettled ones too."""
    with database.read() as connection:
        rows = connection.execute(select(imports).order_by(imports.c.number)).mappings().all()
    return [_import_row(row) for row in rows]


def load_quarantine(database: Database, import_id: str | None = None) -> pl.DataFrame:
    """Rows turned away: `venue, interval, symbol, time, reason, content, import_id`."""
    query = select(quarantine).order_by(*quarantine.primary_key.columns)
    if import_id is not None:
        query = query.where(quarantine.c.import_id.startswith(import_id, autoescape=True))
    with database.read() as connection:
        rows = connection.execute(query).mappings().all()
    return pl.DataFrame(
        [dict(row) for row in rows], schema={c.name: pl.String for c in quarantine.columns}
    )


def count_quarantine(database: Database) -> dict[Fault, int]:
    """How many rows are in quarantine, by reason."""
    query = select(quarantine.c.reason, func.count()).group_by(quarantine.c.reason)
    with database.read() as connection:
        return {Fault(reason): int(n) for reason, n in connection.execute(query)}


def save_redenomination(database: Database, token_id: int, change: Redenomination) -> None:
    """Keep a redenomination that a user declared; the same one again changes nothing."""
    values = {
        "token_id": token_id,
        "day": change.day.isoformat(),
        "factor": change.factor,
        "known_at": format_utc(change.known_at),
        "recorded_at": format_utc(change.recorded_at or change.known_at),
    }
    with database.write() as connection:
        connection.execute(_insert_new(connection, redenominations), values)


def extend_registry(database: Database, shipped: Registry) -> Registry:
    """The registry of this home: the shipped tokens, those of done imports, declared changes, and
    first days that older candles moved back.
    """
    with database.read() as connection:
        own = connection.execute(
            select(tokens).join(imports).where(imports.c.state == "done")
        ).mappings()
        records = [*shipped.records, *(_token_record(row) for row in own)]
        begun = select(starts.c.token_id, func.min(starts.c.first_day)).join(imports)
        begun = begun.where(imports.c.state == "done").group_by(starts.c.token_id)
        firsts = {int(token_id): str(day) for token_id, day in connection.execute(begun)}
        declared: dict[int, list[Redenomination]] = {}
        for row in connection.execute(select(redenominations)).mappings():
            declared.setdefault(row["token_id"], []).append(_redenomination(row))
    extended = [
        _extend(record, declared.get(record.token_id, ()), firsts.get(record.token_id))
        for record in records
    ]
    return Registry(tuple(sorted(extended, key=lambda record: record.token_id)))


def _extend(
    record: TokenRecord, changes: Sequence[Redenomination], first_day: str | None
) -> TokenRecord:
    if changes:
        record = replace(record, redenominations=(*record.redenominations, *changes))
    if first_day is None:
        return record
    first = replace(record.tickers[0], first_day=date.fromisoformat(first_day))
    return replace(record, tickers=(first, *record.tickers[1:]))


def next_token_id(database: Database) -> int:
    """An id that no token of this home has or had."""
    with database.read() as connection:
        highest = connection.execute(select(func.max(tokens.c.token_id))).scalar()
    return FIRST_OWN_ID if highest is None else int(highest) + 1


def _import_values(row: ImportRow) -> dict[str, Any]:
    return {
        "import_id": row.import_id,
        "number": row.number,
        "source": row.source,
        "interval": row.interval.value,
        "venue": row.venue,
        "recorded_at": format_utc(row.recorded_at),
        "partial_from": row.partial_from.isoformat() if row.partial_from else None,
        "state": "done" if row.is_done else "started",
        "accepted": row.accepted,
        "corrections": row.corrections,
    }


def _import_row(row: RowMapping) -> ImportRow:
    return ImportRow(
        import_id=row["import_id"],
        number=row["number"],
        source=row["source"],
        interval=Interval(row["interval"]),
        venue=row["venue"],
        recorded_at=parse_utc(row["recorded_at"]),
        partial_from=date.fromisoformat(row["partial_from"]) if row["partial_from"] else None,
        is_done=row["state"] == "done",
        accepted=row["accepted"],
        corrections=row["corrections"],
    )


def _token_values(record: TokenRecord, import_id: str) -> dict[str, Any]:
    first = record.tickers[0]
    return {
        "token_id": record.token_id,
        "import_id": import_id,
        "symbol": first.symbol,
        "quote": record.quote,
        "venue": record.venue,
        "first_day": first.first_day.isoformat(),
    }


def _token_record(row: Mapping[Any, Any]) -> TokenRecord:
    symbol = str(row["symbol"])
    first_day = date.fromisoformat(row["first_day"])
    return TokenRecord(
        token_id=TokenId(row["token_id"]),
        kind=TokenKind.of_ticker(symbol),
        venue=row["venue"],
        quote=row["quote"],
        tickers=(Ticker(symbol, symbol + row["quote"], symbol, first_day),),
    )


def _redenomination(row: Mapping[Any, Any]) -> Redenomination:
    return Redenomination(
        date.fromisoformat(row["day"]),
        float(row["factor"]),
        parse_utc(row["known_at"]),
        parse_utc(row["recorded_at"]),
    )
