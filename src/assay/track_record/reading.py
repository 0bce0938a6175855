"""Reading the record: every answer comes from what is kept, and says how far that reaches.

Figures are made again only when the record has changed; nothing is ever scored here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from assay.kit.database import Database
from assay.ledger import Origin
from assay.track_record import store
from assay.track_record.compute.figures import list_points, run_through, summarise
from assay.track_record.measures import MEASURES
from assay.track_record.types import (
    Coverage,
    Lines,
    Measure,
    Point,
    Running,
    Score,
    Selection,
    Statement,
    Summary,
)

T = TypeVar("T")

LIMIT_KEPT = 16
"""Answers that are remembered: the largest holds some ten megabytes."""

FEWEST_AT_ONCE, MOST_AT_ONCE = 4, 64


@dataclass(frozen=True)
class Book:
    """An answer with how far the record reaches, and how many statements the filters left out.

    A statement counts once for every measure of its kind.
    """

    coverage: Coverage
    statements: int
    left_out: int


@dataclass(frozen=True)
class Record(Book):
    """The record of every measure and origin that was asked for."""

    summaries: tuple[Summary, ...]


@dataclass(frozen=True)
class Calibration(Book):
    """The calibration points that were asked for."""

    points: tuple[Point, ...]


@dataclass(frozen=True)
class History:
    """The scores of one measure and origin, publication by publication, and how they ran."""

    measure: Measure
    origin: Origin
    lines: Lines
    running: Running


@dataclass(frozen=True)
class Days(Book):
    """The histories that were asked for."""

    histories: tuple[History, ...]


_KEPT: WeakKeyDictionary[Database, tuple[int, dict[object, Any]]] = WeakKeyDictionary()


def load_coverage(database: Database) -> Coverage:
    """How far the record reaches."""
    with database.read() as connection:
        return store.load_coverage(connection)


def load_record(database: Database, asked: Selection) -> Record:
    """The figures of every measure and origin of a selection, in the order of the table."""

    def make(coverage: Coverage) -> Record:
        lines, total = _load(database, asked)
        found = [
            summarise(MEASURES[kind, name], origin, lines[kind, name, origin])
            for kind, name, origin in _sort(lines)
        ]
        counted = _count(lines)
        return Record(coverage, counted, total - counted, tuple(found))

    return _recall(database, ("record", asked), make)


def load_calibration(database: Database, asked: Selection) -> Calibration:
    """What was said against what happened, of every measure that states a probability."""

    def make(coverage: Coverage) -> Calibration:
        lines, total = _load(database, asked)
        with database.read() as connection:
            points = list_points(store.load_bins(connection, asked), MEASURES)
        counted = _count(lines)
        return Calibration(coverage, counted, total - counted, tuple(points))

    return _recall(database, ("calibration", asked), make)


def load_days(database: Database, asked: Selection) -> Days:
    """Every publication of a selection, with the record as it stood after it."""

    def make(coverage: Coverage) -> Days:
        lines, total = _load(database, asked)
        found = []
        for kind, name, origin in _sort(lines):
            group, measure = lines[kind, name, origin], MEASURES[kind, name]
            found.append(History(measure, origin, group, run_through(measure, group)))
        counted = _count(lines)
        return Days(coverage, counted, total - counted, tuple(found))

    return _recall(database, ("days", asked), make)


def count_statements(
    database: Database, asked: Selection, subject: int | None = None
) -> tuple[int, int]:
    """How many statements a selection (and a token or index) has, and how many it leaves out."""

    def make(coverage: Coverage) -> tuple[int, int]:
        del coverage
        with database.read() as connection:
            total = store.count_all(connection)
            if subject is None:
                counted = store.count_selected(connection, asked)
            else:
                counted = store.count_of_subject(connection, asked, subject)
        return counted, total - counted

    return _recall(database, ("count", asked, subject), make)


def walk_statements(
    database: Database,
    asked: Selection,
    after: Score | None = None,
    *,
    subject: int | None = None,
    is_newest_first: bool = True,
) -> Iterator[tuple[Score, list[Statement]]]:
    """Every statement of a selection, score by score, by the day judged, from the score `after` on
    (that one included); read as needed.
    """
    at_once, is_included = FEWEST_AT_ONCE, True
    while True:
        with database.read() as connection:
            found = store.list_statements(
                connection,
                asked,
                after,
                at_once,
                subject=subject,
                is_newest_first=is_newest_first,
                is_included=is_included,
            )
        yield from found
        if len(found) < at_once:
            return
        after, is_included = found[-1][0], False
        # A page needs few; who reads on wants all.
        at_once = min(2 * at_once, MOST_AT_ONCE)


def load_score(database: Database, sequence: int, measure: str) -> Score | None:
    """One score; None where it is not kept (any more)."""
    with database.read() as connection:
        return store.load_score(connection, sequence, measure)


def _load(database: Database, asked: Selection) -> tuple[dict[tuple[str, str, Origin], Lines], int]:
    with database.read() as connection:
        return store.load_lines(connection, asked), store.count_all(connection)


def _count(lines: dict[tuple[str, str, Origin], Lines]) -> int:
    return sum(int(group["statements"].sum()) for group in lines.values())


def _sort(
    lines: dict[tuple[str, str, Origin], Lines],
) -> list[tuple[str, str, Origin]]:
    order = {key: place for place, key in enumerate(MEASURES)}
    origins = {origin: place for place, origin in enumerate(Origin)}
    known = [key for key in lines if key[:2] in order]
    return sorted(known, key=lambda key: (order[key[0], key[1]], origins[key[2]]))


def _recall(database: Database, key: object, make: Callable[[Coverage], T]) -> T:
    """What was made of this version of the record, or make it."""
    coverage = load_coverage(database)
    version, kept = _KEPT.get(database, (-1, {}))
    if version != coverage.version or len(kept) >= LIMIT_KEPT:
        kept = {}
        _KEPT[database] = (coverage.version, kept)
    if key not in kept:
        kept[key] = make(coverage)
    found: T = kept[key]
    return found
