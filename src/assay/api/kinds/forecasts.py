"""Forecasts: quantiles of the price, support and resistance, and scenarios of the market."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from assay.api.listing import Keep, Listing, Spoken, Subject, View, equals, stays_below
from assay.api.parameters import Amount, TokensOfDayQuery
from assay.api.schemas import DecimalText, Shape, TokenRow


class HorizonQuantiles(Shape):
    """The forecast for one horizon; `returns` and `prices` stand in the order of `quantiles`."""

    days: Annotated[int, Field(description="Days ahead: 1, 7, 30 or 90.")]
    through: Annotated[date, Field(description="Day whose close is forecast.")]
    returns: Annotated[list[DecimalText], Field(description="Log returns from today's close.")]
    prices: list[DecimalText]


class Trend(Shape):
    """Whether the price drifts more than chance would have it."""

    direction: Annotated[str, Field(description="up, down or none.", examples=["up"])]
    statistic: Annotated[DecimalText | None, Field(description="Slope over its standard error.")]
    slope: Annotated[DecimalText | None, Field(description="Log price a day.")]
    return_: Annotated[
        DecimalText | None, Field(alias="return", description="Over the window, as a share.")
    ]
    days: Annotated[int, Field(description="Days looked at.")]


class Quantiles(TokenRow):
    """One row of a day's quantile forecasts."""

    price: Annotated[DecimalText | None, Field(description="Today's close.")]
    volatility: Annotated[DecimalText | None, Field(description="Of daily log returns.")]
    volatility_third: Annotated[
        str | None, Field(description="calm, middle or wild among the coins of the day.")
    ]
    quantiles: Annotated[
        list[DecimalText] | None, Field(description="Probabilities of the quantiles.")
    ]
    horizons: list[HorizonQuantiles] | None
    trend: Trend | None


class Level(Shape):
    """A price at which trading turned before, and the evidence for it."""

    price: DecimalText
    side: Annotated[str, Field(description="support or resistance.")]
    distance: Annotated[DecimalText, Field(description="From today's close, as a share of it.")]
    touches: Annotated[int, Field(description="How often the price came within the tolerance.")]
    bounces: Annotated[int, Field(description="How often it then turned.")]
    strength: Annotated[DecimalText, Field(description="Share of touches that turned, shrunk.")]
    first_touch: date
    last_touch: date


class Levels(TokenRow):
    """One row of a day's support and resistance levels, nearest first."""

    price: Annotated[DecimalText | None, Field(description="Today's close.")]
    tolerance: Annotated[
        DecimalText | None, Field(description="How near a touch is, as a share of the level.")
    ]
    supports: list[Level] | None
    resistances: list[Level] | None


Many = Annotated[
    list[DecimalText] | None, Field(description="In the order of `scenarios`; null: unknown.")
]


class HorizonScenarios(Shape):
    """The scenarios of one horizon, and how many past windows they rest on."""

    days: int
    through: Annotated[date, Field(description="Day at whose close the scenario has come true.")]
    past_windows: int
    independent_windows: Annotated[int, Field(description="Windows that do not overlap.")]
    market_returns: Annotated[list[DecimalText], Field(description="Log returns of the market.")]
    market_levels: Annotated[list[DecimalText] | None, Field(description="Price of the market.")]
    total_market_caps: Many
    returns: Annotated[list[DecimalText], Field(description="Log returns of the token.")]
    prices: list[DecimalText]
    prices_low: Annotated[list[DecimalText], Field(description="Lower end of the 80 % interval.")]
    prices_high: Annotated[list[DecimalText], Field(description="Upper end of the 80 % interval.")]
    market_caps: Many


class Scenarios(TokenRow):
    """One row of a day's scenario analysis; the lists stand in the order of `scenarios`."""

    price: Annotated[DecimalText | None, Field(description="Today's close.")]
    market_cap: Annotated[DecimalText | None, Field(description="US dollars; null: unknown.")]
    market: Annotated[str | None, Field(description="What stands for the market.")]
    beta: Annotated[DecimalText | None, Field(description="Of the token to the market.")]
    correlation: DecimalText | None
    scenarios: Annotated[list[str] | None, Field(description="bear, base, bull.")]
    horizons: list[HorizonScenarios] | None


class QuantilesQuery(TokensOfDayQuery):
    """Which quantile forecasts of a day."""

    trend: Annotated[
        Literal["up", "down", "none"] | None,
        Field(description="Only this direction of the trend."),
        Keep("trend.direction", equals),
    ] = None
    max_volatility: Annotated[
        Amount | None,
        Field(ge=0, description="Only a volatility of daily log returns of at most this."),
        Keep("volatility", stays_below),
    ] = None

    sort: Annotated[
        Literal["published", "volatility", "-volatility", "symbol", "-symbol"],
        Field(description="Order; ties by token id."),
    ] = "published"


class LevelsQuery(TokensOfDayQuery):
    """Which support and resistance levels of a day."""

    sort: Annotated[
        Literal["published", "symbol", "-symbol"],
        Field(description="Order; ties by token id."),
    ] = "published"


class ScenariosQuery(TokensOfDayQuery):
    """Which scenarios of a day."""

    sort: Annotated[
        Literal["published", "beta", "-beta", "symbol", "-symbol"],
        Field(description="Order; ties by token id."),
    ] = "published"


QUANTILES = Spoken("forecasts.quantiles", "quantile forecasts", "forecasts")
LEVELS = Spoken("forecasts.levels", "support and resistance levels", "forecasts")
SCENARIOS = Spoken("forecasts.scenarios", "scenarios", "forecasts")

LISTINGS = (
    Listing(
        QUANTILES,
        View.LIST,
        "/forecasts/quantiles",
        "quantiles",
        Quantiles,
        "List the quantiles of each token's price 1, 7, 30 and 90 days ahead, and its trend.",
        query=QuantilesQuery,
    ),
    Listing(
        QUANTILES,
        View.HISTORY,
        "/forecasts/quantiles/{symbol}",
        "quantile_history",
        Quantiles,
        "List one token's quantile forecasts by day, newest first.",
        subject=Subject.TOKEN,
    ),
    Listing(
        LEVELS,
        View.LIST,
        "/forecasts/levels",
        "levels",
        Levels,
        "List the levels of support and resistance of each token, with the evidence for each.",
        query=LevelsQuery,
    ),
    Listing(
        LEVELS,
        View.HISTORY,
        "/forecasts/levels/{symbol}",
        "level_history",
        Levels,
        "List one token's levels by day, newest first.",
        subject=Subject.TOKEN,
    ),
    Listing(
        SCENARIOS,
        View.LIST,
        "/forecasts/scenarios",
        "scenarios",
        Scenarios,
        "List what a bear, base and bull market would mean for each token.",
        query=ScenariosQuery,
    ),
    Listing(
        SCENARIOS,
        View.HISTORY,
        "/forecasts/scenarios/{symbol}",
        "scenario_history",
        Scenarios,
        "List one token's scenarios by day, newest first.",
        subject=Subject.TOKEN,
    ),
)
