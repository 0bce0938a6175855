"""Answers from the kept track record; nothing is scored here."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

import orjson

from assay import track_record
from assay.api.answers.common import find_token
from assay.api.answers.lists import Found, Placed, number_rows, read_cursor
from assay.api.cursors import fingerprint
from assay.api.kinds.track_record import (
    CalibrationPoint,
    RecordedDay,
    RecordedStatement,
    RecordQuery,
    StatementsQuery,
    TrackRecord,
)
from assay.api.listing import Row
from assay.api.parameters import SeriesSort
from assay.api.state import ApiState, Facts
from assay.kit.errors import BadInput, Busy
from assay.ledger import Origin
from assay.publishing import format_decimal
from assay.track_record import Book, History, Point, Score, Selection, Statement, Summary

PLACES = 6
_ROWS = 2**20
_MEASURES = 2**6
_EPOCH = date(1970, 1, 1)
_SEQUENCES = 2**40


def load_version(state: ApiState) -> str:
    """Changes exactly when an answer about the record may."""
    return str(track_record.load_coverage(state.database).version)


def find_record(state: ApiState, facts: Facts, query: RecordQuery) -> Found:
    """Every measure and origin that was asked for."""
    del facts
    found = track_record.load_record(state.database, read_selection(query))
    rows = [write_summary(item) for item in found.summaries]
    return _list(query, TrackRecord, "track_record", found, rows)


def find_calibration(state: ApiState, facts: Facts, query: RecordQuery) -> Found:
    """The calibration points that were asked for."""
    del facts
    found = track_record.load_calibration(state.database, read_selection(query))
    rows = [write_point(item) for item in found.points]
    return _list(query, CalibrationPoint, "calibration", found, rows)


def find_days(state: ApiState, facts: Facts, query: RecordQuery) -> Found:
    """The publications that were asked for, each measure and origin in the order of the log."""
    del facts
    found = track_record.load_days(state.database, read_selection(query))
    scope = fingerprint("track_record_days", query.name_filters())
    cursor = read_cursor(query, scope)
    return Found(
        row=RecordedDay,
        name="track_record_days",
        scope=scope,
        anchor="",
        as_of=None,
        read=partial(_walk_days, found.histories),
        explain=partial(_explain, found),
        position=None if cursor is None else cursor.position,
        repeated=_repeat(found),
    )


def find_statements(state: ApiState, facts: Facts, query: StatementsQuery) -> Found:
    """The single statements that were asked for."""
    asked = read_selection(query)
    subject = None if query.symbol is None else find_subject(facts, query)
    counted, left_out = track_record.count_statements(state.database, asked, subject)
    book = Book(track_record.load_coverage(state.database), counted, left_out)
    scope = fingerprint("track_record_statements", query.name_filters())
    cursor = read_cursor(query, scope)
    return Found(
        row=RecordedStatement,
        name="track_record_statements",
        scope=scope,
        anchor="",
        as_of=None,
        read=partial(_walk_statements, state, asked, subject, query.sort is SeriesSort.NEWEST),
        explain=partial(_explain, book),
        position=None if cursor is None else cursor.position,
        repeated=_repeat(book),
    )


def read_selection(query: RecordQuery) -> Selection:
    """What is asked for. Raises BadInput for days in the wrong order or an unknown measure."""
    if query.start is not None and query.end is not None and query.start > query.end:
        raise BadInput("`from` lies after `to`.", hint="Exchange the two.")
    names = {name for kind, name in track_record.MEASURES if query.kind in (None, kind)}
    if query.measure is not None and query.measure not in names:
        raise BadInput(
            f"There is no measure {query.measure[:40]!r} of that kind.",
            hint=f"There are {', '.join(sorted(names))}.",
        )
    origin = None if query.origin is None else Origin(query.origin)
    return Selection(query.kind, origin, query.measure, query.start, query.end)


def find_subject(facts: Facts, query: StatementsQuery) -> int:
    """The id that `symbol` means. Raises NotFound for an unknown one."""
    name = query.symbol or ""
    if query.kind in ("indices", "market_state"):
        if not (name.isascii() and name.isdecimal()):
            raise BadInput(
                f"{name[:40]!r} is no id of an index.", hint="GET /v1/indices lists the ids."
            )
        return int(name[:18])
    day = min(query.end or facts.newest_day, facts.newest_day)
    return int(find_token(facts.registry, name, day).token_id)


def write_summary(item: Summary) -> Row:
    """One measure and origin as it is served."""
    measure, order = item.measure, item.order
    shown = measure.order.value if order is not None else None
    return {
        **_name(measure.kind, measure.name, item.origin),
        "claim": measure.claim,
        "convention": measure.convention,
        "control": measure.control,
        "horizon": measure.horizon,
        "unit": "hour" if measure.is_hourly else "day",
        "first_day": item.first_day,
        "last_day": item.last_day,
        "publications": item.publications,
        "closed_publications": item.closed,
        "repeated_publications": item.repeated,
        "repeated_statements": item.repeated_statements,
        "corrected": item.corrected,
        "withdrawn": item.withdrawn,
        "statements": item.statements,
        "hits": item.hits,
        "misses": item.misses,
        "open": item.open,
        "undecided": item.undecided,
        "no_call": item.no_call,
        "no_view": item.no_view,
        "rate": _write(item.rate),
        "rate_low": _write(item.rate_low),
        "rate_high": _write(item.rate_high),
        "stated_rate": _write(item.stated_rate),
        "control_rate": _write(item.control_rate),
        "mean_outcome": _write(item.mean_outcome),
        "loss": _write(item.loss),
        "loss_control": _write(item.loss_control),
        "order": shown,
        "order_days": None if order is None else order.days,
        "order_mean": None if order is None else _write(order.mean),
        "order_error": None if order is None else _write(order.standard_error),
        "order_neutral": None if order is None else _write(measure.order.neutral),
        "order_noise": None if order is None else _write(order.noise),
        "order_control": None if order is None else _write(order.control_mean),
    }


def write_point(item: Point) -> Row:
    """One calibration point as it is served."""
    return {
        **_name(item.measure.kind, item.measure.name, item.origin),
        "by": item.by.value,
        "place": item.place,
        "stated": _write(item.stated),
        "observed": _write(item.observed),
        "low": _write(item.low),
        "high": _write(item.high),
        "statements": item.count,
        "happened": item.hits,
        "mean_outcome": _write(item.mean_outcome),
    }


def write_statement(item: Statement) -> Row:
    """One statement as it is served."""
    score = item.score
    return {
        **_name(score.kind, score.measure, score.origin),
        "as_of": score.as_of,
        "hour": score.hour,
        "publication": score.publication_id,
        "row": item.row,
        "log": score.log,
        "position": score.position,
        "status": score.status.value,
        "counted": score.is_first,
        "closes_on": score.closes_on,
        "subject_id": item.subject,
        "symbol": item.name,
        "said": item.said,
        "stated": None if item.stated is None else _write(item.stated),
        "outcome": None if item.outcome is None else _write(item.outcome),
        "result": item.result.word,
    }


def write_day(history: History, place: int) -> Row:
    """One publication as it is served."""
    lines, running = history.lines, history.running

    def read(name: str) -> Any:  # noqa: ANN401 - a cell of any column
        value = lines[name][place]
        return value.item() if hasattr(value, "item") else value

    counts = ("statements", "hits", "misses", "open", "undecided", "no_call", "no_view")
    return {
        **_name(history.measure.kind, history.measure.name, history.origin),
        "as_of": _EPOCH + timedelta(days=read("as_of")),
        "hour": None if read("hour") < 0 else read("hour"),
        "publication": read("publication_id"),
        "sequence": read("sequence"),
        "log": read("log"),
        "position": read("position"),
        "status": read("status"),
        "overruled_by": read("overruled_by"),
        "counted": read("is_first"),
        "closes_on": _EPOCH + timedelta(days=read("closes_on")),
        "closed": read("is_closed"),
        **{name: read(name) for name in counts},
        "stated_rate": _share(read("stated"), read("stated_count")),
        "control_rate": _share(read("control_hits"), read("control_trials")),
        "order": _write(read("order_figure")),
        "order_control": _write(read("order_control")),
        "order_so_far": _write(float(running.mean[place])),
        "order_noise": _write(float(running.noise[place])),
        "rate_so_far": _write(float(running.rate[place])),
    }


def _walk_days(histories: tuple[History, ...], position: int | None) -> Iterator[Placed]:
    is_behind = position is None
    for history in histories:
        # A measure's place in the table and the sequence number: neither ever changes.
        base = track_record.find_place(history.measure, history.origin) * _SEQUENCES
        sequences = history.lines["sequence"].tolist()
        for place, sequence in enumerate(sequences):
            if is_behind:
                yield base + sequence, write_day(history, place)
            is_behind = is_behind or base + sequence == position


def _walk_statements(
    state: ApiState,
    asked: Selection,
    subject: int | None,
    is_newest_first: bool,
    position: int | None,
) -> Iterator[Placed]:
    after, seen = (None, -1) if position is None else _find_end(state, asked, position)
    pages = track_record.walk_statements(
        state.database, asked, after, subject=subject, is_newest_first=is_newest_first
    )
    for score, statements in pages:
        for item in statements:
            if item.number > seen:
                yield _join(score, item.number), write_statement(item)
        seen = -1


def _join(score: Score, number: int) -> int:
    measure = track_record.find_number(score.kind, score.measure)
    return (score.sequence * _MEASURES + measure) * _ROWS + number


def _find_end(state: ApiState, asked: Selection, position: int) -> tuple[Score, int]:
    rest, number = divmod(position, _ROWS)
    sequence, place = divmod(rest, _MEASURES)
    measure = track_record.find_measure(asked.kind or "", place)
    score = track_record.load_score(state.database, sequence, measure)
    if score is None:
        raise Busy(
            "The record is being built anew and has not come to this place yet.",
            hint="Begin at the first page again, or wait a minute.",
        )
    return score, number


def _list(
    query: RecordQuery,
    row: type[TrackRecord] | type[CalibrationPoint],
    name: str,
    found: Book,
    rows: list[Row],
) -> Found:
    scope = fingerprint(name, query.name_filters())
    cursor = read_cursor(query, scope)
    return Found(
        row=row,
        name=name,
        scope=scope,
        anchor="",
        as_of=None,
        read=number_rows(rows),
        explain=partial(_explain, found),
        position=None if cursor is None else cursor.position,
        repeated=_repeat(found),
    )


class Reach(dict[str, Any]):
    """How far the record reaches; in the metadata of a bulk format it is JSON text."""

    def __str__(self) -> str:
        return orjson.dumps(self).decode()


def _repeat(found: Book) -> dict[str, Any]:
    return {
        "reach": Reach(
            through=found.coverage.through,
            complete=found.coverage.is_complete,
            unsealed=found.coverage.unsealed,
            counted_statements=found.statements,
            left_out_statements=found.left_out,
            unscored=[{"kind": item.kind, "reason": item.reason} for item in track_record.UNSCORED],
        )
    }


def _explain(found: Book) -> str:
    if found.coverage.version == 0 or not (found.statements or found.left_out):
        return "The record is not built yet: a worker does it, or `assay track-record`."
    if not found.statements:
        return (
            f"The filters leave out all {found.left_out} statements of the record; loosen or drop"
            " one."
        )
    return "Nothing of what was asked for states a probability or has a known outcome yet."


def _name(kind: str, measure: str, origin: Origin) -> dict[str, str]:
    return {"kind": kind, "measure": measure, "origin": origin.value}


def _share(total: float, count: int) -> str | None:
    return _write(total / count) if count else None


def _write(value: float) -> str | None:
    return format_decimal(value, PLACES)
