"""Signals: long, short or none for a token, with entry, stop, target and what following brought."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from assay.api.listing import Keep, Listing, Spoken, Subject, View, reaches
from assay.api.parameters import AsOfHour, Share, TokensOfDayQuery
from assay.api.schemas import DecimalText, TokenRow

Side = Literal[-1, 0, 1]


class SignalFields(TokenRow):
    """What daily and hourly signals share. Returns are simple, net of the stated fees and slippage,
    traded one bar after the signal.
    """

    signal: Annotated[Side | None, Field(description="1 long, -1 short, 0 none; null: no view.")]
    trend: Annotated[Side | None, Field(description="The last signal that was not 0.")]
    entry_time: Annotated[
        datetime | None,
        Field(description="Close at which the running signal was entered; null: no position."),
    ]
    entry_price: DecimalText | None
    close: Annotated[DecimalText | None, Field(description="Price of the judgement.")]
    reason: Annotated[str | None, Field(description="The rule that gave the signal, in words.")]
    score: Annotated[DecimalText | None, Field(description="Trend score that the rule reads.")]
    confidence: Annotated[
        DecimalText | None,
        Field(description="Chance, 0 to 1, that such positions ended well, from past outcomes."),
    ]
    stop: Annotated[DecimalText | None, Field(description="Price that ends the position at a loss")]
    target: Annotated[DecimalText | None, Field(description="Price that takes the profit.")]
    signal_return: Annotated[
        DecimalText | None,
        Field(
            description="Return of following the signal, long only, since `returns_since`. Beside "
            "`holding_return` alone it says nothing: sitting in cash beats holding a falling coin. "
            "Compare it with `constant_return`."
        ),
    ]
    long_short_return: Annotated[
        DecimalText | None, Field(description="The same, short positions included.")
    ]
    holding_return: Annotated[DecimalText | None, Field(description="Return of holding the coin.")]
    constant_return: Annotated[
        DecimalText | None,
        Field(
            description="Control: return of the same mean exposure held constantly. Only what "
            "`signal_return` has beyond it is timing."
        ),
    ]
    exposure: Annotated[DecimalText | None, Field(description="Mean exposure of the signal.")]


class Signal(SignalFields):
    """One row of a day's signals."""

    trend_since: Annotated[date | None, Field(description="Day the trend began.")]
    trend_days: int | None
    horizon_days: Annotated[
        int | None, Field(description="Days after which the position ends if neither is reached.")
    ]
    returns_since: date | None


class HourlySignal(SignalFields):
    """One row of an hour's signals."""

    trend_since: Annotated[datetime | None, Field(description="Hour the trend began.")]
    trend_hours: int | None
    horizon_hours: Annotated[
        int | None, Field(description="Hours after which the position ends if neither is reached.")
    ]
    returns_since: datetime | None


class SignalsQuery(TokensOfDayQuery):
    """Which signals of a day."""

    signal: Annotated[
        Literal["-1", "0", "1"] | None,
        Field(description="Only this signal: 1 long, -1 short, 0 none."),
        Keep("signal", lambda value, wanted: str(value) == wanted),
    ] = None
    trend: Annotated[
        Literal["-1", "1"] | None,
        Field(description="Only this trend: the last signal that was not 0."),
        Keep("trend", lambda value, wanted: str(value) == wanted),
    ] = None
    min_confidence: Annotated[
        Share | None,
        Field(ge=0, le=1, description="Only a confidence of at least this, 0 to 1."),
        Keep("confidence", reaches),
    ] = None
    sort: Annotated[
        Literal[
            "published",
            "confidence",
            "-confidence",
            "signal_return",
            "-signal_return",
            "symbol",
            "-symbol",
        ],
        Field(description="Order; ties by token id."),
    ] = "published"


class HourlySignalsQuery(SignalsQuery):
    """Which signals of an hour."""

    as_of: AsOfHour = None


DAILY = Spoken("signals.daily", "daily signals", "signals")
HOURLY = Spoken("signals.hourly", "hourly signals", "signals", is_hourly=True)
_CONTROL = "`signal_return` means nothing without its control `constant_return`."

LISTINGS = (
    Listing(
        DAILY,
        View.LIST,
        "/signals/daily",
        "signals",
        Signal,
        f"List the signals of one day. {_CONTROL}",
        query=SignalsQuery,
    ),
    Listing(
        DAILY,
        View.HISTORY,
        "/signals/daily/{symbol}",
        "signal_history",
        Signal,
        f"List one token's daily signals, newest first. {_CONTROL}",
        subject=Subject.TOKEN,
    ),
    Listing(
        HOURLY,
        View.LIST,
        "/signals/hourly",
        "hourly_signals",
        HourlySignal,
        f"List the signals of one hour. {_CONTROL}",
        query=HourlySignalsQuery,
    ),
    Listing(
        HOURLY,
        View.HISTORY,
        "/signals/hourly/{symbol}",
        "hourly_signal_history",
        HourlySignal,
        f"List one token's hourly signals, newest first. {_CONTROL}",
        subject=Subject.TOKEN,
    ),
)
