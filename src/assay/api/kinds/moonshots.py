"""Moonshots: small coins with their chance of a great rise and of a great fall."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from assay.api.listing import Keep, Listing, Spoken, Subject, View, stays_below
from assay.api.parameters import Share, TokensOfDayQuery
from assay.api.schemas import DecimalText, Shape, TokenRow


class Chance(Shape):
    """The chance of an event within 90 days beside what it is for any such coin."""

    probability: Annotated[DecimalText, Field(description="0 to 1.")]
    base_rate: Annotated[DecimalText, Field(description="Share of past coins, 0 to 1.")]
    past_events: Annotated[int, Field(description="How often it happened in the past.")]
    low: Annotated[DecimalText | None, Field(description="Lower end of the 90 % interval.")]
    high: Annotated[DecimalText | None, Field(description="Upper end of the 90 % interval.")]
    lift: Annotated[
        DecimalText | None,
        Field(description="Measured: rate in the model's top tenth over the base rate."),
    ]
    auc: Annotated[DecimalText | None, Field(description="Measured: mean per-day AUC.")]
    skill: Annotated[
        bool, Field(description="False: the model did not beat the base rate, which is then said.")
    ]


class Rises(Shape):
    """The chances of a 2x, 5x and 10x."""

    up_2x: Chance
    up_5x: Chance
    up_10x: Chance


class Moonshot(TokenRow):
    """One row of a day's moonshots."""

    rank: int | None
    age_days: int | None
    price: DecimalText | None
    volume_usd: Annotated[DecimalText | None, Field(description="Median dollar volume of 30 days.")]
    volume_24h_usd: DecimalText | None
    market_cap_usd: DecimalText | None
    universe: Annotated[str | None, Field(description="Which coins are looked at, in words.")]
    grade_trader: DecimalText | None
    grade_trader_change: DecimalText | None
    return_7d: DecimalText | None
    events: Rises | None
    fall_80: Annotated[Chance | None, Field(description="Chance of losing 80 % within 90 days.")]
    ranked_by: Annotated[str | None, Field(description="The event whose chance ranks the list.")]
    reason: str | None
    moonshot_at: Annotated[date | None, Field(description="Day it came onto the list.")]
    return_since: Annotated[DecimalText | None, Field(description="Since that day, as a share.")]


class Outcome(TokenRow):
    """What became of one that was listed 90 days before, hit or miss."""

    rank: int | None
    said_on: date
    bought_on: date | None
    price_then: DecimalText | None
    price_now: DecimalText | None
    ended_on: Annotated[date | None, Field(description="Day of its last candle, if it died.")]
    return_90d: DecimalText | None
    highest: Annotated[DecimalText | None, Field(description="Best close over the price then.")]
    lowest: Annotated[DecimalText | None, Field(description="Worst close over the price then.")]
    up_2x: bool | None
    up_5x: bool | None
    up_10x: bool | None
    fall_80: bool | None
    what: Annotated[str | None, Field(description="hit, miss or fall.")]
    fall_80_probability: Annotated[DecimalText | None, Field(description="As it was said.")]


class MoonshotsQuery(TokensOfDayQuery):
    """Which moonshots of a day."""

    max_fall: Annotated[
        Share | None,
        Field(ge=0, le=1, description="Only a chance of an 80 % fall of at most this, 0 to 1."),
        Keep("fall_80.probability", stays_below),
    ] = None
    sort: Annotated[
        Literal[
            "published",
            "fall",
            "-fall",
            "up_2x",
            "-up_2x",
            "volume",
            "-volume",
            "age",
            "-age",
            "symbol",
            "-symbol",
        ],
        Field(description="Order; ties by token id."),
    ] = "published"


MOONSHOTS = Spoken("moonshots", "moonshots", "moonshots")
OUTCOMES = Spoken("moonshots.outcomes", "outcomes of moonshots", "moonshots")

LISTINGS = (
    Listing(
        MOONSHOTS,
        View.LIST,
        "/moonshots",
        "moonshots",
        Moonshot,
        "List the coins outside the top 100 with the chance of a 2x, 5x, 10x and of an 80 % fall.",
        query=MoonshotsQuery,
        members={
            "fall": "fall_80.probability",
            "up_2x": "events.up_2x.probability",
            "volume": "volume_usd",
            "age": "age_days",
        },
    ),
    Listing(
        OUTCOMES,
        View.LIST,
        "/moonshots/outcomes",
        "moonshot_outcomes",
        Outcome,
        "List what became of those listed 90 days before: hits and misses in one table.",
        query=TokensOfDayQuery,
    ),
    Listing(
        MOONSHOTS,
        View.HISTORY,
        "/moonshots/{symbol}",
        "moonshot_history",
        Moonshot,
        "List one token's days among the moonshots, newest first.",
        subject=Subject.TOKEN,
    ),
)
