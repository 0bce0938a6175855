"""Forecasts: ranges of the price, levels, and scenarios."""

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Group
from rich.table import Table
from rich.text import Text

from assay.cli.tables.common import (
    Cell,
    Row,
    create_table,
    draw_faint,
    draw_return,
    draw_silence,
    draw_symbol,
    format_figure,
    format_price,
    format_share,
)

DIRECTIONS = {
    "up": Text("▲ up", style="green"),
    "down": Text("▼ down", style="red"),
    "none": Text("· none", style="bright_black"),
}
OUTER = "0.05", "0.95"


def draw_ranges(title: str, rows: Sequence[Row], *, is_wide: bool) -> Table:
    """The 90 % range of each horizon, one line a token."""
    days = next((_list_days(row) for row in rows if row["horizons"]), [])
    shown = days if is_wide else days[1:3]
    columns = ["Token", "Close", "Volatility", *(f"{day} d" for day in shown), "Trend"]
    right = [name for name in columns if name not in ("Token", "Trend")]
    caption = "Ranges hold the close with 90 % by what was known; volatility is that of a day."
    table = create_table(columns, title=title, right=right, caption=caption)
    for row in rows:
        if row["no_view"] is not None:
            blank = [""] * len(shown)
            table.add_row(
                draw_symbol(row), format_price(row["price"]), "", *blank, draw_silence(row)
            )
            continue
        low, high = (row["quantiles"].index(level) for level in OUTER)
        ranges = [
            f"{format_price(item['prices'][low])} .. {format_price(item['prices'][high])}"
            for item in row["horizons"]
            if item["days"] in shown
        ]
        table.add_row(
            draw_symbol(row),
            format_price(row["price"]),
            format_share(row["volatility"]),
            *ranges,
            DIRECTIONS[row["trend"]["direction"]] if row["trend"] else draw_faint(None),
        )
    return table


def draw_quantiles(title: str, row: Row) -> Group:
    """Every quantile of one token, one line a horizon."""
    head = Text(f"{title}  {row['symbol']} {row['name']} at {format_price(row['price'])}")
    head.stylize("bold")
    if row["no_view"] is not None:
        return Group(head, Text(f"no view: {row['no_view']['reason']}"))
    columns = ["Days", "Close of", *(format_share(level, 0) for level in row["quantiles"])]
    table = create_table(columns, right=[name for name in columns if name != "Close of"])
    for item in row["horizons"]:
        prices = [format_price(price) for price in item["prices"]]
        table.add_row(str(item["days"]), item["through"], *prices)
    return Group(head, table, _describe_trend(row))


def draw_levels(title: str, rows: Sequence[Row]) -> Table:
    """Support and resistance with the evidence for each, nearest first."""
    columns = ("Token", "Close", "", "Level", "Away", "Touched", "Turned", "Strength", "Since",
               "Last")  # fmt: skip
    right = ("Close", "Level", "Away", "Touched", "Turned", "Strength")
    table = create_table(columns, title=title, right=right)
    for row in rows:
        head: list[Cell] = [draw_symbol(row), format_price(row["price"])]
        if row["no_view"] is not None:
            table.add_row(*head, draw_silence(row))
            continue
        levels = [*reversed(row["resistances"]), *row["supports"]]
        for level in levels:
            table.add_row(*head, *_level_cells(level))
            head = ["", ""]
        if not levels:
            table.add_row(*head, draw_faint("no level near"))
    return table


def draw_scenarios(title: str, rows: Sequence[Row]) -> Table:
    """What a bear, base and bull market would mean, one line a horizon."""
    names = next((row["scenarios"] for row in rows if row["horizons"]), ["bear", "base", "bull"])
    columns = ["Token", "Close", "Beta", "Days"]
    for name in names:
        columns += [f"Market {name}", "Return", "Price"]
    right = [name for name in columns if name != "Token"]
    table = create_table(columns, title=title, right=right)
    for row in rows:
        head: list[Cell] = [
            draw_symbol(row), format_price(row["price"]), format_figure(row["beta"]),
        ]  # fmt: skip
        if row["no_view"] is not None:
            table.add_row(*head, "", draw_silence(row))
            continue
        for item in row["horizons"]:
            cells: list[Cell] = []
            for place in range(len(names)):
                cells += [
                    draw_return(item["market_returns"][place], 0),
                    draw_return(item["returns"][place], 0),
                    format_price(item["prices"][place]),
                ]
            table.add_row(*head, str(item["days"]), *cells)
            head = ["", "", ""]
    return table


def _list_days(row: Row) -> list[int]:
    return [item["days"] for item in row["horizons"]]


def _level_cells(level: Row) -> list[Cell]:
    is_support = level["side"] == "support"
    strength = Decimal(level["strength"])
    return [
        Text("support", style="green") if is_support else Text("resistance", style="red"),
        format_price(level["price"]),
        draw_return(level["distance"]),
        str(level["touches"]),
        str(level["bounces"]),
        Text(f"{strength:.0%}", style="bold" if strength >= Decimal("0.8") else ""),
        level["first_touch"],
        level["last_touch"],
    ]


def _describe_trend(row: Row) -> Text:
    trend = row["trend"]
    if trend is None:
        return Text("")
    said = DIRECTIONS[trend["direction"]].plain[2:]
    words = f"Trend of {trend['days']} days: {said} (t {trend['statistic']}). "
    third = f"Volatility {format_share(row['volatility'])} a day, {row['volatility_third']}."
    return Text(words + third, style="bright_black")
