"""Issuing: a row that was published becomes a credential that its holder can show.

Nothing is computed here: every claim is read from the sealed row and its header.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sd_jwt.common import SDObj
from sd_jwt.issuer import SDJWTIssuer
from sqlalchemy import Connection

from assay import ledger
from assay.identity import store
from assay.identity.compute.evidence import EVIDENCE, SAID, write_claims
from assay.identity.compute.keys import read_jwk, write_jwk
from assay.identity.compute.statuses import LIST_SIZE
from assay.identity.compute.tokens import (
    CREDENTIAL,
    refuse_input,
    sign_token,
    to_seconds,
)
from assay.identity.service.installation import Installation, Signer, load_signer
from assay.identity.types import Claims, CredentialRecord, Issued, Order
from assay.kit.errors import BadInput, Conflict, NotFound
from assay.ledger.types import Publication

SUBJECTS = ("token_id", "symbol", "index_id", "slug", "ticker", "name")
"""Members of rows that say what a row is about."""
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=366)
FULL = LIST_SIZE // 2
"""A list half full gets no more: a free place is then found at the second try on average."""


class _Signing(SDJWTIssuer):  # type: ignore[misc]
    """The library's disclosures, signed by the one library that signs everything here."""

    def __init__(self, claims: Claims, signer: Signer) -> None:
        self._signer = signer
        super().__init__(claims, None)

    def _create_signed_jws(self) -> None:
        header = {"typ": CREDENTIAL.kind, "kid": self._signer.kid}
        self.serialized_sd_jwt = sign_token(
            header, orjson.dumps(self.sd_jwt_payload), self._signer.key
        )


def issue_credential(installation: Installation, order: Order) -> Issued:
    """A credential about one row of a publication, good until it expires or is withdrawn.

    Raises NotFound (no such publication or row), Conflict (it was corrected or withdrawn), BadInput
    (the row speaks of no one thing; the holder's key is none on P-256).
    """
    if not SHORTEST <= order.lifetime <= LONGEST:
        raise BadInput(
            f"A credential lasts at least {SHORTEST} and at most {LONGEST}.",
            hint="Ask for 1 to 366 days; it can be issued again.",
        )
    signer = load_signer(installation)
    now = installation.clock.now().replace(microsecond=0)
    with installation.database.read() as connection:
        said = ledger.load_publication(connection, order.publication_id)
        index = choose_row(said, order)
        claims = _prepare(connection, said, index)
    confirmation = _confirm(order)
    with installation.database.write() as connection:
        if ledger.list_overruled(connection, [said.sequence]):
            raise Conflict(
                f"{said.publication_id} was corrected or withdrawn.",
                hint="Ask for a credential about the publication that stands.",
            )
        record = _register(connection, signer, said, index, now, order.lifetime)
    vct = installation.locate_type(said.kind)
    uri = installation.locate_list(record.list_number)
    claims |= {
        "iss": signer.issuer,
        "iat": to_seconds(now),
        "exp": to_seconds(record.expires_at),
        "vct": vct,
        "status": {"status_list": {"idx": record.list_index, "uri": uri}},
        **confirmation,
    }
    disclosable = (*(str(item.value) for item in claims[SAID]), EVIDENCE)
    text = _Signing(claims, signer).sd_jwt_issuance
    return Issued(record, said.publication_id, signer.issuer, vct, text, disclosable)


def choose_row(said: Publication, order: Order) -> int:
    """The place of the row that is meant. Raises NotFound, and BadInput for an order that names
    none or several.
    """
    rows = orjson.loads(said.rows)
    if not isinstance(rows, list):
        raise BadInput(f"{said.publication_id} has no rows.", hint="Prove it as a whole instead.")
    if order.row is not None:
        if not 0 <= order.row < len(rows):
            raise NotFound(
                f"{said.publication_id} has no row {order.row}.",
                hint=f"It has {len(rows)} rows, counted from 0.",
            )
        return order.row
    wanted = (order.subject or "").strip().lower()
    found = [place for place, row in enumerate(rows) if wanted and _is_about(row, wanted)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFound(
            f"No row of {said.publication_id} is about {order.subject!r}.",
            hint="Name a symbol, slug or id as the publication has it, or the row by its number.",
        )
    raise BadInput(
        f"{len(found)} rows of {said.publication_id} are about {order.subject!r}.",
        hint=f"Name one by its number: {', '.join(map(str, found[:5]))}...",
    )


def withdraw_credential(installation: Installation, credential_id: str) -> CredentialRecord:
    """Make a credential invalid for ever; one that is already stays as it is. Raises NotFound."""
    with installation.database.write() as connection:
        store.withdraw_credential(connection, credential_id, installation.clock.now())
        return _require(connection, credential_id)


def get_credential(installation: Installation, credential_id: str) -> CredentialRecord:
    """What is kept of a credential. Raises NotFound."""
    with installation.database.read() as connection:
        return _require(connection, credential_id)


def list_credentials(
    installation: Installation, before: int | None, limit: int
) -> Sequence[CredentialRecord]:
    """The newest credentials that were issued before a moment (microseconds), newest first."""
    with installation.database.read() as connection:
        return store.list_credentials(connection, before, limit)


def _require(connection: Connection, credential_id: str) -> CredentialRecord:
    found = store.load_credential(connection, credential_id)
    if found is None:
        raise NotFound(
            f"No credential has the id {credential_id!r}.",
            hint="The id stands beside the credential in the answer that issued it.",
        )
    return found


def _prepare(connection: Connection, said: Publication, index: int) -> dict[Any, Any]:
    """The claims about a row: what is always disclosed, and what its holder chooses."""
    proof = ledger.prove_row(connection, said.publication_id, index)
    row = orjson.dumps(orjson.loads(said.rows)[index], option=orjson.OPT_SORT_KEYS)
    position = ledger.load_position(connection, said.sequence)
    if position is None:
        raise NotFound(f"{said.publication_id} is in no log.", hint="Nothing can be proved of it.")
    key = ledger.list_log_keys(connection, position[0])[-1]
    log_key = ledger.format_vkey(key.name, key.public_key)
    try:
        plain, members, evidence = write_claims(
            said.publication_id, said.header, row, proof, log_key
        )
    except ValueError as error:
        raise refuse_input(f"Row {index} speaks of no one thing", error) from error
    hidden = {SDObj(name): value for name, value in members.items()}
    return {**plain, SAID: hidden, SDObj(EVIDENCE): evidence}


def _confirm(order: Order) -> Claims:
    if order.holder is None:
        return {}
    try:
        return {"cnf": {"jwk": write_jwk(read_jwk(order.holder))}}
    except ValueError as error:
        raise refuse_input("The holder's key cannot be used", error) from error


def _register(
    connection: Connection,
    signer: Signer,
    said: Publication,
    row_index: int,
    now: datetime,
    lifetime: timedelta,
) -> CredentialRecord:
    """Give a credential a random free place in a status list of its key."""
    number, key_number, count = store.load_newest_list(connection)
    if number == 0 or key_number != signer.number or count >= FULL:
        number += 1
    index = secrets.randbelow(LIST_SIZE)
    while store.is_taken(connection, number, index):
        index = secrets.randbelow(LIST_SIZE)
    record = CredentialRecord(
        credential_id=f"cred_{secrets.token_hex(8)}",
        sequence=said.sequence,
        row_index=row_index,
        key_number=signer.number,
        list_number=number,
        list_index=index,
        issued_at=now,
        expires_at=now + lifetime,
    )
    store.insert_credential(connection, record)
    return record


def _is_about(row: object, wanted: str) -> bool:
    if not isinstance(row, dict):
        return False
    return any(name in row and str(row[name]).lower() == wanted for name in SUBJECTS)
