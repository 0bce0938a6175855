"""Facts: what rows of tokens, candles, publications and quarantine hold, and how to ask them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from assay.api.listing import Keep, equals
from assay.api.parameters import (
    AsOfDay,
    CandleRangeQuery,
    Day,
    ListQuery,
    SaidBy,
    SeriesSort,
    Symbols,
)
from assay.api.schemas import OriginText, Shape
from assay.markets.types import Interval, TokenKind


class Said(Shape):
    """What identifies one publication, without its rows."""

    publication: Annotated[str, Field(description="Id; GET /v1/publications/{id} has the rows.")]
    kind: Annotated[str, Field(examples=["grades.trader"])]
    as_of: Annotated[date, Field(description="The day judged.")]
    hour: Annotated[
        int | None, Field(description="Of an hourly kind the hour judged, 0 to 23; else null.")
    ]
    published_at: datetime
    origin: OriginText
    digest: Annotated[str, Field(description="SHA-256 of the canonical header.")]
    inputs_digest: Annotated[str, Field(description="SHA-256 of the canonical facts read.")]
    model: str
    code: Annotated[str, Field(description="Digest of the code that judged.")]
    corrects: Annotated[str | None, Field(description="Publication that this one replaces.")]
    withdraws: Annotated[str | None, Field(description="Publication that this one takes back.")]
    proof: Annotated[str, Field(description="Path of the proof that it is in the log.")]


class Quarantined(Shape):
    """A row that an import turned away."""

    venue: str
    interval: Annotated[str, Field(examples=["1d"])]
    symbol: str
    time: Annotated[str, Field(description="As it was written in the file.")]
    reason: str
    content: Annotated[str, Field(description="The row as it was written.")]
    import_id: str


class TokensQuery(ListQuery):
    """Which tokens."""

    as_of: AsOfDay = None
    symbol: Symbols = None
    kind: Annotated[
        TokenKind | None, Field(description="Only tokens of this kind."), Keep("kind", equals)
    ] = None
    trading: Annotated[
        bool | None,
        Field(description="Only tokens that traded on (true), or only ended ones (false)."),
        Keep("ended", lambda ended, wanted: (ended is None) is wanted, sees_null=True),
    ] = None
    sort: Annotated[
        Literal["token_id", "-token_id", "symbol", "-symbol", "name", "-name"]
        | Literal["first_day", "-first_day"],
        Field(description="Order; ties by token id."),
    ] = "token_id"


class TokenCandlesQuery(CandleRangeQuery):
    """Which candles of which tokens."""

    symbol: Symbols = None
    sort: Annotated[
        SeriesSort | None,
        Field(
            description="Newest or oldest first, ties by token id. Left out: newest first in "
            "pages; in bulk as stored, which is fastest: by period, in it by token and time."
        ),
    ] = None


class SaidSort(StrEnum):
    """Orders of publications."""

    NEWEST = "-sequence"
    OLDEST = "sequence"


class PublicationsQuery(ListQuery):
    """Which publications."""

    kind: Annotated[
        str | None,
        Field(
            max_length=64,
            description="Only this kind; with a dot and a star all that begin so (`grades.*`).",
            examples=["grades.trader", "signals.*"],
        ),
    ] = None
    origin: Annotated[OriginText | None, Field(description="Only of this origin.")] = None
    start: Annotated[Day | None, Field(alias="from", description="First day judged.")] = None
    end: Annotated[Day | None, Field(alias="to", description="Last day judged.")] = None
    said_by: SaidBy = None
    sort: Annotated[SaidSort, Field(description="Last or first said first.")] = SaidSort.NEWEST


class QuarantineQuery(ListQuery):
    """Which rows that were turned away."""

    venue: Annotated[
        str | None, Field(max_length=64, description="Only of this venue."), Keep("venue", equals)
    ] = None
    interval: Annotated[
        Interval | None, Field(description="Length of the candles."), Keep("interval", equals)
    ] = None
    reason: Annotated[
        str | None, Field(max_length=64, description="Only this fault."), Keep("reason", equals)
    ] = None
    import_id: Annotated[
        str | None,
        Field(max_length=64, description="Only of this import."),
        Keep("import_id", equals),
    ] = None
