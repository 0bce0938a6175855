"""What an evaluation found."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from assay.publishing import Evaluation


def draw_evaluation(found: Evaluation) -> Group:
    """The lines that a room gives; the JSON and the page hold all figures."""
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bright_black")
    facts.add_column()
    for name, said in found.summary:
        facts.add_row(Text(name), Text(said))
    title = found.kind.replace("_", " ").capitalize()
    return Group(Text(title, style="bold"), facts, Text("Not investment advice."))


def draw_grades_evaluation(found: Evaluation) -> Group:
    """The figures a reader asks for first; the JSON and the page hold all of them."""
    report = found.document
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
