"""Is the server up, and is it ready."""

import orjson
from fastapi import APIRouter

from assay.api import schemas
from assay.api.routes.common import LoadedFacts, State
from assay.api.sealed import Content, SealedResponse

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=schemas.Status)
async def get_health() -> SealedResponse:
    """Get a sign of life: 200 as soon as the server listens."""
    return SealedResponse(Content(b'{"status":"ok"}'))


@router.get("/readyz", response_model=schemas.Readiness)
async def get_readiness(state: State, facts: LoadedFacts) -> SealedResponse:
    """Get whether all is loaded and graded: 200, or 503 with the progress. `history` says what of
    the other kinds' past days is still being published.
    """
    history = state.history() or None
    body = orjson.dumps({"status": "ready", "history": history})
    return SealedResponse(Content(body), remember=history is None)
