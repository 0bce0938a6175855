"""Credentials: what was published of one thing, signed for a holder, and checked when shown."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from assay import identity
from assay.accounts.types import Principal, Verb
from assay.api.addresses import limit_address
from assay.api.answers import credential_shapes as shapes
from assay.api.answers.credentials import (
    find_verdict,
    read_order,
    show_issued,
    show_record,
)
from assay.api.answers.people import answer
from assay.api.routes.common import State, require
from assay.api.routes.people import PROBLEM, refusals
from assay.api.sealed import Content, SealedResponse

router = APIRouter(prefix="/v1/credentials", tags=["credentials"])
public = APIRouter(prefix="/v1/credentials", tags=["issuer"])
well_known = APIRouter(prefix="/.well-known", tags=["issuer"])

limited = [Depends(limit_address)]
STATUS_LIST = "application/statuslist+jwt"

User = Annotated[Principal, Depends(require(Verb.USE))]
Operator = Annotated[Principal, Depends(require(Verb.OPERATE))]
CredentialId = Annotated[str, Path(max_length=40, examples=["cred_0123456789abcdef"])]
TOKEN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A signed list, one bit a credential",
        "content": {STATUS_LIST: {"schema": {"type": "string"}}},
    }
}
NAMELESS: dict[int | str, dict[str, Any]] = {
    404: {**PROBLEM, "description": "This installation has no public URL"},
    429: {**PROBLEM, "description": "Asked too often from one address"},
    503: {**PROBLEM, "description": "Busy"},
}


@router.post("", status_code=201, response_model=shapes.IssuedAnswer, responses=refusals(403, 429))
async def issue_credential(state: State, _: User, body: shapes.NewCredential) -> Response:
    """Get one row of a publication as an SD-JWT VC: signed, bound to a key, with the proof that it
    stands in the log inside. Its holder chooses later what to show of it.
    """
    installation = state.identity
    issued = await state.read(identity.issue_credential, installation, read_order(body))
    return answer(show_issued(issued, installation), 201)


@router.post(
    "/challenge",
    status_code=201,
    response_model=shapes.PresentationChallenge,
    responses=refusals(403, 429),
)
async def create_presentation_challenge(state: State) -> Response:
    """Get a nonce that one presentation has to be made for; good once, for five minutes."""
    return answer(await state.read(identity.create_challenge, state.identity), 201)


@router.post("/verify", response_model=shapes.VerdictAnswer, responses=refusals(403, 429))
async def verify_credential(state: State, body: shapes.Presented) -> Response:
    """Check a presentation: signature, type, times, key binding, nonce, audience, status and the
    proof inside. What cannot be checked does not hold. The answer is 200 either way.
    """
    return answer(await find_verdict(state.identity, body, state.read))


@router.get(
    "/{credential_id}",
    response_model=shapes.CredentialRecordAnswer,
    responses=refusals(403, 429),
)
async def get_credential(state: State, _: Operator, credential_id: CredentialId) -> Response:
    """Get what is kept of a credential (owner); neither its holder nor its text."""
    record = await state.read(identity.get_credential, state.identity, credential_id)
    return answer(show_record(record, state.identity))


@router.post(
    "/{credential_id}/withdraw",
    response_model=shapes.CredentialRecordAnswer,
    responses=refusals(403, 429),
)
async def withdraw_credential(state: State, _: Operator, credential_id: CredentialId) -> Response:
    """Make a credential invalid for ever (owner). One whose publication is corrected or withdrawn
    becomes so by itself.
    """
    record = await state.read(identity.withdraw_credential, state.identity, credential_id)
    return answer(show_record(record, state.identity))


@public.get("/status/{list_number}", response_class=Response, responses=TOKEN, dependencies=limited)
async def get_status_list(
    state: State,
    list_number: Annotated[
        int, Path(ge=1, le=999_999_999, description="Number of the list.", examples=[1])
    ],
) -> SealedResponse:
    """Get a token status list: which credentials do not hold any more. Needs no key."""
    token = await state.read(identity.publish_list, state.identity, list_number)
    return SealedResponse(Content(token.encode(), STATUS_LIST), remember=False)


@public.get("/types/{name}", response_model=shapes.TypeMetadata, dependencies=limited)
async def get_credential_type(
    state: State,
    name: Annotated[
        str,
        Path(
            max_length=64,
            description="Kind of the publications.",
            examples=["grades.trader"],
        ),
    ],
) -> SealedResponse:
    """Get the metadata of a credential's type, the address in its `vct`. Needs no key."""
    described = await state.read(identity.describe_type, state.identity, name)
    return SealedResponse(Content(orjson.dumps(described)))


@well_known.get(
    "/did.json", response_model=shapes.DidDocument, responses=NAMELESS, dependencies=limited
)
async def get_did_document(state: State) -> SealedResponse:
    """Get the DID document of the installation's did:web: the keys that sign its credentials."""
    described = await state.read(identity.describe_issuer, state.identity)
    return SealedResponse(Content(orjson.dumps(described)), remember=False)


@well_known.get(
    "/jwt-vc-issuer",
    response_model=shapes.IssuerMetadata,
    responses=NAMELESS,
    dependencies=limited,
)
async def get_issuer_metadata(state: State) -> SealedResponse:
    """Get the same keys as issuer metadata of SD-JWT VC."""
    described = await state.read(identity.describe_issuer_keys, state.identity)
    return SealedResponse(Content(orjson.dumps(described)), remember=False)
