"""The state of the market, on one screen."""

from decimal import Decimal
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from assay.cli.tables.common import (
    MISSING,
    Row,
    draw_bar,
    draw_faint,
    draw_return,
    format_dollars,
    format_figure,
    format_price,
    format_share,
)

SIGNALS = {
    1: Text("bull", style="bold green"),
    -1: Text("bear", style="bold red"),
    0: Text("neither", style="yellow"),
}


def draw_market(title: str, row: Row) -> Group:
    """The figures of one day, with what is missing named."""
    head = Text(title, style="bold")
    if row["no_view"] is not None:
        return Group(head, Text(f"no view: {row['no_view']['reason']}"))
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bright_black")
    facts.add_column()
    for name, said in _list_facts(row):
        facts.add_row(name, said)
    gaps = [Text(gap, style="bright_black") for gap in row["gaps"] or ()]
    return Group(head, facts, *gaps)


def _list_facts(row: Row) -> list[tuple[str, Text]]:
    indicator, mood = row["indicator"], row["fear_and_greed"]
    volume, breadth, volatility = row["volume"], row["breadth"], row["volatility"]
    facts = [
        ("Bull or bear", _describe_indicator(indicator)),
        ("Fear and greed", _describe_mood(mood)),
        ("Bitcoin", _describe_price(row["btc"])),
        ("Ethereum", _describe_price(row["eth"])),
        (
            "Traded in a day",
            Text(f"{format_dollars(volume['total_usd'])}  ") + draw_return(volume["change"])
            + Text(f"  Bitcoin {format_share(volume['btc_share'])}"),
        ),
        (
            "Breadth",
            Text(f"{format_share(breadth['above_mean_50'], 0)} of {breadth['coins']} coins above "
                 f"their 50-day mean, {format_share(breadth['above_mean_200'], 0)} above that of "
                 f"200 days; {breadth['highs_90']} highs and {breadth['lows_90']} lows of 90 days"),
        ),
        (
            "Volatility",
            Text(f"{format_share(volatility['days_30'], 0)} a year over 30 days, "
                 f"{volatility['regime']} (percentile {format_figure(volatility['percentile'], 0)} "
                 f"of its own past) since {volatility['since']}"),
        ),
    ]  # fmt: skip
    for kind, graded in (row["grades"] or {}).items():
        facts.append((f"{kind.title()} grades", _describe_grades(graded)))
    together = row["correlation"]
    facts.append(
        (
            "Correlation",
            Text(f"{format_figure(together['mean'])} between {together['coins']} coins"),
        )
    )
    if row["market_cap"]["total_usd"] is not None:
        facts.append(("Market cap", Text(format_dollars(row["market_cap"]["total_usd"]))))
    return facts


def _describe_indicator(indicator: dict[str, Any]) -> Text:
    said = SIGNALS.get(indicator["signal"], Text(MISSING))
    return said + Text(f" (the last word is of {indicator['since']}). {indicator['rule']}",
                       style="bright_black")  # fmt: skip


def _describe_mood(mood: dict[str, Any]) -> Text:
    if mood["value"] is None:
        return draw_faint(None)
    parts = ", ".join(f"{name} {value}" for name, value in (mood["components"] or {}).items())
    value = Decimal(mood["value"])
    return draw_bar(value) + Text(f" {value} {mood['label']}") + Text(f"  {parts}", "bright_black")


def _describe_price(price: dict[str, Any]) -> Text:
    return Text(f"${format_price(price['price_usd'])}  ") + draw_return(price["change"])


def _describe_grades(graded: dict[str, Any]) -> Text:
    if graded["high"] is None:
        return draw_faint(graded["reason"])
    return Text(
        f"{format_share(graded['high'], 0)} of {graded['graded']} tokens graded high, "
        f"{format_share(graded['strong'], 0)} strong"
    )
