"""Tables for people: grades and explanations. They shape what a room answered, nothing more."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.table import Table
from rich.text import Text

LABEL_STYLES = {
    "Strong Buy": "bold green",
    "Buy": "green",
    "Neutral": "yellow",
    "Sell": "red",
    "Strong Sell": "bold red",
}
_BLOCKS = "▁▂▃▄▅▆▇█"
_BAR_WIDTH = 10


def draw_bar(grade: Decimal) -> Text:
    """A grade from 0 to 100 as a bar of ten cells, coloured from red over yellow to green."""
    cells = int((grade * _BAR_WIDTH / 100).to_integral_value())
    colour = "green" if grade >= 60 else "yellow" if grade >= 40 else "red"
    return Text("█" * cells, style=colour) + Text("░" * (_BAR_WIDTH - cells), style="bright_black")


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


def format_dollars(text: str | None) -> str:
    """Dollars in thousands, millions or billions."""
    if text is None:
        return "-"
    value = Decimal(text)
    for limit, unit in ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "K")):
        if value >= limit:
            return f"${value / limit:.1f}{unit}"
    return f"${value:.0f}"


def grades_table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """The cross-section, best first, as published."""
    families = next((row["sub_grades"] for row in rows if row.get("sub_grades")), {})
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    table.add_column("#", justify="right", style="bright_black")
    table.add_column("Token", style="bold")
    table.add_column("Name", max_width=18, no_wrap=True)
    table.add_column("Grade", justify="right")
    table.add_column("")
    table.add_column("Label")
    table.add_column("Change", justify="right")
    table.add_column("P(beat)", justify="right")
    table.add_column("90 % against the median", justify="right")
    table.add_column("$ a day", justify="right")
    table.add_column("/".join(name[:4] for name in families))
    for row in rows:
        table.add_row(*_grade_cells(row))
    return table


def _grade_cells(row: Mapping[str, Any]) -> list[Text | str]:
    if row["grade"] is None:
        view = row["no_view"] or {}
        return [
            "-", row["symbol"], row["name"], "-", Text("░" * _BAR_WIDTH, style="bright_black"),
            Text(f"no view: {view.get('reason', '')}", style="bright_black"),
            "", "", "", format_dollars(row.get("volume_usd")), "",
        ]  # fmt: skip
    interval = row.get("interval")
    return [
        str(row["rank"]),
        row["symbol"],
        row["name"],
        row["grade"],
        draw_bar(Decimal(row["grade"])),
        Text(row["label"], style=LABEL_STYLES.get(row["label"], "")),
        format_change(row.get("change")),
        f"{Decimal(row['probability']):.0%}" if row.get("probability") else "-",
        _format_interval(interval) if interval else "-",
        format_dollars(row.get("volume_usd")),
        draw_profile(row["sub_grades"]),
    ]


def _format_interval(interval: Mapping[str, str]) -> str:
    """Log returns against the median shown as simple percentages."""
    low, high = (Decimal(interval[end]).exp() - 1 for end in ("low", "high"))
    return f"{low:+.0%} .. {high:+.0%}"


def explanation_table(title: str, contributions: Sequence[Mapping[str, Any]]) -> Table:
    """What moved a grade, largest first: contributions in grade points that add up to the score."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    table.add_column("Feature")
    table.add_column("Family", style="bright_black")
    table.add_column("Rank in market", justify="right")
    table.add_column("Points", justify="right")
    table.add_column("")
    largest = max((abs(Decimal(item["points"])) for item in contributions), default=Decimal(1))
    for item in contributions:
        points = Decimal(item["points"])
        width = int(20 * abs(points) / (largest or Decimal(1)))
        colour = "green" if points >= 0 else "red"
        table.add_row(
            item["feature"],
            item["family"],
            item.get("rank") or "-",
            Text(f"{points:+.2f}", style=colour),
            Text("█" * width, style=colour),
        )
    return table
