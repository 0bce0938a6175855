"""The shapes of the answers, for the OpenAPI document; handlers send sealed bytes of these shapes.

Values (prices, grades, probabilities) are decimal strings; identifiers, ranks and counts integers.
"""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from assay.markets.types import Interval, TokenKind

DECIMAL: Final = object()
"""Marks a decimal string in the annotation of a member, so that bulk formats know it as a number"""
REPEATED: Final = object()
"""Marks a text that many rows share, which bulk formats write once."""
DecimalText = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$", examples=["71.23"]), DECIMAL]
OriginText = Literal["live", "replay", "backfilled"]
Item = TypeVar("Item")


class Shape(BaseModel):
    """Base: later versions may add members, so clients ignore those they do not know."""

    model_config = ConfigDict(extra="allow")

    @classmethod
    def list_members(cls) -> frozenset[str]:
        """Names of the documented members, as they stand in the JSON."""
        return frozenset(field.alias or name for name, field in cls.model_fields.items())


class Page(Shape, Generic[Item]):
    """The one success shape of a list."""

    suffix: ClassVar[str] = "List"

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`Page[Signal]` is documented as SignalList."""
        return f"{params[0].__name__}{cls.suffix}"

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
    reason: Annotated[
        str | None,
        Field(description="Only of an empty list: why it is empty, and what to do."),
    ] = None


class HourPage(Page[Item], Generic[Item]):
    """The same of a kind that speaks every hour."""

    as_of: Annotated[datetime | None, Field(description="Close of the hour that is answered for.")]


class IndexPage(Page[Item], Generic[Item]):
    """The same of one index."""

    index_id: int
    slug: str


class History(Page[Item], Generic[Item]):
    """Rows day by day; publication and origin stand in each row, as_of is the last day."""

    suffix: ClassVar[str] = "History"


class TokenHistory(History[Item], Generic[Item]):
    """The same of one token."""

    token_id: int
    symbol: str


class IndexHistory(History[Item], Generic[Item]):
    """The same of one index."""

    index_id: int
    slug: str


class Dated(Shape):
    """What each row of a history begins with."""

    as_of: Annotated[date, Field(description="The day judged.")]
    origin: OriginText
    publication: Annotated[str, Field(description="Id of the publication that says it.")]


class HourDated(Dated):
    """The same of a kind that speaks every hour."""

    as_of: Annotated[datetime, Field(description="Close of the hour judged.")]


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
    """Why there is no judgement."""

    code: Annotated[str, Field(examples=["short_history"])]
    reason: str


class TokenRow(Shape):
    """What every row about a token begins with. Where `no_view` is set, the judgement is null."""

    token_id: int
    symbol: Annotated[str, Field(description="As borne on the day judged.", examples=["BTC"])]
    name: str
    no_view: Annotated[NoView | None, Field(description="Why there is none; null: there is one.")]


class Publication(Shape):
    """Everything that was said, with what it was said from. `header` is the object whose canonical
    bytes (sorted keys, no spaces) have the SHA-256 `digest`; its `rows_digest` covers `data`.
    """

    data: list[Any]
    next_cursor: None
    as_of: Annotated[
        date | datetime, Field(description="The day judged; of an hourly kind the hour's close.")
    ]
    publication: str
    origin: OriginText
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    proof: Annotated[str, Field(description="Path of the proof that it is in the log.")]
    header: dict[str, Any]


class Status(Shape):
    """The server answers."""

    status: Literal["ok"]


class Readiness(Shape):
    """All is loaded and graded."""

    status: Literal["ready"]
    history: Annotated[
        str | None,
        Field(description="Past days that are still being published; null: all stand."),
    ]


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


class TokenList(Page[Token]):
    """A page of tokens."""


class TokenAnswer(Single[TokenDetail]):
    """One token."""


class OfToken(Shape):
    """Whose a row is, where a list is of many tokens."""

    token_id: int
    symbol: Annotated[
        str, REPEATED, Field(description="As borne on the day `to` or `as_of`.", examples=["BTC"])
    ]


class TokenCandle(Candle, OfToken):
    """A candle of one of many tokens."""


class CandleList(Page[Candle]):
    """A page of candles of one token."""

    token_id: int
    symbol: str
    interval: Interval


class TokenCandleList(Page[TokenCandle]):
    """A page of candles of many tokens."""

    interval: Interval
