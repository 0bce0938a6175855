"""The holder's side: choosing what to show, and proving the key. It needs no installation."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from sd_jwt.holder import SDJWTHolder

from assay.identity.compute.disclosures import unpack_claims
from assay.identity.compute.evidence import EVIDENCE, SAID
from assay.identity.compute.keys import compress_key
from assay.identity.compute.presentations import (
    hash_presentation,
    parse_presentation,
    read_holder,
)
from assay.identity.compute.tokens import BINDING, sign_token, to_seconds
from assay.identity.types import Claims
from assay.kit.errors import BadInput


def read_credential(text: str) -> Claims:
    """What a credential says to whoever holds it; its signature is not checked.

    Raises CredentialRefused for what cannot be read.
    """
    shown = parse_presentation(text)
    return unpack_claims(shown.token.claims, shown.disclosures)


def present_credential(
    text: str,
    disclosed: Collection[str] | None,
    key: EllipticCurvePrivateKey | None,
    *,
    audience: str,
    nonce: str,
    now: datetime,
) -> str:
    """A presentation that discloses only these members of the row, and `evidence` if it is among
    them (None: everything). Without `key` it is not bound, as of a bearer credential.

    Raises BadInput for a member that the credential does not have and for a key that is not its
    holder's.
    """
    claims = read_credential(text)
    chosen = _choose(claims, disclosed)
    holder = SDJWTHolder(text)
    holder.create_presentation(chosen)
    bound: str = holder.sd_jwt_presentation
    if key is None:
        return bound
    if compress_key(read_holder(claims)) != compress_key(key.public_key()):
        raise BadInput(
            "This key is not the one that the credential is bound to.",
            hint="Give the holder's key file with which the credential was asked for.",
        )
    binding = {
        "iat": to_seconds(now),
        "aud": audience,
        "nonce": nonce,
        "sd_hash": hash_presentation(bound),
    }
    return bound + sign_token({"typ": BINDING.kind}, binding, key)


def _choose(claims: Claims, disclosed: Collection[str] | None) -> dict[str, Any]:
    said = claims.get(SAID, {})
    available = [*said, *([EVIDENCE] if EVIDENCE in claims else [])]
    wanted = available if disclosed is None else list(disclosed)
    unknown = [name for name in wanted if name not in available]
    if unknown:
        raise BadInput(
            f"The credential does not say {unknown[0]!r}.",
            hint=f"It can disclose: {', '.join(available)}.",
        )
    members = {name: True for name in wanted if name in said}
    return {SAID: members, **({EVIDENCE: True} if EVIDENCE in wanted else {})}
