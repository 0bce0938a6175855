"""The evidence inside a credential: its row, and the proof that the row stands in a log. Pure.

A claim is never believed against the sealed row: what is disclosed must be what the row says.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from assay import verifier
from assay.identity.compute.encoding import parse_object
from assay.identity.types import Claims, CredentialRefused, Proven, Reason
from assay.ledger import compute_digest

FROM_HEADER = ("kind", "as_of", "published_at", "origin")
"""Claims that repeat the publication's header; they are always disclosed."""
SAID = "said"
"""The object of the row's members, each disclosed by itself."""
EVIDENCE = "evidence"
PUBLICATION = "publication"
LOG_KEY = "log_key"


def write_claims(
    publication_id: str, header: bytes, row: bytes, proof: bytes, log_key: str
) -> tuple[Claims, Claims, Claims]:
    """(plain claims, members of `said`, evidence) of a row, from sealed bytes only.

    Raises ValueError for a row that is no object, and so speaks of no one thing.
    """
    sealed, said = parse_object(header), parse_object(row)
    plain: Claims = {name: sealed[name] for name in FROM_HEADER}
    plain |= {PUBLICATION: publication_id, LOG_KEY: log_key}
    return plain, said, {"row": row.decode(), "proof": proof.decode()}


def check_evidence(claims: Claims, log_keys: Sequence[str], keys_from: str) -> Proven:
    """What the disclosed evidence shows: that exactly this row is in a log of one of these keys,
    and that no claim says otherwise. Raises CredentialRefused.
    """
    evidence = claims.get(EVIDENCE)
    row = evidence.get("row") if isinstance(evidence, dict) else None
    proof = evidence.get("proof") if isinstance(evidence, dict) else None
    if not isinstance(row, str) or not isinstance(proof, str):
        raise CredentialRefused(Reason.WRONG_PROOF, "The evidence has no row and proof.")
    try:
        keys = [verifier.parse_key(text) for text in log_keys]
        shown = verifier.verify_row(row.encode(), proof.encode(), keys)
        said = parse_object(row.encode())
    except (verifier.NotVerified, ValueError) as error:
        raise CredentialRefused(Reason.WRONG_PROOF, f"The proof does not hold: {error}") from error
    if shown.row is None:
        raise CredentialRefused(Reason.WRONG_PROOF, "The proof is of no single row.")
    check_claims(claims, shown.header, said)
    return Proven(shown.head.origin, shown.head.size, *shown.row, keys_from)


def check_claims(claims: Claims, header: bytes, said: Mapping[str, Any]) -> None:
    """Raise CredentialRefused where a claim is not what header and row say."""
    sealed = parse_object(header)
    digest = compute_digest(header)
    name = f"{sealed.get('kind')}-{sealed.get('as_of')}-{digest[:12]}"
    expected = {PUBLICATION: name, **{item: sealed.get(item) for item in FROM_HEADER}}
    for item, value in expected.items():
        if claims.get(item) != value:
            raise CredentialRefused(
                Reason.CONTRADICTS_ROW, f"`{item}` is not what the publication says."
            )
    disclosed = claims.get(SAID, {})
    if not isinstance(disclosed, dict):
        raise CredentialRefused(Reason.CONTRADICTS_ROW, f"`{SAID}` is no object.")
    for item, value in disclosed.items():
        # As texts: True is 1 in Python, but not in what was sealed.
        if item not in said or _write(said[item]) != _write(value):
            raise CredentialRefused(
                Reason.CONTRADICTS_ROW, f"`{item}` is not what the sealed row says."
            )


def _write(value: object) -> str:
    return json.dumps(value, sort_keys=True)
