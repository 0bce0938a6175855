"""How far Bitcoin and Ether may be in a day, a week, a month and a quarter."""

from assay.briefing.compute.desk import Desk, cite, has_view, name_token, say_absent
from assay.briefing.types import Json

KIND = "forecasts.quantiles"
SHOWN = ("BTC", "ETH")
LEVELS = ("0.05", "0.50", "0.95")
"""The quantiles of the return that are shown: nine in ten outcomes lie between the outer two."""


def compute_forecasts(desk: Desk) -> Json:
    """Price and return quantiles of the shown coins, for each horizon that was published."""
    sheet = desk.read(KIND, desk.day)
    section: Json = {
        "kind": KIND,
        "absent": None,
        "sources": cite(today=sheet),
        "levels": list(LEVELS),
        "coins": [],
    }
    if sheet is None:
        return section | {"absent": say_absent(KIND, desk.day)}
    by_symbol = {row["symbol"]: row for row in sheet.rows if has_view(row)}
    section["coins"] = [_describe(by_symbol[name]) for name in SHOWN if name in by_symbol]
    missing = [name for name in SHOWN if name not in by_symbol]
    if missing:
        section["absent"] = f"No forecast was published of {' and '.join(missing)}."
    return section


def _describe(row: Json) -> Json:
    places = [row["quantiles"].index(level) for level in LEVELS]
    return {
        **name_token(row),
        "price": row["price"],
        "horizons": [
            {
                "days": horizon["days"],
                "through": horizon["through"],
                "returns": [horizon["returns"][place] for place in places],
                "prices": [horizon["prices"][place] for place in places],
            }
            for horizon in row["horizons"]
        ],
    }
