"""The track record: what came of everything that was said."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from assay.api.answers.track_record import (
    find_calibration,
    find_days,
    find_record,
    find_statements,
    load_version,
)
from assay.api.kinds.track_record import (
    CalibrationPoint,
    RecordedDay,
    RecordedStatement,
    RecordPage,
    RecordQuery,
    StatementsQuery,
    TrackRecord,
)
from assay.api.routes.lists import Asked, ListRequest, answer_list

router = APIRouter(prefix="/v1", tags=["track_record"])


async def mark(asked: ListRequest) -> ListRequest:
    """The record changes without a new publication: when an outcome becomes known."""
    return replace(asked, stamp=await asked.state.read(load_version, asked.state))


@router.get(
    "/track-record", response_model=RecordPage[TrackRecord], summary="List the track record"
)
async def list_track_record(asked: Asked, query: Annotated[RecordQuery, Query()]) -> Response:
    """List what came of everything that was said: hits, misses, what is open, how often things
    happened beside how often they were said to, the IC with its noise, and controls. One row for
    each measure and origin; live, replayed and backfilled statements are never mixed.
    """
    return await answer_list(await mark(asked), query, find_record, query)


@router.get(
    "/track-record/days", response_model=RecordPage[RecordedDay], summary="List recorded days"
)
async def list_track_record_days(asked: Asked, query: Annotated[RecordQuery, Query()]) -> Response:
    """List what came of each publication, and how the record stood after it: the line of the IC
    through time with its noise band.
    """
    return await answer_list(await mark(asked), query, find_days, query)


@router.get(
    "/track-record/calibration",
    response_model=RecordPage[CalibrationPoint],
    summary="List calibration points",
)
async def list_track_record_calibration(
    asked: Asked, query: Annotated[RecordQuery, Query()]
) -> Response:
    """List what was said against what happened, of every measure that states a chance."""
    return await answer_list(await mark(asked), query, find_calibration, query)


@router.get(
    "/track-record/statements",
    response_model=RecordPage[RecordedStatement],
    summary="List recorded statements",
)
async def list_track_record_statements(
    asked: Asked, query: Annotated[StatementsQuery, Query()]
) -> Response:
    """List every single statement of a kind with what came of it, its publication and its place in
    the log. It cannot be filtered by outcome.
    """
    return await answer_list(await mark(asked), query, find_statements, query)
