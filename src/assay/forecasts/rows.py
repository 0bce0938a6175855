"""One day's forecasts as the rows that are sealed and served: decimal strings, by token id.

Pure. The fields are documented in `docs/method/forecasts.md`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.forecasts.types import QUANTILE_NAMES, REASONS, SCENARIO_NAMES, NoView
from assay.markets.types import Token
from assay.publishing import format_decimal, format_price

Row = dict[str, Any]
Numbers = NDArray[np.float64]
Words = tuple[str, ...]

RETURN_PLACES = 4
_PRICE_DIGITS = 6


def round_returns(values: Numbers) -> Numbers:
    """To 4 decimals, halves to even, never minus zero: what `%.4f` then writes."""
    return np.asarray(np.rint(values * 1e4) / 1e4 + 0.0)


def format_table(values: Numbers, places: Sequence[int]) -> list[Words]:
    """Each row of [tokens, numbers] with its own number of decimals, all in one go.

    NaN becomes "nan": the caller leaves such rows out.
    """
    count = values.shape[1]
    templates = {number: f"%.{number}f " * count for number in set(places)}
    template = "".join([templates[number] for number in places])
    # Tuples of text are left alone by the garbage collector, which lists are not.
    words = tuple((template % tuple(values.ravel().tolist())).split())
    return [words[start : start + count] for start in range(0, len(words), count)]


def format_returns(values: Numbers) -> list[Words]:
    """Rounded returns [tokens, numbers] as decimal strings."""
    return format_table(values, [RETURN_PLACES] * values.shape[0])


def format_prices(values: Numbers, prices: Numbers) -> list[Words]:
    """Prices [tokens, numbers], each row with the decimals that give the token's price of today
    6 significant digits.
    """
    digits = _PRICE_DIGITS - 1
    places = [
        max(0, digits - int(f"{price:.{digits}e}".split("e")[1])) if price > 0.0 else 0
        for price in prices.tolist()
    ]
    return format_table(values, places)


def create_heads(tokens: Sequence[Token], prices: Numbers) -> list[Row]:
    """What every row begins with: who, and the close of the day (None without a bar)."""
    return [
        {
            "token_id": int(token.token_id),
            "symbol": token.symbol,
            "name": token.name,
            "price": format_price(price),
        }
        for token, price in zip(tokens, prices.tolist(), strict=True)
    ]


def create_silence(code: NoView) -> dict[str, str]:
    """Why nothing is said."""
    return {"code": code.value, "reason": REASONS[code]}


def create_quantile_row(
    head: Row, volatility: float, third: str, horizons: list[Row], trend: Row | None
) -> Row:
    """Quantiles of one token with a view."""
    return head | {
        "volatility": format_decimal(volatility, RETURN_PLACES),
        "volatility_third": third,
        "quantiles": QUANTILE_NAMES,
        "horizons": horizons,
        "trend": trend,
        "no_view": None,
    }


def create_silent_quantile_row(head: Row, code: NoView) -> Row:
    """The same fields where nothing is said."""
    return head | {
        "volatility": None,
        "volatility_third": None,
        "quantiles": None,
        "horizons": None,
        "trend": None,
        "no_view": create_silence(code),
    }


def create_trend(direction: str, numbers: Sequence[float], days: int) -> Row:
    """A trend call with its evidence: statistic, slope and return of the window."""
    statistic, slope, change = numbers
    return {
        "direction": direction,
        "statistic": format_decimal(statistic, 2),
        "slope": format_decimal(slope, RETURN_PLACES),
        "return": format_decimal(change, RETURN_PLACES),
        "days": days,
    }


def create_level(
    price: str, side: str, distance: str, counts: Sequence[int], first: str, last: str
) -> Row:
    """A level with its evidence: visits, and how many of them it turned back."""
    touches, bounces = counts
    return {
        "price": price,
        "side": side,
        "distance": distance,
        "touches": touches,
        "bounces": bounces,
        "strength": format_decimal(bounces / touches, 2),
        "first_touch": first,
        "last_touch": last,
    }


def create_level_row(
    head: Row, tolerance: float, supports: list[Row], resistances: list[Row]
) -> Row:
    """Levels of one token, the nearest first."""
    return head | {
        "tolerance": format_decimal(tolerance, RETURN_PLACES),
        "supports": supports,
        "resistances": resistances,
        "no_view": None,
    }


def create_silent_level_row(head: Row, code: NoView) -> Row:
    """The same fields where nothing is said."""
    return head | {
        "tolerance": None,
        "supports": None,
        "resistances": None,
        "no_view": create_silence(code),
    }


def create_scenario_row(
    head: Row, market: str, cap: float, link: tuple[float, float], horizons: list[Row]
) -> Row:
    """Scenarios of one token: its `link` is (beta, correlation)."""
    return head | {
        "market_cap": format_decimal(cap, 0),
        "market": market,
        "beta": format_decimal(link[0], 2),
        "correlation": format_decimal(link[1], 2),
        "scenarios": SCENARIO_NAMES,
        "horizons": horizons,
        "no_view": None,
    }


def create_silent_scenario_row(head: Row, market: str | None, code: NoView) -> Row:
    """The same fields where nothing is said."""
    return head | {
        "market_cap": None,
        "market": market,
        "beta": None,
        "correlation": None,
        "scenarios": None,
        "horizons": None,
        "no_view": create_silence(code),
    }
