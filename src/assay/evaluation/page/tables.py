"""Numbers, tiles and tables of the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite

from assay.evaluation.types import HEADLINE_LAG, EvaluationReport, QuintileReport

UNKNOWN = "–"


def format_number(value: float, form: str = ".3f") -> str:
    """A number with a true minus sign; a dash where there is none."""
    return format(value, form).replace("-", "−") if isfinite(value) else UNKNOWN


def create_tile(name: str, number: str, more: str) -> str:
    """One headline figure."""
    return (
        f'<div class="tile"><div class="name">{escape(name)}</div>'
        f'<div class="number">{escape(number)}</div><div class="more">{escape(more)}</div></div>'
    )


def create_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column names the row; negative numbers stand out."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        "<tr>"
        + f'<th scope="row">{escape(row[0])}</th>'
        + "".join(_create_cell(cell) for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _create_cell(text: str) -> str:
    tone = ' class="down"' if text.startswith("−") else ""
    return f"<td{tone}>{escape(text)}</td>"


def create_year_table(report: EvaluationReport) -> str:
    """Every calendar year of the window."""
    rows = [
        (
            str(year.year),
            format_number(year.rank.rank_ic_mean),
            format_number(year.rank.icir, ".2f"),
            format_number(year.rank.share_positive, ".0%"),
            format_number(year.spread_return, ".0%"),
            format_number(year.spread_sharpe, ".2f"),
            str(year.rank.days),
        )
        for year in report.by_year
    ]
    score, net = report.lags[HEADLINE_LAG], report.quintiles.net
    rows.append(
        (
            "all",
            format_number(score.rank_ic_mean),
            format_number(score.icir, ".2f"),
            format_number(score.share_positive, ".0%"),
            format_number(float(report.series.spread_equity[-1]) - 1.0, ".0%"),
            format_number(net.sharpe, ".2f"),
            str(score.days),
        )
    )
    return create_table(
        ("year", "rank IC", "ICIR", "days > 0", "spread net", "Sharpe", "days"), rows
    )


def create_slice_table(report: EvaluationReport) -> str:
    """The same skill seen through other slices: liquidity, residual, views only."""
    slices = [
        ("whole universe", report.lags[HEADLINE_LAG]),
        ("residual to volatility", report.residual),
        ("coins with a view only", report.view_only),
        *(
            (f"{name} third by liquidity", score)
            for name, score in reversed(list(report.by_liquidity.items()))
        ),
    ]
    rows = [
        (
            name,
            format_number(score.rank_ic_mean),
            format_number(score.icir, ".2f"),
            format_number(score.share_positive, ".0%"),
            format_number(score.newey_west_t, ".1f"),
        )
        for name, score in slices
    ]
    return create_table(("lag 1", "rank IC", "ICIR", "days > 0", "naive t"), rows)


def create_cost_table(report: EvaluationReport) -> str:
    """The spread at three costs, in both universes."""
    rows = []
    for quintiles in (report.quintiles, report.quintiles_whole):
        for spread in (quintiles.gross, quintiles.net, quintiles.net_30bp):
            cost = "gross" if spread.cost_bp == 0 else f"{spread.cost_bp:g} bp a side"
            rows.append(
                (
                    f"{_name_universe(quintiles)}, {cost}",
                    format_number(spread.sharpe, ".2f"),
                    f"{format_number(spread.sharpe_lowest_offset, '.2f')} to "
                    f"{format_number(spread.sharpe_highest_offset, '.2f')}",
                    format_number(spread.annual_return, ".0%"),
                    format_number(spread.drawdown, ".0%"),
                    format_number(quintiles.turnover, ".0f") + "×",
                )
            )
    head = ("spread", "Sharpe", "single starts", "a year", "drawdown", "turnover")
    return create_table(head, rows)


def _name_universe(quintiles: QuintileReport) -> str:
    return quintiles.universe.split(" a day")[0].replace(",000,000", "M")


def create_leg_table(report: EvaluationReport) -> str:
    """The long leg, net of 10 bp, against what one could have held instead."""
    rows = []
    for name, quintiles in (
        (_name_universe(report.quintiles), report.quintiles),
        (_name_universe(report.quintiles_whole), report.quintiles_whole),
    ):
        for other, leg in (
            ("market", quintiles.long_leg_market),
            ("BTC", quintiles.long_leg_bitcoin),
        ):
            if leg is not None:
                rows.append(
                    (
                        f"{name} vs {other}",
                        format_number(leg.sharpe, ".2f"),
                        format_number(leg.benchmark_sharpe, ".2f"),
                        format_number(leg.alpha_annual, ".0%"),
                        format_number(leg.beta, ".2f"),
                        format_number(leg.residual_sharpe, ".2f"),
                    )
                )
    head = ("long leg", "Sharpe", "other", "alpha", "beta", "residual")
    return create_table(head, rows)
