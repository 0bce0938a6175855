"""Single statements and calibration bins, beside the score that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import zstandard
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select

from assay.ledger import Origin
from assay.track_record.store.tables import (
    LINE,
    order_scores,
    read_score,
    select_scores,
    track_record_scores,
    track_record_statements,
)
from assay.track_record.types import Bin, By, Result, Score, Scored, Selection, Statement

_IDS = "<i4"
_NUMBERS = "<f8"
_BY = tuple(By)
_RESULT = tuple(Result)
_TOLD = track_record_statements.c
_JOINED = track_record_scores.join(
    track_record_statements,
    and_(
        track_record_scores.c.sequence == _TOLD.sequence,
        track_record_scores.c.measure == _TOLD.measure,
    ),
)


def count_of_subject(connection: Connection, asked: Selection, subject: int) -> int:
    """How many statements of a selection speak of one token or index."""
    subjects = select(_TOLD.subjects).select_from(_JOINED).where(*select_scores(asked))
    return sum(
        int((np.frombuffer(_bytes(item), _IDS) == subject).sum())
        for item in connection.execute(subjects).scalars()
    )


def load_bins(connection: Connection, asked: Selection) -> dict[tuple[str, str, Origin], list[Bin]]:
    """The bins of every first word that is closed, summed by kind, measure and origin."""
    table = track_record_scores.c
    statement = (
        select(table.kind, table.measure, table.origin, _TOLD.bins)
        .select_from(_JOINED)
        .where(*select_scores(asked), table.is_first, table.is_closed)
        .order_by(table.sequence, table.measure)
    )
    groups: dict[tuple[str, str, str], list[bytes]] = {}
    for kind, measure, origin, bins in connection.execute(statement):
        groups.setdefault((kind, measure, origin), []).append(_bytes(bins))
    return {
        (kind, measure, Origin(origin)): _sum_bins(b"".join(parts))
        for (kind, measure, origin), parts in groups.items()
    }


def _sum_bins(content: bytes) -> list[Bin]:
    lines = np.frombuffer(content, _NUMBERS).reshape(-1, 6)
    places, group = np.unique(lines[:, :2], axis=0, return_inverse=True)
    sums = np.stack([np.bincount(group.ravel(), lines[:, column]) for column in range(2, 6)], 1)
    return [
        Bin(_BY[int(by)], int(place), float(stated), int(count), int(hits), float(outcome))
        for (by, place), (stated, count, hits, outcome) in zip(
            places.tolist(), sums.tolist(), strict=True
        )
    ]


def list_statements(
    connection: Connection,
    asked: Selection,
    after: Score | None,
    limit: int,
    *,
    subject: int | None = None,
    is_newest_first: bool = True,
    is_included: bool = False,
) -> list[tuple[Score, list[Statement]]]:
    """The next `limit` scores behind `after` (None: from the beginning; itself where it
    `is_included`), each with its statements (with a `subject` only those that speak of it).
    """
    table = track_record_scores.c
    statement: Select[Any] = select(*LINE).where(*select_scores(asked))
    if after is not None:
        behind = _is_behind(after, is_newest_first=is_newest_first)
        itself = (table.sequence == after.sequence) & (table.measure == after.measure)
        statement = statement.where(or_(behind, itself) if is_included else behind)
    statement = statement.order_by(*order_scores(is_newest_first=is_newest_first)).limit(limit)
    scores = [read_score(row) for row in connection.execute(statement)]
    # The large columns are read for these alone, so that the order is found among small rows.
    columns: tuple[Any, ...] = tuple(track_record_statements.columns)
    told: Select[Any] = select(*columns)
    told = told.where(_TOLD.sequence.in_([score.sequence for score in scores]))
    if asked.measure is not None:
        told = told.where(_TOLD.measure == asked.measure)
    kept = {(row.sequence, row.measure): row for row in connection.execute(told)}
    return [
        (score, _read_statements(score, kept[score.sequence, score.measure], subject))
        for score in scores
    ]


def load_score(connection: Connection, sequence: int, measure: str) -> Score | None:
    """One score; None where there is none."""
    table = track_record_scores.c
    found = select(*LINE).where(table.sequence == sequence, table.measure == measure)
    row = connection.execute(found).one_or_none()
    return None if row is None else read_score(row)


def _is_behind(after: Score, *, is_newest_first: bool) -> ColumnElement[bool]:
    table = track_record_scores.c
    day, same_day = table.as_of, table.as_of == after.as_of
    same = same_day & (table.sequence == after.sequence)
    if is_newest_first:
        before = (day < after.as_of) | (same_day & (table.sequence < after.sequence))
    else:
        before = (day > after.as_of) | (same_day & (table.sequence > after.sequence))
    return or_(before, and_(same, table.measure > after.measure))


def write_statements(sequence: int, measure: str, scored: Scored) -> dict[str, object]:
    """What is kept beside a score."""
    statements = {
        "row": scored.rows.tolist(),
        "name": list(scored.names),
        "said": list(scored.said),
        "stated": _round(scored.stated),
        "outcome": _round(scored.outcomes),
        "result": scored.results.tolist(),
    }
    bins = [
        (_BY.index(item.by), item.place, item.stated, item.count, item.hits, item.outcome)
        for item in scored.bins
    ]
    return {
        "sequence": sequence,
        "measure": measure,
        "bins": np.array(bins, _NUMBERS).tobytes(),
        "subjects": scored.subjects.astype(_IDS).tobytes(),
        "statements_zstd": zstandard.compress(orjson.dumps(statements), 3),
    }


def _round(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float | None]:
    return [None if value != value else round(value, 6) for value in values.tolist()]


def _read_statements(score: Score, row: Row[Any], subject: int | None) -> list[Statement]:
    subjects = np.frombuffer(_bytes(row.subjects), _IDS)
    numbers: Sequence[int] = range(subjects.size)
    if subject is not None:
        numbers = np.flatnonzero(subjects == subject).tolist()
        if not numbers:
            return []
    told = orjson.loads(zstandard.decompress(_bytes(row.statements_zstd)))
    rows, names, said = told["row"], told["name"], told["said"]
    stated, outcomes, results = told["stated"], told["outcome"], told["result"]
    ids = subjects.tolist()
    return [
        Statement(
            score,
            n,
            rows[n],
            ids[n],
            names[n],
            said[n],
            stated[n],
            outcomes[n],
            _RESULT[results[n]],
        )
        for n in numbers
    ]


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes | memoryview):
        raise TypeError("the database returned no bytes")
    return bytes(value)
