"""The briefing for people: a page, and Markdown."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, PlainTextResponse

from assay.api.answers.briefings import answer_markdown, answer_page
from assay.api.parameters import SaidQuery
from assay.api.routes.common import LoadedFacts, State
from assay.api.sealed import SealedResponse

router = APIRouter(prefix="/v1", tags=["briefing"])


class MarkdownResponse(PlainTextResponse):
    """Names the media type in the documentation."""

    media_type = "text/markdown"


@router.get("/briefing.html", response_class=HTMLResponse)
async def get_briefing_page(
    state: State, facts: LoadedFacts, query: Annotated[SaidQuery, Query()]
) -> SealedResponse:
    """Get the briefing of a day as one page; every number links to its publication."""
    return SealedResponse(await state.read(answer_page, state, facts, query))


@router.get("/briefing.md", response_class=MarkdownResponse)
async def get_briefing_text(
    state: State, facts: LoadedFacts, query: Annotated[SaidQuery, Query()]
) -> SealedResponse:
    """Get the briefing of a day as Markdown."""
    return SealedResponse(await state.read(answer_markdown, state, facts, query))
