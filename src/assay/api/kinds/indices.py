"""Indices: baskets with published rules, their holdings, transactions and levels."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from assay.api.listing import Keep, Listing, Spoken, Subject, View, equals
from assay.api.parameters import DayQuery
from assay.api.schemas import DecimalText, NoView, Shape

Return = Annotated[
    DecimalText | None, Field(description="Simple return net of costs, as a share; null: too young")
]
Level = Annotated[DecimalText | None, Field(description="1,000 at `start`, net of costs.")]


class Held(Shape):
    """A coin that an index holds. `return` is a share of the entry price."""

    token_id: int
    symbol: str
    name: str
    weight: Annotated[DecimalText, Field(description="Share of the index, 0 to 1.")]
    price: DecimalText | None
    amount: Annotated[DecimalText, Field(description="Coins, for an index of 1,000 at its start.")]
    entry_price: DecimalText | None
    entered: date | None
    return_: Annotated[DecimalText | None, Field(alias="return")]


class Transaction(Shape):
    """What an index bought or sold on a day, filled at that day's close."""

    token_id: int
    symbol: str
    name: str
    action: Annotated[str, Field(examples=["buy"])]
    weight_from: DecimalText | None
    weight_to: DecimalText | None
    price: DecimalText | None
    amount: DecimalText
    value: Annotated[DecimalText, Field(description="In index points.")]
    cost: Annotated[DecimalText, Field(description="Fees, in index points.")]
    reason: str | None


class Benchmarks(Shape):
    """Levels of what one could have held instead since the index began, before costs."""

    bitcoin: Annotated[
        DecimalText | None, Field(description="Bitcoin; null: it did not trade then.")
    ]
    equal_weight: Annotated[
        DecimalText,
        Field(description="All coins of the universe in equal parts, set equal every day."),
    ]


class IndexLevel(Shape):
    """One day of an index."""

    index_id: int
    slug: str
    ticker: str
    name: str
    level: Level
    return_1d: Return
    return_all: Annotated[DecimalText | None, Field(description="Since `start`, as a share.")]
    drawdown: Annotated[DecimalText | None, Field(description="From the peak, as a share, <= 0.")]
    turnover: Annotated[DecimalText | None, Field(description="Traded since the start, in levels.")]
    costs: Annotated[DecimalText | None, Field(description="Paid since the start, index points.")]
    coins: Annotated[int | None, Field(description="Coins held.")]
    cash_share: Annotated[DecimalText | None, Field(description="Share held in cash, 0 to 1.")]
    benchmarks: Benchmarks
    rebalanced: bool
    no_view: NoView | None


class Index(IndexLevel):
    """One index of a day: its rules, level, regime, holdings and transactions."""

    type: Annotated[str, Field(description="passive or active.")]
    words: Annotated[str, Field(description="The rules in a sentence.")]
    rules: Annotated[dict[str, Any], Field(description="The whole rule book.")]
    rules_digest: str
    start: Annotated[date, Field(description="Day of the level 1,000.")]
    size_by: Annotated[str, Field(description="What size means: market cap, or dollar volume.")]
    return_7d: Return
    return_30d: Return
    peak: Level
    cash: Annotated[DecimalText | None, Field(description="In index points.")]
    exposure: Annotated[DecimalText, Field(description="Share that is to be invested, 0 to 1.")]
    rule_share: Annotated[
        DecimalText | None, Field(description="Share that the cash rule allows; null: no rule.")
    ]
    volume_usd: Annotated[DecimalText | None, Field(description="Of the coins held, US dollars.")]
    regime: Annotated[
        dict[str, Any] | None,
        Field(description="State of the rule that switches to cash, in words; null: no such rule."),
    ]
    holdings: list[Held]
    transactions: list[Transaction]
    orders: Annotated[
        dict[str, Any] | None, Field(description="What is to be traded at the next close.")
    ]
    next_rebalance: date | None
    note: str | None


class IndicesQuery(DayQuery):
    """Which indices."""

    type: Annotated[
        Literal["passive", "active"] | None,
        Field(description="Only indices of this type."),
        Keep("type", equals),
    ] = None
    sort: Annotated[
        Literal[
            "published",
            "level",
            "-level",
            "return_30d",
            "-return_30d",
            "drawdown",
            "-drawdown",
            "name",
            "-name",
        ],
        Field(description="Order; ties by index id."),
    ] = "published"


class HoldingsQuery(DayQuery):
    """Which holdings."""

    sort: Annotated[
        Literal["published", "weight", "-weight", "return", "-return", "symbol", "-symbol"],
        Field(description="Order; ties by token id."),
    ] = "published"


INDICES = Spoken("indices", "indices", "indices")

LISTINGS = (
    Listing(
        INDICES,
        View.LIST,
        "/indices",
        "indices",
        Index,
        "List the indices of one day with their rules, levels and holdings.",
        query=IndicesQuery,
    ),
    Listing(
        INDICES,
        View.ONE,
        "/indices/{index}",
        "index",
        Index,
        "Get one index of a day.",
        subject=Subject.INDEX,
    ),
    Listing(
        INDICES,
        View.LIST,
        "/indices/{index}/holdings",
        "index_holdings",
        Held,
        "List what an index holds at the close of a day.",
        query=HoldingsQuery,
        subject=Subject.INDEX,
        part="holdings",
    ),
    Listing(
        INDICES,
        View.HISTORY,
        "/indices/{index}/transactions",
        "index_transactions",
        Transaction,
        "List what an index bought and sold, newest first, each with its cost.",
        subject=Subject.INDEX,
        part="transactions",
    ),
    Listing(
        INDICES,
        View.HISTORY,
        "/indices/{index}/performance",
        "index_performance",
        IndexLevel,
        "List the levels of an index by day, newest first, net of costs, beside Bitcoin and "
        "all coins in equal parts; `top-25` is an index too.",
        subject=Subject.INDEX,
    ),
)
