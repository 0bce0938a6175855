"""Sectors: the shipped lists of tickers, as tokens, and how to ask for them."""

from typing import Annotated

from pydantic import Field

from assay.api.parameters import AsOfDay, ListQuery
from assay.api.schemas import Page, Shape


class SectorToken(Shape):
    """A token that stands in a sector."""

    token_id: int
    symbol: Annotated[str, Field(description="As borne at `as_of`.", examples=["AAVE"])]


class Sector(Shape):
    """A sector and its tokens."""

    sector: Annotated[str, Field(examples=["defi"])]
    tokens: Annotated[
        list[SectorToken],
        Field(description="Whoever had borne a ticker of the list by `as_of`, ascending by id."),
    ]


class SectorList(Page[Sector]):
    """The sectors, and how they came about."""

    note: Annotated[str, Field(description="What a page that shows them must say.")]


class SectorsQuery(ListQuery):
    """Which sectors."""

    as_of: AsOfDay = None
