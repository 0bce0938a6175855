"""Moonshots: small coins with their chance of a great rise and of a great fall."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from assay.api.listing import Keep, Listing, Spoken, Subject, View, equals, reaches, stays_below
from assay.api.parameters import Amount, Share, TokensOfDayQuery
from assay.api.schemas import DecimalText, Shape, TokenRow


class Chance(Shape):
    """The chance of an event within 90 days beside what it is for any such coin."""

    probability: Annotated[
        DecimalText | None, Field(description="0 to 1; null: no outcome is known yet.")
    ]
    low: Annotated[DecimalText | None, Field(description="Lower end of the interval.")]
    high: Annotated[DecimalText | None, Field(description="Upper end of the interval.")]
    base_rate: Annotated[DecimalText | None, Field(description="Share of past coins, 0 to 1.")]
    past_events: Annotated[int, Field(description="Episodes in the past that it rests on.")]
    among: Annotated[str, Field(description="outside_top_100, or all_coins where those are few.")]
    lift: Annotated[
        DecimalText | None,
        Field(description="Measured: rate in the model's top tenth over the base rate."),
    ]
    auc: Annotated[DecimalText | None, Field(description="Measured: mean AUC of a day.")]
    skill: Annotated[
        bool, Field(description="False: no skill shown; the probability is the base rate.")
    ]


class Rises(Shape):
    """The chances of a 2x, 5x and 10x."""

    up_2x: Chance
    up_5x: Chance
    up_10x: Chance


class Drivers(Shape):
    """What the risk of a fall was judged from."""

    daily_move: Annotated[DecimalText | None, Field(description="Typical move of a day, a share.")]
    youth: Annotated[DecimalText | None, Field(description="Place by age, 1 the youngest.")]
    price_rank: Annotated[DecimalText | None, Field(description="Place by price, 0 to 1.")]


class Moonshot(TokenRow):
    """One row of a day's moonshots, the lowest risk first."""

    rank: Annotated[int | None, Field(description="1 has the lowest risk of a fall.")]
    ranked_by: Annotated[str | None, Field(description="The event whose chance ranks the list.")]
    age_days: int | None
    price: DecimalText | None
    return_7d: Annotated[DecimalText | None, Field(description="Simple return of 7 days.")]
    volume_24h_usd: DecimalText | None
    volume_usd: Annotated[DecimalText | None, Field(description="Median dollar volume of 30 days.")]
    market_cap_usd: Annotated[DecimalText | None, Field(description="null: unknown.")]
    size_rank: Annotated[int | None, Field(description="1 is the largest coin of the day.")]
    size_by: Annotated[str | None, Field(description="market_cap, or dollar_volume_90.")]
    events: Rises | None
    fall_80: Annotated[Chance | None, Field(description="Chance of losing 80 % within 90 days.")]
    drivers: Drivers | None
    reason: str | None


class Happened(Shape):
    """Which events have happened so far."""

    up_2x: bool
    up_5x: bool
    up_10x: bool
    fall_80: bool


class SaidChances(Shape):
    """The probabilities as they were said."""

    up_2x: DecimalText | None
    up_5x: DecimalText | None
    up_10x: DecimalText | None
    fall_80: DecimalText | None


class Outcome(TokenRow):
    """What became of one of the first ten of a month's first list, followed for 90 days."""

    said_on: date
    rank: int | None
    said: SaidChances
    state: Annotated[str, Field(description="waiting to be bought, running, or ended.")]
    bought_on: Annotated[date | None, Field(description="Day of the close it was bought at.")]
    ends_on: date
    price_then: DecimalText | None
    price_now: Annotated[DecimalText | None, Field(description="Now, or at the end of the 90 days")]
    stopped_on: Annotated[date | None, Field(description="Day of its last candle, if it ended.")]
    return_: Annotated[DecimalText | None, Field(alias="return", description="Simple, as a share.")]
    highest: Annotated[DecimalText | None, Field(description="Best close, as a return.")]
    lowest: Annotated[DecimalText | None, Field(description="Worst close, as a return.")]
    events: Happened
    verdict: Annotated[
        str | None, Field(description="hit (2x), fall (-80 %), hit and fall, miss; null: running.")
    ]


class MoonshotsQuery(TokensOfDayQuery):
    """Which moonshots of a day."""

    max_fall: Annotated[
        Share | None,
        Field(ge=0, le=1, description="Only a chance of an 80 % fall of at most this, 0 to 1."),
        Keep("fall_80.probability", stays_below),
    ] = None
    min_volume_usd: Annotated[
        Amount | None,
        Field(ge=0, description="Only coins with at least this volume, in USD."),
        Keep("volume_usd", reaches),
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


class OutcomesQuery(TokensOfDayQuery):
    """Which outcomes."""

    state: Annotated[
        Literal["waiting", "running", "ended"] | None,
        Field(description="Only outcomes in this state."),
        Keep("state", equals),
    ] = None
    verdict: Annotated[
        Literal["hit", "fall", "hit and fall", "miss"] | None,
        Field(description="Only this verdict."),
        Keep("verdict", equals),
    ] = None
    sort: Annotated[
        Literal["published", "return", "-return", "symbol", "-symbol"],
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
        "List what became of each month's first ten: hits and misses in one table.",
        query=OutcomesQuery,
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
