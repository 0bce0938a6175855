"""Tables for people: grades and explanations. They shape what a room answered, nothing more."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

LABEL_STYLES = {
    "Strong Buy": "bold green",
    "Buy": "green",
    "Hold": "yellow",
    "Sell": "red",
    "Strong Sell": "bold red",
}
_BLOCKS = "▁▂▃▄▅▆▇█"
_BAR_WIDTH = 10

WIDE = 110
"""Columns of a terminal that has room for names and intervals."""


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


def grades_table(title: str, rows: Sequence[Mapping[str, Any]], *, is_wide: bool) -> Table:
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
        "Name": row["name"][:18],
        "$ a day": format_dollars(row.get("volume_usd")),
    }
    if row["grade"] is None:
        silent: dict[str, Text | str] = {
            "Grade": "-",
            "": Text("░" * _BAR_WIDTH, style="bright_black"),
            "Label": Text(f"no view: {row['no_view']['code']}", style="bright_black"),
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


def explanation(why: Mapping[str, Any], top: int = 20) -> Group:
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


def quarantine(rows: Sequence[Mapping[str, str]], *, is_wide: bool) -> Table:
    """Rows that imports turned away: what, why, and by which import; if wide, as they were read."""
    table = Table(box=None, header_style="bold", pad_edge=False, expand=is_wide)
    for name in ("Symbol", "Time", "Reason", "Import"):
        table.add_column(name, no_wrap=name != "Reason")
    if is_wide:
        table.add_column("As it was read", ratio=1, no_wrap=True, style="bright_black")
    for row in rows:
        time = row["time"].removesuffix("T00:00:00Z")
        cells: list[Text | str] = [Text(row["symbol"]), time, row["reason"], row["import_id"][:8]]
        table.add_row(*cells, *([Text(row["content"])] if is_wide else []))
    return table


def evaluation(report: Mapping[str, Any]) -> Group:
    """The figures a reader asks for first; the JSON and the page hold all of them."""
    window, universe, null = report["window"], report["universe"], report["permutation"]
    head = (
        f"{report['kind'].title()}, {report['horizon_days']} days ahead, {window['from']} to "
        f"{window['to']}, {window['days']} days scored, {universe['coins']} coins, "
        f"{universe['died_inside']} ended inside, {report['origin']}"
    )
    lags = Table(header_style="bold", box=None, pad_edge=False)
    for name in ("Bought at the close of", "Rank IC", "ICIR", "Days above 0"):
        lags.add_column(name, justify="left" if name.startswith("Bought") else "right")
    for lag, score in report["lags"].items():
        lags.add_row(
            f"t + {lag}",
            _figure(score["rank_ic_mean"]),
            _figure(score["icir"], 2),
            _figure(score["share_positive"], 2),
        )
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bright_black")
    facts.add_column()
    quintiles, coverage, deaths = report["quintiles"], report["coverage"] or {}, report["deaths"]
    facts.add_row("residual to 30-day volatility", _figure(report["residual_ic"]))
    facts.add_row("permutation null", _null(null))
    facts.add_row(
        "top minus bottom fifth, liquid",
        f"Sharpe {_figure(quintiles['gross_sharpe'], 2)} gross, "
        f"{_figure(quintiles['net_sharpe'], 2)} net of 10 bp a side, turnover "
        f"{_figure(quintiles['turnover'], 0)}x a year (research, not investable)",
    )
    facts.add_row(
        "90 % interval holds",
        "  ".join(
            f"{name} {_figure(coverage.get(key), 3)}"
            for name, key in (
                ("overall", "overall"), ("calm", "low_vol"), ("middle", "mid_vol"),
                ("wild", "high_vol"), ("worst month", "worst_month"),
                ("Winkler ratio", "winkler_ratio"),
            )
        ),
    )  # fmt: skip
    facts.add_row(
        "real deaths graded above 75",
        f"{deaths['any_day_high']} of {deaths['count']} on any of their last 30 days, "
        f"{deaths['mean_high']} by the mean"
        if deaths["count"]
        else "no coin of the universe died in this window",
    )
    facts.add_row("universe with a view", _figure(universe["view_share"], 4))
    return Group(Text(head, style="bold"), lags, Text(""), facts, Text(str(report["advice"])))


def _null(null: Mapping[str, Any]) -> str:
    if not null["permutations"]:
        return "not known for this window; assay train --permutations 20 makes one (hours)"
    return (
        f"sd {_figure(null['null_sd'])}, the IC stands {_figure(null['distance_sd'], 1)} sd above "
        f"({null['permutations']} permutations)"
    )


def _figure(value: float | None, digits: int = 4) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
