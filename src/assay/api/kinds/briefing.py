"""The daily briefing: what changed, every number with the publication it was read from."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from assay.api.listing import Listing, Spoken, View
from assay.api.schemas import Shape

Section = dict[str, Any]


class Source(Shape):
    """A publication that numbers were read from; sections name it by its place in `sources`."""

    kind: str
    as_of: date
    rows_digest: Annotated[str, Field(description="SHA-256 of the rows that were read.")]


class Briefing(Shape):
    """The briefing of one day. A section that cannot be written says why in `absent`."""

    as_of: date
    market: Annotated[Section, Field(description="The state of the market and what changed.")]
    grades: Annotated[Section, Field(description="Biggest moves of grades, with what moved them.")]
    signals: Annotated[Section, Field(description="Signals that began, ended or turned.")]
    indices: Annotated[Section, Field(description="Levels and what was bought and sold.")]
    risks: Annotated[Section, Field(description="Chances of great falls, coins gone silent.")]
    picks: Annotated[
        Section, Field(description="The highest grades, with the record of all earlier picks.")
    ]
    forecasts: Annotated[Section, Field(description="Ranges forecast for the leading coins.")]
    sources: Annotated[list[Source], Field(description="What the numbers were read from.")]


BRIEFING = Spoken("briefing", "briefings", "briefing")

LISTINGS = (
    Listing(
        BRIEFING,
        View.ONE,
        "/briefing",
        "briefing",
        Briefing,
        "Get the briefing of a day: what changed. As a page at `/v1/briefing.html`, as Markdown "
        "at `/v1/briefing.md`.",
    ),
)
