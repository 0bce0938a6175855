"""Token status lists: one bit a credential, packed, and read back without trusting it. Pure.

Source: draft-ietf-oauth-status-list (sections 4 and 5; bits are packed from the lowest one).
"""

import binascii
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from assay.identity.compute.encoding import decode_base64url, encode_base64url
from assay.identity.compute.tokens import (
    STATUS_LIST,
    Token,
    check_signature,
    check_span,
    read_moment,
    to_seconds,
)
from assay.identity.types import Claims, CredentialRefused, Reason

LIST_SIZE = 131_072
"""Credentials in one list of ours: so many that an index tells nothing, 16 kB unpacked."""
TTL = timedelta(minutes=5)
LIFETIME = timedelta(minutes=15)
MOST_BYTES = 4 * 1024 * 1024
_BITS = (1, 2, 4, 8)


def write_list(
    uri: str, issuer: str, invalid: Iterable[int], now: datetime, size: int = LIST_SIZE
) -> Claims:
    """The claims of a status list token in which the indexes `invalid` are set."""
    packed = bytearray(size // 8)
    for index in invalid:
        packed[index >> 3] |= 1 << (index & 7)
    issued = to_seconds(now)
    return {
        "sub": uri,
        "iss": issuer,
        "iat": issued,
        "exp": issued + int(LIFETIME.total_seconds()),
        "ttl": int(TTL.total_seconds()),
        "status_list": {"bits": 1, "lst": encode_base64url(zlib.compress(bytes(packed), 9))},
    }


def read_reference(claims: Claims) -> tuple[str, int]:
    """(URI, index) of a credential's status. Raises CredentialRefused."""
    status = claims.get("status")
    reference = status.get("status_list") if isinstance(status, dict) else None
    if not isinstance(reference, dict):
        raise CredentialRefused(
            Reason.NO_STATUS, "The credential does not say where its status can be read."
        )
    uri, index = reference.get("uri"), reference.get("idx")
    if not isinstance(uri, str) or not isinstance(index, int) or isinstance(index, bool):
        raise CredentialRefused(Reason.STATUS_MALFORMED, "The reference to a status is malformed.")
    if index < 0:
        raise CredentialRefused(Reason.STATUS_INDEX, "The status has no place in a list.")
    return uri, index


def check_list(
    token: Token, key: EllipticCurvePublicKey, uri: str, issuer: str, now: datetime
) -> None:
    """Raise CredentialRefused unless the list is the one at `uri`, by `issuer`, and fresh."""
    check_signature(token, key, STATUS_LIST)
    claims = token.claims
    if claims.get("sub") != uri:
        raise CredentialRefused(Reason.STATUS_SUBJECT, "The status list is another one.")
    if claims.get("iss", issuer) != issuer:
        raise CredentialRefused(Reason.STATUS_ISSUER, "The status list is by somebody else.")
    at = to_seconds(now)
    issued = read_moment(claims, "iat", Reason.STATUS_MALFORMED)
    expires = read_moment(claims, "exp", Reason.STATUS_MALFORMED)
    if issued is None or expires is None:
        raise CredentialRefused(Reason.STATUS_EXPIRED, "The status list does not say when it ends.")
    if check_span(expires) <= at or issued > check_span(at):
        raise CredentialRefused(Reason.STATUS_EXPIRED, "The status list does not hold now.")


def read_status(token: Token, index: int) -> int:
    """The status at `index`: 0 is valid. Raises CredentialRefused."""
    held = token.claims.get("status_list")
    bits: int = held.get("bits", 0) if isinstance(held, dict) else 0
    packed = held.get("lst") if isinstance(held, dict) else None
    is_width = isinstance(bits, int) and not isinstance(bits, bool) and bits in _BITS
    if not is_width or not isinstance(packed, str):
        raise CredentialRefused(Reason.STATUS_MALFORMED, "The status list cannot be read.")
    data = _inflate(packed)
    place, shift = divmod(index * bits, 8)
    if place >= len(data):
        raise CredentialRefused(Reason.STATUS_INDEX, "The status list ends before this place.")
    return data[place] >> shift & (1 << bits) - 1


def check_status(token: Token, index: int) -> None:
    """Raise CredentialRefused unless the status at `index` is valid."""
    status = read_status(token, index)
    if status != 0:
        raise CredentialRefused(
            Reason.WITHDRAWN, f"The credential was withdrawn (status {status})."
        )


def _inflate(packed: str) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(decode_base64url(packed), MOST_BYTES)
    except (ValueError, zlib.error, binascii.Error) as error:
        raise CredentialRefused(
            Reason.STATUS_MALFORMED, "The status list is not packed as it should be."
        ) from error
    if unpacker.unconsumed_tail:
        raise CredentialRefused(
            Reason.STATUS_TOO_LARGE, f"The status list is larger than {MOST_BYTES} bytes."
        )
    if not unpacker.eof or unpacker.unused_data:
        raise CredentialRefused(Reason.STATUS_MALFORMED, "The status list is cut or prolonged.")
    return data
