"""Moonshots: chances of great rises and falls beside their base rates, and what became of them."""

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from assay.cli.tables.common import (
    Cell,
    Row,
    create_table,
    draw_faint,
    draw_return,
    draw_silent,
    draw_symbol,
    format_dollars,
    format_price,
    format_share,
)

RISES = (("up_2x", "2x"), ("up_5x", "5x"), ("up_10x", "10x"))


def draw_moonshots(title: str, rows: Sequence[Row]) -> Group:
    """One line a coin; whether the model has any skill at each event stands above."""
    rises = [name for _, name in RISES]
    columns = ("#", "Token", "Price", "$ a day", "Age", "-80 %", "Usual", "Interval", *rises,
               "7 d", "Daily move")  # fmt: skip
    right = [name for name in columns if name != "Token"]
    spare = ("Daily move", "7 d", "Interval", "Age", "Price", "$ a day")
    caption = (
        "-80 %: chance of that fall within 90 days; Usual: how often it happened to such coins; "
        "faint chances are only base rates."
    )
    table = create_table(columns, title=title, right=right, caption=caption, spare=spare)
    for row in rows:
        if row["no_view"] is None:
            cells = _cells(row)
            table.add_row(*(cells[name] for name in columns))
    return Group(*_describe_skill(rows), table, *draw_silent(rows))


def draw_outcomes(title: str, rows: Sequence[Row]) -> Table:
    """What became of those listed before: hits and misses in one table."""
    columns = ("Token", "Said on", "Price then", "Now", "Return", "Best", "Worst", "Was said",
               "Became")  # fmt: skip
    right = ("Price then", "Now", "Return", "Best", "Worst", "Was said")
    caption = "Was said: chance of an 80 % fall within 90 days; Best and Worst: closes on the way."
    spare = ("Price then", "Now")
    table = create_table(columns, title=title, right=right, caption=caption, spare=spare)
    for row in rows:
        table.add_row(
            draw_symbol(row),
            row["said_on"],
            format_price(row["price_then"]),
            format_price(row["price_now"]),
            draw_return(row["return"], 0),
            draw_return(row["highest"], 0),
            draw_return(row["lowest"], 0),
            format_share(row["said"]["fall_80"], 2),
            _draw_verdict(row),
        )
    return table


def _cells(row: Row) -> dict[str, Cell]:
    cells: dict[str, Cell] = {
        "#": draw_faint(row["rank"]),
        "Token": draw_symbol(row),
        "Price": format_price(row["price"]),
        "$ a day": format_dollars(row["volume_usd"]),
        "Age": draw_faint(f"{row['age_days']} d"),
    }
    fall = row["fall_80"]
    for event, name in RISES:
        cells[name] = _draw_chance(row["events"][event])
    interval = f"{format_share(fall['low'], 2)} .. {format_share(fall['high'], 2)}"
    return cells | {
        "-80 %": _draw_chance(fall),
        "Interval": draw_faint(interval),
        "Usual": draw_faint(format_share(fall["base_rate"], 2)),
        "7 d": draw_return(row["return_7d"], 0),
        "Daily move": format_share(row["drivers"]["daily_move"]),
    }


def _draw_chance(chance: Row) -> Text:
    """A chance; faint where it is only the base rate."""
    return Text(
        format_share(chance["probability"], 2), style="" if chance["skill"] else "bright_black"
    )


def _describe_skill(rows: Sequence[Row]) -> list[Text]:
    row = next((row for row in rows if row["no_view"] is None), None)
    if row is None:
        return []
    events = [(name, row["events"][event]) for event, name in RISES] + [("-80 %", row["fall_80"])]
    lines = []
    for name, chance in events:
        record = (
            f"lift {chance['lift']}, AUC {chance['auc']}" if chance["lift"] else "too few events"
        )
        verdict = "skill measured" if chance["skill"] else "no skill shown, base rates"
        events_seen = f"{chance['past_events']} past events"
        style = "green" if chance["skill"] else "yellow"
        lines.append(
            Text(f"{name:>6}  ") + Text(verdict, style=style)
            + Text(f"  ({record}, {events_seen})", style="bright_black")
        )  # fmt: skip
    return [*lines, Text("")]


def _draw_verdict(row: Row) -> Text:
    if row["verdict"] is None:
        return draw_faint(row["state"])
    style = {"hit": "green", "fall": "red", "miss": "bright_black"}.get(row["verdict"], "yellow")
    return Text(row["verdict"], style=style)
