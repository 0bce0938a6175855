"""Selective disclosure: putting disclosed claims back where the issuer signed their digests. Pure.

Sources: RFC 9901 section 7.1 (every MUST of it), draft-ietf-oauth-sd-jwt-vc section 2.2.2.3.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from assay.identity.compute.encoding import (
    MOST_DEPTH,
    DuplicateMember,
    decode_base64url,
    encode_base64url,
    parse_json,
)
from assay.identity.types import Claims, CredentialRefused, Reason

DIGESTS = "_sd"
ALGORITHM = "_sd_alg"
ELEMENT = "..."
ALWAYS_DISCLOSED = frozenset(
    {"iss", "nbf", "exp", "iat", "cnf", "vct", "vct#integrity", "aka_vcts", "status"}
)
"""What a holder could otherwise withhold, so that an expired credential would seem to hold."""
MOST_DISCLOSURES = 1_000


def unpack_claims(claims: Claims, disclosures: Sequence[str]) -> Claims:
    """The claims with every disclosure in its place, without digests.

    Raises CredentialRefused where a disclosure is malformed, belongs nowhere, replaces a claim or
    discloses what must always be seen, and where a digest stands twice.
    """
    if claims.get(ALGORITHM, "sha-256") != "sha-256":
        raise CredentialRefused(Reason.WRONG_DISCLOSURE, "`_sd_alg` is not sha-256.")
    given: dict[str, list[Any]] = {}
    for text in disclosures[: MOST_DISCLOSURES + 1]:
        digest = hash_disclosure(text)
        if digest in given:
            raise CredentialRefused(Reason.DUPLICATE_DIGEST, "A disclosure is sent twice.")
        given[digest] = parse_disclosure(text)
    if len(disclosures) > MOST_DISCLOSURES:
        raise CredentialRefused(Reason.MALFORMED, "There are too many disclosures.")
    unpacking = _Unpacking(given)
    unpacked = unpacking.unpack_object(claims, is_top=True)
    if len(unpacking.placed) != len(given):
        raise CredentialRefused(
            Reason.UNREFERENCED_DISCLOSURE, "A disclosure is not of this credential."
        )
    return unpacked


def hash_disclosure(text: str) -> str:
    """The digest under which the issuer signed a disclosure: of the very characters sent."""
    return encode_base64url(hashlib.sha256(text.encode("ascii", "replace")).digest())


def parse_disclosure(text: str) -> list[Any]:
    """`[salt, name, value]`, or `[salt, value]` of a list's element. Raises CredentialRefused."""
    try:
        found = parse_json(decode_base64url(text))
    except DuplicateMember as error:
        raise CredentialRefused(Reason.DUPLICATE_MEMBER, f"A disclosure: {error}.") from error
    except ValueError as error:
        raise CredentialRefused(
            Reason.WRONG_DISCLOSURE, f"A disclosure cannot be read: {error}."
        ) from error
    if not isinstance(found, list) or len(found) not in (2, 3) or not isinstance(found[0], str):
        raise CredentialRefused(Reason.WRONG_DISCLOSURE, "A disclosure is not [salt, name, value].")
    is_named = len(found) == 3
    if is_named and (not isinstance(found[1], str) or found[1] in (DIGESTS, ELEMENT, ALGORITHM)):
        raise CredentialRefused(Reason.WRONG_DISCLOSURE, "A disclosure has a reserved name.")
    return found


class _Unpacking:
    """One walk over the claims; each digest may stand once, each disclosure is placed once."""

    def __init__(self, given: dict[str, list[Any]]) -> None:
        self.given = given
        self.seen: set[str] = set()
        self.placed: set[str] = set()
        self.depth = 0

    def unpack(self, value: object) -> object:
        """Disclosures within disclosures may go as deep as claims, and no deeper."""
        if self.depth == MOST_DEPTH:
            raise CredentialRefused(Reason.MALFORMED, "The claims are nested too deeply.")
        self.depth += 1
        unpacked = value
        if isinstance(value, dict):
            unpacked = self.unpack_object(value)
        elif isinstance(value, list):
            unpacked = self.unpack_list(value)
        self.depth -= 1
        return unpacked

    def unpack_object(self, value: dict[str, Any], *, is_top: bool = False) -> dict[str, Any]:
        if ELEMENT in value or (ALGORITHM in value and not is_top):
            raise CredentialRefused(Reason.WRONG_DISCLOSURE, "A claim has a reserved name.")
        kept = {name: item for name, item in value.items() if name not in (DIGESTS, ALGORITHM)}
        result = {name: self.unpack(item) for name, item in kept.items()}
        digests = value.get(DIGESTS, [])
        if not isinstance(digests, list):
            raise CredentialRefused(Reason.WRONG_DISCLOSURE, "`_sd` is no list.")
        if is_top:
            self._refuse_hidden(kept)
        for digest in digests:
            found = self._take(digest, 3)
            if found is None:
                continue
            name = found[1]
            if name in result:
                raise CredentialRefused(
                    Reason.DUPLICATE_CLAIM, "A disclosure would replace a claim that stands."
                )
            if is_top and name in ALWAYS_DISCLOSED:
                raise CredentialRefused(
                    Reason.WRONG_DISCLOSURE, f"`{name}` may not be disclosed selectively."
                )
            result[name] = self.unpack(found[2])
        return result

    def unpack_list(self, value: list[Any]) -> list[Any]:
        result = []
        for item in value:
            if isinstance(item, dict) and ELEMENT in item and len(item) == 1:
                found = self._take(item[ELEMENT], 2)
                if found is not None:
                    result.append(self.unpack(found[1]))
            else:
                result.append(self.unpack(item))
        return result

    def _take(self, digest: object, length: int) -> list[Any] | None:
        """The disclosure of a digest; None for one that was withheld or never was any."""
        if not isinstance(digest, str):
            raise CredentialRefused(Reason.WRONG_DISCLOSURE, "A digest is no text.")
        if digest in self.seen:
            raise CredentialRefused(Reason.DUPLICATE_DIGEST, "A digest stands twice.")
        self.seen.add(digest)
        found = self.given.get(digest)
        if found is None:
            return None
        if len(found) != length:
            raise CredentialRefused(Reason.WRONG_DISCLOSURE, "A disclosure is in a wrong place.")
        self.placed.add(digest)
        return found

    def _refuse_hidden(self, claims: dict[str, Any]) -> None:
        """Refuse digests within what must always be seen."""
        for name in ALWAYS_DISCLOSED & claims.keys():
            if _holds_digest(claims[name]):
                raise CredentialRefused(
                    Reason.WRONG_DISCLOSURE, f"`{name}` may not be disclosed selectively."
                )


def _holds_digest(value: object) -> bool:
    if isinstance(value, dict):
        return bool({DIGESTS, ELEMENT} & value.keys()) or any(map(_holds_digest, value.values()))
    return isinstance(value, list) and any(map(_holds_digest, value))
