"""What is said of days and of hours, as a pure function of the facts known then."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from assay import ledger
from assay.kit.moments import close_of, format_utc
from assay.ledger import Kind
from assay.markets.types import BITCOIN, Token, TokenKind
from assay.publishing import FIRST_DAY, Facts, Judgement, Said, Speaker, daily_kind
from assay.publishing import list_coins as list_daily_coins
from assay.signals.compute.walking import compute_walk
from assay.signals.rows import Axis, create_rows
from assay.signals.types import DAILY, HOURLY, Bars, Book, Matrix

FIRST_HOURLY_REFIT = 720
LISTED_HOURS = 31 * 24
SOURCES = (
    "factors",
    "backtest",
    "signals/compute",
    "signals/types.py",
    "signals/rows.py",
    "signals/judging.py",
    "publishing/numbers.py",
)


def name_book(book: Book) -> str:
    """`rules:` and 12 hex digits of the digest of everything the book says."""
    content = ledger.canonical_json({name: repr(value) for name, value in asdict(book).items()})
    return f"rules:{hashlib.sha256(content).hexdigest()[:12]}"


def list_refits(book: Book, first: int, width: int) -> list[int]:
    """The columns at which the rule is chosen again: `first` and every `refit_every` bars later.

    `first` may lie before the axis.
    """
    return [column for column in range(first, width, book.refit_every) if column >= 0]


def judge_days(days: Sequence[date], facts: Facts, said: Said) -> Iterable[Judgement]:
    """Daily signals of every listed coin; nothing is read of what was said before."""
    panel, book = facts.panel, DAILY
    bars, unit = collect_daily_bars(facts, max(days))
    if not bars.token_ids.size:
        return
    first = (FIRST_DAY - panel.first_day).days
    columns = [panel.column(day) for day in days]
    refits = list_refits(book, first, columns[-1] + 1)
    walk = compute_walk(book, bars, BITCOIN, refits, max(0, first), columns)
    axis_days = [panel.day(column) for column in range(panel.n_days)]
    axis = Axis(
        [day.isoformat() for day in axis_days],
        [format_utc(close_of(day)) for day in axis_days],
        unit,
    )
    model = name_book(book)
    for place, day in enumerate(days):
        listed = list_daily_coins(facts, day)
        yield Judgement(day, create_rows(book, walk, axis, listed, columns[place], place), model)


def judge_hours(days: Sequence[date], facts: Facts, said: Said) -> Iterable[Judgement]:
    """Hourly signals of the coins with hourly candles, for every hour of the days."""
    hours, book = facts.hours(max(days)), HOURLY
    bars = collect_hourly_bars(facts, max(days))
    if not bars.close.size:
        return
    wanted = [
        (day, hour, column)
        for day in days
        for hour in range(24)
        if 0 <= (column := hours.column(day, hour)) < hours.n_hours
    ]
    columns = [column for _, _, column in wanted]
    refits = list_refits(book, FIRST_HOURLY_REFIT, hours.n_hours)
    walk = compute_walk(book, bars, BITCOIN, refits, 0, columns)
    moments = [hours.first_hour + timedelta(hours=n) for n in range(hours.n_hours + 1)]
    names = [format_utc(moment) for moment in moments]
    axis = Axis(names[:-1], names[1:], np.ones_like(bars.close))
    model = name_book(book)
    for place, (day, hour, column) in enumerate(wanted):
        listed = _list_hourly_coins(facts, day, bars, column)
        table = create_rows(book, walk, axis, listed, column, place)
        yield Judgement(day, table, model, hour)


def collect_daily_bars(facts: Facts, day: date) -> tuple[Bars, Matrix]:
    """Bars of all coins that had begun to trade by `day`, the dead among them, continuous through
    redenominations, and the factor that makes them so.
    """
    panel = facts.panel
    rows = _coin_rows(panel.token_ids, facts.tokens(day))
    unit = panel.unit[rows]
    sides = (panel.close, panel.high, panel.low)
    joined = [np.ascontiguousarray(side[rows] * unit) for side in sides]
    return Bars(panel.token_ids[rows], *joined), unit


def collect_hourly_bars(facts: Facts, day: date) -> Bars:
    """Hourly bars of all coins that have any, up to the last hour of `day`, as quoted."""
    hours = facts.hours(day)
    rows = _coin_rows(hours.token_ids, facts.tokens(day))
    sides = (hours.close, hours.high, hours.low)
    return Bars(hours.token_ids[rows], *[np.ascontiguousarray(side[rows]) for side in sides])


def _coin_rows(token_ids: NDArray[np.int64], tokens: Sequence[Token]) -> NDArray[np.int64]:
    coins = [int(token.token_id) for token in tokens if token.kind is TokenKind.COIN]
    return np.flatnonzero(np.isin(token_ids, coins))


def _list_hourly_coins(facts: Facts, day: date, bars: Bars, column: int) -> list[Token]:
    recent = bars.close[:, max(0, column - LISTED_HOURS + 1) : column + 1]
    traded = set(bars.token_ids[~np.isnan(recent).all(axis=1)].tolist())
    known = facts.tokens(day - timedelta(days=1))
    return [token for token in known if token.token_id in traded]


DAILY_SIGNALS = Speaker(kind=daily_kind("signals.daily"), judge=judge_days, sources=SOURCES)
HOURLY_SIGNALS = Speaker(
    kind=Kind("signals.hourly", live_within=timedelta(hours=1), opens_after=timedelta(hours=1)),
    judge=judge_hours,
    sources=SOURCES,
    is_hourly=True,
)
