"""Tokens and candles."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from assay.api import schemas
from assay.api.answers.facts import answer_candles, answer_token, answer_tokens
from assay.api.parameters import AsOfQuery, CandlesQuery, TokensQuery
from assay.api.routes.common import LoadedFacts, State
from assay.api.sealed import SealedResponse
from assay.markets.types import Interval

router = APIRouter(prefix="/v1", tags=["facts"])

TokenName = Annotated[
    str,
    Path(
        max_length=64,
        description="Symbol as borne at `as_of`, in any case, or id.",
        examples=["BTC", "3375"],
    ),
]


@router.get("/tokens", response_model=schemas.TokenList)
async def list_tokens(
    state: State, facts: LoadedFacts, query: Annotated[TokensQuery, Query()]
) -> SealedResponse:
    """List all tokens that had begun to trade by `as_of`, ascending by id, the dead included."""
    return SealedResponse(await state.read(answer_tokens, facts, query))


@router.get("/tokens/{symbol}", response_model=schemas.TokenAnswer)
async def get_token(
    state: State, facts: LoadedFacts, symbol: TokenName, query: Annotated[AsOfQuery, Query()]
) -> SealedResponse:
    """Get one token as known at `as_of`: LUNA on 2022-05-01 is today's LUNC."""
    return SealedResponse(await state.read(answer_token, facts, symbol, query))


@router.get("/candles/{symbol}", response_model=schemas.CandleList)
async def list_candles(
    state: State, facts: LoadedFacts, symbol: TokenName, query: Annotated[CandlesQuery, Query()]
) -> SealedResponse:
    """List candles as quoted then, newest first. The symbol is read on the day `to` or `as_of`."""
    content = await state.read(answer_candles, state, facts, symbol, query)
    # Finer candles come from the lake, whose imports need not touch the panel and its version.
    return SealedResponse(content, remember=query.interval is Interval.DAY)
