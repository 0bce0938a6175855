"""What the other official clients read and do with it, written down from how they behave: each
check is an expression of theirs in short, and fails where they would throw.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.tokenmetrics.asking import NEW_ERA, AskedFace, list_endpoints, list_required

Row = Mapping[str, Any]


def is_number(value: object) -> bool:
    """`typeof value === 'number'` of a value that JSON can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


# chainlink: one row a call; the member is tested with typeof or used as an object.
CHAINLINK: dict[str, Callable[[Row], object]] = {
    "daily-ohlcv": lambda row: is_number(row["OPEN"]),
    "hourly-ohlcv": lambda row: is_number(row["OPEN"]),
    "trader-grades": lambda row: is_number(row["TM_TRADER_GRADE"]),
    "investor-grades": lambda row: is_number(row["TM_INVESTOR_GRADE"]),
    "price": lambda row: is_number(row["CURRENT_PRICE"]),
    "quantmetrics": lambda row: is_number(row["VOLATILITY"]),
    "top-market-cap-tokens": lambda row: is_number(row["TOKEN_ID"]),
    "tokens": lambda row: is_number(row["TOKEN_ID"]),
    "hourly-trading-signals": lambda row: row["SIGNAL"] == str(row["TRADING_SIGNAL"]),
    "trading-signals": lambda row: row["TRADING_SIGNAL"] is not None,
    "ai-reports": lambda row: isinstance(row["INVESTMENT_ANALYSIS"], str),
    "indices": lambda row: row["TICKER"],
    "indices-performance": lambda row: row["INDEX_CUMULATIVE_ROI"],
    "resistance-support": lambda row: is_number(
        row["HISTORICAL_RESISTANCE_SUPPORT_LEVELS"][0]["level"]
    ),
    "scenario-analysis": lambda row: is_number(
        row["SCENARIO_PREDICTION"]["scenario_prediction"][0]["predicted_price_moon"]
    ),
    "correlation": lambda row: row["TOP_CORRELATION"][0]["token"],
}


@pytest.mark.parametrize("path", sorted(CHAINLINK))
def test_chainlink_finds_what_it_encodes(face: AskedFace, path: str) -> None:
    answer = face.ask(path, headers=NEW_ERA, token_id=3375, limit=1, page=1)
    body = answer.json
    assert body["success"] is True
    assert len(body["data"]) == 1
    assert CHAINLINK[path](body["data"][0])


# An index that stands where it began has a return of 0; chainlink reads only the newest row.
@pytest.mark.parametrize("path", sorted(set(CHAINLINK) - {"indices-performance"}))
def test_no_row_would_throw_there(face: AskedFace, path: str) -> None:
    assert all(CHAINLINK[path](row) for row in face.rows(path, limit=1000))


# langchain: float(row.get(member, 0)) for each of these; null is an error, absence is not.
LANGCHAIN: dict[str, tuple[str, ...]] = {
    "indices": (
        "PRICE",
        "24H",
        "7D",
        "1M",
        "ALL_TIME",
        "24H_VOLUME",
        "MARKET_CAP",
        "INDEX_GRADE",
    ),
    "indices-holdings": (
        "WEIGHT",
        "MARKET_CAP",
        "PRICE",
        "CURRENT_ROI",
        "TRADER_GRADE",
        "TRADER_GRADE_CHANGE_24H",
    ),
    "indices-performance": ("INDEX_CUMULATIVE_ROI", "MARKET_CAP", "VOLUME", "FDV"),
    "quantmetrics": (
        "VOLATILITY",
        "ALL_TIME_RETURN",
        "CAGR",
        "SHARPE",
        "SORTINO",
        "MAX_DRAWDOWN",
        "SKEW",
        "TAIL_RATIO",
        "RISK_REWARD_RATIO",
        "PROFIT_FACTOR",
        "KURTOSIS",
        "DAILY_VALUE_AT_RISK",
        "DAILY_RETURN_AVG",
        "DAILY_RETURN_STD",
    ),
}


@pytest.mark.parametrize("path", sorted(LANGCHAIN))
def test_langchain_can_convert_every_member(face: AskedFace, path: str) -> None:
    query = {"id": "1"} if path.startswith("indices-") else {}
    rows = face.rows(path, **query)
    assert rows
    for row in rows:
        for member in LANGCHAIN[path]:
            assert math.isfinite(float(row.get(member, 0))), member


def test_langchain_joins_the_lists_of_tokens(face: AskedFace) -> None:
    for row in face.rows("tokens", limit=1000):
        assert isinstance(", ".join(c["category_name"] for c in row["CATEGORY_LIST"]), str)
        assert ", ".join(e["exchange_name"] for e in row["EXCHANGE_LIST"])
        assert dict(row["CONTRACT_ADDRESS"].items()) == {}


def test_langchain_sorts_levels_and_reads_scenarios(face: AskedFace) -> None:
    for row in face.rows("resistance-support", symbol="BTC", limit=50, page=1):
        levels = row["HISTORICAL_RESISTANCE_SUPPORT_LEVELS"]
        assert sorted(levels, key=lambda x: float(x.get("level", 0)), reverse=True)
    for row in face.rows("scenario-analysis", symbol="BTC", limit=50, page=1):
        for item in row["SCENARIO_PREDICTION"].get("scenario_prediction", []):
            assert all(value is None or math.isfinite(float(value)) for value in item.values())


def test_langchain_counts_the_indices(face: AskedFace) -> None:
    body = face.ask("indices", headers=NEW_ERA, limit=50, page=1).json
    assert body.get("pagination", {}).get("total", 0) == len(body["data"])
    for row in body["data"]:
        assert [info.get("name") for info in row.get("TOP_GAINERS_ICONS", {}).values()] == []


# virtuals: value.toFixed(2) of members that are not undefined; padEnd of names.
def test_virtuals_formats_what_is_there(face: AskedFace) -> None:
    for row in face.rows("indices"):
        for member in ("24H", "1M"):
            assert member not in row or is_number(row[member])
    for row in face.rows("indices-holdings", id="1"):
        assert is_number(row["WEIGHT"])
        assert isinstance(row["TOKEN_SYMBOL"], str)
    assert all(is_number(row["TM_GRADE_PERC_HIGH_COINS"]) for row in face.rows("market-metrics"))


# ElizaOS: names a token exactly, then reads the first row as the latest.
def test_eliza_resolves_tokens_and_reads_the_latest(face: AskedFace) -> None:
    for name, symbol in (("Bitcoin", "BTC"), ("Ethereum", "ETH"), ("Litecoin", "LTC")):
        found = face.rows("tokens", **{"token_name": name}, limit=5)
        assert [(row["TOKEN_NAME"], row["TOKEN_SYMBOL"]) for row in found] == [(name, symbol)]
    history = face.rows("tm-grade-history", **{"token_id": 3375}, limit=100, page=1)
    assert history[0]["DATE"] == max(row["DATE"] for row in history)
    assert is_number(history[0]["TM_GRADE"])
    first = face.rows("tm-grade", **{"token_id": 3375})[0]
    assert first["TM_GRADE"] == history[0]["TM_GRADE"]
    assert first["TM_GRADE_SIGNAL"] in {"Strong Buy", "Buy", "Neutral", "Sell", "Strong Sell"}


# MCP: 23 tools, none of which reads a field; the body goes through as it is.
MCP: dict[str, dict[str, str]] = {
    "price": {"token_id": "3375,3306"},
    "hourly-ohlcv": {"symbol": "BTC", "limit": "50"},
    "daily-ohlcv": {"token_id": "3375"},
    "investor-grades": {"symbol": "BTC"},
    "market-metrics": {"startDate": "2023-12-01", "endDate": "2023-12-29"},
    "trading-signals": {"signal": "1"},
    "ai-reports": {"token_id": "3375"},
    "crypto-investors": {"limit": "10"},
    "top-market-cap-tokens": {"top_k": "50"},
    "resistance-support": {"symbol": "BTC"},
    "sentiments": {},
    "quantmetrics": {"symbol": "BTC"},
    "scenario-analysis": {"symbol": "BTC"},
    "correlation": {"token_name": "Bitcoin"},
    "indices": {"indicesType": "passive"},
    "indices-holdings": {"id": "1"},
    "indices-performance": {"id": "1"},
    "hourly-trading-signals": {"token_id": "3375"},
    "moonshot-tokens": {"type": "active"},
    "tm-grade": {"token_id": "3375"},
    "tm-grade-history": {"token_id": "3375"},
    "technology-grade": {"token_id": "3375"},
    "tokens": {"symbol": "BTC"},
}


@pytest.mark.parametrize("path", sorted(MCP))
def test_mcp_gets_a_whole_envelope(face: AskedFace, path: str) -> None:
    answer = face.ask(path, headers=NEW_ERA, **MCP[path])
    assert answer.status == 200
    assert set(answer.json) >= {"success", "message", "length", "data"}


# JS and TS: every method forwards what it is given, and no body may be a bare array.
@pytest.mark.parametrize("endpoint", list_endpoints(), ids=lambda e: e.path)
def test_the_javascript_sdks_may_send_everything_everywhere(face: AskedFace, endpoint: Any) -> None:
    query = list_required(endpoint) | {
        "symbol": "BTC",
        "startDate": "2023-12-20",
        "endDate": "2023-12-29",
        "interval": "1d",
        "base_symbol": "BTC",
        "quote_symbol": "ETH",
    }
    for era in ({"limit": "1000", "page": "0"}, {"limit": "50", "page": "1"}):
        answer = face.ask(endpoint.path, **query, **era)
        assert answer.status == 200, answer.body
        assert isinstance(answer.json, dict)


def test_the_javascript_test_goes_on_with_the_id_of_a_portfolio(face: AskedFace) -> None:
    index_id = face.rows("investor-indices")[0]["INDEX_ID"]
    for path in ("index-holdings", "index-specific-performance", "indices-transaction"):
        assert face.rows(path, index_id=index_id), path
