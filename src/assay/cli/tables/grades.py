"""Tables for people: grades and explanations. They shape what a room answered, nothing more."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from assay.cli.tables.common import draw_bar, draw_blank, draw_silence, format_dollars

LABEL_STYLES = {
    "Strong Buy": "bold green",
    "Buy": "green",
    "Hold": "yellow",
    "Sell": "red",
    "Strong Sell": "bold red",
}
_BLOCKS = "▁▂▃▄▅▆▇█"


def draw_profile(sub_grades: Mapping[str, str | None]) -> Text:
    """The sub-grades as one block each, in their published order; a dot where there is none."""
    profile = Text()
    for value in sub_grades.values():
        if value is None:
            profile.append("·", style="bright_black")
            continue
        level = Decimal(value)
        colour = "green" if level >= 60 else "yellow" if level >= 40 else "red"
        profile.append(_BLOCKS[min(7, int(level * 8 / 100))], style=colour)
    return profile


def format_change(change: str | None) -> Text:
    """The change since yesterday with an arrow."""
    if change is None:
        return Text("new", style="bright_black")
    value = Decimal(change)
    if value == 0:
        return Text("0.00", style="bright_black")
    return Text(f"{'▲' if value > 0 else '▼'} {abs(value)}", style="green" if value > 0 else "red")


def draw_grades(title: str, rows: Sequence[Mapping[str, Any]], *, is_wide: bool) -> Table:
    """The cross-section, best first, as published; a narrow terminal sees fewer columns."""
    families: Mapping[str, str] = next(
        (row["sub_grades"] for row in rows if row.get("sub_grades")), {}
    )
    initials = "".join(family[0] for family in families)
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    table.caption = (
        f"{initials}: " + ", ".join(families) + "; Beats: chance to beat the median coin"
    )
    table.caption_justify = "left"
    right = {"#", "Grade", "Change", "Beats", "Range", "$ a day"}
    for name in _columns(is_wide):
        header = {"Range": "90 % against the median", "Families": initials}.get(name, name)
        table.add_column(header, justify="right" if name in right else "left", no_wrap=True)
    for row in rows:
        cells = _grade_cells(row)
        table.add_row(*(cells[name] for name in _columns(is_wide)))
    return table


def _columns(is_wide: bool) -> tuple[str, ...]:
    narrow = ("#", "Token", "Grade", "", "Label", "Change", "Beats", "$ a day", "Families")
    wide = ("#", "Token", "Name", *narrow[2:7], "Range", *narrow[7:])
    return wide if is_wide else narrow


def _grade_cells(row: Mapping[str, Any]) -> dict[str, Text | str]:
    cells: dict[str, Text | str] = {
        "#": Text(str(row["rank"] or "-"), style="bright_black"),
        "Token": Text(row["symbol"], style="bold"),
        "Name": Text(row["name"][:18]),
        "$ a day": format_dollars(row.get("volume_usd")),
    }
    if row["grade"] is None:
        silent: dict[str, Text | str] = {
            "Grade": "-",
            "": draw_blank(),
            "Label": draw_silence(row),
        }
        for name in ("Change", "Beats", "Range", "Families"):
            silent[name] = ""
        return {**cells, **silent}
    return {
        **cells,
        "Grade": row["grade"],
        "": draw_bar(Decimal(row["grade"])),
        "Label": Text(row["label"], style=LABEL_STYLES.get(row["label"], "")),
        "Change": format_change(row["change"]),
        "Beats": f"{Decimal(row['probability']):.0%}",
        "Range": _format_interval(row["interval"]),
        "Families": draw_profile(row["sub_grades"]),
    }


def _format_interval(interval: Mapping[str, str]) -> str:
    """Log returns against the median shown as simple percentages."""
    low, high = (Decimal(interval[end]).exp() - 1 for end in ("low", "high"))
    return f"{low:+.0%} .. {high:+.0%}"


def draw_explanation(why: Mapping[str, Any], top: int = 20) -> Group:
    """What moved a grade, largest first: points that add up to the raw score."""
    title = f"{why['symbol']}  {why['kind'].title()} Grade  {why['as_of']}  ({why['origin']})"
    if why["grade"] is None:
        return Group(Text(title, style="bold"), Text(f"no view: {why['no_view']['reason']}"))
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    table.add_column("Feature")
    table.add_column("Family", style="bright_black")
    table.add_column("Place in the market", justify="right")
    table.add_column("Points", justify="right")
    table.add_column("")
    items = why["contributions"]
    largest = max((abs(Decimal(item["points"])) for item in items), default=Decimal(0))
    for item in items[:top]:
        table.add_row(*_contribution_cells(item, largest))
    rest = sum((Decimal(item["points"]) for item in items[top:]), Decimal(0))
    if len(items) > top:
        table.add_row(f"{len(items) - top} more", "", "", f"{rest:+.2f}", "")
    total = f"{why['base']} + contributions = raw score {why['raw_score']}; grade {why['grade']}"
    return Group(table, Text(total, style="bold"), Text(why["publication"], style="bright_black"))


def _contribution_cells(item: Mapping[str, Any], largest: Decimal) -> list[Text | str]:
    points = Decimal(item["points"])
    colour = "green" if points >= 0 else "red"
    width = int(20 * abs(points) / largest) if largest else 0
    return [
        item["feature"],
        item["family"],
        f"{Decimal(item['rank']):.0%}",
        Text(f"{points:+.2f}", style=colour),
        Text("█" * width, style=colour),
    ]
