"""What becomes due by itself: the cadence of every room, for the owner of the installation."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from assay.accounts.types import Principal, Verb
from assay.api.answers import jobs as shown
from assay.api.answers.jobs import JobAnswer
from assay.api.answers.people import answer
from assay.api.routes.common import State, require
from assay.api.routes.people import refusals
from assay.api.schemas import Shape
from assay.kit.schedules import describe_turn

router = APIRouter(prefix="/v1", tags=["jobs"])

Operator = Annotated[Principal, Depends(require(Verb.OPERATE))]
Name = Annotated[
    str, Path(max_length=32, description="Name of the schedule.", examples=["judgements"])
]


class ScheduleShape(Shape):
    """A schedule: the job it queues, when it is due next, and its last job."""

    name: str
    about: str
    kind: str
    parameters: dict[str, Any]
    every_s: int
    is_on: bool
    due_at: datetime
    last_due_at: datetime | None
    last_job_id: str | None


class ScheduleAnswer(Shape):
    """One schedule."""

    data: ScheduleShape


class ScheduleList(Shape):
    """Every schedule of this installation."""

    data: list[ScheduleShape]


class Switch(BaseModel):
    """Whether it runs by itself."""

    model_config = ConfigDict(extra="forbid")

    is_on: bool


@router.get("/schedules", response_model=ScheduleList, responses=refusals(403, 429))
async def list_schedules(state: State, _: Operator) -> Response:
    """List what becomes due by itself (owner)."""
    turns = await state.read(state.timekeeper.list_turns)
    return answer([describe_turn(turn) for turn in turns])


@router.patch("/schedules/{name}", response_model=ScheduleAnswer, responses=refusals(403, 429))
async def update_schedule(state: State, _: Operator, name: Name, body: Switch) -> Response:
    """Turn a schedule on or off (owner). What it missed while it was off is not caught up."""
    turn = await state.read(state.timekeeper.switch, name, is_on=body.is_on)
    return answer(describe_turn(turn))


@router.post(
    "/schedules/{name}/runs",
    response_model=JobAnswer,
    status_code=202,
    responses={202: {"description": "Queued"}, **refusals(403, 429)},
)
async def create_schedule_run(state: State, _: Operator, name: Name) -> Response:
    """Queue the job of a schedule now (owner)."""
    record = await state.read(state.timekeeper.run_now, name)
    return shown.answer_accepted(record)
