"""Forecasts: ranges of the price, levels, and scenarios."""

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Group
from rich.text import Text

from assay.cli.tables.common import (
    Cell,
    Row,
    create_table,
    draw_faint,
    draw_return,
    draw_silent,
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


def draw_ranges(title: str, rows: Sequence[Row]) -> Group:
    """The 90 % range of each horizon, one line a token."""
    days = next((_list_days(row) for row in rows if row["horizons"]), [])
    names = [f"{day} d" for day in days]
    columns = ["Token", "Close", "Volatility", *names, "Trend"]
    spare = [*names[3:], *names[:1], "Volatility", "Trend", "Close", *names[2:3]]
    right = [name for name in columns if name not in ("Token", "Trend")]
    caption = "Ranges hold the close with 90 % by what was known; volatility is that of a day."
    table = create_table(columns, title=title, right=right, caption=caption, spare=spare)
    for row in rows:
        if row["no_view"] is not None:
            continue
        low, high = (row["quantiles"].index(level) for level in OUTER)
        ranges = [
            f"{format_price(item['prices'][low])} .. {format_price(item['prices'][high])}"
            for item in row["horizons"]
        ]
        table.add_row(
            draw_symbol(row),
            format_price(row["price"]),
            format_share(row["volatility"]),
            *ranges,
            DIRECTIONS[row["trend"]["direction"]] if row["trend"] else draw_faint(None),
        )
    return Group(table, *draw_silent(rows))


def draw_quantiles(title: str, row: Row) -> Group:
    """Every quantile of one token, one column a horizon."""
    head = Text(f"{title}  {row['symbol']} {row['name']} at {format_price(row['price'])}")
    head.stylize("bold")
    if row["no_view"] is not None:
        return Group(head, Text(f"no view: {row['no_view']['reason']}"))
    horizons = [f"{days} d" for days in _list_days(row)]
    table = create_table(["Quantile", *horizons], right=["Quantile", *horizons])
    table.add_row("", *(draw_faint(item["through"]) for item in row["horizons"]))
    for place, level in enumerate(row["quantiles"]):
        prices = [format_price(item["prices"][place]) for item in row["horizons"]]
        table.add_row(format_share(level, 0), *prices)
    return Group(head, table, _describe_trend(row))


def draw_levels(title: str, rows: Sequence[Row]) -> Group:
    """Support and resistance with the evidence for each, nearest first."""
    columns = ("Token", "Close", "", "Level", "Away", "Touched", "Turned", "Strength", "Since",
               "Last")  # fmt: skip
    right = ("Close", "Level", "Away", "Touched", "Turned", "Strength")
    spare = ("Turned", "Since", "Last", "Close")
    table = create_table(columns, title=title, right=right, spare=spare)
    for row in rows:
        head: list[Cell] = [draw_symbol(row), format_price(row["price"])]
        if row["no_view"] is not None:
            continue
        levels = [*reversed(row["resistances"]), *row["supports"]]
        for level in levels:
            table.add_row(*head, *_level_cells(level))
            head = ["", ""]
        if not levels:
            table.add_row(*head, draw_faint("none near"))
    return Group(table, *draw_silent(rows))


def draw_scenarios(title: str, rows: Sequence[Row]) -> Group:
    """What a bear and a bull market would mean, one line a horizon; base is no change."""
    columns = ("Token", "Close", "Beta", "Days", "Bear", "Token ", "Price", "Bull", " Token",
               " Price")  # fmt: skip
    caption = (
        "Bear and Bull: what the market did in the worst and the best tenth of its own past "
        "windows; beside them what that would mean for the token. Base is no change."
    )
    right = columns[1:]
    spare = ("Beta", "Close")
    table = create_table(columns, title=title, right=right, caption=caption, spare=spare)
    for row in rows:
        if row["no_view"] is not None:
            continue
        head: list[Cell] = [
            draw_symbol(row), format_price(row["price"]), format_figure(row["beta"]),
        ]  # fmt: skip
        bear, bull = (row["scenarios"].index(name) for name in ("bear", "bull"))
        for item in row["horizons"]:
            cells: list[Cell] = []
            for place in (bear, bull):
                cells += [
                    draw_return(to_simple(item["market_returns"][place]), 0),
                    draw_return(to_simple(item["returns"][place]), 0),
                    format_price(item["prices"][place]),
                ]
            table.add_row(*head, str(item["days"]), *cells)
            head = ["", "", ""]
    return Group(table, *draw_silent(rows))


def to_simple(log_return: str) -> str:
    """A log return as the plain one that people mean by percent."""
    return str(Decimal(log_return).exp() - 1)


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
