"""The state of the market: one row a day, figures of each token, and how tokens move together."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from assay.api.listing import Keep, Listing, Spoken, Subject, View, reaches, stays_below
from assay.api.parameters import Amount, Number, TokensOfDayQuery
from assay.api.schemas import DecimalText, NoView, Shape, TokenRow

ShareOrNull = Annotated[DecimalText | None, Field(description="A share, 0 to 1.")]
Change = Annotated[DecimalText | None, Field(description="Against the day before.")]


class Price(Shape):
    """A leading coin."""

    token_id: int
    price_usd: DecimalText | None
    change: Change


class MarketCap(Shape):
    """Total value of the coins; null with the reason where caps are not among the data."""

    total_usd: DecimalText | None
    top_100_usd: DecimalText | None
    change: Change
    btc_share: ShareOrNull
    reason: str | None


class Volume(Shape):
    """Dollars traded in a day."""

    total_usd: DecimalText | None
    top_100_usd: DecimalText | None
    change: Change
    btc_share: ShareOrNull
    btc_share_change: Change


class Breadth(Shape):
    """How many coins take part."""

    coins: int
    above_mean_50: Annotated[DecimalText | None, Field(description="Share above their 50-day mean")]
    above_mean_50_change: Change
    above_mean_200: ShareOrNull
    above_mean_200_change: Change
    highs_90: Annotated[int | None, Field(description="Coins at their highest close of 90 days.")]
    lows_90: int | None
    beating_btc_90: ShareOrNull


class Indicator(Shape):
    """Bull or bear, and the rule that says so."""

    signal: Annotated[int | None, Field(description="1 bull, -1 bear, 0 neither.")]
    last_signal: Annotated[int | None, Field(description="The last one that was not 0.")]
    since: date | None
    rule: str


class Volatility(Shape):
    """Yearly volatility of the market."""

    days_10: DecimalText | None
    days_30: DecimalText | None
    days_30_change: Change
    days_90: DecimalText | None
    percentile: Annotated[DecimalText | None, Field(description="Among its own past, 0 to 100.")]
    regime: str | None
    since: date | None


class FearAndGreed(Shape):
    """Our own index, 0 fear to 100 greed; its formula is in the manual of the room."""

    value: Annotated[int | None, Field(description="0 to 100.")]
    change: Annotated[int | None, Field(description="Against the day before.")]
    label: str | None
    components: Annotated[dict[str, int | None] | None, Field(description="Each 0 to 100.")]


class HighGrades(Shape):
    """How many tokens are graded high."""

    graded: int | None
    high: ShareOrNull
    high_change: Change
    strong: ShareOrNull
    reason: str | None


class Together(Shape):
    """Mean correlation between coins."""

    mean: DecimalText | None
    change: Change
    coins: int | None


class MarketState(Shape):
    """The state of the market on one day."""

    no_view: NoView | None
    btc: Price | None
    eth: Price | None
    market_cap: MarketCap | None
    volume: Volume | None
    breadth: Breadth | None
    indicator: Indicator | None
    volatility: Volatility | None
    fear_and_greed: FearAndGreed | None
    grades: dict[str, HighGrades] | None
    correlation: Together | None
    gaps: Annotated[list[str] | None, Field(description="What is missing, in words.")]


class Figures(Shape):
    """Risk and return of daily returns; null: not to be had from so few or such days."""

    since: Annotated[date, Field(description="First day counted.")]
    days: Annotated[int, Field(description="Days counted.")]
    total_return: Annotated[DecimalText | None, Field(description="Simple, as a share.")]
    volatility: Annotated[DecimalText | None, Field(description="Of a year.")]
    sharpe: DecimalText | None
    sortino: DecimalText | None
    calmar: DecimalText | None
    omega: DecimalText | None
    max_drawdown: Annotated[DecimalText | None, Field(description="As a share, <= 0.")]
    var_95: Annotated[DecimalText | None, Field(description="Daily return of the worst 5 %.")]
    cvar_95: Annotated[DecimalText | None, Field(description="Mean of those below it.")]
    skew: DecimalText | None
    kurtosis: Annotated[DecimalText | None, Field(description="A normal distribution has 3.")]
    beta: Annotated[DecimalText | None, Field(description="To the benchmark.")]
    alpha: Annotated[DecimalText | None, Field(description="Of a year, to the benchmark.")]
    correlation: Annotated[DecimalText | None, Field(description="With the benchmark.")]


class AllFigures(Figures):
    """The same over all the history, with what a year is too short for."""

    cagr: Annotated[DecimalText | None, Field(description="Compound return of a year.")]
    mean: Annotated[DecimalText | None, Field(description="Daily return.")]
    deviation: Annotated[DecimalText | None, Field(description="Of daily returns.")]
    payoff_ratio: Annotated[DecimalText | None, Field(description="Mean gain over mean loss.")]
    share_positive: Annotated[DecimalText | None, Field(description="Days that rose, 0 to 1.")]
    tail_ratio: Annotated[DecimalText | None, Field(description="Absolute 95 % over 5 % quantile.")]


class TokenMetrics(TokenRow):
    """Figures of one token's daily returns, over all its history and over the last year."""

    benchmark_id: Annotated[int | None, Field(description="Token that beta and alpha refer to.")]
    all: AllFigures | None
    year: Annotated[Figures | None, Field(description="Over 365 days.")]


class Partner(Shape):
    """Another token and the correlation with it."""

    token_id: int
    correlation: Annotated[DecimalText, Field(description="Shrunk.")]
    plain: Annotated[DecimalText | None, Field(description="As it was, without shrinking.")]


class Correlations(TokenRow):
    """How one token moves with the others: rolling, shrunk."""

    days: Annotated[int | None, Field(description="Days of returns known in the window.")]
    mean: DecimalText | None
    most: list[Partner] | None
    least: list[Partner] | None


class MetricsQuery(TokensOfDayQuery):
    """Which tokens' figures."""

    min_sharpe: Annotated[
        Number | None,
        Field(description="Only a Sharpe ratio of all the history of at least this."),
        Keep("all.sharpe", reaches),
    ] = None
    max_volatility: Annotated[
        Amount | None,
        Field(ge=0, description="Only a yearly volatility of at most this."),
        Keep("all.volatility", stays_below),
    ] = None

    sort: Annotated[
        Literal[
            "published",
            "sharpe",
            "-sharpe",
            "cagr",
            "-cagr",
            "drawdown",
            "-drawdown",
            "volatility",
            "-volatility",
            "symbol",
            "-symbol",
        ],
        Field(description="Order, by the figures of all the history; ties by token id."),
    ] = "published"


class CorrelationsQuery(TokensOfDayQuery):
    """Which tokens' correlations."""

    max_mean: Annotated[
        Number | None,
        Field(ge=-1, le=1, description="Only a mean correlation of at most this, -1 to 1."),
        Keep("mean", stays_below),
    ] = None

    sort: Annotated[
        Literal["published", "mean", "-mean", "symbol", "-symbol"],
        Field(description="Order; ties by token id."),
    ] = "published"


STATE = Spoken("market_state", "states of the market", "market_state")
METRICS = Spoken("market_state.tokens", "figures of tokens", "market_state")
CORRELATIONS = Spoken("market_state.correlations", "correlations", "market_state")

LISTINGS = (
    Listing(
        STATE,
        View.HISTORY,
        "/market-state",
        "market_state",
        MarketState,
        "List the state of the market by day, newest first.",
    ),
    Listing(
        METRICS,
        View.LIST,
        "/market-state/tokens",
        "token_metrics",
        TokenMetrics,
        "List the risk and return figures of every token.",
        query=MetricsQuery,
        members={
            "sharpe": "all.sharpe",
            "cagr": "all.cagr",
            "drawdown": "all.max_drawdown",
            "volatility": "all.volatility",
        },
    ),
    Listing(
        METRICS,
        View.HISTORY,
        "/market-state/tokens/{symbol}",
        "token_metrics_history",
        TokenMetrics,
        "List one token's figures by day, newest first.",
        subject=Subject.TOKEN,
    ),
    Listing(
        CORRELATIONS,
        View.LIST,
        "/market-state/correlations",
        "correlations",
        Correlations,
        "List how each token moves with the others, and with which most and least.",
        query=CorrelationsQuery,
    ),
    Listing(
        CORRELATIONS,
        View.HISTORY,
        "/market-state/correlations/{symbol}",
        "correlation_history",
        Correlations,
        "List one token's correlations by day, newest first.",
        subject=Subject.TOKEN,
    ),
)
