"""The files that prove something of the log: written here, read by `assay.verifier`. Pure.

Sources: c2sp.org/tlog-proof (`.tlog-proof`), c2sp.org/tlog-witness (add-checkpoint's body).
"""

import base64
from collections.abc import Sequence

from assay.ledger.compute.headers import canonical_json
from assay.verifier import parse_extension, parse_inclusion

__all__ = [
    "format_extension",
    "format_extra",
    "format_inclusion",
    "parse_extension",
    "parse_inclusion",
]


def format_inclusion(index: int, path: Sequence[bytes], note: bytes, extra: bytes = b"") -> bytes:
    """A whole `.tlog-proof`: the entry at `index`, the hashes up to the root, the checkpoint."""
    lines = ["c2sp.org/tlog-proof@v1"]
    if extra:
        lines.append(f"extra {_encode(extra)}")
    lines += [f"index {index}", *map(_encode, path)]
    return "\n".join(lines).encode() + b"\n\n" + note


def format_extension(old_size: int, path: Sequence[bytes], note: bytes) -> bytes:
    """What joins the tree of `old_size` entries to the one of the checkpoint, as a witness asks."""
    return "\n".join([f"old {old_size}", *map(_encode, path)]).encode() + b"\n\n" + note


def format_extra(header: bytes, row: tuple[int, int, Sequence[bytes]] | None = None) -> bytes:
    """What a proof brings along: the entry's exact text and, for one row of the publication, its
    (index, number of rows, hashes up to the header's `rows_root`).
    """
    extra: dict[str, object] = {"header": header.decode()}
    if row is not None:
        index, count, path = row
        extra["row"] = {"index": index, "count": count, "proof": list(map(_encode, path))}
    return canonical_json(extra)


def _encode(payload: bytes) -> str:
    return base64.b64encode(payload).decode()
