"""The page of an evaluation of the indices."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from assay.evaluation import (
    Card,
    Section,
    compute_monthly_returns,
    create_blank_page,
    create_table,
    draw_lines,
    format_number,
)
from assay.indices.measured import BTC, EQUAL_WEIGHT, TOP_25, TOP_25_SLUG, Measured, check_target
from assay.indices.rows import describe_rule
from assay.indices.types import RuleBook

Series = NDArray[np.float64]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LEAD_INDEX = "investor"
SHORT_NAMES = {EQUAL_WEIGHT: "equal", TOP_25: "top 25", BTC: "BTC"}
CONFIDENT = 0.95
FORMULA = (
    "Weekly returns r of the index are regressed on those of the equal-weight universe, r = a + b m"
    " + e. Residual Sharpe = a / sd(e) · √(365 / 7), sd over n − 2."
)


def create_page(measured: Measured) -> str:
    """One self-contained HTML page."""
    return create_blank_page(
        "Indices",
        _write_lead(measured),
        origin=measured.origin,
        chips=(
            ("window", f"{measured.first} to {measured.last}"),
            ("coins", f"{measured.coins} judged, {measured.died_inside} stopped trading inside"),
            ("costs", "10 bp a side, paid by every index; the universe and Bitcoin pay nothing"),
            ("trading", "decided at a close, filled at the next one"),
        ),
        notes=measured.notes,
        tiles=_list_tiles(measured),
        sections=(
            _show_paths(measured),
            _show_figures(measured),
            _show_months(measured),
            _show_candidates(measured),
            _show_rules(measured),
        ),
        footer=FORMULA,
    )


def _write_lead(measured: Measured) -> str:
    parts = []
    for slug in measured.tried:
        target = check_target(measured, slug)
        verdict = "reaches" if target["reached"] else "misses"
        parts.append(
            f"The {measured.paths[slug].name} {verdict} the target: residual Sharpe"
            f" {target['residual_sharpe']:.2f} against 1.2, and a drawdown"
            f" {100 * target['drawdown_smaller_by']:.0f} points smaller than the top 25's against"
            f" 20. After {measured.tried[slug].configurations} candidates the deflated figure is"
            f" {measured.tried[slug].deflated_sharpe:.2f}"
            f"{'' if measured.tried[slug].deflated_sharpe >= CONFIDENT else ', short of 0.95'}."
        )
    return " ".join(parts)


def _list_tiles(measured: Measured) -> list[tuple[str, str, str]]:
    tiles = []
    for slug, tried in measured.tried.items():
        found = measured.performances[slug]
        name = measured.paths[slug].name
        residual = found.against[EQUAL_WEIGHT].residual_sharpe
        tiles.append((f"{name}, residual Sharpe", format_number(residual, ".2f"), "target 1.2"))
        worst = measured.performances[TOP_25_SLUG].max_drawdown
        tiles.append(
            (
                f"{name}, drawdown",
                format_number(found.max_drawdown, ".0%"),
                f"top 25 {format_number(worst, '.0%')}",
            )
        )
        tiles.append(
            (
                f"{name}, deflated",
                format_number(tried.deflated_sharpe, ".2f"),
                f"probability of more than {tried.configurations} worthless candidates would show",
            )
        )
    return tiles


def _show_paths(measured: Measured) -> Section:
    days = [
        measured.first + timedelta(days=n) for n in range((measured.last - measured.first).days + 1)
    ]
    lines: dict[str, Series] = {
        slug: _rebase(measured.paths[slug].levels) for slug in measured.tried
    }
    for name, levels in measured.benchmarks.items():
        lines[SHORT_NAMES[name]] = _rebase(levels)
    shares = {slug: np.array(measured.paths[slug].exposures) for slug in measured.tried}
    return Section(
        "What 1 became",
        "Net of costs from the first day; the coins that died are inside.",
        (
            Card(
                "Value",
                "Logarithmic. The equal-weight universe and Bitcoin pay no costs.",
                draw_lines(days, lines, ".2f", log=True, label="value of 1", wide=True),
                wide=True,
            ),
            Card(
                "Distance below the highest value so far",
                "The top 25 lost most of its value; the cash rule is what halves the fall.",
                draw_lines(
                    days,
                    {name: _draw_down(values) for name, values in lines.items()},
                    ".0%",
                    label="drawdown",
                    wide=True,
                ),
                wide=True,
            ),
            Card(
                "Share invested",
                "What the cash rule left in coins; the rest is cash without interest.",
                draw_lines(days, shares, ".0%", label="share invested", wide=True),
                wide=True,
            ),
        ),
    )


def _show_figures(measured: Measured) -> Section:
    years = (measured.last - measured.first).days / 365.0
    rows = []
    for slug, path in measured.paths.items():
        turned = (path.turnover[-1] - path.turnover[0]) / years
        rows.append(_write_figures(measured, slug, path.name, format_number(turned, ".1f")))
    rows += [
        _write_figures(measured, name, name, "–") for name in measured.benchmarks if name != TOP_25
    ]
    main = measured.performances[LEAD_INDEX if LEAD_INDEX in measured.paths else TOP_25_SLUG]
    head = ("index", "return", "a year", "Sharpe", "drawdown", "beta", "residual")
    yearly = tuple(str(year.year) for year in main.years)
    return Section(
        "Every index",
        FORMULA + " Turnover is one way, times the index a year.",
        (
            Card(
                "Figures",
                "Against the equal-weight universe; a year is its residual Sharpe ratio.",
                create_table((*head, *yearly, "turnover"), rows),
                wide=True,
            ),
            Card(
                "Holdings that stopped trading",
                "Sold at their last price, costs paid.",
                create_table(("index", "day", "coin", "weight", "price"), _list_ended(measured)),
                wide=True,
            ),
        ),
    )


def _write_figures(measured: Measured, key: str, name: str, turned: str) -> tuple[str, ...]:
    found = measured.performances[key]
    against = found.against[EQUAL_WEIGHT]
    return (
        name,
        format_number(found.total_return, ".0%"),
        format_number(found.annual_return, ".0%"),
        format_number(found.sharpe, ".2f"),
        format_number(found.max_drawdown, ".0%"),
        format_number(against.beta, ".2f"),
        format_number(against.residual_sharpe, ".2f"),
        *(format_number(year.residual_sharpe, ".2f") for year in found.years),
        turned,
    )


def _list_ended(measured: Measured) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [
        (
            path.name,
            str(trade["day"]),
            str(trade["symbol"]),
            format_number(float(trade["weight_from"]), ".2%"),
            str(trade["price"]),
        )
        for path in measured.paths.values()
        for trade in path.ended
    ]
    return found or [("none", "–", "–", "–", "–")]


def _show_months(measured: Measured) -> Section:
    shown = [*measured.tried, TOP_25_SLUG]
    return Section(
        "Month by month",
        "Net returns; the first and the last month may be parts of one.",
        tuple(
            Card(
                measured.paths[slug].name,
                "Return of each calendar month.",
                _create_month_table(measured, measured.paths[slug].levels),
                wide=True,
            )
            for slug in shown
        ),
    )


def _create_month_table(measured: Measured, levels: Sequence[float]) -> str:
    months = compute_monthly_returns(measured.first, np.array(levels))
    by_year: dict[int, dict[int, float]] = {}
    for year, month, value in months:
        by_year.setdefault(year, {})[month] = value
    rows = [_write_year(year, values) for year, values in by_year.items()]
    return create_table(("year", *MONTHS, "year as a whole"), rows)


def _write_year(year: int, values: Mapping[int, float]) -> tuple[str, ...]:
    whole = float(np.prod([1.0 + value for value in values.values()])) - 1.0
    cells = (format_number(values.get(n, float("nan")), ".1%") for n in range(1, 13))
    return (str(year), *cells, format_number(whole, ".1%"))


def _show_candidates(measured: Measured) -> Section:
    ordered = sorted(measured.trials, key=lambda row: -float(row["residual_sharpe"]))
    rows = [
        (
            row["candidate"],
            format_number(float(row["residual_sharpe"]), ".2f"),
            format_number(float(row["max_drawdown"]), ".0%"),
            *(format_number(float(row[f"residual_{year}"]), ".2f") for year in (2021, 2022, 2023)),
            format_number(float(row["turnover"]), ".1f"),
        )
        for row in ordered
    ]
    chance = [tried.expected_best_by_chance for tried in measured.tried.values()]
    return Section(
        "All candidates",
        f"{len(rows)} rule books were tried on this window before two were fixed. Were all of them"
        f" worthless, the best would still be expected to show"
        f" {format_number(chance[0] if chance else float('nan'), '.2f')}.",
        (
            Card(
                "By residual Sharpe",
                "Net of 10 bp a side, from a research simulation with the same conventions.",
                create_table(
                    ("rule book", "residual", "drawdown", "2021", "2022", "2023", "turnover"), rows
                ),
                wide=True,
            ),
        ),
    )


def _show_rules(measured: Measured) -> Section:
    rows = [
        (
            path.name,
            measured.books[slug].words,
            measured.books[slug].digest,
            str(measured.books[slug].every_days),
            _describe_cash(measured.books[slug]),
        )
        for slug, path in measured.paths.items()
        if slug in measured.books
    ]
    return Section(
        "Rule books",
        "The whole rule book and its digest are in every published row.",
        (
            Card(
                "In words",
                "Days between rebalances; the cash rule as printed.",
                create_table(("index", "rules", "digest", "days", "cash rule"), rows),
                wide=True,
            ),
        ),
    )


def _describe_cash(book: RuleBook) -> str:
    return "–" if book.cash is None else describe_rule(book.cash)


def _rebase(levels: Sequence[float] | Series) -> Series:
    values = np.array(levels, dtype=np.float64)
    return np.asarray(values / values[0])


def _draw_down(values: Series) -> Series:
    return np.asarray(values / np.maximum.accumulate(values) - 1.0)
