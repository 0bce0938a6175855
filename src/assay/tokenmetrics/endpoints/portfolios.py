"""Indices as they were before 2025: portfolios by day, tree maps, transactions, and the paths that
only the JavaScript SDK calls.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from assay.kit.errors import NotFound
from assay.tokenmetrics.asking import parse_day
from assay.tokenmetrics.endpoints.indices import (
    INDICES,
    NAMED_BY,
    answer_performance,
    explain_names,
    find_indices,
    list_holdings,
    load_day,
)
from assay.tokenmetrics.parameters import DATES, PAGED, TOKEN_FIELDS
from assay.tokenmetrics.reading import Reading, Row, pick
from assay.tokenmetrics.types import Asked, Endpoint, Field, Found, Material, Missing, Parameter
from assay.tokenmetrics.values import (
    day,
    dig,
    integer,
    moment,
    nothing,
    number,
    percent,
    percent_change,
    text,
)

ACTIONS = {"buy": "Increase", "sell": "Decrease"}


def answer_trader(reading: Reading, asked: Asked) -> Found:
    """Portfolios of the Trader Index by day."""
    return _answer_portfolios(reading, asked, "trader")


def answer_investor(reading: Reading, asked: Asked) -> Found:
    """Portfolios of the Investor Index by day."""
    return _answer_portfolios(reading, asked, "investor")


def answer_tree(reading: Reading, asked: Asked) -> Found:
    """What an index holds, with the change of each coin's price in a day."""
    day_asked = parse_day(asked.items, "date")
    if day_asked is not None:
        asked = replace(asked, end=day_asked)
    listed = load_day(reading, asked)
    if listed is None:
        return Found((), explain_names(None))
    rows = find_indices(listed.rows, asked, required=True)
    held = (
        row | {"pct_change": find_change(reading, row["token_id"], row["day"])}
        for row in list_holdings(reading, listed, rows)
    )
    return Found(held, "" if rows else explain_names(listed))


def answer_returns(reading: Reading, asked: Asked) -> Found:
    """Returns of the named index by day, newest first."""
    find_indices((), asked, required=True)
    return answer_performance(reading, asked)


def answer_transactions(reading: Reading, asked: Asked) -> Found:
    """What the named index bought and sold, newest first."""
    listed = reading.load_newest(INDICES)
    rows = find_indices(() if listed is None else listed.rows, asked, required=True)
    if not rows:
        return Found((), explain_names(listed))
    ids = frozenset(row["index_id"] for row in rows)
    counts = [
        (said, int(sum(row["transactions"] or 0 for row in pick(said, ids))))
        for said in reading.walk(INDICES, asked)
    ]
    total = sum(count for _, count in counts)

    def walk() -> Iterator[Row]:
        for said, count in counts:
            if not count:
                continue
            for row in reading.load_publication(said.standing).rows:
                if row["index_id"] in ids:
                    yield from _list_transactions(row, said.standing.as_of, total)

    return Found(walk())


def find_change(reading: Reading, token_id: int, when: date) -> float | None:
    """Change of a token's close against the day before in percent, through redenominations; None
    where there are no such candles.
    """
    panel = reading.facts.panel
    try:
        row, column = panel.row(token_id), panel.column(when)
    except NotFound:
        return None
    if column == 0:
        return None
    now, before = (
        float(panel.close[row, place]) * float(panel.unit[row, place])
        for place in (column, column - 1)
    )
    if now != now or before != before:
        return None
    return percent_change(now, before)


def _answer_portfolios(reading: Reading, asked: Asked, slug: str) -> Found:
    """The newest days that the page holds, oldest first, as that path has them."""

    def walk() -> Iterator[Row]:
        for when, row in reading.walk_rows(INDICES, asked):
            if row["slug"] == slug:
                for held in reversed(row["holdings"]):
                    yield held | {"day": when, "index_id": row["index_id"]}

    return Found(walk(), is_ascending=True)


def _list_transactions(row: Row, when: object, total: int) -> Iterator[Row]:
    for done in row["transactions"]:
        weights = [Decimal(done[name] or 0) for name in ("weight_from", "weight_to")]
        yield done | {
            "day": when,
            "total": total,
            "sector": row["rules"]["basket"].get("sector"),
            "moved": float(abs(weights[1] - weights[0]) * 100),
        }


def _no_icon(_: Material) -> dict[str, None]:
    return {"large": None, "small": None, "thumb": None}


def _name_action(material: Material) -> str | None:
    return ACTIONS.get(dig(material, "action"))


NO_FACTS = "no such facts: null"
ICON = Field("ICON", "object", _no_icon, NO_FACTS)

PORTFOLIO = (
    Field("PORTFOLIO_DATE", "string", day("day"), "indices: day"),
    *TOKEN_FIELDS,
    Field("INDEX_WEIGHT", "number", number("weight"), "indices: holdings.weight", Missing.DROP),
    Field("INITIAL_PRICE", "number", number("entry_price"), "indices: holdings.entry_price"),
    Field("AMOUNT_OF_TOKENS", "number", number("amount"), "indices: holdings.amount"),
    Field("INDEX_ID", "integer", integer("index_id"), "indices: index_id"),
)
TREE = (
    Field("NAME", "string", text("symbol"), "indices: holdings.symbol"),
    ICON,
    Field("WEIGHT", "number", percent("weight"), "indices: holdings.weight, percent"),
    Field("PCT_CHANGE", "number", number("pct_change"), "candle: close against the day before"),
    Field("CG_ID", "string", nothing, NO_FACTS),
    Field("CHAIN_ID", "string", nothing, NO_FACTS),
    Field("TOKEN_ADDRESS", "string", nothing, NO_FACTS),
)
RETURNS = (
    Field("DATE", "string", moment("day"), "indices: day"),
    Field(
        "INDEX_CUMULATIVE_ROI", "number", number("return_all"), "indices: return_all", Missing.DROP
    ),
    Field("MARKET_CAP", "number", nothing, NO_FACTS),
    Field("VOLUME", "number", number("volume_usd"), "indices: volume_usd"),
    Field("FDV", "number", nothing, NO_FACTS),
)
TRANSACTIONS = (
    Field("DATE", "string", moment("day"), "indices: day"),
    *TOKEN_FIELDS,
    ICON,
    Field("ACTION", "string", _name_action, "indices: transactions.action"),
    Field(
        "TRANSACTION_SIZE_IN_PCT",
        "number",
        number("moved"),
        "indices: transactions.weight_to less weight_from, percent",
    ),
    Field("TRANSACTION_SIZE_IN_USD", "number", number("value"), "indices: transactions.value"),
    Field("TRANSACTION_SIZE_IN_TOKENS", "number", number("amount"), "indices: transactions.amount"),
    Field("TIMESTAMP", "string", moment("day"), "indices: day"),
    Field("TOTAL_COUNT", "integer", integer("total"), "indices: transactions in these days"),
)
SECTOR = Field("SECTOR", "string", text("sector"), "indices: rules.basket.sector")

BY_ID = Parameter("index_id", NAMED_BY.about, required=True)
BY_TYPE = Parameter("type", "trader or investor.", required=True)
BY_NAME = Parameter("indexName", "Slug, name or sector of the index.", required=True)
DATE = Parameter("date", "The day, YYYY-MM-DD; left out: the newest.")
ONE = "an index of $1,000 at its start"
PATHS = (
    ("index-holdings", BY_ID, (DATE, *DATES)),
    ("sector-indices-holdings", BY_ID, (DATE, *DATES)),
    ("indices-tree-map", BY_TYPE, ()),
    ("indices-index-specific-tree-map", BY_NAME, ()),
)

ENDPOINTS = (
    Endpoint(
        "trader-indices",
        f"List what the Trader Index held by day, oldest first: amounts for {ONE}.",
        PORTFOLIO,
        (*DATES, *PAGED),
        answer_trader,
    ),
    Endpoint(
        "investor-indices",
        f"List what the Investor Index held by day, oldest first: amounts for {ONE}.",
        PORTFOLIO,
        (*DATES, *PAGED),
        answer_investor,
    ),
    *(
        Endpoint(path, "List what an index holds.", TREE, (by, *more, *PAGED), answer_tree)
        for path, by, more in PATHS
    ),
    *(
        Endpoint(
            path,
            "List the returns of an index by day.",
            RETURNS,
            (by, *DATES, *PAGED),
            answer_returns,
        )
        for path, by in (
            ("index-specific-performance", BY_ID),
            ("indices-index-specific-performance", BY_NAME),
        )
    ),
    *(
        Endpoint(
            path,
            f"List what an index bought and sold: sizes for {ONE}.",
            (*TRANSACTIONS, *more),
            (by, *DATES, *PAGED),
            answer_transactions,
        )
        for path, by, more in (
            ("indices-transaction", BY_ID, ()),
            ("sector-index-transaction", BY_ID, (SECTOR,)),
            ("indices-index-transaction", BY_TYPE, ()),
            ("indices-index-specific-index-transaction", BY_NAME, (SECTOR,)),
        )
    ),
)
