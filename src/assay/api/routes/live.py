"""Live markets over HTTP: prices with the venues behind them, books, the health of venues."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from assay.api.answers import live as shown
from assay.api.answers.live import BookAnswer, LivePriceAnswer, LivePriceList, VenueList
from assay.api.routes.common import State

router = APIRouter(prefix="/v1", tags=["live"])

Symbol = Annotated[str, Path(max_length=64, description="Symbol or token id.", examples=["BTC"])]
Symbols = Annotated[
    str,
    Query(max_length=2_000, description="Only these, comma separated.", examples=["BTC,ETH"]),
]
Venue = Annotated[str, Query(max_length=64, description="Venue.", examples=["binance"])]
VenueSymbol = Annotated[
    str, Query(max_length=64, description="The venue's own symbol.", examples=["BTCUSDT"])
]


@router.get("/prices", response_model=LivePriceList)
async def list_prices(state: State, symbol: Symbols = "") -> Response:
    """List what tokens cost now: the volume-weighted median over venues that can be believed, with
    every venue's price, age and, if it does not count, why.
    """
    return shown.answer_prices(state, [name for name in symbol.split(",") if name.strip()])


@router.get("/prices/{symbol}", response_model=LivePriceAnswer)
async def get_price(state: State, symbol: Symbol) -> Response:
    """Get what a token costs now."""
    return shown.answer_price(state, symbol)


@router.get("/books", response_model=BookAnswer)
async def get_book(state: State, venue: Venue, symbol: VenueSymbol) -> Response:
    """Get the best levels of a book as this installation has it now."""
    return shown.answer_book(state, venue, symbol)


@router.get("/venues", response_model=VenueList)
async def list_venues(state: State) -> Response:
    """List the venues that are watched: whether they are live, stale or down, how our reading of
    their protocol was proved, gaps, reconnects, clock offset.
    """
    return shown.answer_venues(state)
