"""The tables of the track record, how a selection becomes conditions, and a row a score. All that
is kept is derived: it may be deleted and is then built again from the ledger and the facts.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Float,
    Index,
    Integer,
    LargeBinary,
    Row,
    SmallInteger,
    String,
    Table,
)

from assay.kit.database import metadata
from assay.ledger import Origin
from assay.track_record.types import Score, Selection, Status

track_record_scores = Table(
    "track_record_scores",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("measure", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("hour", SmallInteger),
    Column("origin", String, nullable=False),
    Column("publication_id", String, nullable=False),
    Column("log", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("is_first", Boolean, nullable=False),
    Column("is_closed", Boolean, nullable=False),
    Column("closes_on", Date, nullable=False),
    Column("status", String, nullable=False),
    Column("overruled_by", String),
    Column("statements", Integer, nullable=False),
    Column("no_view", Integer, nullable=False),
    Column("no_call", Integer, nullable=False),
    Column("open", Integer, nullable=False),
    Column("hits", Integer, nullable=False),
    Column("misses", Integer, nullable=False),
    Column("undecided", Integer, nullable=False),
    Column("stated", Float, nullable=False),
    Column("stated_count", Integer, nullable=False),
    Column("outcome", Float, nullable=False),
    Column("control_hits", Float, nullable=False),
    Column("control_trials", Integer, nullable=False),
    Column("loss", Float, nullable=False),
    Column("loss_count", Integer, nullable=False),
    Column("loss_control", Float),
    Column("order_figure", Float),
    Column("order_control", Float),
    # What the score was computed from, and how: another value and it is computed again.
    Column("facts", String(64), nullable=False),
    Column("method", Integer, nullable=False),
    Index("track_record_by_day", "kind", "as_of", "sequence", "measure"),
)
# Apart from the scores, so that reading all of those touches few pages.
track_record_statements = Table(
    "track_record_statements",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("measure", String, primary_key=True),
    Column("bins", LargeBinary, nullable=False),
    Column("subjects", LargeBinary, nullable=False),
    Column("statements_zstd", LargeBinary, nullable=False),
)
track_record_state = Table(
    "track_record_state",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("through", Date),
    Column("sequence", Integer, nullable=False),
    Column("facts", String, nullable=False),
    Column("unsealed", Integer, nullable=False),
    Column("is_complete", Boolean, nullable=False),
)

LINE = tuple(
    column for column in track_record_scores.columns if column.name not in ("facts", "method")
)
"""The columns of a `Score`."""


def order_scores(*, is_newest_first: bool) -> list[Any]:
    """By the day judged, within it as it was said, then by measure."""
    table = track_record_scores.c
    if is_newest_first:
        return [table.as_of.desc(), table.sequence.desc(), table.measure]
    return [table.as_of, table.sequence, table.measure]


def select_scores(asked: Selection) -> list[ColumnElement[bool]]:
    """The conditions of a selection."""
    table = track_record_scores.c
    conditions: list[ColumnElement[bool]] = []
    if asked.kind is not None:
        conditions.append(table.kind == asked.kind)
    if asked.origin is not None:
        conditions.append(table.origin == asked.origin.value)
    if asked.measure is not None:
        conditions.append(table.measure == asked.measure)
    if asked.start is not None:
        conditions.append(table.as_of >= asked.start)
    if asked.end is not None:
        conditions.append(table.as_of <= asked.end)
    return conditions


def read_score(row: Row[Any]) -> Score:
    """A score as it is kept."""
    values = {column.name: getattr(row, column.name) for column in LINE}
    values["origin"] = Origin(values["origin"])
    values["status"] = Status(values["status"])
    return Score(**values)
