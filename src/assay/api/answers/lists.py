"""The one way of every list: found as a whole, then cut into a page or read in bulk.

Each kind of list has a finder that returns a `Found`; whatever is asked of it afterwards (pages,
cursors, formats, the reason why it is empty) happens here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any, Concatenate, ParamSpec

from assay.api.answers.common import write_envelope, write_json
from assay.api.cursors import Cursor, format_cursor, parse_cursor
from assay.api.formats import Body, Decimals, create_writer
from assay.api.listing import Row
from assay.api.negotiation import Format
from assay.api.parameters import ListQuery
from assay.api.schemas import Shape
from assay.api.sealed import Content
from assay.api.state import ApiState, Facts

P = ParamSpec("P")

Placed = tuple[int, Row]
"""A row and its position: a number that grows along the list and never changes."""

CHUNK_ROWS = 1_000
VARY = b"accept, accept-encoding"
LICENCE = "Apache-2.0"


@dataclass(frozen=True, slots=True)
class Found:
    """A whole list as found, before it is cut or streamed.

    `read` gives the rows behind a position (None: all), as they are needed; `explain` says why
    there are none. `scope` is what a cursor must fit, `anchor` what later pages keep to. Of facts
    in great numbers `batches` gives the same rows as Arrow record batches in constant memory.
    """

    row: type[Shape]
    name: str
    scope: str
    anchor: str
    as_of: date | datetime | None
    read: Callable[[int | None], Iterator[Placed]]
    explain: Callable[[], str]
    position: int | None = None
    publication: str | None = None
    origin: str | None = None
    repeated: Mapping[str, Any] = field(default_factory=dict)
    write: Callable[[Sequence[Row]], bytes] = write_json
    batches: Callable[[], Iterator[Any]] | None = None


Finder = Callable[Concatenate[ApiState, Facts, P], Found]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a list as it is sent, and how many rows it holds."""

    body: Body
    rows: int


@dataclass(frozen=True, slots=True)
class Bulk:
    """A list as it is streamed: what is said about it, and its pieces as they are needed."""

    name: str
    metadata: Mapping[str, str]
    pieces: Iterator[Piece]


def answer_page(
    state: ApiState,
    facts: Facts,
    find: Callable[Concatenate[ApiState, Facts, P], Found],
    limit: int,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Content:
    """One page of a list in the one success shape. An empty list says why in `reason`."""
    found = find(state, facts, *args, **kwargs)
    rows, following = cut_page(found.read(found.position), limit)
    next_cursor = None
    if following is not None:
        next_cursor = format_cursor(Cursor(found.anchor, following), found.scope)
    reason = {} if rows else {"reason": found.explain()}
    return write_envelope(
        found.write(rows),
        found.as_of,
        publication=found.publication,
        origin=found.origin,
        vary=VARY,
        next_cursor=next_cursor,
        **found.repeated,
        **reason,
    )


def open_bulk(
    state: ApiState,
    facts: Facts,
    find: Callable[Concatenate[ApiState, Facts, P], Found],
    query: ListQuery,
    form: Format,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Bulk:
    """A whole list in a bulk format; `limit` cuts it where it was given."""
    found = find(state, facts, *args, **kwargs)
    metadata = describe_found(state, facts, found)
    limit = query.limit if "limit" in query.model_fields_set else None
    pieces = write_pieces(found, form, query.decimals, metadata, limit)
    return Bulk(found.name, metadata, pieces)


def read_cursor(query: ListQuery, scope: str) -> Cursor | None:
    """Where a query goes on; None at the beginning. Raises BadInput for a cursor of another list"""
    return None if query.cursor is None else parse_cursor(query.cursor, scope)


def cut_page(placed: Iterator[Placed], limit: int) -> tuple[list[Row], int | None]:
    """The next rows, and the position of the last of them where more follow."""
    page = list(islice(placed, limit))
    more = len(page) == limit and next(placed, None) is not None
    return [row for _, row in page], page[-1][0] if more else None


def number_rows(rows: Sequence[Row]) -> Callable[[int | None], Iterator[Placed]]:
    """How rows that are all at hand are read: their positions are their numbers."""

    def read(position: int | None) -> Iterator[Placed]:
        first = 0 if position is None else position + 1
        return ((number, rows[number]) for number in range(first, len(rows)))

    return read


def describe_found(state: ApiState, facts: Facts, found: Found) -> dict[str, str]:
    """What the formats say about a list beside its rows, as texts by name."""
    recorded = "Recorded data" if state.is_recorded(facts) else "Data"
    said = {
        "as_of": None if found.as_of is None else found.as_of.isoformat().replace("+00:00", "Z"),
        "publication": found.publication,
        "origin": found.origin,
        **found.repeated,
        "banner": f"{recorded} to {facts.newest_day}. Not investment advice.",
    }
    return {f"assay.{name}": str(value) for name, value in said.items() if value is not None}


def write_pieces(
    found: Found,
    form: Format,
    decimals: Decimals,
    metadata: Mapping[str, str],
    limit: int | None,
) -> Iterator[Piece]:
    """The list piece by piece; nothing is read before it is asked for."""
    writer = create_writer(form, found.row, decimals, metadata)
    yield Piece(writer.begin(), 0)
    if found.batches is not None and found.position is None:
        for batch in cut_batches(found.batches(), limit):
            yield Piece(writer.write_batch(batch), batch.num_rows)
    else:
        placed = found.read(found.position)
        rows = (row for _, row in (placed if limit is None else islice(placed, limit)))
        while chunk := list(islice(rows, CHUNK_ROWS)):
            yield Piece(writer.write_rows(chunk), len(chunk))
    yield Piece(writer.end(), 0)


def cut_batches(batches: Iterator[Any], limit: int | None) -> Iterator[Any]:
    """Record batches up to `limit` rows."""
    left = limit
    for batch in batches:
        if left is None:
            yield batch
            continue
        yield batch.slice(0, left)
        left -= min(left, batch.num_rows)
        if left == 0:
            return
