"""Canonical bytes, digests and origin of a publication. Pure."""

import hashlib
from collections.abc import Collection
from datetime import date, datetime

import orjson

from assay.kit.moments import format_utc
from assay.ledger.compute.tree import hash_rows
from assay.ledger.types import Draft, Origin, Publication

CANONICAL_VERSION = 2
_LEAVES = frozenset((str, int, bool, type(None)))


def derive_origin(draft: Draft, published_at: datetime, is_replay: bool) -> Origin:
    """Live only if said within the kind's delay and before the first outcome bar had opened."""
    if is_replay:
        return Origin.REPLAY
    closed = draft.closes
    in_time = closed <= published_at <= closed + draft.kind.live_within
    before_outcome = published_at < closed + draft.kind.opens_after
    return Origin.LIVE if in_time and before_outcome else Origin.BACKFILLED


def canonical_json(value: object) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces. Sealed values hold no floats: only integers,
    strings, booleans, null, lists and objects, so that every JSON writer agrees on the bytes.

    Raises TypeError for a float.
    """
    _refuse_floats(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def compute_header(draft: Draft, published_at: datetime, origin: Origin) -> bytes:
    """The canonical header: everything said about the rows, their digest and their Merkle root."""
    tree, root = hash_rows(split_rows(draft.rows))
    return canonical_json(
        {
            "version": CANONICAL_VERSION,
            "kind": draft.kind.name,
            "as_of": format_as_of(draft),
            "published_at": format_utc(published_at),
            "origin": origin.value,
            "inputs_digest": draft.inputs_digest,
            "facts_recorded_by": format_utc(draft.facts_recorded_by),
            "model": draft.model,
            "code": draft.code,
            "rows_digest": hashlib.sha256(draft.rows).hexdigest(),
            "rows_root": root.hex(),
            "row_count": tree.size,
            "corrects": draft.corrects,
            "withdraws": draft.withdraws,
        }
    )


def split_rows(rows: bytes) -> list[bytes]:
    """The exact bytes of each row of a canonical list.

    Raises ValueError for bytes that are not canonical.
    """
    parts = [orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in orjson.loads(rows)]
    if b"[" + b",".join(parts) + b"]" != rows:
        raise ValueError("the rows are no canonical JSON list")
    return parts


def compute_digest(header: bytes) -> str:
    """Hex SHA-256 of a canonical header."""
    return hashlib.sha256(header).hexdigest()


def name_publication(draft: Draft, digest: str) -> str:
    """The id: kind, day and the first 12 hex digits of the digest (the store keeps it unique)."""
    return f"{draft.kind.name}-{format_as_of(draft)}-{digest[:12]}"


def format_as_of(draft: Draft | Publication) -> str:
    """The day judged; for an hourly statement the hour's opening too: 2023-12-29T05."""
    hour = "" if draft.hour is None else f"T{draft.hour:02d}"
    return f"{draft.as_of.isoformat()}{hour}"


def parse_as_of(text: str) -> tuple[date, int | None]:
    """What `format_as_of` wrote as (day, hour or None)."""
    day, _, hour = text.partition("T")
    return date.fromisoformat(day), int(hour) if hour else None


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a sealed value holds a float; publish integers or decimal strings")
    items: Collection[object] = ()
    if isinstance(value, dict):
        items = value.values()
    elif isinstance(value, list | tuple):
        items = value
    # Nearly all values are leaves: asking for all their types at once spares a call for each.
    if not _LEAVES.issuperset(map(type, items)):
        for item in items:
            if type(item) not in _LEAVES:
                _refuse_floats(item)
