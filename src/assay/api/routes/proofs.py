"""The log for programs: its state, checkpoints, anchors, and proofs as files."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import PlainTextResponse, Response

from assay.api import schemas
from assay.api.addresses import limit_address
from assay.api.answers.log import (
    answer_consistency,
    answer_log,
    answer_proof,
    answer_row_proof,
    count_log,
    find_anchors,
    find_checkpoints,
)
from assay.api.answers.published import answer_header, answer_row, answer_rows
from assay.api.kinds.log import (
    Anchored,
    AnchorsQuery,
    CheckpointsQuery,
    ConsistencyQuery,
    LoggedCheckpoint,
    LogQuery,
    LogState,
    ProofQuery,
)
from assay.api.routes.common import State
from assay.api.routes.lists import Asked, answer_list
from assay.api.sealed import JSON, SealedResponse

router = APIRouter(prefix="/v1", tags=["log"])

limited = [Depends(limit_address)]

# `x-exact`: clients hand out the bytes as they come, because their hash is what counts.
ROWS: dict[int | str, dict[str, Any]] = {
    200: {"content": {JSON: {"schema": {"type": "array", "items": {}, "x-exact": True}}}}
}
ONE: dict[int | str, dict[str, Any]] = {
    200: {"content": {JSON: {"schema": {"type": "object", "x-exact": True}}}}
}
PublicationId = Annotated[
    str,
    Path(
        max_length=128,
        description="Id as it stands in the `publication` member of every list.",
        examples=["grades.trader-2023-12-29-0123456789ab"],
    ),
]
RowIndex = Annotated[
    int,
    Path(ge=0, le=1_000_000, description="Place of the row in the publication, from 0 on."),
]


@router.get(
    "/log", response_model=schemas.Single[LogState], summary="Get the log", dependencies=limited
)
async def get_log(state: State, query: Annotated[LogQuery, Query()]) -> SealedResponse:
    """Get what the log is: origin, size, root, newest checkpoint, keys, witnesses, anchors, and the
    logs it follows.
    """
    # Cosignatures, anchors and private entries come without a publication.
    return SealedResponse(await state.read(answer_log, state, query.log), remember=False)


@router.get(
    "/log/checkpoints",
    response_model=schemas.Page[LoggedCheckpoint],
    summary="List checkpoints",
    dependencies=limited,
)
async def list_checkpoints(asked: Asked, query: Annotated[CheckpointsQuery, Query()]) -> Response:
    """List the checkpoints of a log, the newest first, as the log itself signed them."""
    stamp = await asked.state.read(count_log, asked.state, query.log)
    return await answer_list(replace(asked, stamp=stamp), query, find_checkpoints, query)


@router.get(
    "/log/anchors",
    response_model=schemas.Page[Anchored],
    summary="List anchors",
    dependencies=limited,
)
async def list_anchors(asked: Asked, query: Annotated[AnchorsQuery, Query()]) -> Response:
    """List the checkpoints of a log that were written to a chain, the newest first. Each row is a
    receipt that `assay verify` reads.
    """
    stamp = await asked.state.read(count_log, asked.state, query.log)
    return await answer_list(replace(asked, stamp=stamp), query, find_anchors, query)


@router.get(
    "/log/consistency",
    response_class=PlainTextResponse,
    summary="Get a consistency proof",
    dependencies=limited,
)
async def get_consistency(
    state: State, query: Annotated[ConsistencyQuery, Query()]
) -> SealedResponse:
    """Get the proof that a later checkpoint only adds to an earlier one: the line `old N`, hashes,
    an empty line, the later checkpoint (the body of c2sp.org/tlog-witness add-checkpoint).
    """
    work = state.read(answer_consistency, state, query)
    return SealedResponse(await work, remember=False)


@router.get(
    "/publications/{publication_id}/proof",
    response_class=PlainTextResponse,
    summary="Get the proof of a publication",
    dependencies=limited,
)
async def get_publication_proof(
    state: State, publication_id: PublicationId, query: Annotated[ProofQuery, Query()]
) -> SealedResponse:
    """Get a c2sp.org/tlog-proof@v1 file: header, place in the log, path, signed checkpoint."""
    work = state.read(answer_proof, state, publication_id, query.size)
    return SealedResponse(await work, remember=False)


@router.get(
    "/publications/{publication_id}/header",
    response_class=Response,
    responses=ONE,
    summary="Get the header of a publication",
    dependencies=limited,
)
async def get_publication_header(state: State, publication_id: PublicationId) -> SealedResponse:
    """Get the exact bytes that are the publication's leaf in the log."""
    return SealedResponse(await state.read(answer_header, state, publication_id))


@router.get(
    "/publications/{publication_id}/rows",
    response_class=Response,
    responses=ROWS,
    summary="Get the rows of a publication",
)
async def get_publication_rows(state: State, publication_id: PublicationId) -> SealedResponse:
    """Get the exact bytes of all rows; their SHA-256 is `rows_digest` of the header."""
    return SealedResponse(await state.read(answer_rows, state, publication_id))


@router.get(
    "/publications/{publication_id}/rows/{row}",
    response_class=Response,
    responses=ONE,
    summary="Get one row of a publication",
)
async def get_publication_row(
    state: State, publication_id: PublicationId, row: RowIndex
) -> SealedResponse:
    """Get the exact bytes of one row, as they are hashed into `rows_root` of the header."""
    return SealedResponse(await state.read(answer_row, state, publication_id, row))


@router.get(
    "/publications/{publication_id}/rows/{row}/proof",
    response_class=PlainTextResponse,
    summary="Get the proof of one row",
)
async def get_row_proof(
    state: State,
    publication_id: PublicationId,
    row: RowIndex,
    query: Annotated[ProofQuery, Query()],
) -> SealedResponse:
    """Get a c2sp.org/tlog-proof@v1 file that leads from one row to the signed checkpoint. The bytes
    of the row itself are at the address without `/proof`.
    """
    work = state.read(answer_row_proof, state, publication_id, row, query.size)
    return SealedResponse(await work, remember=False)
