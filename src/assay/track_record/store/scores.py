"""Scores and how far they reach: written in batches, read as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, Float, String, func, select

from assay.ledger import Origin
from assay.track_record.store.statements import write_statements
from assay.track_record.store.tables import (
    LINE,
    order_scores,
    select_scores,
    track_record_scores,
    track_record_state,
    track_record_statements,
)
from assay.track_record.types import Coverage, Lines, Score, Scored, Selection, Status

_FLOATS = frozenset(
    column.name for column in track_record_scores.columns if isinstance(column.type, Float)
)
_TEXTS = frozenset(
    column.name for column in track_record_scores.columns if isinstance(column.type, String)
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a kept score when it is asked whether it still holds."""

    is_closed: bool
    facts: str
    method: int
    status: Status
    overruled_by: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A score to be kept, with its statements."""

    score: Score
    facts: str
    method: int
    scored: Scored


def load_coverage(connection: Connection) -> Coverage:
    """How far the record reaches; before the first build nothing."""
    row = connection.execute(select(track_record_state)).one_or_none()
    if row is None:
        return Coverage(0, None, 0, is_complete=False)
    return Coverage(row.version, row.through, row.sequence, row.is_complete, row.unsealed)


def load_facts_word(connection: Connection) -> str:
    """The version of the facts that the last whole build read; empty before it."""
    found = connection.execute(select(track_record_state.c.facts)).scalar_one_or_none()
    return str(found or "")


def save_state(
    connection: Connection,
    *,
    through: date | None,
    sequence: int,
    facts: str,
    unsealed: int,
    is_complete: bool,
) -> None:
    """Say how far the record reaches now."""
    before = load_coverage(connection)
    connection.execute(track_record_state.delete())
    connection.execute(
        track_record_state.insert().values(
            number=1,
            version=before.version + 1,
            through=through,
            sequence=sequence,
            facts=facts,
            unsealed=unsealed,
            is_complete=is_complete,
        )
    )


def mark_changed(connection: Connection) -> None:
    """Say that a part of the record is new and the rest not yet."""
    before = load_coverage(connection)
    facts = load_facts_word(connection)
    save_state(
        connection,
        through=before.through,
        sequence=before.sequence,
        facts=facts,
        unsealed=before.unsealed,
        is_complete=False,
    )


def delete_all(connection: Connection) -> None:
    """Forget every score."""
    connection.execute(track_record_scores.delete())
    connection.execute(track_record_statements.delete())
    save_state(connection, through=None, sequence=0, facts="", unsealed=0, is_complete=False)


def load_kept(connection: Connection, kind: str) -> dict[tuple[int, str], Kept]:
    """What is kept of a kind, by publication and measure."""
    table = track_record_scores.c
    statement = select(
        table.sequence,
        table.measure,
        table.is_closed,
        table.facts,
        table.method,
        table.status,
        table.overruled_by,
    ).where(table.kind == kind)
    return {
        (row.sequence, row.measure): Kept(
            row.is_closed, row.facts, row.method, Status(row.status), row.overruled_by
        )
        for row in connection.execute(statement)
    }


def save_lines(connection: Connection, lines: Sequence[Line]) -> None:
    """Keep scores; those of the same publication and measure are replaced."""
    if not lines:
        return
    for measure in sorted({line.score.measure for line in lines}):
        sequences = [line.score.sequence for line in lines if line.score.measure == measure]
        for table in (track_record_scores, track_record_statements):
            connection.execute(
                table.delete().where(table.c.measure == measure, table.c.sequence.in_(sequences))
            )
    connection.execute(track_record_scores.insert(), [_write_line(line) for line in lines])
    connection.execute(
        track_record_statements.insert(),
        [write_statements(line.score.sequence, line.score.measure, line.scored) for line in lines],
    )


def save_status(
    connection: Connection, kind: str, found: Mapping[int, tuple[Status, str | None]]
) -> None:
    """Say of publications what was said of them later."""
    table = track_record_scores
    for sequence, (status, named) in found.items():
        connection.execute(
            table.update()
            .where(table.c.kind == kind, table.c.sequence == sequence)
            .values(status=status.value, overruled_by=named)
        )


def load_lines(connection: Connection, asked: Selection) -> dict[tuple[str, str, Origin], Lines]:
    """The scores of a selection as columns, by kind, measure and origin, in the order of their
    publications.
    """
    statement = (
        select(*LINE).where(*select_scores(asked)).order_by(*order_scores(is_newest_first=False))
    )
    names = [column.name for column in LINE]
    groups: dict[tuple[str, str, Origin], list[Sequence[Any]]] = {}
    origin_of = {origin.value: origin for origin in Origin}
    for row in connection.execute(statement):
        groups.setdefault((row[2], row[1], origin_of[row[5]]), []).append(row)
    return {
        key: {
            name: _fill_column(name, values)
            for name, values in zip(names, zip(*rows, strict=True), strict=True)
        }
        for key, rows in groups.items()
    }


def _fill_column(name: str, values: Sequence[Any]) -> np.ndarray[Any, Any]:
    if name in ("as_of", "closes_on"):
        return np.array(values, "datetime64[D]").astype(np.int64)
    if name == "hour":
        return np.array([-1 if value is None else value for value in values], np.int64)
    if name in _FLOATS:
        return np.array([np.nan if value is None else value for value in values], np.float64)
    if name in _TEXTS:
        return np.array(values, object)
    return np.array(values)


def count_all(connection: Connection) -> int:
    """All statements of every kind and origin, each by every measure of its kind."""
    total = select(func.coalesce(func.sum(track_record_scores.c.statements), 0))
    return int(connection.execute(total).scalar_one())


def count_selected(connection: Connection, asked: Selection) -> int:
    """The same of a selection."""
    total = select(func.coalesce(func.sum(track_record_scores.c.statements), 0))
    return int(connection.execute(total.where(*select_scores(asked))).scalar_one())


def _write_line(line: Line) -> dict[str, object]:
    values: dict[str, object] = {column.name: getattr(line.score, column.name) for column in LINE}
    return {
        **values,
        "origin": line.score.origin.value,
        "status": line.score.status.value,
        "facts": line.facts,
        "method": line.method,
    }
