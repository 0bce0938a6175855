"""What the start page says of each kind beside the grades: a few lines and where to read on. Pure.

A card shows figures of one publication as they were said; nothing is computed anew.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
Lines = list[tuple[str, str]]

MARKET_WORDS = {1: "bull", -1: "bear", 0: "neither bull nor bear"}
LEADERS = ("BTC", "ETH")
INDICES_SHOWN = 5
COINS_SHOWN = 3
WEEK = 7


@dataclass(frozen=True, slots=True)
class Card:
    """How one kind is told: title, address of the whole, and the lines of its newest rows."""

    kind: str
    title: str
    link: str
    tell: Callable[[Sequence[Row]], Lines]


def tell_market(rows: Sequence[Row]) -> Lines:
    """Bull or bear, fear and greed, breadth, volatility."""
    row = rows[0]
    if row["no_view"] is not None:
        return [("No view", row["no_view"]["reason"])]
    mood, breadth, volatility = row["fear_and_greed"], row["breadth"], row["volatility"]
    return [
        ("Market", MARKET_WORDS.get(row["indicator"]["signal"], "unknown")),
        ("Fear and greed", f"{mood['value']} {mood['label'] or ''}"),
        ("Above 50-day mean", write_share(breadth["above_mean_50"])),
        ("Volatility a year", f"{write_share(volatility['days_30'])} ({volatility['regime']})"),
    ]


def tell_signals(rows: Sequence[Row]) -> Lines:
    """How many are long, short and neither. What following brought stands only with its control."""
    count = Counter(row["signal"] for row in rows)
    lines = [("Long", str(count[1])), ("Short", str(count[-1])), ("None", str(count[0]))]
    for row in find_leaders(rows):
        followed, constant = write_return(row["signal_return"]), row["constant_return"]
        said = f"{followed}, control {write_return(constant)}"
        lines.append((f"{row['symbol']} followed", said))
    if lines[3:]:
        lines.append(("Control", "the same mean exposure, held constantly"))
    return lines


def tell_forecasts(rows: Sequence[Row]) -> Lines:
    """The 90 % range of a week ahead for the leading coins."""
    lines = []
    for row in find_leaders(rows):
        week = next((item for item in row["horizons"] if item["days"] == WEEK), None)
        if week is not None:
            low, high = write_price(week["prices"][0]), write_price(week["prices"][-1])
            lines.append((f"{row['symbol']} in 7 days", f"{low} – {high}"))
    return [*lines, ("Held", "90 % of the time, by what was known")] if lines else lines


def tell_indices(rows: Sequence[Row]) -> Lines:
    """Return since the start, net of costs, and level of the first indices."""
    return [
        (row["name"], f"{write_return(row['return_all'])} · {Decimal(row['level']):,.0f}")
        for row in rows[:INDICES_SHOWN]
    ]


def tell_moonshots(rows: Sequence[Row]) -> Lines:
    """The lowest risks of a fall, and whether rises can be foreseen at all."""
    viewed = [row for row in rows if row["no_view"] is None]
    lines = [
        (row["symbol"], f"{write_share(row['fall_80']['probability'], 2)} risk of an 80 % fall")
        for row in viewed[:COINS_SHOWN]
    ]
    if viewed and not any(chance["skill"] for chance in viewed[0]["events"].values()):
        lines.append(("Rises", "no skill shown, base rates"))
    return lines


def tell_briefing(rows: Sequence[Row]) -> Lines:
    """The grades that moved most, and how much the briefing was read from."""
    lines = []
    board = rows[0]["grades"]["boards"][0]
    for name, moved in (("Rose most", board["up"][:1]), ("Fell most", board["down"][:1])):
        for row in moved:
            before, now = (Decimal(row[member]) for member in ("grade_before", "grade"))
            lines.append((name, f"{row['symbol']} {before:.0f} → {now:.0f}"))
    return [*lines, ("Read from", f"{len(rows[0]['sources'])} publications")]


CARDS = (
    Card("briefing", "Briefing", "/v1/briefing.html", tell_briefing),
    Card("market_state", "State of the market", "/v1/market-state", tell_market),
    Card("signals.daily", "Signals", "/v1/signals/daily?limit=1000", tell_signals),
    Card("forecasts.quantiles", "Forecasts", "/v1/forecasts/quantiles?limit=1000", tell_forecasts),
    Card("indices", "Indices", "/v1/indices", tell_indices),
    Card("moonshots", "Moonshots", "/v1/moonshots?limit=1000", tell_moonshots),
)


def find_leaders(rows: Sequence[Row]) -> list[Row]:
    """The rows of Bitcoin and Ethereum that have a view."""
    return [row for row in rows if row["symbol"] in LEADERS and row["no_view"] is None]


def write_share(text: str | None, places: int = 0) -> str:
    """A share of one as percent; a dash where it is missing."""
    return "–" if text is None else f"{Decimal(text):.{places}%}"


def write_return(text: str | None) -> str:
    """A return as percent with its sign."""
    return "–" if text is None else f"{Decimal(text):+.0%}"


def write_price(text: str) -> str:
    """A price with about five digits."""
    value = Decimal(text)
    places = 0 if value == 0 else max(0, min(10, 4 - value.adjusted()))
    return f"{value:,.{places}f}"
