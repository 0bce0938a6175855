"""Is the server up, and is it ready."""

from collections.abc import Sequence
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from assay.accounts.types import Verb
from assay.api import schemas
from assay.api.problems import NotReady, describe_problem
from assay.api.readiness import Check
from assay.api.routes.common import Asking, State
from assay.api.sealed import Content, SealedResponse

router = APIRouter(tags=["health"])


class CheckShown(schemas.Shape):
    """One thing that was looked at."""

    name: Annotated[str, Field(examples=["database"])]
    ok: bool
    required: Annotated[bool, Field(description="False: gone on without where it fails.")]
    detail: Annotated[str, Field(description="What was seen.")]


class ReadinessShown(schemas.Shape):
    """All is loaded and graded, and what an answer needs is there."""

    status: Literal["ready"]
    history: Annotated[
        str | None,
        Field(description="Past days that are still being published; null: all stand."),
    ]
    checks: Annotated[
        list[CheckShown] | None,
        Field(description="What was looked at; null for who may not operate the installation."),
    ]


@router.get("/healthz", response_model=schemas.Status)
async def get_health() -> SealedResponse:
    """Get a sign of life: 200 as soon as the server listens."""
    return SealedResponse(Content(b'{"status":"ok"}'))


@router.get("/readyz", response_model=ReadinessShown)
async def get_readiness(state: State, asking: Asking) -> Response:
    """Get whether requests may be sent here: 200, or 503 with what is missing. `history` says what
    of the other kinds' past days is still being published. Looked at once a second.
    """
    checks = await state.readiness.look()
    failed = [check for check in checks if not check.ok and check.is_required]
    shown = [write_check(check) for check in checks] if asking.may(Verb.OPERATE) else None
    if failed:
        if shown is None and state.ready:
            return describe_problem(NotReady("Not everything that an answer needs is there."))
        members = {} if shown is None else {"checks": shown}
        return describe_problem(NotReady(explain(failed)), members=members)
    body = {"status": "ready", "history": state.history() or None, "checks": shown}
    return Response(orjson.dumps(body), 200, {"cache-control": "no-store"}, "application/json")


def explain(failed: Sequence[Check]) -> str:
    """Why requests should go elsewhere. Before the first load is over, only how far it is: that is
    told to everybody, the rest to those alone who may operate the installation.
    """
    if failed[0].name == "server":
        return failed[0].detail
    return "; ".join(f"{check.name}: {check.detail}" for check in failed)


def write_check(check: Check) -> dict[str, object]:
    """A check as it is shown."""
    said = {"name": check.name, "ok": check.ok, "required": check.is_required}
    return {**said, "detail": check.detail}
