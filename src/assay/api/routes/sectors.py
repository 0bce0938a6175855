"""The sectors that tokens were sorted into."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from assay.api.answers.sectors import find_sectors
from assay.api.kinds.sectors import SectorList, SectorsQuery
from assay.api.routes.lists import Asked, answer_list

router = APIRouter(prefix="/v1", tags=["indices"])


@router.get("/sectors", response_model=SectorList, summary="List sectors")
async def list_sectors(asked: Asked, query: Annotated[SectorsQuery, Query()]) -> Response:
    """List the sectors of the sector indices with their tokens. They were sorted by hand
    afterwards: a description, not something that was known at the time.
    """
    return await answer_list(asked, query, find_sectors, query)
