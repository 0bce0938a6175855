"""Facts: tokens, candles, what was published, and what imports turned away."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from assay.accounts.types import Verb
from assay.api import schemas
from assay.api.answers.candles import find_candles, find_token_candles
from assay.api.answers.facts import (
    answer_token,
    count_quarantine,
    find_quarantine,
    find_tokens,
)
from assay.api.answers.publications import find_publications
from assay.api.kinds.facts import (
    PublicationsQuery,
    Quarantined,
    QuarantineQuery,
    Said,
    TokenCandlesQuery,
    TokensQuery,
)
from assay.api.parameters import AsOfQuery, CandlesQuery
from assay.api.routes.common import LoadedFacts, State, require
from assay.api.routes.lists import Asked, answer_list
from assay.api.sealed import SealedResponse

router = APIRouter(prefix="/v1", tags=["facts"])

TokenName = Annotated[
    str,
    Path(
        max_length=64,
        description="Symbol as borne at `as_of`, in any case, or id.",
        examples=["BTC", "3375"],
    ),
]


@router.get("/tokens", response_model=schemas.TokenList, summary="List tokens")
async def list_tokens(asked: Asked, query: Annotated[TokensQuery, Query()]) -> Response:
    """List all tokens that had begun to trade by `as_of`, ascending by id, the dead included."""
    return await answer_list(asked, query, find_tokens, query)


@router.get("/tokens/{symbol}", response_model=schemas.TokenAnswer, summary="Get a token")
async def get_token(
    state: State, facts: LoadedFacts, symbol: TokenName, query: Annotated[AsOfQuery, Query()]
) -> SealedResponse:
    """Get one token as known at `as_of`: LUNA on 2022-05-01 is today's LUNC."""
    return SealedResponse(await state.read(answer_token, facts, symbol, query))


@router.get(
    "/candles", response_model=schemas.TokenCandleList, summary="List candles of many tokens"
)
async def list_token_candles(
    asked: Asked, query: Annotated[TokenCandlesQuery, Query()]
) -> Response:
    """List candles of the tokens named, or of all, as quoted then. Made for bulk: ask for Arrow,
    Parquet, CSV or NDJSON and any number of rows streams in constant memory.
    """
    return await answer_list(asked, query, find_token_candles, query)


@router.get(
    "/candles/{symbol}", response_model=schemas.CandleList, summary="List candles of one token"
)
async def list_candles(
    asked: Asked, symbol: TokenName, query: Annotated[CandlesQuery, Query()]
) -> Response:
    """List candles as quoted then, newest first. The symbol is read on the day `to` or `as_of`."""
    return await answer_list(asked, query, find_candles, symbol, query)


@router.get("/publications", response_model=schemas.Page[Said], summary="List publications")
async def list_publications(asked: Asked, query: Annotated[PublicationsQuery, Query()]) -> Response:
    """List everything that was said, the last first, without its rows: to follow what is new, or to
    check it from the beginning.
    """
    return await answer_list(asked, query, find_publications, query)


@router.get(
    "/quarantine",
    response_model=schemas.Page[Quarantined],
    summary="List rows turned away",
    dependencies=[Depends(require(Verb.OPERATE))],
)
async def list_quarantine(asked: Asked, query: Annotated[QuarantineQuery, Query()]) -> Response:
    """List the rows that imports turned away, with the reason and the row as it was written."""
    # An import that only turns rows away changes neither the lake nor the panel.
    stamp = await asked.state.read(count_quarantine, asked.state)
    return await answer_list(replace(asked, stamp=stamp), query, find_quarantine, query)
