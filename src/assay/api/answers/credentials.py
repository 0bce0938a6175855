"""Credentials as they are answered, and what is asked of the room `identity`."""

from datetime import timedelta
from typing import Any

from assay import identity
from assay.api.answers.credential_shapes import NewCredential, Presented
from assay.identity import (
    CredentialRecord,
    CredentialRefused,
    Expected,
    Installation,
    Issued,
    Order,
    Verified,
)
from assay.kit.errors import BadInput

NOT_VALID: dict[str, Any] = {
    "issuer": None,
    "vct": None,
    "publication": None,
    "origin": None,
    "claims": None,
    "is_bound": False,
    "is_status_checked": False,
    "expires_at": None,
    "proof": None,
}


def read_order(body: NewCredential) -> Order:
    """What is ordered. Raises BadInput for what contradicts itself."""
    if (body.row is None) == (body.subject is None):
        raise BadInput(
            "Name the row by exactly one of `row` and `subject`.",
            hint="For example {'subject': 'BTC'}.",
        )
    if (body.holder_key is None) != body.bearer:
        raise BadInput(
            "Give either the holder's public key as `holder_key`, or `bearer`: true.",
            hint="A bearer credential can be shown by whoever copies it: prefer a key.",
        )
    return Order(
        publication_id=body.publication,
        holder=None if body.holder_key is None else body.holder_key.model_dump(),
        row=body.row,
        subject=body.subject,
        lifetime=timedelta(days=body.lifetime_days),
    )


def read_expected(body: Presented, audience: str) -> Expected:
    """What is asked of a presentation."""
    return Expected(
        audience=audience,
        issuers=tuple(body.issuers),
        types=tuple(body.types),
        log_keys=tuple(body.log_keys),
        is_bound=body.require_key_binding,
        has_status=body.require_status,
        has_proof=body.require_proof,
    )


def show_record(record: CredentialRecord, installation: Installation) -> dict[str, object]:
    """What is kept of a credential."""
    uri = installation.locate_list(record.list_number)
    return {
        "credential_id": record.credential_id,
        "row": record.row_index,
        "status": {"uri": uri, "idx": record.list_index},
        "issued_at": record.issued_at,
        "expires_at": record.expires_at,
        "withdrawn_at": record.withdrawn_at,
    }


def show_issued(issued: Issued, installation: Installation) -> dict[str, object]:
    """A new credential, with its text."""
    return {
        **show_record(issued.record, installation),
        "credential": issued.credential,
        "publication": issued.publication_id,
        "issuer": issued.issuer,
        "vct": issued.vct,
        "disclosable": issued.disclosable,
    }


async def find_verdict(
    installation: Installation, body: Presented, run: identity.Run
) -> dict[str, object]:
    """The verdict on a presentation; a refusal is an answer too."""
    expected = read_expected(body, installation.url)
    try:
        verified = await identity.verify_credential(
            installation, body.credential, expected, run=run
        )
    except CredentialRefused as refused:
        told = {"reason": refused.reason, "detail": refused.message}
        return {"is_valid": False, **told, **NOT_VALID}
    return show_verified(verified)


def show_verified(verified: Verified) -> dict[str, object]:
    """A credential that holds."""
    claims = verified.claims
    return {
        "is_valid": True,
        "reason": None,
        "detail": None,
        "issuer": verified.issuer,
        "vct": verified.vct,
        "publication": claims.get("publication"),
        "origin": claims.get("origin"),
        "claims": claims,
        "is_bound": verified.is_bound,
        "is_status_checked": verified.has_status,
        "expires_at": verified.expires_at,
        "proof": verified.proof,
    }
