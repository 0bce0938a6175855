"""Long work: asked for here, carried out by workers, followed from here."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Depends, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.responses import Response, StreamingResponse

from assay.accounts.types import Principal, Verb
from assay.api import forms
from assay.api.answers import jobs as shown
from assay.api.answers.jobs import JobAnswer, JobPage, JobsQuery, NewJob
from assay.api.asked import check_parameters
from assay.api.routes.common import State, require
from assay.api.routes.people import refusals
from assay.api.state import ApiState
from assay.kit.errors import NotFound

router = APIRouter(prefix="/v1", tags=["jobs"])

HEARTBEAT_S = 15.0

User = Annotated[Principal, Depends(require(Verb.USE))]
Operator = Annotated[Principal, Depends(require(Verb.OPERATE))]
JobId = Annotated[str, Path(max_length=40, examples=["job_0123456789abcdef01234567"])]
ACCEPTED: dict[int | str, dict[str, Any]] = {
    **refusals(403, 429),
    202: {
        "description": "Accepted; it is not lost any more",
        "headers": {"Location": {"description": "The job", "schema": {"type": "string"}}},
    },
}
HTML: dict[int | str, dict[str, Any]] = {
    **refusals(403, 429),
    200: {"description": "The file", "content": {"text/html": {"schema": {"type": "string"}}}},
}
EVENTS: dict[int | str, dict[str, Any]] = {
    **refusals(403, 429),
    200: {
        "description": "Events `progress`, and `end` as the last one; data is the job",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    204: {"description": "The job has ended and its last event was read"},
}


@router.post("/jobs", response_model=JobAnswer, status_code=202, responses=ACCEPTED)
async def create_job(state: State, asking: User, body: NewJob) -> Response:
    """Ask for long work; 202 says where to follow it."""
    form = state.jobs.forms[body.kind]
    try:
        parameters = forms.read_parameters(form, body.parameters)
    except ValidationError as error:
        wrong = [
            {**item, "loc": ("body", "parameters", *item["loc"])}
            for item in error.errors(include_url=False, include_context=False)
        ]
        raise RequestValidationError(wrong) from error
    checked = form.parameters.model_validate(parameters)
    await state.read(check_parameters, state.world.facts, checked, "parameters")
    return await state.read(shown.submit, state, asking, body.kind, parameters)


@router.post("/evaluations", response_model=JobAnswer, status_code=202, responses=ACCEPTED)
async def create_evaluation(
    state: State, asking: User, body: forms.EvaluationParameters
) -> Response:
    """Measure whether what was published is worth anything. The result has every figure, and a page
    with charts.
    """
    await state.read(check_parameters, state.world.facts, body)
    return await state.read(shown.submit, state, asking, forms.EVALUATION.name, _store(body))


@router.post("/backtests", response_model=JobAnswer, status_code=202, responses=ACCEPTED)
async def create_backtest(
    state: State, asking: User, body: Annotated[forms.Strategy, Body()]
) -> Response:
    """Back-test target weights, signals, crosses of averages, or an index of one's own over the
    recorded facts, with costs.
    """
    await state.read(check_parameters, state.world.facts, body)
    parameters = {"backtest": _store(body)}
    return await state.read(shown.submit, state, asking, forms.BACKTEST.name, parameters)


@router.post("/backfills", response_model=JobAnswer, status_code=202, responses=ACCEPTED)
async def create_backfill(
    state: State, asking: Operator, body: forms.BackfillParameters
) -> Response:
    """Publish past days that are owed, and what they read before them (owner)."""
    return await state.read(shown.submit, state, asking, forms.BACKFILL.name, _store(body))


@router.get("/jobs", response_model=JobPage, responses=refusals(403, 429))
async def list_jobs(state: State, asking: User, query: Annotated[JobsQuery, Query()]) -> Response:
    """List your jobs, newest first; the owner of the installation sees everybody's."""
    return await state.read(shown.answer_jobs, state, asking, query)


@router.get("/jobs/{job_id}", response_model=JobAnswer, responses=refusals(403, 429))
async def get_job(state: State, asking: User, job_id: JobId) -> Response:
    """Get how far a job is."""
    return await state.read(shown.answer_job, state, asking, job_id)


@router.delete("/jobs/{job_id}", response_model=JobAnswer, responses=refusals(403, 429))
async def cancel_job(state: State, asking: User, job_id: JobId) -> Response:
    """Cancel a job: at once while it waits, at its next step while it runs. What it has published
    stays; one that has ended stays as it is.
    """
    return await state.read(shown.answer_cancelled, state, asking, job_id)


@router.get("/jobs/{job_id}/result", response_model=dict[str, Any], responses=refusals(403, 429))
async def get_job_result(state: State, asking: User, job_id: JobId) -> Response:
    """Get what came of a job: its document. 404 until it is done."""
    return await state.read(shown.answer_result, state, asking, job_id, shown.DOCUMENT)


@router.get("/jobs/{job_id}/result/page", response_class=Response, responses=HTML)
async def get_job_page(state: State, asking: User, job_id: JobId) -> Response:
    """Get the result of an evaluation as a page with charts."""
    return await state.read(shown.answer_result, state, asking, job_id, "page")


@router.get("/jobs/{job_id}/events", response_class=Response, responses=EVENTS)
async def follow_job(
    state: State,
    asking: User,
    request: Request,
    job_id: JobId,
    last_event_id: Annotated[
        str | None, Header(description="Go on after this event; browsers send it themselves.")
    ] = None,
) -> Response:
    """Follow a job as server-sent events until it has ended. Fast changes are told as one; a
    comment comes every 15 s while nothing changes. Reading on after the end answers 204, which
    ends the reconnecting of browsers.
    """
    seen = shown.read_last_event(last_event_id)
    record = await state.read(state.jobs.load, job_id, shown.choose_account(asking))
    if record.state.is_final and seen >= record.sequence:
        return Response(status_code=204, headers={"cache-control": shown.NO_STORE})
    # Here, while the answer can still be a refusal.
    state.job_watch.check_room(asking.account_id)
    headers = {"cache-control": shown.NO_STORE, "x-accel-buffering": "no"}
    events = tell(state, asking, job_id, seen)
    if request.scope.get("assay.head"):
        await events.aclose()
        return Response(b"", 200, headers, "text/event-stream")
    return StreamingResponse(events, 200, headers, "text/event-stream")


async def tell(
    state: ApiState, asking: Principal, job_id: str, seen: int
) -> AsyncGenerator[bytes, None]:
    """The events of a job after the sequence `seen`."""
    with state.job_watch.enter(asking.account_id):
        yield b"retry: 2000\n\n"
        while True:
            try:
                record = await state.read(state.jobs.load, job_id, shown.choose_account(asking))
            except NotFound:
                return
            if record.sequence > seen:
                seen = record.sequence
                data = await state.read(shown.read_job, state, asking, job_id)
                name = "end" if record.state.is_final else "progress"
                yield f"id: {seen}\nevent: {name}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"
            if record.state.is_final:
                return
            if not await state.job_watch.wait(job_id, seen, HEARTBEAT_S):
                yield b": still here\n\n"


def _store(body: BaseModel) -> dict[str, Any]:
    return body.model_dump(mode="json", by_alias=True)
