"""Grades: the cross-section, histories, explanations, publications."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from assay.api import schemas
from assay.api.answers.explanations import find_graded, write_explanation
from assay.api.answers.histories import find_grade_history
from assay.api.answers.published import answer_publication, find_list
from assay.api.kinds.grades import GRADES, ExplanationAnswer, Grade, GradePoint, GradesQuery
from assay.api.parameters import AsOfQuery, HistoryQuery
from assay.api.routes.common import LoadedFacts, State
from assay.api.routes.facts import TokenName
from assay.api.routes.lists import Asked, answer_list
from assay.api.sealed import SealedResponse
from assay.grades import GradeKind

router = APIRouter(prefix="/v1", tags=["grades"])

KindName = Annotated[
    GradeKind, Path(description="`trader`: horizon of 7 days; `investor`: of 90 days.")
]


@router.get("/grades/{kind}", response_model=schemas.Page[Grade])
async def list_grades(
    asked: Asked, kind: KindName, query: Annotated[GradesQuery, Query()]
) -> Response:
    """List the grades of one day, best first; tokens without a view come last, with the reason."""
    return await answer_list(asked, query, find_list, GRADES[kind], query)


@router.get("/grades/{kind}/{symbol}", response_model=schemas.TokenHistory[GradePoint])
async def list_grade_history(
    asked: Asked,
    kind: KindName,
    symbol: TokenName,
    query: Annotated[HistoryQuery, Query()],
) -> Response:
    """List one token's grades by day, newest first. The symbol is read on the day `to`."""
    return await answer_list(asked, query, find_grade_history, kind, symbol, query)


@router.get("/grades/{kind}/{symbol}/explanation", response_model=ExplanationAnswer)
async def get_explanation(
    state: State,
    facts: LoadedFacts,
    kind: KindName,
    symbol: TokenName,
    query: Annotated[AsOfQuery, Query()],
) -> SealedResponse:
    """Get why a token has its grade: contributions in grade points that add up exactly."""
    word = state.world.word
    publication, token = await state.read(find_graded, state, facts, kind, symbol, query.as_of)
    work = partial(
        state.grades.explain_grade,
        state.home,
        state.database,
        kind,
        token.token_id,
        publication.as_of,
    )
    explanation = await state.compute.run((word, kind, token.token_id, publication.as_of), work)
    return SealedResponse(write_explanation(publication, explanation))


@router.get("/publications/{publication_id}", response_model=schemas.Publication)
async def get_publication(
    state: State,
    publication_id: Annotated[
        str,
        Path(
            max_length=128,
            description="Id as it stands in the `publication` member of every list.",
            examples=["grades.trader-2023-12-29-0123456789ab"],
        ),
    ],
) -> SealedResponse:
    """Get a publication as sealed: header, digest and rows, to check them without trusting us."""
    return SealedResponse(await state.read(answer_publication, state, publication_id))
