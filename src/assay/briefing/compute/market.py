"""The state of the market, beside that of the day before."""

from datetime import timedelta

from assay.briefing.compute.desk import Desk, Sheet, cite, has_view, say_absent
from assay.briefing.types import Json

KIND = "market_state"
TRAIL_DAYS = 60
FIGURES = {
    "btc": ("price_usd", "change"),
    "eth": ("price_usd", "change"),
    "market_cap": ("total_usd",),
    "volume": ("total_usd", "change"),
    "breadth": ("coins", "above_mean_50", "above_mean_50_change", "highs_90", "lows_90"),
    "indicator": ("signal", "last_signal", "since"),
    "volatility": ("days_30", "percentile", "regime", "since"),
    "fear_and_greed": ("value", "change", "label"),
    "correlation": ("mean", "change"),
}
"""What is taken over from the published row, by its groups."""


def compute_market(desk: Desk) -> Json:
    """The figures of the day and of the day before, and a trail of two of them over 60 days."""
    today, before = desk.read(KIND, desk.day), desk.read(KIND, desk.before)
    section: Json = {
        "kind": KIND,
        "absent": None,
        "sources": cite(today=today, before=before),
        "figures": None,
        "figures_before": None if before is None else _read_figures(before),
        "trail": [],
    }
    if today is None:
        return section | {"absent": say_absent(KIND, desk.day)}
    if not has_view(today.rows[0]):
        return section | {"absent": today.rows[0]["no_view"]["reason"]}
    return section | {"figures": _read_figures(today), "trail": _list_trail(desk)}


def _read_figures(sheet: Sheet) -> Json | None:
    row = sheet.rows[0]
    if not has_view(row):
        return None
    return {
        group: None if row[group] is None else {name: row[group][name] for name in names}
        for group, names in FIGURES.items()
    }


def _list_trail(desk: Desk) -> list[Json]:
    points = []
    for back in reversed(range(TRAIL_DAYS)):
        day = desk.day - timedelta(days=back)
        sheet = desk.read(KIND, day)
        figures = None if sheet is None else _read_figures(sheet)
        if sheet is not None and figures is not None:
            points.append(
                {
                    "source": sheet.source,
                    "as_of": day.isoformat(),
                    "btc_price_usd": _pick(figures, "btc", "price_usd"),
                    "fear_and_greed": _pick(figures, "fear_and_greed", "value"),
                }
            )
    return points


def _pick(figures: Json, group: str, name: str) -> str | None:
    return None if figures[group] is None else figures[group][name]
