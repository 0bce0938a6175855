"""Private statements as files: what their owner takes along, and how anyone checks it.

The file holds statement, salt, the entry of the log and a proof. Whoever is shown it can check it
with the log's public key alone; without it the log's entry says nothing.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection

from assay.ledger.compute.private import open_private_entry
from assay.ledger.service.proving import prove_private
from assay.ledger.types import PrivateStatement
from assay.verifier import (
    Malformed,
    NotVerified,
    VerifierKey,
    check_signed,
    hash_leaf,
    is_included,
    parse_inclusion,
)

FILE_TYPE = "assay-private-v1"


@dataclass(frozen=True, slots=True)
class PrivateReading:
    """A private statement that was checked: what was said and when, and where the log was told."""

    statement: bytes
    published_at: datetime
    origin: str
    position: int
    size: int


def export_private(connection: Connection, told: PrivateStatement) -> dict[str, object]:
    """The file of a statement as JSON types: `assay verify private` reads it."""
    return {
        "type": FILE_TYPE,
        "statement": base64.b64encode(told.statement).decode(),
        "salt": base64.b64encode(told.salt).decode(),
        "entry": told.entry.decode(),
        "proof": prove_private(connection, told).decode(),
    }


def verify_private(document: bytes, keys: Sequence[VerifierKey]) -> PrivateReading:
    """Check the file of a private statement with the log's keys; no database.

    Raises NotVerified where it does not hold, Malformed (one of them) where it cannot be read.
    """
    try:
        found = orjson.loads(document)
        is_ours = found["type"] == FILE_TYPE
        statement = base64.b64decode(found["statement"], validate=True)
        salt = base64.b64decode(found["salt"], validate=True)
        entry, raw = found["entry"].encode(), found["proof"].encode()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed(f"This is no file of a private statement ({FILE_TYPE}).") from error
    if not is_ours:
        raise Malformed(f"This is a file of another type than {FILE_TYPE}.")
    proof = parse_inclusion(raw)
    head = proof.head
    check_signed(head, keys)
    if not is_included(hash_leaf(entry), proof.index, head.size, proof.path, head.root):
        raise NotVerified(f"The entry is not entry {proof.index} of the signed tree.", "altered")
    published_at = open_private_entry(entry, salt, statement)
    if published_at is None:
        raise NotVerified("The log was told of another statement than this.", "altered")
    return PrivateReading(statement, published_at, head.origin, proof.index, head.size)
