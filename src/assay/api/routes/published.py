"""A route for each entry of the table of everything published."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from assay.api import schemas
from assay.api.answers.histories import date_row, find_history
from assay.api.answers.lists import Found
from assay.api.answers.published import answer_one, find_list
from assay.api.kinds import LISTINGS
from assay.api.listing import Listing, Subject, View
from assay.api.parameters import HistoryQuery, SaidQuery
from assay.api.routes.lists import Asked, answer_list
from assay.api.sealed import SealedResponse

Answer = Callable[..., Awaitable[Response]]

PATHS = {
    Subject.TOKEN: Path(
        alias="symbol",
        max_length=64,
        description="Symbol as borne on the day `to`, in any case, or id.",
        examples=["BTC", "3375"],
    ),
    Subject.INDEX: Path(
        alias="index",
        max_length=64,
        description="Slug, ticker or id of an index.",
        examples=["trader"],
    ),
}
FINDERS: Mapping[View, Callable[..., Found]] = {View.LIST: find_list, View.HISTORY: find_history}
HISTORIES = {
    Subject.TOKEN: schemas.TokenHistory,
    Subject.INDEX: schemas.IndexHistory,
    Subject.ALL: schemas.History,
}


def create_router(listings: tuple[Listing, ...] = LISTINGS) -> APIRouter:
    """Declare every listing: path, parameters, documentation and shape come from its entry."""
    router = APIRouter(prefix="/v1")
    for listing in listings:
        router.add_api_route(
            listing.path,
            create_endpoint(listing),
            response_model=create_shape(listing),
            name=f"{'get' if listing.view is View.ONE else 'list'}_{listing.name}",
            description=listing.about,
            tags=[listing.said.room],
        )
    return router


def create_endpoint(listing: Listing) -> Answer:
    """The handler of a listing; its annotations are what FastAPI reads parameters from."""
    queries = {View.LIST: listing.query, View.ONE: SaidQuery, View.HISTORY: HistoryQuery}

    async def answer(asked: Asked, query: Any, name: str = "") -> Response:  # noqa: ANN401
        if listing.view is View.ONE:
            return SealedResponse(
                await asked.state.read(answer_one, asked.state, asked.facts, listing, query, name)
            )
        return await answer_list(asked, query, FINDERS[listing.view], listing, query, name)

    async def answer_all(asked: Asked, query: Any) -> Response:  # noqa: ANN401 - set below
        return await answer(asked, query)

    async def answer_named(asked: Asked, query: Any, name: str) -> Response:  # noqa: ANN401
        return await answer(asked, query, name)

    endpoint: Answer = answer_all
    if listing.subject is not Subject.ALL:
        endpoint = answer_named
        endpoint.__annotations__["name"] = Annotated[str, PATHS[listing.subject]]
    endpoint.__annotations__["query"] = Annotated[queries[listing.view], Query()]
    return endpoint


def create_shape(listing: Listing) -> type[BaseModel]:
    """The documented shape of a listing's answers."""
    if listing.view is View.ONE:
        return _of(schemas.Single, listing.row)
    if listing.view is View.LIST:
        page = schemas.HourPage if listing.said.is_hourly else schemas.Page
        return _of(schemas.IndexPage if listing.subject is Subject.INDEX else page, listing.row)
    row = date_row(listing.row, is_hourly=listing.said.is_hourly)
    return _of(HISTORIES[listing.subject], row)


def _of(shape: Any, row: type[BaseModel]) -> type[BaseModel]:  # noqa: ANN401 - a generic class
    made: type[BaseModel] = shape[row]
    return made
