"""Answers about grades: the cross-section, a token's history, why, and the publication itself."""

from collections.abc import Sequence
from datetime import date

import orjson

from assay import ledger
from assay.api.answers.common import clamp_day, find_token, write_envelope, write_json, write_rows
from assay.api.cursors import Cursor, fingerprint, format_cursor, parse_cursor
from assay.api.listing import Selection, cut_page, select_rows, sort_rows
from assay.api.parameters import GradesQuery, HistoryQuery, SeriesSort
from assay.api.ports import Point
from assay.api.sealed import Content
from assay.api.state import ApiState, Facts
from assay.grades import GradeKind
from assay.kit.errors import BadInput, InFuture, NotFound
from assay.kit.moments import format_utc
from assay.ledger import Publication
from assay.markets.types import Token


def answer_grades(state: ApiState, facts: Facts, kind: GradeKind, query: GradesQuery) -> Content:
    """One day's grades of all tokens; later pages keep to the publication of the first one."""
    filters = query.model_dump(mode="json", exclude={"limit", "cursor"})
    scope, offset = fingerprint("grades", kind, sorted(filters.items())), 0
    if query.cursor is None:
        publication = find_publication(state, facts, kind, query)
    else:
        cursor = parse_cursor(query.cursor, scope)
        offset = cursor.position
        with state.database.read() as connection:
            publication = ledger.load_publication(connection, cursor.anchor)
    selection = Selection(
        token_ids=find_ids(facts, query.symbol, publication.as_of),
        category=query.category,
        min_grade=query.min_grade,
        min_volume_usd=query.min_volume_usd,
    )
    rows = select_rows(orjson.loads(publication.rows), selection)
    page, following = cut_page(sort_rows(rows, query.sort), offset, query.limit)
    next_cursor = None
    if following is not None:
        next_cursor = format_cursor(Cursor(publication.publication_id, following), scope)
    return write_envelope(
        write_rows(page),
        publication.as_of,
        publication=publication.publication_id,
        origin=publication.origin.value,
        next_cursor=next_cursor,
    )


def find_publication(
    state: ApiState, facts: Facts, kind: GradeKind, query: GradesQuery
) -> Publication:
    """What stands for the day asked. Raises NotFound or InFuture that name the days there are."""
    found = state.grades.load_grades(state.database, kind, query.as_of, query.said_by)
    if found is not None:
        return found
    raise explain_absence(state, facts, kind, query)


def explain_absence(
    state: ApiState, facts: Facts, kind: GradeKind, query: GradesQuery
) -> NotFound | InFuture:
    """Why there is no publication for a day, and which day to ask for."""
    newest = state.grades.load_grades(state.database, kind)
    if newest is None:
        return NotFound(
            f"No {kind} grades have been published yet.", hint="Run `assay grade` first."
        )
    with state.database.read() as connection:
        days = [day.as_of for day in ledger.list_standing(connection, newest.kind)]
    as_of = query.as_of
    if as_of is not None and as_of > max(newest.as_of, facts.newest_day):
        return InFuture(
            f"{as_of} has not happened on the clock of the grades.",
            hint=f"The newest {kind} grades are of {newest.as_of}.",
        )
    if as_of is not None and as_of < days[0]:
        return NotFound(
            f"There are no {kind} grades for {as_of}.", hint=f"The first day is {days[0]}."
        )
    if query.said_by is not None:
        return NotFound(
            f"No {kind} grades had been published by {format_utc(query.said_by)}.",
            hint="Ask for a later moment, or leave said_by out.",
        )
    before = max(day for day in days if as_of is None or day < as_of)
    return NotFound(
        f"{as_of} has not been graded yet.",
        hint=f"Grade it with `assay grade --as-of {as_of}`, or all such days with `assay backfill`;"
        f" the nearest day before is {before}.",
    )


def find_ids(facts: Facts, symbols: str | None, as_of: date) -> set[int] | None:
    """The ids that a comma-separated list of symbols and ids means; None for no list."""
    if symbols is None:
        return None
    names = [name.strip() for name in symbols.split(",") if name.strip()]
    if not names:
        raise BadInput("`symbol` names no token.", hint="Write it as symbol=BTC,ETH.")
    return {find_token(facts.registry, name, as_of).token_id for name in names}


def answer_history(
    state: ApiState, facts: Facts, kind: GradeKind, name: str, query: HistoryQuery
) -> Content:
    """One token's grades by day. The symbol is read on the day `to`."""
    if query.start is not None and query.end is not None and query.start > query.end:
        raise BadInput("`from` lies after `to`.", hint="Exchange the two.")
    scope = fingerprint(
        "history", kind, name.upper(), query.start, query.end, query.said_by, query.sort
    )
    position, as_of = None, clamp_day(facts, query.end)
    if query.cursor is not None:
        cursor = parse_cursor(query.cursor, scope)
        position, as_of = cursor.position, date.fromisoformat(cursor.anchor)
    token = find_token(facts.registry, name, as_of)
    points = state.grades.load_grade_history(
        state.database, kind, token.token_id, query.start, as_of, query.said_by
    )
    page, following = cut_points(points, query.sort, position, query.limit)
    next_cursor = None
    if following is not None:
        next_cursor = format_cursor(Cursor(as_of.isoformat(), following), scope)
    return write_envelope(
        write_json([write_point(point) for point in page]),
        as_of,
        next_cursor=next_cursor,
        token_id=token.token_id,
        symbol=token.symbol,
    )


def cut_points(
    points: Sequence[Point], sort: SeriesSort, position: int | None, limit: int
) -> tuple[Sequence[Point], int | None]:
    """One page of an ascending history and the day (ordinal) after which the next one goes on."""
    ordered = list(points)
    if sort is SeriesSort.NEWEST:
        ordered.reverse()
    if position is not None:
        sign = -1 if sort is SeriesSort.NEWEST else 1
        ordered = [p for p in ordered if (p.as_of.toordinal() - position) * sign > 0]
    page, following = cut_page(ordered, 0, limit)
    return page, None if following is None else page[-1].as_of.toordinal()


def write_point(point: Point) -> dict[str, object]:
    """One day of a history as it is served."""
    return {
        "as_of": point.as_of,
        "grade": point.grade,
        "label": point.label,
        "no_view": point.no_view_code,
        "origin": point.origin,
        "publication": point.publication_id,
    }


def find_graded(
    state: ApiState, facts: Facts, kind: GradeKind, name: str, as_of: date | None
) -> tuple[Publication, Token]:
    """The publication of a day and the token that `name` meant on it."""
    publication = find_publication(state, facts, kind, GradesQuery(as_of=as_of))
    return publication, find_token(facts.registry, name, publication.as_of)


def write_explanation(publication: Publication, explanation: object) -> Content:
    """Why a token has its grade, beside the publication that said the grade."""
    return write_envelope(
        write_json(explanation),
        publication.as_of,
        publication=publication.publication_id,
        origin=publication.origin.value,
    )


def answer_publication(state: ApiState, publication_id: str) -> Content:
    """A publication with its canonical header and rows, byte for byte as sealed."""
    with state.database.read() as connection:
        found = ledger.load_publication(connection, publication_id)
    body = write_envelope(
        found.rows,
        found.as_of,
        publication=found.publication_id,
        origin=found.origin.value,
        next_cursor=None,
        digest=found.digest,
    ).body
    return Content(body[:-1] + b',"header":' + found.header + b"}")
