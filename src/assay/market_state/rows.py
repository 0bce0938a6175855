"""What is sealed of a day: one row of the market, one per coin, one per coin of its correlations.

Pure. The fields are documented in `docs/api.md` and `docs/method/market_state.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from assay.market_state.compute.rules import label_mood
from assay.market_state.types import (
    COMPONENTS,
    HIGH_GRADE,
    INDICATOR_RULE,
    REGIMES,
    STRONG_GRADE,
    MarketSeries,
    Series,
)
from assay.markets.types import Token
from assay.publishing import format_decimal, format_price

Json = dict[str, object]
Grades = Sequence[Mapping[str, object]] | None

NO_CAPS = "No market caps are among the data; dollar volume stands in for them."
NO_COIN = "{} has no candle on this day."
NO_HISTORY = "The history is too short for {}."


def _format_step(values: Series, t: int, places: int) -> str | None:
    """Difference to the day before."""
    return format_decimal(float(values[t] - values[t - 1]), places) if t > 0 else None


def _format_ratio(values: Series, t: int) -> str | None:
    """Change against the day before as a share of it."""
    if t == 0 or not values[t - 1] > 0.0:
        return None
    return format_decimal(float(values[t] / values[t - 1] - 1.0), 4)


def create_price(token: Token | None, close: Series | None, quoted: float, t: int) -> Json | None:
    """Price of one coin in USD and its change against the day before; None without a bar."""
    if token is None or close is None or not np.isfinite(quoted):
        return None
    return {
        "token_id": int(token.token_id),
        "price_usd": format_price(quoted),
        "change": _format_ratio(close, t),
    }


def create_grades(today: Grades, yesterday: Grades, name: str) -> Json:
    """How many coins are graded, and the shares graded 60 or more, and 75 or more."""
    graded, high, strong = _count_high(today)
    empty: Json = {"graded": graded, "high": None, "high_change": None, "strong": None}
    if not graded:
        return {**empty, "reason": f"No {name} Grades stand for this day."}
    before, high_before, _ = _count_high(yesterday)
    change = high / graded - high_before / before if before else float("nan")
    return {
        "graded": graded,
        "high": format_decimal(high / graded, 4),
        "high_change": format_decimal(change, 4),
        "strong": format_decimal(strong / graded, 4),
        "reason": None,
    }


def _count_high(rows: Grades) -> tuple[int, int, int]:
    grades = [float(str(row["grade"])) for row in rows or () if row["grade"] is not None]
    return (
        len(grades),
        sum(grade >= HIGH_GRADE for grade in grades),
        sum(grade >= STRONG_GRADE for grade in grades),
    )


def create_market_row(
    series: MarketSeries,
    t: int,
    first_day: date,
    prices: Mapping[str, Json | None],
    grades: Mapping[str, Json],
) -> Json:
    """The row of the day in column `t`. `gaps` says in words what could not be told."""
    row: Json = {
        "no_view": None,
        **prices,
        "market_cap": _create_caps(series, t),
        "volume": _create_volume(series, t),
        "breadth": _create_breadth(series, t),
        "indicator": _create_indicator(series, t, first_day),
        "volatility": _create_volatility(series, t, first_day),
        "fear_and_greed": _create_mood(series, t),
        "grades": dict(grades),
        "correlation": {
            "mean": format_decimal(float(series.correlation[t]), 4),
            "change": _format_step(series.correlation, t, 4),
            "coins": int(series.correlated[t]),
        },
    }
    row["gaps"] = _list_gaps(series, t, prices, grades)
    return row


def _create_caps(series: MarketSeries, t: int) -> Json:
    total = format_decimal(float(series.market_cap[t]), 0)
    return {
        "total_usd": total,
        "top_100_usd": format_decimal(float(series.top_market_cap[t]), 0),
        "btc_share": format_decimal(float(series.btc_cap_share[t]), 4),
        "change": _format_ratio(series.market_cap, t),
        "reason": NO_CAPS if total is None else None,
    }


def _create_volume(series: MarketSeries, t: int) -> Json:
    return {
        "total_usd": format_decimal(float(series.volume[t]), 0),
        "top_100_usd": format_decimal(float(series.top_volume[t]), 0),
        "change": _format_ratio(series.volume, t),
        "btc_share": format_decimal(float(series.btc_volume_share[t]), 4),
        "btc_share_change": _format_step(series.btc_volume_share, t, 4),
    }


def _create_breadth(series: MarketSeries, t: int) -> Json:
    return {
        "coins": int(series.members[t]),
        "above_mean_50": format_decimal(float(series.above_short[t]), 4),
        "above_mean_50_change": _format_step(series.above_short, t, 4),
        "above_mean_200": format_decimal(float(series.above_long[t]), 4),
        "above_mean_200_change": _format_step(series.above_long, t, 4),
        "highs_90": int(series.highs[t]),
        "lows_90": int(series.lows[t]),
        "beating_btc_90": format_decimal(float(series.beating_btc[t]), 4),
    }


def _create_indicator(series: MarketSeries, t: int, first_day: date) -> Json:
    return {
        "signal": int(series.signal[t]),
        "last_signal": int(series.last_signal[t]),
        "since": _format_day(first_day, int(series.signal_since[t])),
        "rule": INDICATOR_RULE,
    }


def _create_volatility(series: MarketSeries, t: int, first_day: date) -> Json:
    short, month, quarter = series.volatility
    regime = int(series.regime[t])
    return {
        "days_10": format_decimal(float(short[t]), 4),
        "days_30": format_decimal(float(month[t]), 4),
        "days_30_change": _format_step(month, t, 4),
        "days_90": format_decimal(float(quarter[t]), 4),
        "percentile": format_decimal(float(series.percentile[t]), 2),
        "regime": REGIMES[regime].value if regime >= 0 else None,
        "since": _format_day(first_day, int(series.regime_since[t])),
    }


def _create_mood(series: MarketSeries, t: int) -> Json:
    value = int(series.fear_and_greed[t])
    before = int(series.fear_and_greed[t - 1]) if t > 0 else -1
    parts = series.components[:, t]
    return {
        "value": value if value >= 0 else None,
        "change": value - before if value >= 0 and before >= 0 else None,
        "label": label_mood(value).value if value >= 0 else None,
        "components": {
            name: round(float(part)) if np.isfinite(part) else None
            for name, part in zip(COMPONENTS, parts, strict=True)
        },
    }


def _format_day(first_day: date, column: int) -> str | None:
    return (first_day + timedelta(days=column)).isoformat() if column >= 0 else None


def _list_gaps(
    series: MarketSeries, t: int, prices: Mapping[str, Json | None], grades: Mapping[str, Json]
) -> list[str]:
    gaps = [] if np.isfinite(series.market_cap[t]) else [NO_CAPS]
    gaps += [NO_COIN.format(name.upper()) for name, price in prices.items() if price is None]
    missing = {
        "the share above the 50-day mean": np.isnan(series.above_short[t]),
        "the share above the 200-day mean": np.isnan(series.above_long[t]),
        "the volatility regime": series.regime[t] < 0,
        "the fear-and-greed index": series.fear_and_greed[t] < 0,
        "the mean correlation": np.isnan(series.correlation[t]),
    }
    gaps += [NO_HISTORY.format(name) for name, is_missing in missing.items() if is_missing]
    return gaps + [str(part["reason"]) for part in grades.values() if part["reason"]]
