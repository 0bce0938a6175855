"""Indices as they are since 2025: `/indices`, `/indices-holdings`, `/indices-performance`.

Figures that nobody published (market cap, grade of an index) leave their member out: clients
convert it without looking, and a made-up 0 would be a lie.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from assay.tokenmetrics.endpoints.grades import TRADER, find_number
from assay.tokenmetrics.naming import make_slug
from assay.tokenmetrics.parameters import DATES, PAGED, TOKEN_FIELDS
from assay.tokenmetrics.reading import Listed, Reading, Row, pick
from assay.tokenmetrics.types import (
    Asked,
    BadParameter,
    Endpoint,
    Field,
    Found,
    Missing,
    Parameter,
)
from assay.tokenmetrics.values import integer, moment, nothing, number, percent, text

INDICES = "indices"
TYPES = ("active", "passive")
NO_CAPS = "no such facts: the member is left out"
NAMING = ("id", "indexName", "type")


def answer_indices(reading: Reading, asked: Asked) -> Found:
    """Every index of the newest day."""
    kind = asked.first("indicesType")
    if kind is not None and kind.casefold() not in TYPES:
        raise BadParameter("indicesType must be active or passive.")
    listed = reading.load_newest(INDICES)
    rows = [] if listed is None else listed.rows
    return Found(
        row
        for row in rows
        if row["no_view"] is None and (kind is None or row["type"] == kind.casefold())
    )


def answer_holdings(reading: Reading, asked: Asked) -> Found:
    """What an index holds on the newest day by `endDate`, in the order of the publication."""
    listed = load_day(reading, asked)
    rows = [] if listed is None else find_indices(listed.rows, asked, required=True)
    message = "" if rows else explain_names(listed)
    return Found(list_holdings(reading, listed, rows) if listed else (), message)


def answer_performance(reading: Reading, asked: Asked) -> Found:
    """Returns of an index by day, newest first; without a name those of every index.

    From a `startDate` on they read oldest first, as recorded: clients compare the last with the
    first. Without one the first row is the latest, which is all that others read.
    """
    listed = reading.load_newest(INDICES)
    rows = [] if listed is None else find_indices(listed.rows, asked, required=False)
    ids = frozenset(row["index_id"] for row in rows)

    def walk() -> Iterator[Row]:
        for said in reading.walk(INDICES, asked, ids):
            for row in pick(said, ids):
                yield {**row, "day": said.standing.as_of}

    message = "" if rows else explain_names(listed)
    return Found(walk(), message, is_ascending=asked.start is not None)


def load_day(reading: Reading, asked: Asked) -> Listed | None:
    """What stands for the newest day by `date` or `endDate`."""
    standing = reading.list_standing(INDICES, asked.start, asked.end)
    return reading.load_publication(standing[-1]) if standing else None


def find_indices(rows: Any, asked: Asked, *, required: bool) -> list[Row]:  # noqa: ANN401 - rows
    """The indices that a query names by id, slug, ticker, name, sector or kind of grade."""
    wanted = {make_slug(text) for name in NAMING for text in asked.list(name)}
    if not wanted and required:
        raise BadParameter("id is missing: it names the index.", hint="GET indices lists them.")
    return [row for row in rows if not wanted or wanted & name_index(row)]


def name_index(row: Mapping[str, Any]) -> set[str]:
    """All that an index may be called by."""
    names = [str(row["index_id"]), row["slug"], row["ticker"], row["name"]]
    sector = row["rules"]["basket"].get("sector")
    return {make_slug(name) for name in (*names, *([sector] if sector else []))}


def explain_names(listed: Listed | None) -> str:
    """Why nothing was found, with the indices there are."""
    if listed is None:
        return "No indices have been published for these days."
    names = ", ".join(f"{row['index_id']} ({row['slug']})" for row in listed.rows)
    return f"No index is called that. There are: {names}."


def list_holdings(reading: Reading, listed: Listed, rows: list[Row]) -> Iterator[Row]:
    """The coins held, each beside its Trader Grade of the day."""
    trader = reading.find_columns(TRADER, listed.day)
    caps = reading.names.market_caps
    for row in rows:
        for held in row["holdings"]:
            token_id = held["token_id"]
            yield {
                **held,
                "index_id": row["index_id"],
                "day": listed.day,
                "market_cap": caps.get(token_id) if listed.day == reading.newest_day else None,
                "trader_grade": find_number(trader, token_id, "grade"),
                "trader_change": find_number(trader, token_id, "change"),
            }


def no_gainers(_: object) -> dict[str, Any]:
    """No icons are among the data."""
    return {}


OMIT = Missing.OMIT
NAMED_BY = Parameter("id", "Id, slug, ticker or name of the index; also `index_id`.")

ENDPOINTS = (
    Endpoint(
        "indices",
        "List the indices of the newest day; changes in percent, net of costs.",
        (
            Field("ID", "integer", integer("index_id"), "indices: index_id"),
            Field("NAME", "string", text("name"), "indices: name"),
            Field("TICKER", "string", text("ticker"), "indices: ticker"),
            Field("PRICE", "number", number("level"), "indices: level", Missing.DROP),
            Field("COINS", "integer", integer("coins"), "indices: coins", OMIT),
            Field("24H", "number", percent("return_1d"), "indices: return_1d, percent", OMIT),
            Field("7D", "number", percent("return_7d"), "indices: return_7d, percent", OMIT),
            Field("1M", "number", percent("return_30d"), "indices: return_30d, percent", OMIT),
            Field("24H_VOLUME", "number", number("volume_usd"), "indices: volume_usd", OMIT),
            Field("INDEX_GRADE", "number", nothing, NO_CAPS, OMIT),
            Field(
                "ALL_TIME", "number", percent("return_all"), "indices: return_all, percent", OMIT
            ),
            Field("MARKET_CAP", "number", nothing, NO_CAPS, OMIT),
            Field("TOP_GAINERS_ICONS", "object", no_gainers, "no such facts: empty"),
        ),
        (Parameter("indicesType", "active or passive."), *PAGED),
        answer_indices,
        has_pagination=True,
    ),
    Endpoint(
        "indices-holdings",
        "List what an index holds; weights and returns as shares of one.",
        (
            *TOKEN_FIELDS,
            Field("COIN", "string", text("symbol"), "indices: holdings.symbol"),
            Field("CG_ID", "string", nothing, "no such facts: null"),
            Field("WEIGHT", "number", number("weight"), "indices: holdings.weight", Missing.DROP),
            Field("MARKET_CAP", "number", number("market_cap"), "candle: market cap", OMIT),
            Field("PRICE", "number", number("price"), "indices: holdings.price", OMIT),
            Field("CURRENT_ROI", "number", number("return"), "indices: holdings.return", OMIT),
            Field("TRADER_GRADE", "number", number("trader_grade"), "grades.trader: grade", OMIT),
            Field(
                "TRADER_GRADE_CHANGE_24H",
                "number",
                number("trader_change"),
                "grades.trader: change",
                OMIT,
            ),
            Field("ICON", "object", nothing, "no such facts: null"),
            Field("DATE", "string", moment("day"), "indices: day"),
        ),
        (Parameter("id", NAMED_BY.about, required=True), *DATES, *PAGED),
        answer_holdings,
        has_pagination=True,
    ),
    Endpoint(
        "indices-performance",
        "List the returns of an index since its start by day, as shares of one; newest first, with "
        "`startDate` oldest first.",
        (
            Field("ID", "integer", integer("id"), "indices: index_id"),
            Field("DATE", "string", moment("day"), "indices: day"),
            Field(
                "INDEX_CUMULATIVE_ROI",
                "number",
                number("return_all"),
                "indices: return_all",
                Missing.DROP,
            ),
            Field("MARKET_CAP", "number", nothing, NO_CAPS, OMIT),
            Field("VOLUME", "number", number("volume_usd"), "indices: volume_usd", OMIT),
            Field("FDV", "number", nothing, NO_CAPS, OMIT),
        ),
        (NAMED_BY, Parameter("type", "trader or investor."), *DATES, *PAGED),
        answer_performance,
        has_pagination=True,
    ),
)
