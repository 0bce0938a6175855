"""Answers about everything published: a day's rows, one of them, the publication itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import orjson

from assay import ledger
from assay.api.answers.common import ask_for, find_token, write_envelope, write_rows
from assay.api.answers.lists import Found, number_rows, read_cursor
from assay.api.cursors import fingerprint
from assay.api.listing import Listing, Row, Spoken, Subject, select_rows, sort_rows
from assay.api.parameters import DayQuery, SaidQuery, day_of
from assay.api.problems import suggest
from assay.api.sealed import Content
from assay.api.state import ApiState, Facts
from assay.kit.errors import BadInput, InFuture, NotFound
from assay.kit.moments import close_of_hour, format_utc
from assay.ledger import Publication, Standing

_HOUR = timedelta(hours=1)
SHOWN = frozenset({"as_of", "said_by", "sort", "limit", "cursor", "format", "decimals"})
"""Parameters that keep no row away."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a path names: the member and value that its rows have, and what the answer repeats."""

    member: str = ""
    value: int = 0
    repeated: dict[str, Any] = field(default_factory=dict)


def find_list(
    state: ApiState, facts: Facts, listing: Listing, query: DayQuery, name: str = ""
) -> Found:
    """One day's rows; later pages keep to the publication of the first one."""
    scope = fingerprint(listing.path, listing.said.kind, name.upper(), query.name_filters())
    cursor = read_cursor(query, scope)
    if cursor is None:
        publication = find_publication(state, facts, listing.said, query.as_of, query.said_by)
    else:
        with state.database.read() as connection:
            publication = ledger.load_publication(connection, cursor.anchor)
    rows = orjson.loads(publication.rows)
    named = name_subject(facts, listing, name, publication.as_of, rows)
    ids = find_ids(facts, getattr(query, "symbol", None), publication.as_of)
    shown = pick_rows(rows, listing, named)
    kept = sort_rows(select_rows(shown, query, ids), query, listing.members)
    as_of = tell_time(publication)
    return Found(
        row=listing.row,
        name=listing.name,
        scope=scope,
        anchor=publication.publication_id,
        as_of=as_of,
        read=number_rows(kept),
        explain=partial(explain_empty, listing, query, as_of, len(shown)),
        position=None if cursor is None else cursor.position,
        publication=publication.publication_id,
        origin=publication.origin.value,
        repeated=named.repeated,
        write=write_rows,
    )


def explain_empty(listing: Listing, query: DayQuery, as_of: date | datetime, rows: int) -> str:
    """Why a day's list shows nothing, and what to do."""
    words = listing.part or listing.said.words
    if rows == 0:
        return f"There are no {words} as of {as_of}: the publication says so."
    asked = [name for name in query.model_fields_set if name not in SHOWN]
    return (
        f"None of the {rows} {words} as of {as_of} passes the filters "
        f"({', '.join(sorted(asked))}); loosen or drop one."
    )


def answer_one(
    state: ApiState, facts: Facts, listing: Listing, query: SaidQuery, name: str = ""
) -> Content:
    """One row of a day."""
    publication = find_publication(state, facts, listing.said, query.as_of, query.said_by)
    rows = orjson.loads(publication.rows)
    named = name_subject(facts, listing, name, publication.as_of, rows)
    return write_envelope(
        write_rows(pick_rows(rows, listing, named)[:1])[1:-1],
        tell_time(publication),
        publication=publication.publication_id,
        origin=publication.origin.value,
    )


def answer_publication(state: ApiState, publication_id: str) -> Content:
    """A publication with its canonical header and rows, byte for byte as sealed."""
    with state.database.read() as connection:
        found = ledger.load_publication(connection, publication_id)
    body = write_envelope(
        found.rows,
        tell_time(found),
        publication=found.publication_id,
        origin=found.origin.value,
        next_cursor=None,
        digest=found.digest,
        proof=name_proof(found.publication_id),
    ).body
    return Content(body[:-1] + b',"header":' + found.header + b"}")


def name_proof(publication_id: str) -> str:
    """Where the proof is that a publication is in the log."""
    return f"/v1/publications/{publication_id}/proof"


def answer_header(state: ApiState, publication_id: str) -> Content:
    """The exact bytes of a publication's header: its leaf in the log."""
    with state.database.read() as connection:
        return Content(ledger.load_publication(connection, publication_id).header)


def answer_rows(state: ApiState, publication_id: str) -> Content:
    """The exact bytes of a publication's rows."""
    with state.database.read() as connection:
        return Content(ledger.load_publication(connection, publication_id).rows)


def answer_row(state: ApiState, publication_id: str, index: int) -> Content:
    """The exact bytes of one row. Raises NotFound beyond the last one."""
    with state.database.read() as connection:
        found = ledger.load_publication(connection, publication_id)
    rows = orjson.loads(found.rows)
    if index >= len(rows):
        raise NotFound(
            f"The publication has {len(rows)} rows.", hint="The first one has the index 0."
        )
    return Content(ledger.canonical_json(rows[index]))


def find_publication(
    state: ApiState,
    facts: Facts,
    said: Spoken,
    as_of: date | datetime | None,
    said_by: datetime | None = None,
) -> Publication:
    """What stands for the day asked, or for the last hour that had closed by the moment asked.

    Raises NotFound or InFuture that name the days there are.
    """
    day, hour = split_time(as_of)
    with state.database.read() as connection:
        found = ledger.load_latest(connection, said.kind, day, said_by, hour=hour)
        if found is not None:
            return found
        newest = ledger.load_latest(connection, said.kind)
        days = ledger.list_standing(connection, said.kind)
    raise explain_absence(facts, said, newest, days, as_of, said_by, state.history())


def explain_absence(
    facts: Facts,
    said: Spoken,
    newest: Publication | None,
    days: Sequence[Standing],
    as_of: date | datetime | None,
    said_by: datetime | None,
    history: str,
) -> NotFound | InFuture:
    """Why there is no publication for a day, and which day to ask for."""
    words = said.words
    remedy = f"Run `assay backfill --kind {said.room}`"
    if history:
        remedy = f"Past days are being published now ({history})"
    if newest is None:
        return NotFound(f"No {words} have been published yet.", hint=f"{remedy}.")
    if as_of is not None and day_of(as_of) > max(newest.as_of, facts.newest_day):
        return InFuture(
            f"{as_of} has not happened on the clock of the {words}.",
            hint=f"The newest {words} are of {newest.as_of}.",
        )
    if as_of is not None and day_of(as_of) < days[0].as_of:
        return NotFound(
            f"There are no {words} for {as_of}.", hint=f"The first day is {days[0].as_of}."
        )
    if said_by is not None:
        return NotFound(
            f"No {words} had been published by {format_utc(said_by)}.",
            hint="Ask for a later moment, or leave said_by out.",
        )
    before = max(day.as_of for day in days if as_of is None or day.as_of <= day_of(as_of))
    return NotFound(
        f"No {words} have been published for {as_of}.",
        hint=f"{remedy}; the nearest day before is {before}.",
    )


def split_time(as_of: date | datetime | None) -> tuple[date | None, int | None]:
    """A day, or the day and hour of the last hourly bar that had closed by a moment."""
    if not isinstance(as_of, datetime):
        return as_of, None
    opened = as_of - _HOUR
    return opened.date(), opened.hour


def tell_time(publication: Publication | Standing) -> date | datetime:
    """The day judged; of an hourly statement the close of its bar."""
    if publication.hour is None:
        return publication.as_of
    return close_of_hour(publication.as_of, publication.hour)


def name_subject(
    facts: Facts, listing: Listing, name: str, as_of: date, rows: Sequence[Row]
) -> Named:
    """What `name` in a path means on a day. Raises NotFound with what is near."""
    if listing.subject is Subject.TOKEN:
        token = find_token(facts.registry, name, as_of)
        repeated = {"token_id": token.token_id, "symbol": token.symbol}
        return Named("token_id", token.token_id, repeated)
    if listing.subject is Subject.INDEX:
        wanted = name.casefold()
        for row in rows:
            if wanted in (row["slug"].casefold(), row["ticker"].casefold(), str(row["index_id"])):
                repeated = {"index_id": row["index_id"], "slug": row["slug"]}
                return Named("index_id", row["index_id"], repeated)
        raise NotFound(
            f"No index is called {name[:40]!r}.",
            hint=ask_for(
                suggest(wanted, [row["slug"] for row in rows]), "GET /v1/indices has all."
            ),
        )
    return Named()


def pick_rows(rows: Sequence[Row], listing: Listing, named: Named) -> Sequence[Row]:
    """The rows that a listing shows of what was published: those of its subject, or their part."""
    if named.member:
        rows = [row for row in rows if row[named.member] == named.value]
    if listing.part:
        rows = [item for row in rows for item in row[listing.part] or ()]
    return rows


def find_ids(facts: Facts, symbols: str | None, as_of: date) -> set[int] | None:
    """The ids that a comma-separated list of symbols and ids means; None for no list."""
    if symbols is None:
        return None
    names = [name.strip() for name in symbols.split(",") if name.strip()]
    if not names:
        raise BadInput("`symbol` names no token.", hint="Write it as symbol=BTC,ETH.")
    return {find_token(facts.registry, name, as_of).token_id for name in names}
