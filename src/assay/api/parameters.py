"""What may stand in a query, and how each value is read. Unknown parameters are refused."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from assay.api.formats.columns import Decimals
from assay.api.negotiation import Format
from assay.markets.types import Interval

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_day(value: object) -> date:
    """A bare date. Raises ValueError that says the format."""
    text = str(value)
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise ValueError("must be a day written as YYYY-MM-DD, such as 2023-12-29")


def parse_moment(value: object) -> datetime:
    """An aware moment. Raises ValueError that says the format."""
    # A plus sign that was not escaped arrives as a space.
    text = re.sub(r" (?=\d{2}:\d{2}$)", "+", str(value))
    try:
        moment = datetime.fromisoformat(text) if "T" in text else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be a moment with its offset, such as 2023-12-30T00:00:00Z")


def parse_day_or_moment(value: object) -> date | datetime:
    """A bare date or an aware moment. Raises ValueError that says both formats."""
    for parse in (parse_day, parse_moment):
        try:
            return parse(value)
        except ValueError:
            continue
    raise ValueError("must be a day (2023-12-29) or a moment (2023-12-29T12:00:00Z)")


def first_moment(value: date | datetime) -> datetime:
    """The beginning of a day, or the moment itself."""
    return value if isinstance(value, datetime) else datetime.combine(value, time(), UTC)


def last_moment(value: date | datetime) -> datetime:
    """The last microsecond of a day, or the moment itself."""
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time.max, UTC)


def day_of(value: date | datetime) -> date:
    """The UTC day that a value lies in."""
    return value.date() if isinstance(value, datetime) else value


Day = Annotated[
    date,
    BeforeValidator(parse_day),
    WithJsonSchema({"type": "string", "format": "date", "example": "2023-12-29"}),
]
Moment = Annotated[
    datetime,
    BeforeValidator(parse_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "example": "2023-12-30T00:00:00Z"}),
]
DayOrMoment = Annotated[
    date | datetime,
    BeforeValidator(parse_day_or_moment),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [{"format": "date"}, {"format": "date-time"}],
            "examples": ["2022-11-08", "2022-11-08T12:00:00Z"],
        }
    ),
]
Number = Annotated[Decimal, WithJsonSchema({"type": "number"})]
Amount = Annotated[Decimal, WithJsonSchema({"type": "number", "minimum": 0})]
Share = Annotated[Decimal, WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
AsOfHour = Annotated[
    DayOrMoment | None,
    Field(
        description="Judge and name as known at the close of this day (its last hour) or at this "
        "moment (the last hour that had closed); left out: the newest hour of the data."
    ),
]
AsOfDay = Annotated[
    Day | None,
    Field(
        description="Judge and name as known at the close of this day (24:00 UTC); "
        "left out: the newest day of the data."
    ),
]
SaidBy = Annotated[
    Moment | None,
    Field(description="Only what had been published by this moment; left out: everything."),
]
Limit = Annotated[int, Field(ge=1, le=1000, description="Rows a page, 1 to 1,000.")]
PageCursor = Annotated[
    str | None,
    Field(
        max_length=400,
        description="`next_cursor` of the page before, unchanged; filters must stay the same.",
    ),
]


Symbols = Annotated[
    str | None,
    Field(
        max_length=4000,
        description="Symbols or ids, separated by commas.",
        examples=["BTC,ETH"],
    ),
]


class Query(BaseModel):
    """Base of all queries: a parameter we do not know is an error, not silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SeriesSort(StrEnum):
    """Orders of a series."""

    NEWEST = "-time"
    OLDEST = "time"


class ListQuery(Query):
    """What every list may be asked: how much of it, and in which format."""

    limit: Limit = 100
    cursor: PageCursor = None
    format: Annotated[
        Format | None,
        Field(
            description="Format of the answer, instead of `Accept`. All but `json` are the whole "
            "list at once, unless `limit` is given."
        ),
    ] = None
    decimals: Annotated[
        Decimals,
        Field(
            description="How Arrow and Parquet carry decimal strings: as float64 that read back as "
            "the same decimal, or as the text itself."
        ),
    ] = Decimals.NUMBER

    def name_filters(self) -> list[tuple[str, object]]:
        """What a cursor must fit: every parameter but those that only say how to show the list."""
        shown = {"limit", "cursor", "format", "decimals"}
        return sorted(self.model_dump(mode="json", exclude=shown).items())


class AsOfQuery(Query):
    """When."""

    as_of: AsOfDay = None


class CandleRangeQuery(ListQuery):
    """Which candles, in any order."""

    interval: Annotated[Interval, Field(description="Length of a candle.")] = Interval.DAY
    start: Annotated[
        DayOrMoment | None,
        Field(alias="from", description="Candles that open at or after this day or moment."),
    ] = None
    end: Annotated[
        DayOrMoment | None,
        Field(alias="to", description="Candles that open by this moment, or on or before this day"),
    ] = None
    as_of: AsOfDay = None


class CandlesQuery(CandleRangeQuery):
    """Which candles of one token."""

    sort: Annotated[SeriesSort, Field(description="Newest or oldest first.")] = SeriesSort.NEWEST


class DayQuery(ListQuery):
    """Which rows of what was published for one day; a list that can be ordered adds `sort`."""

    as_of: AsOfDay = None
    said_by: SaidBy = None


class TokensOfDayQuery(DayQuery):
    """The same of a list of tokens."""

    symbol: Symbols = None


class SaidQuery(Query):
    """Which publication of one day."""

    as_of: AsOfDay = None
    said_by: SaidBy = None


class HistoryQuery(ListQuery):
    """Which days of a history."""

    start: Annotated[Day | None, Field(alias="from", description="First day judged.")] = None
    end: Annotated[
        Day | None, Field(alias="to", description="Last day judged; a symbol is read on it.")
    ] = None
    said_by: SaidBy = None
    sort: Annotated[SeriesSort, Field(description="Newest or oldest first.")] = SeriesSort.NEWEST
