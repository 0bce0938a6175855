"""Verbs of the briefing: load what stands, and find the publications its numbers come from."""

from datetime import date, datetime

import orjson

from assay import ledger
from assay.briefing.compute.record import OWN_KIND
from assay.briefing.types import Briefing, Resolve, Source
from assay.kit.database import Database
from assay.publishing import load_said


def load_briefing(
    database: Database, as_of: date | None = None, said_by: datetime | None = None
) -> Briefing | None:
    """The briefing that stands for a day (default: the newest); None if there is none."""
    found = load_said(database, OWN_KIND, as_of, said_by)
    if found is None:
        return None
    return Briefing(
        as_of=found.as_of,
        publication_id=found.publication_id,
        origin=found.origin.value,
        published_at=found.published_at,
        row=orjson.loads(found.rows)[0],
    )


def create_resolver(database: Database) -> Resolve:
    """Finds publications by kind, day and digest of their rows: what was read, even if it has been
    corrected since.
    """
    known: dict[Source, str | None] = {}

    def resolve(source: Source) -> str | None:
        if source not in known:
            known[source] = _find_publication(database, source)
        return known[source]

    return resolve


def _find_publication(database: Database, source: Source) -> str | None:
    before: int | None = None
    with database.read() as connection:
        while True:
            found = ledger.load_latest(connection, source.kind, source.as_of, before=before)
            if found is None:
                return None
            if orjson.loads(found.header)["rows_digest"] == source.rows_digest:
                return found.publication_id
            before = found.sequence
