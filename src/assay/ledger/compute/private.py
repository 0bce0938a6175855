"""Private statements: what the log is told of them, and whether one is what the log was told. Pure.

The entry of a private statement holds a salted hash and a moment, nothing else. Whoever has no salt
can neither read the statement out of it nor try guesses: the salt has 32 random bytes.
"""

import hashlib
from datetime import datetime
from hmac import compare_digest

import orjson

from assay.kit.moments import format_utc, parse_utc
from assay.ledger.compute.headers import CANONICAL_VERSION, canonical_json

PRIVATE_KIND = "private"
SALT_BYTES = 32


def compute_commitment(salt: bytes, statement: bytes) -> str:
    """Hex SHA-256 of salt and statement, one behind the other; the salt's length is fixed, so that
    nothing else gives the same text. Raises ValueError for a salt of another length.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return hashlib.sha256(salt + statement).hexdigest()


def compute_private_entry(commitment: str, published_at: datetime) -> bytes:
    """The bytes that enter the log: no account, no kind of statement, no length."""
    return canonical_json(
        {
            "version": CANONICAL_VERSION,
            "kind": PRIVATE_KIND,
            "published_at": format_utc(published_at),
            "commitment": commitment,
        }
    )


def open_private_entry(entry: bytes, salt: bytes, statement: bytes) -> datetime | None:
    """When the log was told of `statement`; None if this entry speaks of something else."""
    try:
        told = orjson.loads(entry)
        is_private = told["kind"] == PRIVATE_KIND and canonical_json(told) == entry
        published_at = parse_utc(told["published_at"])
        is_same = compare_digest(str(told["commitment"]), compute_commitment(salt, statement))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return published_at if is_private and is_same else None
