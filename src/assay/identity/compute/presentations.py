"""A credential as it is shown: reading it, and every check that needs no network. Pure.

Sources: RFC 9901 sections 7.1 and 7.3, draft-ietf-oauth-sd-jwt-vc sections 2 and 3.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from assay.identity.compute.disclosures import unpack_claims
from assay.identity.compute.encoding import encode_base64url
from assay.identity.compute.keys import read_jwk
from assay.identity.compute.tokens import (
    BINDING,
    CREDENTIAL,
    Token,
    check_signature,
    check_span,
    parse_token,
    read_moment,
    require_text,
    to_seconds,
)
from assay.identity.types import Claims, CredentialRefused, Reason

LONGEST_PRESENTATION = 512 * 1024
BINDING_AGE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Presentation:
    """An SD-JWT as it was read, nothing of it checked. `bound` is the text that `sd_hash` covers;
    `binding` is the key-binding JWT, None without one.
    """

    token: Token
    disclosures: tuple[str, ...]
    bound: str
    binding: Token | None

    @property
    def issuer(self) -> str:
        """Who says that it issued this. Raises CredentialRefused where nobody says so."""
        return require_text(self.token.claims, "iss", Reason.ISSUER_UNKNOWN)


def parse_presentation(text: str) -> Presentation:
    """Read an SD-JWT or SD-JWT+KB in compact form. Raises CredentialRefused."""
    if len(text) > LONGEST_PRESENTATION or not text.isascii():
        raise CredentialRefused(Reason.MALFORMED, "The text is too long or not ASCII.")
    if "~" not in text:
        raise CredentialRefused(Reason.MALFORMED, "There is no `~`: this is no SD-JWT.")
    first, *disclosures, last = text.split("~")
    token = parse_token(first, CREDENTIAL)
    binding = parse_token(last, BINDING) if last else None
    return Presentation(token, tuple(disclosures), text[: len(text) - len(last)], binding)


def check_credential(
    shown: Presentation, key: EllipticCurvePublicKey, types: Collection[str], now: datetime
) -> Claims:
    """The claims that a credential discloses, once its signature, type and times hold.

    Raises CredentialRefused.
    """
    check_signature(shown.token, key, CREDENTIAL)
    claims = shown.token.claims
    if require_text(claims, "vct", Reason.WRONG_VCT) not in types:
        raise CredentialRefused(Reason.WRONG_VCT, "The credential is of another type.")
    check_times(claims, to_seconds(now))
    return unpack_claims(claims, shown.disclosures)


def check_times(claims: Claims, now: int) -> None:
    """Raise CredentialRefused unless a credential holds at `now`."""
    expires = read_moment(claims, "exp", Reason.MALFORMED)
    if expires is None:
        raise CredentialRefused(Reason.NO_EXPIRY, "The credential does not say when it ends.")
    if check_span(expires) <= now:
        raise CredentialRefused(Reason.EXPIRED, "The credential has expired.")
    begins = read_moment(claims, "nbf", Reason.MALFORMED)
    if begins is not None and begins > check_span(now):
        raise CredentialRefused(Reason.NOT_YET_VALID, "The credential does not hold yet.")
    issued = read_moment(claims, "iat", Reason.MALFORMED)
    if issued is not None and issued > check_span(now):
        raise CredentialRefused(Reason.ISSUED_IN_FUTURE, "The credential is from the future.")


def check_binding(shown: Presentation, audience: str, nonce: str | None, now: datetime) -> str:
    """The nonce of a presentation whose holder proved the key of `cnf`, for this audience, over
    these disclosures, just now. `nonce` None leaves it to the caller to look it up.

    Raises CredentialRefused.
    """
    if shown.binding is None:
        raise CredentialRefused(Reason.NO_KEY_BINDING, "The presentation is not bound to a key.")
    check_signature(shown.binding, read_holder(shown.token.claims), BINDING)
    claims = shown.binding.claims
    digest = encode_base64url(hashlib.sha256(shown.bound.encode("ascii")).digest())
    if not _is_same(claims.get("sd_hash"), digest):
        raise CredentialRefused(
            Reason.BINDING_HASH, "The key binding was made over other disclosures."
        )
    if not _is_same(claims.get("aud"), audience):
        raise CredentialRefused(
            Reason.WRONG_AUDIENCE, "The presentation was made for another audience."
        )
    found = require_text(claims, "nonce", Reason.WRONG_NONCE)
    if nonce is not None and not _is_same(found, nonce):
        raise CredentialRefused(Reason.WRONG_NONCE, "The presentation was made for another nonce.")
    _check_freshness(claims, to_seconds(now))
    return found


def read_holder(claims: Claims) -> EllipticCurvePublicKey:
    """The key that `cnf` names. Raises CredentialRefused for a bearer credential."""
    confirmation = claims.get("cnf")
    if not isinstance(confirmation, dict) or "jwk" not in confirmation:
        raise CredentialRefused(Reason.NO_HOLDER_KEY, "The credential names no holder's key.")
    try:
        return read_jwk(confirmation["jwk"])
    except ValueError as error:
        raise CredentialRefused(Reason.NO_HOLDER_KEY, f"The holder's key: {error}.") from error


def hash_presentation(bound: str) -> str:
    """`sd_hash` of a presentation: of everything before the key-binding JWT."""
    return encode_base64url(hashlib.sha256(bound.encode("ascii")).digest())


def _check_freshness(claims: Claims, now: int) -> None:
    made = read_moment(claims, "iat", Reason.BINDING_MALFORMED)
    if made is None:
        raise CredentialRefused(Reason.BINDING_MALFORMED, "The key binding has no `iat`.")
    if made > check_span(now):
        raise CredentialRefused(Reason.BINDING_IN_FUTURE, "The key binding is from the future.")
    if check_span(made) + BINDING_AGE.total_seconds() < now:
        raise CredentialRefused(Reason.BINDING_STALE, "The key binding is too old.")
    ends = read_moment(claims, "exp", Reason.BINDING_MALFORMED)
    if ends is not None and check_span(ends) <= now:
        raise CredentialRefused(Reason.BINDING_STALE, "The key binding has expired.")


def _is_same(found: object, wanted: str) -> bool:
    return isinstance(found, str) and compare_digest(found.encode(), wanted.encode())
