"""Tables as Arrow batches, the same from SQLite and from PostgreSQL: either restores into both."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    Boolean,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    select,
    text,
)
from sqlalchemy.types import TypeEngine

BATCH_BYTES = 8 * 2**20
_FETCH = 200
_KINDS: tuple[tuple[type[TypeEngine[Any]], Any], ...] = (
    (Boolean, pa.bool_()),
    (Integer, pa.int64()),
    (Float, pa.float64()),
    (Date, pa.date32()),
    (LargeBinary, pa.large_binary()),
    (String, pa.large_string()),
)
"""Boolean before Integer and in this order; other types are not used by any table."""


def find_tables(connection: Connection, names: Sequence[str]) -> list[Table]:
    """The tables of these names as the database has them, each after those it refers to."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name in names)
    return list(found.sorted_tables)


def dump_table(connection: Connection, table: Table) -> Iterator[bytes]:
    """The rows in the order of the key, as Arrow streams of some megabytes each."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    ordered = select(table).order_by(*table.primary_key.columns)
    rows = connection.execute(ordered, execution_options={"yield_per": _FETCH})
    schema = pa.schema([(column.name, _arrow_type(column.type)) for column in table.columns])
    batch: list[Sequence[Any]] = []
    held = 0
    for group in rows.partitions():
        batch += group
        held += sum(_weigh(row) for row in group)
        if held >= BATCH_BYTES:
            yield _pack(schema, batch)
            batch, held = [], 0
    if batch:
        yield _pack(schema, batch)


def load_batch(connection: Connection, table: Table, payload: bytes) -> int:
    """Insert one batch; how many rows it had."""
    rows = pa.ipc.open_stream(payload).read_all().to_pylist()
    connection.execute(table.insert(), rows)
    return len(rows)


def set_counters(connection: Connection, tables: Sequence[Table]) -> None:
    """Let the next automatic key follow the largest that was loaded; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        keys = list(table.primary_key.columns)
        if len(keys) == 1 and isinstance(keys[0].type, Integer):
            name = keys[0].name
            connection.execute(
                text(
                    f'SELECT setval(s, (SELECT coalesce(max("{name}"), 0) FROM "{table.name}") + 1,'  # noqa: S608
                    " false) FROM pg_get_serial_sequence(:table, :name) AS s WHERE s IS NOT NULL"
                ),
                {"table": f'"{table.name}"', "name": name},
            )


def _pack(schema: Any, rows: list[Sequence[Any]]) -> bytes:  # noqa: ANN401 - pyarrow is untyped
    columns = [
        pa.array([row[place] for row in rows], type=field.type)
        for place, field in enumerate(schema)
    ]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch(columns, schema=schema))
    return bytes(sink.getvalue().to_pybytes())


def _arrow_type(kind: TypeEngine[Any]) -> Any:  # noqa: ANN401 - pyarrow is untyped
    for ours, theirs in _KINDS:
        if isinstance(kind, ours):
            return theirs
    raise TypeError(f"a column of type {kind} cannot be backed up")


def _weigh(row: Sequence[Any]) -> int:
    return sum(len(value) if isinstance(value, (bytes, str)) else 8 for value in row)
