"""Everything that was said, in the order in which it was said."""

from collections.abc import Iterator
from functools import partial

from assay import ledger
from assay.api.answers.lists import CHUNK_ROWS, Found, Placed, read_cursor
from assay.api.answers.published import name_proof
from assay.api.cursors import fingerprint
from assay.api.kinds.facts import PublicationsQuery, Said, SaidSort
from assay.api.problems import suggest
from assay.api.state import ApiState, Facts
from assay.kit.errors import BadInput
from assay.ledger import Heading, Origin, Selection


def find_publications(state: ApiState, facts: Facts, query: PublicationsQuery) -> Found:
    """The publications asked for, without their rows; what is said while one pages comes before the
    first page, or after the last.
    """
    if query.start is not None and query.end is not None and query.start > query.end:
        raise BadInput("`from` lies after `to`.", hint="Exchange the two.")
    scope = fingerprint("publications", query.name_filters())
    cursor = read_cursor(query, scope)
    asked = Selection(
        kind=query.kind or "",
        origin=None if query.origin is None else Origin(query.origin),
        start=query.start,
        end=query.end,
        said_by=query.said_by,
        is_newest_first=query.sort is SaidSort.NEWEST,
    )
    return Found(
        row=Said,
        name="publications",
        scope=scope,
        anchor="",
        as_of=None,
        read=partial(walk_publications, state, asked),
        explain=partial(explain_publications, state, query),
        position=None if cursor is None else cursor.position,
    )


def walk_publications(state: ApiState, asked: Selection, position: int | None) -> Iterator[Placed]:
    """The publications behind a position; their positions are their sequence numbers."""
    while True:
        with state.database.read() as connection:
            found = ledger.list_headers(connection, asked, position, CHUNK_ROWS)
        for heading in found:
            yield heading.sequence, write_heading(heading)
        if len(found) < CHUNK_ROWS:
            return
        position = found[-1].sequence


def write_heading(heading: Heading) -> dict[str, object]:
    """One publication as it is served in a list."""
    return {
        "publication": heading.publication_id,
        "kind": heading.kind,
        "as_of": heading.as_of,
        "hour": heading.hour,
        "published_at": heading.published_at,
        "origin": heading.origin.value,
        "digest": heading.digest,
        "inputs_digest": heading.inputs_digest,
        "model": heading.model,
        "code": heading.code,
        "corrects": heading.corrects,
        "withdraws": heading.withdraws,
        "proof": name_proof(heading.publication_id),
    }


def explain_publications(state: ApiState, query: PublicationsQuery) -> str:
    """Why none is listed, and what to do."""
    with state.database.read() as connection:
        kinds = ledger.list_kinds(connection)
    if not kinds:
        return "Nothing has been published yet; run `assay backfill`."
    if query.kind is not None and not query.kind.endswith("*") and query.kind not in kinds:
        near = suggest(query.kind, kinds) or kinds
        return f"Nothing of the kind {query.kind!r} was said; there are {', '.join(near)}."
    return "No publication passes the filters; loosen or drop one."
