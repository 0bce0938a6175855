"""The log for existing tools: `/log` is the newest, `/log/{log}` each one there has been."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from starlette.responses import PlainTextResponse, Response

from assay.api.addresses import limit_address
from assay.api.answers.tiles import BYTES, answer_checkpoint, answer_entries, answer_hashes
from assay.api.answers.verifying import load_verifier
from assay.api.routes.common import State
from assay.api.sealed import SealedResponse

router = APIRouter(tags=["log"], dependencies=[Depends(limit_address)])

BINARY: dict[int | str, dict[str, Any]] = {
    200: {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}
}
LogId = Annotated[
    str,
    Path(
        description="Last part of the log's origin.",
        examples=["0123456789abcdef"],
        json_schema_extra={"pattern": "^[0-9a-f]{16}$"},
    ),
]
# What is written otherwise is answered 404 by the route itself: to a tool it is just not there.
Level = Annotated[
    str,
    Path(
        description="Level of the tile: 0 has the leaves.",
        examples=["0"],
        json_schema_extra={"pattern": "^(0|[1-5]?[1-9]|[1-5]0|6[0-3])$"},
    ),
]
Tile = Annotated[
    str,
    Path(
        description="Index in three-digit elements, all but the last with an `x`; `.p/W` behind it "
        "for the first W hashes of a tile that is not full.",
        examples=["000.p/5"],
        json_schema_extra={"pattern": r"^(x[0-9]{3}/)*[0-9]{3}(\.p/[1-9][0-9]{0,2})?$"},
    ),
]


@router.get("/log/checkpoint", response_class=PlainTextResponse)
async def get_checkpoint(state: State) -> SealedResponse:
    """Get the newest checkpoint of the log: a C2SP signed note with all known cosignatures."""
    return SealedResponse(await state.read(answer_checkpoint, state), remember=False)


@router.get("/log/tile/entries/{tile:path}", response_class=Response, responses=BINARY)
async def get_entries(state: State, tile: Tile) -> SealedResponse:
    """Get up to 256 entries of the log, the exact bytes that are hashed as its leaves."""
    return SealedResponse(await state.read(answer_entries, state, tile), remember=False)


@router.get("/log/tile/{level}/{tile:path}", response_class=Response, responses=BINARY)
async def get_tile(state: State, level: Level, tile: Tile) -> SealedResponse:
    """Get up to 256 hashes of the log's tree (c2sp.org/tlog-tiles)."""
    return SealedResponse(await state.read(answer_hashes, state, level, tile), remember=False)


@router.get("/log/{log}/checkpoint", response_class=PlainTextResponse)
async def get_checkpoint_of_log(state: State, log: LogId) -> SealedResponse:
    """Get the newest checkpoint of one log of this installation."""
    return SealedResponse(await state.read(answer_checkpoint, state, log), remember=False)


@router.get("/log/{log}/tile/entries/{tile:path}", response_class=Response, responses=BINARY)
async def get_entries_of_log(state: State, log: LogId, tile: Tile) -> SealedResponse:
    """Get up to 256 entries of one log of this installation."""
    return SealedResponse(await state.read(answer_entries, state, tile, log))


@router.get("/log/{log}/tile/{level}/{tile:path}", response_class=Response, responses=BINARY)
async def get_tile_of_log(state: State, log: LogId, level: Level, tile: Tile) -> SealedResponse:
    """Get up to 256 hashes of the tree of one log of this installation."""
    return SealedResponse(await state.read(answer_hashes, state, level, tile, log))


@router.get("/log/verifier.py", response_class=PlainTextResponse)
async def get_verifier() -> SealedResponse:
    """Get the program that checks proofs of this log without trusting its server: one file of
    Python. Read it, and compare it with a copy that came another way.
    """
    return SealedResponse(load_verifier())
