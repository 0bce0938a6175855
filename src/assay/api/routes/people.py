"""What the routes of people share: they exist in keyed mode, and say so in open local mode."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, Request

from assay.accounts.types import Principal, Verb
from assay.api.routes.common import get_state, require
from assay.api.schemas import Problem
from assay.api.state import ApiState
from assay.kit.errors import Conflict

Responses = Mapping[int | str, Mapping[str, Any]]


async def get_people(request: Request) -> ApiState:
    """The state of a keyed installation. Raises Conflict in open local mode."""
    state = await get_state(request)
    if not state.settings.keys:
        raise Conflict(
            "Accounts exist in keyed mode only; here everybody is the local user.",
            hint="Start the server with: assay serve --keys",
        )
    return state


People = Annotated[ApiState, Depends(get_people)]
Holder = Annotated[Principal, Depends(require(Verb.ACCOUNT))]
Administrator = Annotated[Principal, Depends(require(Verb.ADMINISTER))]

PROBLEM: Final[dict[str, Any]] = {
    "model": Problem,
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The declared problems of a route besides those that every route has."""
    texts = {
        403: "Not allowed, or the proof of the holder is missing or wrong",
        409: "Contradicts what is stored, or open local mode",
        429: "Too many tries; Retry-After says how long to wait",
    }
    return {status: {**PROBLEM, "description": texts[status]} for status in (409, *statuses)}
