"""Compact JWS with ES256 and nothing else: read strictly, sign, check. Pure but for the nonce of a
signature.

Sources: RFC 7515, RFC 7518 section 3.4, RFC 8725.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from assay.identity.compute.encoding import (
    DuplicateMember,
    decode_base64url,
    parse_object,
)
from assay.identity.types import LEEWAY, Claims, CredentialRefused, Reason
from assay.kit.errors import BadInput
from assay.ledger import canonical_json

ALGORITHM = "ES256"
LONGEST_TOKEN = 2 * 1024 * 1024
LATEST = 253_402_300_799
"""The last second of the year 9999: later ones are no moments."""


class _Registry(jws.JWSRegistry):
    """The library's own limits are below what a status list needs; ours are checked before."""

    max_header_length = LONGEST_TOKEN
    max_payload_length = LONGEST_TOKEN


_REGISTRY = _Registry(algorithms=[ALGORITHM], strict_check_header=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A compact JWS as it was read, not yet checked. `text` is exactly what was signed and sent."""

    text: str
    header: dict[str, Any]
    claims: Claims


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a token's header must say, and under which reason it is refused where it does not."""

    kind: str
    algorithm: Reason
    wrong_kind: Reason
    malformed: Reason
    signature: Reason


CREDENTIAL = Wanted(
    "dc+sd-jwt",
    Reason.WRONG_ALGORITHM,
    Reason.WRONG_TYPE,
    Reason.MALFORMED,
    Reason.WRONG_SIGNATURE,
)
BINDING = Wanted(
    "kb+jwt",
    Reason.BINDING_ALGORITHM,
    Reason.BINDING_TYPE,
    Reason.BINDING_MALFORMED,
    Reason.BINDING_SIGNATURE,
)
STATUS_LIST = Wanted(
    "statuslist+jwt",
    Reason.STATUS_ALGORITHM,
    Reason.STATUS_TYPE,
    Reason.STATUS_MALFORMED,
    Reason.STATUS_SIGNATURE,
)


def parse_token(text: str, wanted: Wanted) -> Token:
    """Read a token whose header is the wanted one. Raises CredentialRefused."""
    parts = text.split(".")
    if len(parts) != 3 or len(text) > LONGEST_TOKEN:
        raise CredentialRefused(wanted.malformed, "This is no compact JWS.")
    try:
        header, claims = (parse_object(decode_base64url(part)) for part in parts[:2])
        decode_base64url(parts[2])
    except DuplicateMember as error:
        raise CredentialRefused(Reason.DUPLICATE_MEMBER, f"A token is not strict: {error}.") from (
            error
        )
    except ValueError as error:
        raise CredentialRefused(wanted.malformed, f"A token cannot be read: {error}.") from error
    if header.get("alg") != ALGORITHM:
        raise CredentialRefused(wanted.algorithm, "The token is not signed with ES256.")
    if header.get("typ") != wanted.kind:
        raise CredentialRefused(wanted.wrong_kind, f"The token's `typ` is not {wanted.kind}.")
    if "crit" in header or "b64" in header:
        raise CredentialRefused(Reason.CRITICAL_HEADER, "The token asks for an extension.")
    return Token(text, header, claims)


def check_signature(token: Token, key: EllipticCurvePublicKey, wanted: Wanted) -> None:
    """Raise CredentialRefused unless `key` signed the token."""
    try:
        jws.deserialize_compact(
            token.text, ECKey.import_key(key), algorithms=[ALGORITHM], registry=_REGISTRY
        )
    except (JoseError, ValueError) as error:
        raise CredentialRefused(
            wanted.signature, "The token is not signed by the key that it names."
        ) from error


def sign_token(header: dict[str, Any], claims: Claims | bytes, key: EllipticCurvePrivateKey) -> str:
    """A compact JWS over the canonical JSON of `claims` (bytes: over exactly these)."""
    payload = claims if isinstance(claims, bytes) else canonical_json(claims)
    return jws.serialize_compact(
        {**header, "alg": ALGORITHM}, payload, ECKey.import_key(key), registry=_REGISTRY
    )


def read_moment(claims: Claims, name: str, malformed: Reason) -> int | None:
    """A NumericDate in whole seconds; None where it is missing. Raises CredentialRefused."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, float) and 0 <= value <= LATEST:
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LATEST:
        raise CredentialRefused(malformed, f"`{name}` is no moment in seconds since 1970.")
    return value


def to_seconds(moment: datetime) -> int:
    """A moment as NumericDate; the fraction is dropped."""
    return int(moment.timestamp())


def check_span(seconds: float, leeway: timedelta = LEEWAY) -> float:
    """`seconds` later by what clocks may be apart."""
    return seconds + leeway.total_seconds()


def require_text(claims: Claims, name: str, reason: Reason) -> str:
    """A claim that is a text. Raises CredentialRefused."""
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise CredentialRefused(reason, f"`{name}` is missing or no text.")
    return value


def refuse_input(what: str, error: ValueError) -> BadInput:
    """What a caller sent is not what it should be; the error says why."""
    return BadInput(f"{what}: {error}.", hint="docs/method/credentials.md shows the form.")
