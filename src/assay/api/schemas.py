"""The shapes of the answers, for the OpenAPI document; handlers send sealed bytes of these shapes.

Values (prices, grades, probabilities) are decimal strings; identifiers, ranks and counts integers.
"""

from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from assay.markets.types import Interval, TokenKind

DecimalText = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$", examples=["71.23"])]
OriginText = Literal["live", "replay", "backfilled"]
Item = TypeVar("Item")


class Shape(BaseModel):
    """Base: later versions may add members, so clients ignore those they do not know."""

    model_config = ConfigDict(extra="allow")


class Envelope(Shape, Generic[Item]):
    """The one success shape of a list."""

    data: list[Item]
    next_cursor: Annotated[
        str | None, Field(description="Cursor of the next page; null: the last.")
    ]
    as_of: Annotated[date | None, Field(description="Day whose close (24:00 UTC) is answered for.")]
    publication: Annotated[
        str | None, Field(description="Id of the publication that says it; null for facts.")
    ]
    origin: Annotated[
        OriginText | None, Field(description="How the judgement came about; null for facts.")
    ]


class Single(Shape, Generic[Item]):
    """The success shape of one object."""

    data: Item
    as_of: date | None
    publication: str | None
    origin: OriginText | None


class Token(Shape):
    """A token as it was known at `as_of`."""

    token_id: Annotated[int, Field(examples=[3375])]
    symbol: Annotated[str, Field(examples=["BTC"])]
    name: str
    kind: TokenKind
    pair: Annotated[str, Field(description="The pair that its candles are of.")]
    first_day: Annotated[date, Field(description="Day of its first candle.")]
    last_day: Annotated[date | None, Field(description="Day of its last candle; null: it trades.")]
    ended: Annotated[
        str | None,
        Field(description="delisted, collapsed, renamed:NEW or migrated:NEW; null: it trades."),
    ]


class Ticker(Shape):
    """A name that a token bore from a day on."""

    symbol: str
    pair: str
    name: str
    first_day: date


class TokenDetail(Token):
    """A token with all names it had borne by `as_of`, the first one first."""

    tickers: list[Ticker]


class Candle(Shape):
    """A candle as quoted then: redenominations are not smoothed away. Missing values are null."""

    time: Annotated[datetime, Field(description="Opening time, UTC.")]
    open: DecimalText | None
    high: DecimalText | None
    low: DecimalText | None
    close: DecimalText
    volume: Annotated[DecimalText | None, Field(description="In base units.")]
    market_cap_usd: DecimalText | None = None
    quote_volume: Annotated[
        DecimalText | None,
        Field(description="In the quote asset, where a source states that instead."),
    ] = None


class NoView(Shape):
    """Why there is no grade."""

    code: Annotated[str, Field(examples=["short_history"])]
    reason: str


class Range(Shape):
    """A 90 % interval of the log return minus that of the median coin, over the horizon."""

    low: DecimalText
    high: DecimalText


class Grade(Shape):
    """One row of a publication of grades."""

    token_id: int
    symbol: str
    name: str
    grade: Annotated[DecimalText | None, Field(description="0 to 100; null: no view.")]
    label: Annotated[str | None, Field(examples=["Buy"])]
    change: Annotated[DecimalText | None, Field(description="Grade minus that of the day before.")]
    rank: Annotated[int | None, Field(description="1 is best.")]
    sub_grades: Annotated[
        dict[str, DecimalText | None] | None, Field(description="0 to 100 by family of factors.")
    ]
    raw_score: Annotated[
        DecimalText | None, Field(description="Score before ranking; contributions add up to it.")
    ]
    probability: Annotated[
        DecimalText | None,
        Field(description="Calibrated probability of beating the median coin over the horizon."),
    ]
    interval: Range | None
    volume_usd: Annotated[DecimalText | None, Field(description="Median dollar volume of 30 days.")]
    no_view: NoView | None


class GradePoint(Shape):
    """One day of a token's grades."""

    as_of: date
    grade: DecimalText | None
    label: str | None
    no_view: Annotated[str | None, Field(description="Code of why there is no view.")]
    origin: OriginText
    publication: str


class Publication(Shape):
    """Everything that was said, with what it was said from. `header` is the object whose canonical
    bytes (sorted keys, no spaces) have the SHA-256 `digest`; its `rows_digest` covers `data`.
    """

    data: list[Any]
    next_cursor: None
    as_of: date
    publication: str
    origin: OriginText
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    header: dict[str, Any]


class Status(Shape):
    """The server answers."""

    status: Literal["ok", "ready"]


class WrongParameter(Shape):
    """One parameter that was wrong."""

    where: Annotated[str, Field(examples=["query"])]
    parameter: Annotated[str, Field(examples=["as_of"])]
    message: str


class Problem(Shape):
    """RFC 9457 problem document."""

    type: Annotated[str, Field(description="Page that explains the code.")]
    title: str
    status: int
    code: Annotated[str, Field(examples=["not-found"])]
    detail: Annotated[str, Field(description="What happened.")]
    hint: Annotated[str, Field(description="What to do.")]
    retryable: bool
    errors: list[WrongParameter] | None = None


class TokenList(Envelope[Token]):
    """A page of tokens."""


class TokenAnswer(Single[TokenDetail]):
    """One token."""


class CandleList(Envelope[Candle]):
    """A page of candles of one token."""

    token_id: int
    symbol: str
    interval: Interval


class GradeList(Envelope[Grade]):
    """A page of one day's grades."""


class GradeHistory(Envelope[GradePoint]):
    """A page of one token's grades; publication and origin stand in each row."""

    token_id: int
    symbol: str


class ExplanationAnswer(Single[dict[str, Any]]):
    """Why a token has its grade: contributions in grade points that add up to its raw score."""
