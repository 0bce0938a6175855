"""Forecasts: `/resistance-support`, `/scenario-analysis`, `/price-prediction`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from assay.tokenmetrics.parameters import FILTERS, NAMED, PAGED, TOKEN_FIELDS
from assay.tokenmetrics.reading import Reading, Row
from assay.tokenmetrics.types import Asked, Endpoint, Field, Found, Missing
from assay.tokenmetrics.values import day, nothing, number, text, to_number

LEVELS, SCENARIOS, QUANTILES = "forecasts.levels", "forecasts.scenarios", "forecasts.quantiles"
CASES = ("bear", "base", "moon")
MEDIAN, LOWER, UPPER = "0.50", "0.05", "0.95"
WEEK = 7
TRILLION = 10**12


def answer_levels(reading: Reading, asked: Asked) -> Found:
    """Levels of support and resistance, the nearest to the price first."""
    return _answer(reading, asked, LEVELS, lambda row: {"levels": list_levels(row)})


def answer_scenarios(reading: Reading, asked: Asked) -> Found:
    """What a bear, base and bull market would mean for each token at the longest horizon."""
    return _answer(reading, asked, SCENARIOS, describe_scenarios)


def answer_predictions(reading: Reading, asked: Asked) -> Found:
    """The same scenarios under the later name, and the forecasts of the next days that there are.

    The forecasts are of the same day as the scenarios.
    """
    quantiles = {row["token_id"]: row for _, row in reading.load_rows(QUANTILES, asked)}

    def describe(row: Row) -> Row:
        forecast = quantiles.get(row["token_id"])
        ahead = {} if forecast is None else describe_forecasts(forecast)
        return describe_scenarios(row) | ahead

    return _answer(reading, asked, SCENARIOS, describe)


def list_levels(row: Mapping[str, Any]) -> list[Row] | None:
    """Price and day of the last touch of every level; None where there is none."""
    levels = [*(row["resistances"] or ()), *(row["supports"] or ())]
    levels.sort(key=lambda level: abs(Decimal(level["distance"])))
    return [
        {"date": level["last_touch"], "level": to_number(level["price"])} for level in levels
    ] or None


def describe_scenarios(row: Mapping[str, Any]) -> Row:
    """The scenarios of the longest horizon: of each market the low, middle and high price."""
    longest = max(row["horizons"], key=lambda horizon: horizon["days"])
    price = to_number(row["price"])
    total = row.get("total_market_cap")
    entries = [describe_scenario(row, longest, place) for place in range(len(row["scenarios"]))]
    described = {
        "token_mcap": to_number(row["market_cap"]),
        "total_mcap": to_number(total),
        "category_name": None,
        "current_price": price,
        "predicted_date": longest["through"],
        "similar_tokens_info": None,
        "avg_past_performance": None,
        "self_past_performance": None,
    }
    return {
        "scenario_prediction": described | {"scenario_prediction": entries},
        "price_prediction": described | {"price_prediction": entries},
        "scenario_analysis": describe_caps(longest),
    }


def describe_scenario(row: Mapping[str, Any], horizon: Mapping[str, Any], place: int) -> Row:
    """One market: `scenario` is how many times today's it is, the token's prices are the ends and
    the middle of the published interval, returns simple against today's price.
    """
    entry: Row = {"scenario": multiple(horizon["market_levels"], place)}
    today = Decimal(row["price"])
    prices = (horizon["prices_low"], horizon["prices"], horizon["prices_high"])
    for case, found in zip(CASES, prices, strict=True):
        price = Decimal(found[place])
        entry[f"predicted_price_{case}"] = to_number(found[place])
        entry[f"predicted_roi_{case}"] = float(round(price / today - 1, 4)) if today else None
        entry[f"predicted_mcap_{case}"] = None
        entry[f"predicted_fdv_{case}"] = None
    entry["predicted_mcap_base"] = _at(horizon["market_caps"], place)
    entry["total_mcap_scenario"] = _at(horizon["total_market_caps"], place)
    return entry


def multiple(levels: Sequence[str] | None, place: int) -> float | None:
    """A market's level over that of the base scenario, which is today's; four decimals."""
    if levels is None:
        return None
    base = Decimal(levels[1])
    return float(round(Decimal(levels[place]) / base, 4)) if base else None


def describe_caps(horizon: Mapping[str, Any]) -> list[Row] | None:
    """The older form, by total market cap in trillions; None where no caps are known."""
    totals, caps = horizon["total_market_caps"], horizon["market_caps"]
    if totals is None or caps is None:
        return None
    return [
        {
            "crypto_market_cap_trillion": float(Decimal(total) / TRILLION),
            "price_prediction": to_number(price),
            "token_dominance": float(Decimal(cap) / Decimal(total)),
        }
        for total, price, cap in zip(totals, horizon["prices"], caps, strict=True)
    ]


def describe_forecasts(row: Mapping[str, Any]) -> Row:
    """Median and 90 % range of the price 1 and 7 days ahead: the days between are not forecast."""
    place = {level: i for i, level in enumerate(row["quantiles"])}
    ahead: Row = {}
    for horizon in row["horizons"]:
        if horizon["days"] <= WEEK:
            prices = horizon["prices"]
            ahead[f"{horizon['days']}-day-forecast"] = {
                "forecast": to_number(prices[place[MEDIAN]]),
                "forecast_lower": to_number(prices[place[LOWER]]),
                "forecast_upper": to_number(prices[place[UPPER]]),
            }
    week = next((h for h in row["horizons"] if h["days"] == WEEK), None)
    change = None
    if week is not None and Decimal(row["price"]):
        median = Decimal(week["prices"][place[MEDIAN]])
        change = float(round(median / Decimal(row["price"]) - 1, 4))
    return {"forecasts": ahead or None, "return_7d": change}


def _answer(reading: Reading, asked: Asked, kind: str, describe: Callable[[Row], Row]) -> Found:
    def walk() -> Iterator[Row]:
        for when, row in reading.load_rows(kind, asked):
            yield reading.name(row["token_id"]) | {"day": when} | describe(row)

    return Found(walk(), reading.names.choose(asked).absent)


def _at(values: Sequence[str] | None, place: int) -> int | float | None:
    return None if values is None else to_number(values[place])


def _dated(kind: str) -> tuple[Field, ...]:
    return (*TOKEN_FIELDS, Field("DATE", "string", day("day"), f"{kind}: day"))


QUERY = (*NAMED, *FILTERS, *PAGED)

ENDPOINTS = (
    Endpoint(
        "resistance-support",
        "List levels of support and resistance, the nearest first; `date` is the last touch.",
        (
            *_dated(LEVELS),
            Field(
                "HISTORICAL_RESISTANCE_SUPPORT_LEVELS",
                "array",
                text("levels"),
                f"{LEVELS}: supports and resistances",
                Missing.DROP,
            ),
            Field("market_context", "object", nothing, "nothing such is published", Missing.OMIT),
        ),
        QUERY,
        answer_levels,
    ),
    Endpoint(
        "scenario-analysis",
        "List what a bear, base and bull market would mean for each token.",
        (
            *_dated(SCENARIOS),
            Field(
                "SCENARIO_PREDICTION",
                "object",
                text("scenario_prediction"),
                f"{SCENARIOS}: the longest horizon",
                Missing.DROP,
            ),
            Field(
                "SCENARIO_ANALYSIS",
                "array",
                text("scenario_analysis"),
                f"{SCENARIOS}: market caps; null where none are known",
            ),
        ),
        QUERY,
        answer_scenarios,
    ),
    Endpoint(
        "price-prediction",
        "List the scenarios under their later name, and the forecasts of the next week.",
        (
            *_dated(SCENARIOS),
            Field(
                "PRICE_PREDICTION",
                "object",
                text("price_prediction"),
                f"{SCENARIOS}: the longest horizon",
                Missing.DROP,
            ),
            Field(
                "FORECASTS_FOR_NEXT_7_DAYS",
                "object",
                text("forecasts"),
                f"{QUANTILES}: median, 5 % and 95 % of 1 and 7 days",
            ),
            Field(
                "PREDICTED_RETURNS_7D",
                "number",
                number("return_7d"),
                f"{QUANTILES}: median of 7 days against today's price",
            ),
        ),
        QUERY,
        answer_predictions,
    ),
)
