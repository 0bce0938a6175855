"""Does the signal time anything? What was published, followed beside its controls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from math import isfinite

import numpy as np

from assay import evaluation, publishing
from assay.evaluation import Calibration, Tried
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import NotEnoughData
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.markets.types import BITCOIN
from assay.publishing import Evaluation, Facts
from assay.signals.accounts import (
    Figures,
    average_coins,
    deflate,
    measure_signals,
    open_accounts,
    try_rules,
)
from assay.signals.compute.barriers import find_touches, label_touches
from assay.signals.compute.walking import compute_scene
from assay.signals.judging import (
    DAILY_SIGNALS,
    HOURLY_SIGNALS,
    collect_daily_bars,
    collect_hourly_bars,
)
from assay.signals.page import create_signals_page, describe_verdict, list_notes
from assay.signals.reading import Bar, Frame, load_published
from assay.signals.records import HEADLINE_LAG, list_choices, list_coins, list_rules
from assay.signals.report import HourlyReport, SignalsReport
from assay.signals.types import DAILY, HOURLY, Bars, Book, Matrix

SEED = 20210405
SHIFTS = 200
LAGS = (0, 1, 2)
SHORTEST_YEAR = 30
"""Days that a calendar year needs in the window to be shown."""


def evaluate_signals(
    home: Home,
    database: Database,
    clock: Clock,
    progress: Progress,
    *,
    start: date | None = None,
    end: date | None = None,
) -> Evaluation:
    """Measure the published daily and hourly signals of a window; what is missing is published
    first.

    Default window: from the first day anything is said of to the newest complete one. Raises
    BadInput for a window that ends before it begins, InFuture for one not complete, NotEnoughData
    where no coin had a signal in it.
    """
    first, last = publishing.check_window(home, DAILY_SIGNALS, start, end)
    publishing.publish_missing(
        home, database, DAILY_SIGNALS, clock, progress, start=first, end=last
    )
    newest = publishing.check_day(home, DAILY_SIGNALS, None)
    facts = publishing.load_facts(home, newest, clock.now())
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    bars, _ = collect_daily_bars(facts, newest)
    frame = _frame(database, DAILY_SIGNALS.kind.name, facts, bars, days)
    report = _measure_daily(frame, facts, bars, days, progress)
    report = report.with_hours(_measure_hourly(home, database, clock, progress, facts, first, last))
    document = {
        "kind": "signals",
        "advice": "Measured on past data. Not investment advice.",
        "verdict": describe_verdict(report),
        **_plain(report),
        "notes": list_notes(report),
    }
    summary = _summarise(report)
    return Evaluation("signals", document, create_signals_page(report), summary)


def _frame(database: Database, kind: str, facts: Facts, bars: Bars, days: Sequence[date]) -> Frame:
    column = facts.panel.column(days[0])
    token_ids = bars.token_ids.tolist()
    named: list[Bar] = [(day, None) for day in days]
    published = load_published(database, kind, named, token_ids)
    closes = np.ascontiguousarray(bars.close[:, column : column + len(days)])
    return Frame(named, token_ids, published, closes)


def _measure_daily(
    frame: Frame, facts: Facts, bars: Bars, days: Sequence[date], progress: Progress
) -> SignalsReport:
    signals = frame.published.signals
    if not np.isfinite(signals).any():
        raise NotEnoughData(
            f"No coin had a signal from {days[0]} to {days[-1]}.",
            hint="A coin needs 100 days of candles first; choose a later or longer window.",
        )
    column = facts.panel.column(days[0])
    columns = list(range(column, column + len(days)))
    accounts = open_accounts(DAILY, signals, frame.closes, lag=HEADLINE_LAG, allow_short=False)
    scene = compute_scene(DAILY, bars, BITCOIN)
    tried = try_rules(DAILY, scene, signals, frame.closes, columns, progress)
    lags = {str(lag): _measure(DAILY, frame, lag=lag) for lag in LAGS}
    tokens = facts.tokens(facts.panel.last_day)
    coins = list_coins(frame, accounts, tokens, facts, days)
    return SignalsReport(
        origin=", ".join(frame.published.origins),
        days=tuple(days),
        coins=tuple(coins),
        never_viewed=int((np.isfinite(frame.closes).any(axis=1)).sum()) - len(coins),
        headline=lags[str(HEADLINE_LAG)],
        lags=lags,
        long_short=_measure(DAILY, frame, allow_short=True),
        years=_measure_years(frame, days),
        tried=deflate(DAILY, accounts, tried),
        rules=list_rules(tried),
        choices=list_choices(scene, facts, days),
        calibration=_score_confidence(frame, facts, bars, columns),
        equity={
            "signal": _compound(accounts.followed),
            "constant": _compound(accounts.constant),
            "holding": _compound(accounts.holding),
        },
        hours=None,
    )


def _measure(book: Book, frame: Frame, *, lag: int = 1, allow_short: bool = False) -> Figures:
    # The same offsets for every lag and way of following, so that they can be compared.
    offsets = evaluation.draw_offsets(np.random.default_rng(SEED), SHIFTS, frame.closes.shape[1])
    return measure_signals(
        book, frame.published.signals, frame.closes, offsets, lag=lag, allow_short=allow_short
    )


def _measure_years(frame: Frame, days: Sequence[date]) -> dict[str, Figures]:
    years: dict[str, Figures] = {}
    for year in sorted({day.year for day in days}):
        places = [place for place, day in enumerate(days) if day.year == year]
        signals = frame.published.signals[:, places]
        if len(places) < SHORTEST_YEAR or not np.isfinite(signals).any():
            continue
        offsets = evaluation.draw_offsets(np.random.default_rng(SEED), SHIFTS, len(places))
        closes = np.ascontiguousarray(frame.closes[:, places])
        years[str(year)] = measure_signals(DAILY, signals, closes, offsets)
    return years


def _score_confidence(
    frame: Frame, facts: Facts, bars: Bars, columns: Sequence[int]
) -> Calibration | None:
    """Stated chances against what happened to the published barriers; labels that are not over by
    the newest day count for nothing.
    """
    said, rows = frame.published, [facts.panel.row(token) for token in frame.token_ids]
    unit = facts.panel.unit[rows][:, columns]
    wide = np.full((2, *bars.close.shape), np.nan)
    upper = np.maximum(said.target, said.stop) * unit
    lower = np.minimum(said.target, said.stop) * unit
    wide[0][:, columns], wide[1][:, columns] = upper, lower
    touches = find_touches(bars.high, bars.low, wide[0], wide[1], DAILY.horizon)[:, columns]
    outcome = np.full(said.signals.shape, np.nan)
    for side in (1, -1):
        labels = label_touches(touches, side)
        of_side = (said.signals == side) & (labels >= 0)
        outcome[of_side] = labels[of_side] - 0.5
    return evaluation.score_calibration(said.confidence, outcome, np.isfinite(outcome))


def _compound(daily: Matrix) -> tuple[float, ...]:
    mean = average_coins(daily)
    return tuple(np.cumprod(1.0 + np.where(np.isfinite(mean), mean, 0.0)).tolist())


def _measure_hourly(
    home: Home,
    database: Database,
    clock: Clock,
    progress: Progress,
    facts: publishing.Facts,
    first: date,
    last: date,
) -> HourlyReport | None:
    """The hourly signals of the window; None where no coin has one."""
    hours = facts.hours(last)
    opening = hours.first_day + timedelta(days=1)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    days = [day for day in days if hours.n_hours and day >= opening]
    if not days:
        return None
    publishing.publish_missing(
        home, database, HOURLY_SIGNALS, clock, progress, start=days[0], end=last
    )
    bars = collect_hourly_bars(facts, last)
    named: list[Bar] = [(day, hour) for day in days for hour in range(24)]
    published = load_published(database, HOURLY_SIGNALS.kind.name, named, bars.token_ids.tolist())
    if not np.isfinite(published.signals).any():
        return None
    start = hours.column(days[0], 0)
    closes = np.ascontiguousarray(bars.close[:, start : start + len(named)])
    frame = Frame(named, bars.token_ids.tolist(), published, closes)
    return HourlyReport(
        first_day=days[0],
        last_day=last,
        hours=len(named),
        lags={str(lag): _measure(HOURLY, frame, lag=lag) for lag in LAGS},
    )


def _plain(report: SignalsReport) -> dict[str, object]:
    plain = evaluation.create_json(report)
    if not isinstance(plain, dict):
        raise TypeError("a report is an object")
    return {
        **plain,
        "window": {"from": report.days[0].isoformat(), "to": report.days[-1].isoformat()},
        "days": len(report.days),
        "universe": {"coins": len(report.coins), "died_inside": report.died_inside},
        "costs": {"fee_bps": DAILY.fee_bps, "slippage_bps": DAILY.slippage_bps},
    }


def _summarise(report: SignalsReport) -> list[tuple[str, str]]:
    figures = report.headline
    lines = [
        ("Verdict", describe_verdict(report)),
        ("Window", f"{report.days[0]} to {report.days[-1]}, {report.origin}"),
        ("Against constant exposure", figures.shares.describe_constant()),
        ("Against holding", figures.shares.describe_holding()),
        (
            "Excess growth over constant",
            f"mean {figures.excess.mean:+.2f}, median {figures.excess.median:+.2f} (log)",
        ),
        ("Deflated Sharpe of the excess", _describe_tried(report.tried)),
    ]
    if report.hours is not None:
        shares = report.hours.lags[str(HEADLINE_LAG)].shares
        lines.append((f"Hourly, {report.hours.hours} hours only", shares.describe_constant()))
    return lines


def _describe_tried(tried: Tried) -> str:
    if not isfinite(tried.sharpe):
        return "no excess, so there is none to deflate"
    return (
        f"{tried.deflated_sharpe:.2f} after {tried.configurations} tries"
        f" (Sharpe {tried.sharpe:.2f}, best by chance {tried.expected_best_by_chance:.2f};"
        f" overfit probability {tried.overfit_probability:.2f})"
    )
