"""Where each number of the face comes from, written down apart from the code that maps it.

`SOURCES[path][field]` computes a field of a row anew from the ledger and the facts. Leaves of
nested members are named by their path, with * for any place in a list.
"""

from collections.abc import Callable
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

from tests.tokenmetrics.truth import (
    Row,
    Truth,
    change,
    day_of,
    exact,
    moment_of,
    over,
    times,
)

from assay import ledger

Expected = Callable[[Truth, Row], Any]


def said(kind: str, *path: str) -> Expected:
    """A member of the token's row of the same day."""

    def read(truth: Truth, row: Row) -> float | None:
        value: Any = truth.row(kind, day_of(row), row["TOKEN_ID"])
        for name in path:
            value = value[name]
        return exact(value)

    return read


def said_newest(kind: str, *path: str) -> Expected:
    def read(truth: Truth, row: Row) -> float | None:
        value: Any = truth.row(kind, truth.newest_day(kind), row["TOKEN_ID"])
        for name in path:
            value = value[name]
        return exact(value)

    return read


def said_hourly(member: str) -> Expected:
    def read(truth: Truth, row: Row) -> float | None:
        opened = moment_of(row) - timedelta(hours=1)
        kind = "signals.hourly"
        return exact(truth.row(kind, opened.date(), row["TOKEN_ID"], opened.hour)[member])

    return read


def changed(kind: str, days: int, *, is_newest: bool = False) -> Expected:
    def read(truth: Truth, row: Row) -> float | None:
        day = truth.newest_day(kind) if is_newest else day_of(row)
        now = truth.row(kind, day, row["TOKEN_ID"]).get("grade")
        before = truth.row(kind, day - timedelta(days=days), row["TOKEN_ID"]).get("grade")
        return change(now, before)

    return read


def candle(field: str) -> Expected:
    return lambda truth, row: truth.candle(row["TOKEN_ID"], day_of(row), field)


def hour(field: str) -> Expected:
    return lambda truth, row: truth.hours[(row["TOKEN_ID"], moment_of(row).astimezone(UTC))][field]


def level(truth: Truth, row: Row) -> set[float]:
    found = truth.row("forecasts.levels", day_of(row), row["TOKEN_ID"])
    return {float(item["price"]) for item in found["supports"] + found["resistances"]}


def partner(truth: Truth, row: Row) -> set[float]:
    found = truth.row("market_state.correlations", day_of(row), row["TOKEN_ID"])
    return {float(item["correlation"]) for item in found["most"] + found["least"]}


def scenario(read: Callable[[Row, Row, int], Any]) -> Expected:
    """Any of the scenarios of the longest horizon."""

    def values(truth: Truth, row: Row) -> set[Any]:
        found = truth.row("forecasts.scenarios", day_of(row), row["TOKEN_ID"])
        longest = max(found["horizons"], key=lambda horizon: horizon["days"])
        return {read(found, longest, place) for place in range(3)}

    return values


def price_in(column: str) -> Callable[[Row, Row, int], float]:
    return lambda _, horizon, place: float(horizon[column][place])


def return_in(column: str) -> Callable[[Row, Row, int], float]:
    return lambda row, horizon, place: over(horizon[column][place], row["price"])


def scenarios(member: str, entries: str) -> dict[str, Expected]:
    root = f"{member}.{entries}.*"
    found: dict[str, Expected] = {
        f"{member}.current_price": said("forecasts.scenarios", "price"),
        f"{root}.scenario": scenario(
            lambda _, h, i: float(
                round(Decimal(h["market_levels"][i]) / Decimal(h["market_levels"][1]), 4)
            )
        ),
    }
    for case, column in (("bear", "prices_low"), ("base", "prices"), ("moon", "prices_high")):
        found[f"{root}.predicted_price_{case}"] = scenario(price_in(column))
        found[f"{root}.predicted_roi_{case}"] = scenario(return_in(column))
    return found


def quantile(days: int, level: str) -> Expected:
    def read(truth: Truth, row: Row) -> float:
        found = truth.row("forecasts.quantiles", day_of(row), row["TOKEN_ID"])
        ahead = next(item for item in found["horizons"] if item["days"] == days)
        return float(ahead["prices"][found["quantiles"].index(level)])

    return read


def week_ahead(truth: Truth, row: Row) -> float:
    found = truth.row("forecasts.quantiles", day_of(row), row["TOKEN_ID"])
    ahead = next(item for item in found["horizons"] if item["days"] == 7)
    return over(ahead["prices"][found["quantiles"].index("0.50")], found["price"])


def market(*path: str, factor: int = 1) -> Expected:
    def read(truth: Truth, row: Row) -> float | None:
        value: Any = truth.rows("market_state", day_of(row))[0]
        for name in path:
            value = value[name]
        return times(value if value is None else str(value), factor)

    return read


def index(member: str, factor: int = 1) -> Expected:
    return lambda truth, row: times(truth.index(truth.newest, row["ID"])[member], factor)


def index_of_day(name: object, member: str) -> Expected:
    return lambda truth, row: exact(truth.index(day_of(row), row.get("ID", name))[member])


def held(name: object, member: str, factor: int = 1) -> Expected:
    """A member of a holding, by the token's id or, where there is none, its symbol."""

    def read(truth: Truth, row: Row) -> float | None:
        found = truth.index(day_of(row) if "DATE" in row else truth.newest, name)["holdings"]
        return times(str(find_held(found, row)[member]), factor)

    return read


def find_held(holdings: list[Row], row: Row) -> Row:
    return next(
        item
        for item in holdings
        if item["token_id"] == row.get("TOKEN_ID") or item["symbol"] == row.get("NAME")
    )


def portfolio(slug: str, member: str) -> Expected:
    def read(truth: Truth, row: Row) -> float:
        return float(find_held(truth.index(day_of(row), slug)["holdings"], row)[member])

    return read


def price_change(truth: Truth, row: Row) -> float | None:
    token_id = find_held(truth.index(truth.newest, "top-10")["holdings"], row)["token_id"]
    now, before = (
        repr(
            truth.candle(token_id, truth.newest - timedelta(days=back), "close")
            * truth.candle(token_id, truth.newest - timedelta(days=back), "unit")
        )
        for back in (0, 1)
    )
    return change(now, before)


def done(read: Callable[[Row], float]) -> Expected:
    def value(truth: Truth, row: Row) -> float:
        found = truth.index(day_of(row), "top-10")["transactions"]
        return read(next(item for item in found if item["token_id"] == row["TOKEN_ID"]))

    return value


def count_done(truth: Truth, _: Row) -> int:
    with truth.state.database.read() as connection:
        days = ledger.list_standing(connection, "indices")
    return sum(len(truth.index(item.as_of, "top-10")["transactions"]) for item in days)


def outcome(truth: Truth, row: Row) -> float:
    rows = truth.rows("moonshots.outcomes", truth.newest_day("moonshots.outcomes"))
    found = next(
        item
        for item in rows
        if item["symbol"] == row["TOKEN_SYMBOL"] and row["MOONSHOT_AT"][:10] == item["said_on"]
    )
    return float(found["return"])


TRADER, INVESTOR = "grades.trader", "grades.investor"
DAILY, TOKENS = "signals.daily", "market_state.tokens"
BARS = {name.upper(): name for name in ("open", "high", "low", "close", "volume")}
TM_GRADE: dict[str, Expected] = {
    "TM_GRADE": said(TRADER, "grade"),
    "TM_GRADE_24h_PCT_CHANGE": changed(TRADER, 1),
    "TM_TRADER_GRADE_24H_CHANGE": said(TRADER, "change"),
    "QUANT_GRADE": said(TRADER, "sub_grades", "quant"),
}
TM_GRADE_NEWEST: dict[str, Expected] = {
    "TM_GRADE": said_newest(TRADER, "grade"),
    "TM_GRADE_24h_PCT_CHANGE": changed(TRADER, 1, is_newest=True),
    "TM_TRADER_GRADE_24H_CHANGE": said_newest(TRADER, "change"),
    "QUANT_GRADE": said_newest(TRADER, "sub_grades", "quant"),
}
RETURNS: dict[str, Expected] = {
    "INDEX_CUMULATIVE_ROI": index_of_day("top-10", "return_all"),
    "VOLUME": index_of_day("top-10", "volume_usd"),
}
TREE: dict[str, Expected] = {
    "WEIGHT": held("top-10", "weight", 100),
    "PCT_CHANGE": price_change,
}
TRANSACTIONS: dict[str, Expected] = {
    "TRANSACTION_SIZE_IN_PCT": done(
        lambda item: float(
            abs(Decimal(item["weight_to"] or 0) - Decimal(item["weight_from"] or 0)) * 100
        )
    ),
    "TRANSACTION_SIZE_IN_USD": done(lambda item: float(item["value"])),
    "TRANSACTION_SIZE_IN_TOKENS": done(lambda item: float(item["amount"])),
    "TOTAL_COUNT": count_done,
}

SOURCES: dict[str, dict[str, Expected]] = {
    "price": {"CURRENT_PRICE": lambda t, r: t.candle(r["TOKEN_ID"], t.newest, "close")},
    "daily-ohlcv": {name: candle(field) for name, field in BARS.items()},
    "hourly-ohlcv": {name: hour(field) for name, field in BARS.items()},
    "trader-grades": {
        "TA_GRADE": said(TRADER, "sub_grades", "technical"),
        "QUANT_GRADE": said(TRADER, "sub_grades", "quant"),
        "TM_TRADER_GRADE": said(TRADER, "grade"),
        "TM_TRADER_GRADE_24H_PCT_CHANGE": changed(TRADER, 1),
    },
    "investor-grades": {
        "TM_INVESTOR_GRADE": said(INVESTOR, "grade"),
        "TM_INVESTOR_GRADE_7D_PCT_CHANGE": changed(INVESTOR, 7),
        "VALUATION_GRADE": said(INVESTOR, "sub_grades", "valuation"),
    },
    "tm-grade": TM_GRADE_NEWEST,
    "tm-grade-history": TM_GRADE | {"TRADING_SIGNAL": said(DAILY, "signal")},
    "trading-signals": {
        "TRADING_SIGNAL": said(DAILY, "signal"),
        "TOKEN_TREND": said(DAILY, "trend"),
        "TRADING_SIGNALS_RETURNS": said(DAILY, "signal_return"),
        "HOLDING_RETURNS": said(DAILY, "holding_return"),
        "TM_TRADER_GRADE": said(TRADER, "grade"),
        "TM_INVESTOR_GRADE": said(INVESTOR, "grade"),
    },
    "hourly-trading-signals": {
        "CLOSE": said_hourly("close"),
        "CURRENT_PRICE": said_hourly("close"),
        "TRADING_SIGNAL": said_hourly("signal"),
        "SIGNAL_STRENGTH": said_hourly("score"),
        "CONFIDENCE": said_hourly("confidence"),
    },
    "quantmetrics": {
        name: said(TOKENS, "all", ours)
        for name, ours in (
            ("VOLATILITY", "volatility"),
            ("ALL_TIME_RETURN", "total_return"),
            ("CAGR", "cagr"),
            ("SHARPE", "sharpe"),
            ("SORTINO", "sortino"),
            ("MAX_DRAWDOWN", "max_drawdown"),
            ("SKEW", "skew"),
            ("TAIL_RATIO", "tail_ratio"),
            ("RISK_REWARD_RATIO", "payoff_ratio"),
            ("PROFIT_FACTOR", "omega"),
            ("KURTOSIS", "kurtosis"),
            ("DAILY_VALUE_AT_RISK", "var_95"),
            ("DAILY_RETURN_AVG", "mean"),
            ("DAILY_RETURN_STD", "deviation"),
        )
    },
    "correlation": {"TOP_CORRELATION.*.correlation": partner},
    "resistance-support": {"HISTORICAL_RESISTANCE_SUPPORT_LEVELS.*.level": level},
    "scenario-analysis": scenarios("SCENARIO_PREDICTION", "scenario_prediction"),
    "price-prediction": scenarios("PRICE_PREDICTION", "price_prediction")
    | {
        f"FORECASTS_FOR_NEXT_7_DAYS.{days}-day-forecast.{name}": quantile(days, place)
        for days in (1, 7)
        for name, place in (
            ("forecast", "0.50"),
            ("forecast_lower", "0.05"),
            ("forecast_upper", "0.95"),
        )
    }
    | {"PREDICTED_RETURNS_7D": week_ahead},
    "market-metrics": {
        "TOTAL_CRYPTO_MCAP": market("market_cap", "total_usd"),
        "TM_GRADE_PERC_HIGH_COINS": market("grades", "trader", "high", factor=100),
        "TM_GRADE_SIGNAL": market("indicator", "signal"),
        "LAST_TM_GRADE_SIGNAL": market("indicator", "last_signal"),
        "FEAR_AND_GREED_VALUE": market("fear_and_greed", "value"),
    },
    "indices": {
        "PRICE": index("level"),
        "COINS": lambda t, r: t.index(t.newest, r["ID"])["coins"],
        "24H": index("return_1d", 100),
        "7D": index("return_7d", 100),
        "1M": index("return_30d", 100),
        "ALL_TIME": index("return_all", 100),
        "24H_VOLUME": index("volume_usd"),
    },
    "indices-holdings": {
        "WEIGHT": held(1, "weight"),
        "PRICE": held(1, "price"),
        "CURRENT_ROI": held(1, "return"),
        "TRADER_GRADE": said(TRADER, "grade"),
        "TRADER_GRADE_CHANGE_24H": said(TRADER, "change"),
    },
    "indices-performance": RETURNS,
    "index-specific-performance": RETURNS,
    "indices-index-specific-performance": RETURNS,
    "trader-indices": {
        "INDEX_WEIGHT": portfolio("trader", "weight"),
        "INITIAL_PRICE": portfolio("trader", "entry_price"),
        "AMOUNT_OF_TOKENS": portfolio("trader", "amount"),
    },
    "investor-indices": {
        "INDEX_WEIGHT": portfolio("investor", "weight"),
        "INITIAL_PRICE": portfolio("investor", "entry_price"),
        "AMOUNT_OF_TOKENS": portfolio("investor", "amount"),
    },
    "index-holdings": TREE,
    "sector-indices-holdings": TREE,
    "indices-tree-map": TREE,
    "indices-index-specific-tree-map": TREE,
    "indices-transaction": TRANSACTIONS,
    "sector-index-transaction": TRANSACTIONS,
    "indices-index-transaction": TRANSACTIONS,
    "indices-index-specific-index-transaction": TRANSACTIONS,
    "moonshot-tokens": {"MOONSHOT_ROI": outcome},
}
"""No path without numbers is listed."""

NAMES = frozenset({"TOKEN_ID", "ID", "INDEX_ID", "CATEGORY_LIST.*.category_id"})
"""Numbers that are names."""

WRITTEN: dict[str, Callable[[Truth, Row, int], Any]] = {
    "TM_TRADER_GRADE": lambda t, r, i: t.row(TRADER, t.newest, i)["grade"],
    "VOLUME_24H": lambda t, r, i: t.row("moonshots", t.newest, i)["volume_24h_usd"],
    "PRICE_CHANGE_PERCENTAGE_7D_IN_CURRENCY": lambda t, r, i: (
        Decimal(t.row("moonshots", t.newest, i)["return_7d"]) * 100
    ),
}
"""Numbers that moonshot-tokens writes as strings."""
