"""Answers day by day: the rows of one token or index, or of the market, as they were said."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache, partial

import orjson
from pydantic import create_model

from assay import ledger
from assay.api.answers.common import clamp_day, find_token
from assay.api.answers.lists import Found, Placed, read_cursor
from assay.api.answers.published import Named, name_subject, pick_rows, tell_time
from assay.api.answers.slices import load_rows_of
from assay.api.cursors import fingerprint
from assay.api.kinds.grades import GRADES, GradePoint
from assay.api.listing import Listing, Row, Spoken
from assay.api.parameters import HistoryQuery, SeriesSort
from assay.api.ports import Point
from assay.api.schemas import Dated, HourDated, Shape
from assay.api.state import ApiState, Facts
from assay.grades import GradeKind
from assay.kit.errors import BadInput
from assay.ledger import Standing

ROWS_PER_TIME = 100_000
"""More rows than any publication has: with it a cursor's position is a time and a place in it."""

FEWEST_TIMES, MOST_TIMES = 4, 64
"""Publications read in one go: a page wants few, and a slow client holds no transaction open."""

ReadTimes = Callable[[Sequence[int]], Sequence[Sequence[Row]]]
"""Reads the rows of each of some times, named by their numbers."""


def find_history(
    state: ApiState, facts: Facts, listing: Listing, query: HistoryQuery, name: str = ""
) -> Found:
    """Rows day by day, each with the publication that said it; a symbol is read on the day `to`."""
    scope, position, as_of = open_history(facts, listing.path, name, query)
    kind = listing.said.kind
    with state.database.read() as connection:
        newest = ledger.load_latest(connection, kind)
        rows = [] if newest is None else orjson.loads(newest.rows)
        named = name_subject(facts, listing, name, as_of, rows)
        standing = ledger.list_standing(connection, kind, query.start, as_of, query.said_by)
    times = [key_of(item.as_of, item.hour) for item in standing]

    def read_times(numbers: Sequence[int]) -> Sequence[Sequence[Row]]:
        chosen = [standing[number] for number in numbers]
        with state.database.read() as connection:
            rows = ledger.load_rows(connection, [item.publication_id for item in chosen])
        return [cut_rows(rows[i.publication_id], listing, named, i) for i in chosen]

    return Found(
        row=date_row(listing.row, is_hourly=listing.said.is_hourly),
        name=listing.name,
        scope=scope,
        anchor=as_of.isoformat(),
        as_of=as_of,
        read=partial(walk_history, times, read_times, query.sort),
        explain=partial(explain_history, state, facts, listing.said, query, len(times), named),
        position=position,
        repeated=named.repeated,
    )


def find_grade_history(
    state: ApiState, facts: Facts, kind: GradeKind, name: str, query: HistoryQuery
) -> Found:
    """The same of a token's grades, from the room's own index of them."""
    scope, position, as_of = open_history(facts, f"grades.{kind}", name, query)
    token = find_token(facts.registry, name, as_of)
    points = state.grades.load_grade_history(
        state.database, kind, token.token_id, query.start, as_of, query.said_by
    )
    named = Named(repeated={"token_id": token.token_id, "symbol": token.symbol})
    return Found(
        row=GradePoint,
        name=f"{kind}_grade_history",
        scope=scope,
        anchor=as_of.isoformat(),
        as_of=as_of,
        read=partial(
            walk_history,
            [key_of(point.as_of) for point in points],
            lambda numbers: [list_point(points[number]) for number in numbers],
            query.sort,
        ),
        explain=partial(explain_history, state, facts, GRADES[kind].said, query, 0, named),
        position=position,
        repeated=named.repeated,
    )


def open_history(
    facts: Facts, listing: str, name: str, query: HistoryQuery
) -> tuple[str, int | None, date]:
    """What a history's cursor must fit, where it goes on, and its last day, which stays as it was
    for the first page. Raises BadInput for an empty range and a cursor that is not of this list.
    """
    if query.start is not None and query.end is not None and query.start > query.end:
        raise BadInput("`from` lies after `to`.", hint="Exchange the two.")
    scope = fingerprint(listing, name.upper(), query.name_filters())
    cursor = read_cursor(query, scope)
    if cursor is None:
        return scope, None, clamp_day(facts, query.end)
    return scope, cursor.position, date.fromisoformat(cursor.anchor)


def walk_history(
    times: Sequence[int], read: ReadTimes, sort: SeriesSort, position: int | None
) -> Iterator[Placed]:
    """The rows of ascending times behind a position, in either order; the rows of one time keep
    theirs. They are read a few times at once, as they are needed.
    """
    is_newest_first = sort is SeriesSort.NEWEST
    reached, place_reached = (None, -1) if position is None else divmod(position, ROWS_PER_TIME)
    numbers = [
        number
        for number, key in enumerate(times)
        if reached is None or key == reached or (key < reached) == is_newest_first
    ]
    if is_newest_first:
        numbers.reverse()
    first, count = 0, FEWEST_TIMES
    while chunk := numbers[first : first + count]:
        first, count = first + count, min(2 * count, MOST_TIMES)
        for number, rows in zip(chunk, read(chunk), strict=True):
            key = times[number]
            after = place_reached if key == reached else -1
            for place in range(after + 1, len(rows)):
                yield key * ROWS_PER_TIME + place, rows[place]


def explain_history(
    state: ApiState,
    facts: Facts,
    said: Spoken,
    query: HistoryQuery,
    times: int,
    named: Named,
) -> str:
    """Why a history shows nothing, and what to do."""
    with state.database.read() as connection:
        days = ledger.list_standing(connection, said.kind)
    if not days:
        remedy = f"run `assay backfill --kind {said.room}`"
        if filling := state.history():
            remedy = f"past days are being published now ({filling})"
        return f"No {said.words} have been published yet; {remedy}."
    span = f"they reach from {days[0].as_of} to {days[-1].as_of}"
    if times == 0 and not any(is_within(day.as_of, query) for day in days):
        return f"No {said.words} are of the days asked; {span}."
    if query.said_by is not None:
        return f"Nothing of that had been said by then; ask for a later moment ({span})."
    whose = named.repeated.get("symbol") or named.repeated.get("slug") or "nothing"
    return (
        f"The {said.words} of the days asked say nothing of {whose}; {span}. "
        "Ask for other days or another name."
    )


def is_within(day: date, query: HistoryQuery) -> bool:
    """True if a day lies in the range asked."""
    return (query.start is None or day >= query.start) and (query.end is None or day <= query.end)


@lru_cache(maxsize=64)
def date_row(row: type[Shape], *, is_hourly: bool) -> type[Shape]:
    """The shape of a kind's rows in a history: when and by what each was said comes first."""
    dated = HourDated if is_hourly else Dated
    shape: type[Shape] = create_model(
        f"{row.__name__}Day", __base__=(row, dated), __doc__=row.__doc__
    )
    return shape


def cut_rows(rows: bytes, listing: Listing, named: Named, standing: Standing) -> list[Row]:
    """What the rows of one publication hold of a subject, with when and by what they were said."""
    found: Sequence[Row] = (
        load_rows_of(rows, named.member, named.value) if named.member else orjson.loads(rows)
    )
    when = {
        "as_of": tell_time(standing),
        "origin": standing.origin.value,
        "publication": standing.publication_id,
    }
    shown = listing.row.list_members()
    return [
        {**when, **{n: v for n, v in row.items() if n in shown}}
        for row in pick_rows(found, listing, named)
    ]


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
