"""Which tokens there are: `/tokens`, `/top-market-cap-tokens`."""

from collections.abc import Iterator

from assay.markets.types import TokenKind
from assay.tokenmetrics.parameters import FILTERS, LIMIT, NAMED, PAGE, PAGED, TOKEN_FIELDS
from assay.tokenmetrics.reading import Reading, Row
from assay.tokenmetrics.types import (
    MAX_LIMIT,
    Asked,
    Endpoint,
    Field,
    Found,
    Parameter,
    read_integer,
)
from assay.tokenmetrics.values import text

LISTS = (
    Field("EXCHANGE_LIST", "array", text("exchanges"), "registry: venue of the candles"),
    Field("CATEGORY_LIST", "array", text("categories"), "indices: sectors of the rule books"),
    Field("TM_LINK", "string", text("link"), "the token in Assay's own API"),
)
NO_CAPS = (
    "No market caps are among the data: coins are in the order of their dollar volume of the "
    "newest day."
)


def answer_tokens(reading: Reading, asked: Asked) -> Found:
    """Every token that had begun to trade, ascending by id, the dead included."""
    chosen = reading.names.choose(asked)
    rows = (describe(reading, i) for i in sorted(reading.names.tokens) if chosen.holds(i))
    return Found(rows, chosen.absent)


def answer_top(reading: Reading, asked: Asked) -> Found:
    """The largest coins first; by dollar volume, and said so, where no caps are known."""
    top = asked.first("top_k") if asked.first("limit") is not None else None
    count = MAX_LIMIT if top is None else read_integer("top_k", top, 1, MAX_LIMIT)
    names = reading.names
    sizes = names.market_caps or names.volumes
    coins = [i for i in names.tokens if names.tokens[i].kind is TokenKind.COIN and i in sizes]
    ranked = sorted(coins, key=lambda i: (-sizes[i], i))[:count]
    return Found(_describe_all(reading, ranked), "" if names.market_caps else NO_CAPS)


def describe(reading: Reading, token_id: int) -> Row:
    """A token with its lists; they are never null."""
    venue = reading.names.record(token_id).venue
    return reading.name(token_id) | {
        "exchanges": [{"exchange_id": venue, "exchange_name": venue.capitalize()}],
        "categories": reading.names.list_categories(token_id),
        "addresses": {},
    }


def _describe_all(reading: Reading, ids: list[int]) -> Iterator[Row]:
    return (describe(reading, token_id) for token_id in ids)


ENDPOINTS = (
    Endpoint(
        "tokens",
        "List the tokens, ascending by id. No contract addresses are among the data.",
        (
            *TOKEN_FIELDS,
            *LISTS,
            Field("CONTRACT_ADDRESS", "object", text("addresses"), "no such facts: empty"),
        ),
        (
            *NAMED,
            *FILTERS,
            Parameter("blockchain_address", "No such facts, so nothing passes."),
            *PAGED,
        ),
        answer_tokens,
    ),
    Endpoint(
        "top-market-cap-tokens",
        "List the largest coins first, by dollar volume where no market caps are known.",
        (*TOKEN_FIELDS, *LISTS),
        (
            Parameter(
                "top_k",
                "How many of the largest, 1 to 1,000: the rows of a page, unless `limit` is.",
                kind="integer",
            ),
            LIMIT,
            PAGE,
        ),
        answer_top,
        limited_by="top_k",
    ),
)
