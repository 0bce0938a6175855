"""Answers day by day: the rows of one token or index, or of the market, as they were said."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

import orjson
from sqlalchemy import Connection

from assay import ledger
from assay.api.answers.common import clamp_day, find_token, write_envelope, write_json
from assay.api.answers.published import Named, name_subject, pick_rows, tell_time
from assay.api.answers.slices import load_rows_of
from assay.api.cursors import Cursor, fingerprint, format_cursor, parse_cursor
from assay.api.listing import Listing, Row
from assay.api.parameters import HistoryQuery, SeriesSort
from assay.api.ports import Point
from assay.api.sealed import Content
from assay.api.state import ApiState, Facts
from assay.grades import GradeKind
from assay.kit.errors import BadInput
from assay.ledger import Standing

ROWS_PER_TIME = 100_000
"""More rows than any publication has: with it a cursor's position is a time and a place in it."""

Time = tuple[int, Callable[[], Sequence[Row]]]
"""One day or hour of a history: its key, ascending in time, and how its rows are read."""


def answer_history(
    state: ApiState, facts: Facts, listing: Listing, query: HistoryQuery, name: str = ""
) -> Content:
    """Rows day by day, each with the publication that said it; a symbol is read on the day `to`."""
    scope, position, as_of = open_history(facts, listing.path, name, query)
    kind = listing.said.kind
    with state.database.read() as connection:
        newest = ledger.load_latest(connection, kind)
        rows = [] if newest is None else orjson.loads(newest.rows)
        named = name_subject(facts, listing, name, as_of, rows)
        standing = ledger.list_standing(connection, kind, query.start, as_of, query.said_by)
        times: list[Time] = [
            (key_of(item.as_of, item.hour), partial(read_time, connection, listing, named, item))
            for item in standing
        ]
        page, following = cut_history(times, query, position)
    return close_history(scope, as_of, page, following, named)


def answer_grade_history(
    state: ApiState, facts: Facts, kind: GradeKind, name: str, query: HistoryQuery
) -> Content:
    """The same of a token's grades, from the room's own index of them."""
    scope, position, as_of = open_history(facts, f"grades.{kind}", name, query)
    token = find_token(facts.registry, name, as_of)
    points = state.grades.load_grade_history(
        state.database, kind, token.token_id, query.start, as_of, query.said_by
    )
    times: list[Time] = [(key_of(point.as_of), partial(list_point, point)) for point in points]
    page, following = cut_history(times, query, position)
    named = Named(repeated={"token_id": token.token_id, "symbol": token.symbol})
    return close_history(scope, as_of, page, following, named)


def open_history(
    facts: Facts, listing: str, name: str, query: HistoryQuery
) -> tuple[str, int | None, date]:
    """What a history's cursor must fit, where it goes on, and its last day, which stays as it was
    for the first page. Raises BadInput for an empty range and a cursor that is not of this list.
    """
    if query.start is not None and query.end is not None and query.start > query.end:
        raise BadInput("`from` lies after `to`.", hint="Exchange the two.")
    scope = fingerprint(listing, name.upper(), query.start, query.end, query.said_by, query.sort)
    if query.cursor is None:
        return scope, None, clamp_day(facts, query.end)
    cursor = parse_cursor(query.cursor, scope)
    return scope, cursor.position, date.fromisoformat(cursor.anchor)


def close_history(
    scope: str, as_of: date, page: Sequence[Row], following: int | None, named: Named
) -> Content:
    """The envelope of a history: publication and origin stand in each row."""
    next_cursor = None
    if following is not None:
        next_cursor = format_cursor(Cursor(as_of.isoformat(), following), scope)
    return write_envelope(write_json(page), as_of, next_cursor=next_cursor, **named.repeated)


def cut_history(
    times: Sequence[Time], query: HistoryQuery, position: int | None
) -> tuple[list[Row], int | None]:
    """One page, and the position of its last row when more follow. Only what is shown is read."""
    is_newest_first = query.sort is SeriesSort.NEWEST
    page: list[Row] = []
    last = 0
    for key, read in reversed(times) if is_newest_first else times:
        after = -1
        if position is not None:
            reached, place = divmod(position, ROWS_PER_TIME)
            if key != reached and (key > reached) == is_newest_first:
                continue
            after = place if key == reached else -1
        for place, row in enumerate(read()):
            if place <= after:
                continue
            if len(page) == query.limit:
                return page, last
            page.append(row)
            last = key * ROWS_PER_TIME + place
    return page, None


def read_time(
    connection: Connection, listing: Listing, named: Named, standing: Standing
) -> list[Row]:
    """The rows that one publication holds of a subject, with when and by what they were said."""
    said = ledger.load_publication(connection, standing.publication_id)
    rows: Sequence[Row] = (
        load_rows_of(said.rows, named.member, named.value)
        if named.member
        else orjson.loads(said.rows)
    )
    when = {
        "as_of": tell_time(said),
        "origin": said.origin.value,
        "publication": said.publication_id,
    }
    picked = pick_rows(rows, listing, named)
    shown = listing.row.list_members()
    return [{**when, **{n: v for n, v in row.items() if n in shown}} for row in picked]


def key_of(day: date, hour: int | None = None) -> int:
    """A number that grows with time, by days and by the hours in them."""
    return day.toordinal() * 24 + (hour or 0)


def list_point(point: Point) -> list[Row]:
    """One day of a token's grades as it is served."""
    return [
        {
            "as_of": point.as_of,
            "grade": point.grade,
            "label": point.label,
            "no_view": point.no_view_code,
            "origin": point.origin,
            "publication": point.publication_id,
        }
    ]
