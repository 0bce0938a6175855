"""The evaluation as one HTML page, its verdict and its notes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import isfinite

import numpy as np

from assay.evaluation import (
    SHARE_HEAD,
    BesideControls,
    Calibration,
    Card,
    Section,
    create_blank_page,
    create_table,
    draw_bars,
    draw_lines,
    format_number,
    format_shares,
)
from assay.signals.accounts import Figures
from assay.signals.report import TARGET, CoinRecord, SignalsReport
from assay.signals.types import DAILY

EDGES = (-1.0, -0.5, -0.2, 0.0, 0.2, 0.5, 1.0)
SURE = 0.05
"""Below it a share is more than shifted signals explain."""
CONVINCING = 0.95
"""Deflated Sharpe ratio from which the excess is more than the best of all tries by chance."""


def describe_verdict(report: SignalsReport) -> str:
    """In one or two sentences: does it time anything?"""
    shares, tried = report.headline.shares, report.tried
    if not isfinite(tried.sharpe):
        return "Following and constant exposure earned the same: nothing changed in this window."
    said = (
        f"Following the daily signal, long only, one bar late and net of costs:"
        f" {shares.describe_constant()}."
    )
    if shares.beat_constant < TARGET or shares.chance > SURE:
        return f"{said} The signal times nothing that could be shown."
    if not tried.deflated_sharpe >= CONVINCING:
        return (
            f"{said} It reaches the target of {TARGET:.0%}, yet all coins share one market, and"
            f" the best of {tried.configurations} tries does as well by chance (deflated Sharpe"
            f" {tried.deflated_sharpe:.2f}): no timing is proven."
        )
    return f"{said} It reaches the target of {TARGET:.0%}."


def list_notes(report: SignalsReport) -> list[str]:
    """What a reader must know before believing a figure."""
    notes = [
        "No share of coins stands alone here: in a falling market whatever sits in cash beats"
        " holding. Beside each share stand constant equal exposure (the signal's mean position,"
        " held all the time) and the same signal shifted in time by random offsets.",
        "Coins fall and rise together: hundreds of coins over one market are far fewer than"
        " hundreds of observations. The shifts move all coins by the same offset for that reason.",
        "Many coins cannot be sold short. Long/short is shown apart and is no promise.",
        f"Costs: {DAILY.fee_bps:g} bp fee and {DAILY.slippage_bps:g} bp slippage a side; a coin"
        " that dies is sold at its last price.",
    ]
    losing = [year for year, figures in report.years.items() if figures.excess.median < 0.0]
    if losing:
        notes.append(
            f"In {', '.join(losing)} the median coin did worse than its constant exposure."
        )
    if report.never_viewed:
        notes.append(
            f"{report.never_viewed} coins traded in the window for fewer than"
            f" {DAILY.warm_up} days and never had a signal."
        )
    return notes


def create_signals_page(report: SignalsReport) -> str:
    """One self-contained page."""
    figures, tried = report.headline, report.tried
    shares = figures.shares
    return create_blank_page(
        "Signals",
        describe_verdict(report),
        origin=report.origin,
        chips=(
            ("window", f"{report.days[0]} to {report.days[-1]}"),
            ("coins", f"{shares.coins}, of which {report.died_inside} died inside"),
            ("rules", f"{len(report.rules)} in the book, {tried.configurations} tried"),
            ("exposure", f"{figures.exposure:.0%} of the time long"),
        ),
        notes=list_notes(report),
        tiles=(
            ("Against constant exposure", *shares.create_constant_tile()),
            ("Against holding", *shares.create_holding_tile()),
            (
                "Median excess growth",
                format_number(figures.excess.median, "+.2f"),
                f"log growth beyond constant exposure; mean {figures.excess.mean:+.2f}",
            ),
            (
                "Deflated Sharpe",
                format_number(tried.deflated_sharpe, ".2f"),
                f"of the excess; overfit probability {tried.overfit_probability:.2f}",
            ),
        ),
        sections=_list_sections(report),
        footer="Signals are traded at the close one bar after they were given.",
    )


def _list_sections(report: SignalsReport) -> list[Section]:
    sections = [
        Section(
            "Does it time anything?",
            "Shares of coins, always beside both controls.",
            [_draw_equity(report), *_draw_shares(report), _draw_spread(report.coins)],
        ),
        Section(
            "How it gets there",
            "Positions, falls and trading, long only unless said otherwise.",
            [_tabulate_figures(report), _draw_rules(report), _tabulate_choices(report)],
        ),
    ]
    if report.calibration is not None:
        sections.append(_describe_calibration(report.calibration))
    if report.hours is not None:
        hours = report.hours
        sections.append(
            Section(
                f"Hourly signals: {hours.hours} hours only",
                f"From {hours.first_day} to {hours.last_day}, the coins with hourly candles. Far"
                " too short to show skill either way.",
                [_tabulate_shares("By lag in hours", hours.lags)],
            )
        )
    sections.append(
        Section(
            "Every coin, losers first",
            "Total returns over the coin's days in the window.",
            [_tabulate_coins(report.coins)],
        )
    )
    return sections


def _draw_equity(report: SignalsReport) -> Card:
    lines = {name: np.array(values) for name, values in report.equity.items()}
    return Card(
        "All coins alike",
        "Mean account of all coins, every coin weighted alike each day; logarithmic.",
        draw_lines(report.days, lines, ".2f", log=True, wide=True),
        wide=True,
    )


def _draw_spread(coins: tuple[CoinRecord, ...]) -> Card:
    excess = np.array([coin.excess for coin in coins])
    edges = [-np.inf, *EDGES, np.inf]
    counts = np.histogram(excess, edges)[0].tolist()
    names = [
        f"below {EDGES[0]:.0%}",
        *(f"{low:.0%} to {high:.0%}" for low, high in pairwise(EDGES)),
        f"above {EDGES[-1]:.0%}",
    ]
    bars = [(name, count / len(coins)) for name, count in zip(names, counts, strict=True)]
    return Card(
        "How much, by coin",
        "Share of coins by return of following less that of constant equal exposure. The shifted"
        " signals' shares stand in the tables above.",
        draw_bars(bars, ".0%", wide=False, highlight=None),
    )


def _draw_shares(report: SignalsReport) -> list[Card]:
    ways = {"long/short, lag 1": report.long_short}
    lags = {f"long only, lag {lag}": figures for lag, figures in report.lags.items()}
    return [
        _tabulate_shares("By lag in days", {**lags, **ways}),
        _tabulate_shares("By year, long only, lag 1", report.years),
    ]


def _tabulate_shares(title: str, ways: Mapping[str, Figures]) -> Card:
    shares: dict[str, BesideControls] = {name: figures.shares for name, figures in ways.items()}
    return Card(
        title,
        "p: how often the signal shifted in time did as well against constant exposure.",
        create_table(("", *SHARE_HEAD), format_shares(shares)),
        wide=True,
    )


def _tabulate_figures(report: SignalsReport) -> Card:
    ways = {f"lag {lag}": figures for lag, figures in report.lags.items()}
    ways |= report.years
    ways["long/short"] = report.long_short
    rows = [
        [
            name,
            format_number(figures.excess.mean, "+.2f"),
            format_number(figures.excess.median, "+.2f"),
            format_number(figures.hits.share, ".0%"),
            str(figures.hits.positions),
            format_number(figures.hits.mean_bars, ".0f"),
            format_number(figures.exposure, ".0%"),
            format_number(figures.turnover, ".1f"),
            format_number(figures.drawdown, ".0%"),
            format_number(figures.drawdown_constant, ".0%"),
            format_number(figures.drawdown_holding, ".0%"),
        ]
        for name, figures in ways.items()
    ]
    head = (
        "",
        "mean excess",
        "median excess",
        "hits",
        "positions",
        "mean days",
        "exposure",
        "turnover a year",
        "drawdown",
        "constant's",
        "holding's",
    )
    return Card(
        "Figures",
        "Excess is log growth beyond constant equal exposure; hits are positions that made money"
        " net; drawdowns are medians over coins.",
        create_table(head, rows),
        wide=True,
    )


def _draw_rules(report: SignalsReport) -> Card:
    best, worst = report.rules[:8], report.rules[-4:]
    bars = [(rule.name, rule.sharpe) for rule in (*best, *worst)]
    bars.insert(0, ("as published", report.tried.sharpe))
    return Card(
        f"All {len(report.rules)} rules on the same coins and days",
        "Yearly Sharpe ratio of the mean excess over constant exposure: the published signal, which"
        " chose among them on their past, the eight best and the four worst in hindsight. All are"
        " in the JSON.",
        draw_bars(bars, "+.2f"),
        wide=True,
    )


def _tabulate_choices(report: SignalsReport) -> Card:
    rows = [
        [choice.day.isoformat(), choice.rule, format_number(choice.gain, "+.0%")]
        for choice in report.choices
    ]
    return Card(
        "Which rule was in force",
        "Chosen each time on everything before: the median coin's growth a year beyond constant"
        " exposure over the whole past by then.",
        create_table(("from", "rule", "past gain a year"), rows),
        wide=True,
    )


def _describe_calibration(calibration: Calibration) -> Section:
    rows = [
        [f"{place}", f"{row.stated:.1%}", f"{row.observed:.1%}", str(row.count)]
        for place, row in enumerate(calibration.bins, start=1)
    ]
    return Section(
        "Is the confidence right?",
        f"Stated chance that the target comes before the stop, against what happened"
        f" ({calibration.count} coin-days; base rate {calibration.base_rate:.1%}). Skill against"
        f" always saying the base rate known only afterwards: {calibration.skill:+.3f}"
        " (1 - Brier / Brier of the base rate).",
        [
            Card(
                "Reliability",
                "Tenths by stated chance.",
                create_table(("tenth", "stated", "observed", "coin-days"), rows),
            )
        ],
    )


def _tabulate_coins(coins: tuple[CoinRecord, ...]) -> Card:
    rows = [
        [
            coin.symbol,
            format_number(coin.excess, "+.1%"),
            format_number(coin.signal_return, "+.1%"),
            format_number(coin.constant_return, "+.1%"),
            format_number(coin.holding_return, "+.1%"),
            format_number(coin.exposure, ".0%"),
            str(coin.days),
            "" if coin.died is None else coin.died.isoformat(),
        ]
        for coin in coins
    ]
    head = ("coin", "excess", "signal", "constant", "holding", "exposure", "days", "died")
    return Card(
        f"{len(coins)} coins",
        "Excess is the return of following less that of constant equal exposure.",
        create_table(head, rows),
        wide=True,
    )
