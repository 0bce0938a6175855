"""Publishing: a draft becomes a publication inside the caller's transaction."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from assay.ledger.compute import compute_digest, compute_header, derive_origin, name_publication
from assay.ledger.store import insert_publication
from assay.ledger.types import Draft, Publication


def save_publication(
    connection: Connection, draft: Draft, published_at: datetime, is_replay: bool
) -> Publication:
    """Add one publication inside the caller's transaction, beside the rows it speaks about."""
    origin = derive_origin(draft, published_at, is_replay)
    header = compute_header(draft, published_at, origin)
    digest = compute_digest(header)
    said = Publication(
        publication_id=name_publication(draft, digest),
        sequence=0,
        kind=draft.kind.name,
        as_of=draft.as_of,
        published_at=published_at,
        origin=origin,
        header=header,
        rows=draft.rows,
        digest=digest,
        inputs_digest=draft.inputs_digest,
        facts_recorded_by=draft.facts_recorded_by,
        model=draft.model,
        code=draft.code,
        corrects=draft.corrects,
        withdraws=draft.withdraws,
        hour=draft.hour,
    )
    return replace(said, sequence=insert_publication(connection, said))
