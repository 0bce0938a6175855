"""What a header seals of its rows, in every version of headers that was ever written. Pure.

1: `rows_digest`, over the canonical list as a whole
2: also `rows_root` (RFC 9162, over the exact bytes of each row) and `row_count`
"""

import hashlib
from dataclasses import dataclass

import orjson

from assay.kit.errors import BadInput
from assay.kit.moments import format_utc
from assay.ledger.compute.headers import (
    CANONICAL_VERSION,
    compute_digest,
    format_as_of,
    split_rows,
)
from assay.ledger.compute.tree import hash_rows
from assay.ledger.types import Publication


@dataclass(frozen=True, slots=True)
class Seal:
    """One thing that a header says of its rows, and whether it is so."""

    name: str
    is_right: bool
    sealed: str


def check_seals(header: bytes, rows: bytes) -> tuple[Seal, ...]:
    """Every seal of a header, held against these rows.

    Raises BadInput for a header of a version that this code does not know, ValueError for what is
    no header at all.
    """
    said = orjson.loads(header)
    version = said["version"]
    if not isinstance(version, int) or not 1 <= version <= CANONICAL_VERSION:
        raise BadInput(
            f"The header has version {version}; this Assay reads 1 to {CANONICAL_VERSION}.",
            hint="Check it with the Assay that wrote it, or a newer one.",
        )
    digest = hashlib.sha256(rows).hexdigest()
    seals = [Seal("published rows", digest == said["rows_digest"], said["rows_digest"])]
    if version >= 2:
        root, count = _count_rows(rows)
        seals += [
            Seal("rows root", root == said["rows_root"], said["rows_root"]),
            Seal("row count", count == said["row_count"], str(said["row_count"])),
        ]
    return tuple(seals)


def find_altered(said: Publication) -> str | None:
    """What of a stored publication is not as its header seals it; None where all is.

    The header itself is an entry of the log, which another check holds against its tree.
    """
    try:
        header = orjson.loads(said.header)
        wrong = [seal.name for seal in check_seals(said.header, said.rows) if not seal.is_right]
    except (ValueError, KeyError, TypeError, BadInput):
        return "header"
    stored = {
        "kind": said.kind,
        "as_of": format_as_of(said),
        "published_at": format_utc(said.published_at),
        "origin": said.origin.value,
        "inputs_digest": said.inputs_digest,
        "facts_recorded_by": format_utc(said.facts_recorded_by),
        "model": said.model,
        "code": said.code,
        "corrects": said.corrects,
        "withdraws": said.withdraws,
    }
    wrong += [name for name, value in stored.items() if header.get(name) != value]
    if compute_digest(said.header) != said.digest:
        wrong.append("digest")
    return ", ".join(wrong) or None


def _count_rows(rows: bytes) -> tuple[str, int]:
    """Root and number of rows; of bytes that are no canonical list nothing is right."""
    try:
        tree, root = hash_rows(split_rows(rows))
    except (ValueError, TypeError):
        return "", -1
    return root.hex(), tree.size
