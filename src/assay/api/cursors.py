"""Opaque page cursors: where to go on, in which list, on which publication. Pure.

The tag is no secret (a cursor gives access to nothing); it makes a mangled or mixed-up cursor a
clear refusal instead of a wrong page.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

import orjson

from assay.kit.errors import BadInput

_KEY = b"assay page cursor 2"


@dataclass(frozen=True, slots=True)
class Cursor:
    """`anchor` names what the list was cut from (a publication, or a day); `position` is that of
    the last row seen.
    """

    anchor: str
    position: int


def fingerprint(*parts: object) -> str:
    """Names a list by its path and filters, so that a cursor fits only the list it came from."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def format_cursor(cursor: Cursor, scope: str) -> str:
    """URL-safe text of a cursor that belongs to the list `scope`."""
    payload = orjson.dumps([scope, cursor.anchor, cursor.position])
    return base64.urlsafe_b64encode(_tag(payload) + payload).rstrip(b"=").decode()


def parse_cursor(text: str, scope: str) -> Cursor:
    """Reads `format_cursor`. Raises BadInput for a mangled cursor or one of another list."""
    try:
        raw = base64.b64decode(
            text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
        )
    except (binascii.Error, UnicodeEncodeError) as error:
        raise _mangled() from error
    tag, payload = raw[:8], raw[8:]
    if tag != _tag(payload):
        raise _mangled()
    of, anchor, position = orjson.loads(payload)
    if of != scope:
        raise BadInput(
            "The cursor belongs to another list.",
            hint="Keep path and filters unchanged while paging (limit may change).",
        )
    return Cursor(anchor, position)


def _tag(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=8, key=_KEY).digest()


def _mangled() -> BadInput:
    return BadInput(
        "The cursor is not one of ours.",
        hint="Pass next_cursor of the previous page unchanged, or leave it out to start anew.",
    )
