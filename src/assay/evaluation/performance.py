"""What a path of values was worth: growth, risk, and what is left of it beside a benchmark.

Net or gross is the caller's: a level is what it is. Residual Sharpe: weekly returns r of the path
are regressed on those of the benchmark, r = a + b * m + e; it is a / sd(e) * sqrt(365 / 7) with sd
over n - 2 (Treynor and Black's appraisal ratio, 1973), see `portfolio.score_leg`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

import numpy as np

from assay.evaluation.portfolio import (
    WEEKS_PER_YEAR,
    compute_drawdowns,
    compute_sharpe,
    compute_weekly,
    score_leg,
)
from assay.evaluation.trials import score_trials
from assay.evaluation.types import DAYS_PER_YEAR, LegAgainst, Series, Trials, Tried


@dataclass(frozen=True, slots=True)
class YearAgainst:
    """One calendar year (or the part of it that is there) beside the benchmark."""

    year: int
    total_return: float
    benchmark_return: float
    residual_sharpe: float


@dataclass(frozen=True, slots=True)
class Performance:
    """Figures of one path of levels; shares, not percent. NaN where the path is too short."""

    days: int
    total_return: float
    annual_return: float
    volatility: float
    sharpe: float
    max_drawdown: float
    against: Mapping[str, LegAgainst]
    years: Sequence[YearAgainst]


def compute_returns(levels: Series) -> Series:
    """Simple daily returns of levels, one fewer than there are."""
    return np.asarray(levels[1:] / levels[:-1] - 1.0, dtype=np.float64)


def score_performance(
    first_day: date, levels: Series, benchmarks: Mapping[str, Series], main: str
) -> Performance:
    """Figures of daily `levels` (the first is of `first_day`), beside `benchmarks` of equal length;
    the calendar years are compared with the benchmark `main`.
    """
    weekly = compute_weekly(compute_returns(levels))
    grown = float(levels[-1] / levels[0])
    span = levels.size - 1
    return Performance(
        days=span,
        total_return=grown - 1.0,
        annual_return=grown ** (DAYS_PER_YEAR / span) - 1.0 if span else float("nan"),
        volatility=float(weekly.std(ddof=1)) * sqrt(WEEKS_PER_YEAR)
        if weekly.size > 1
        else float("nan"),
        sharpe=compute_sharpe(weekly),
        max_drawdown=float(compute_drawdowns(levels / levels[0]).min()),
        against={
            name: score_leg(weekly, compute_weekly(compute_returns(other)))
            for name, other in benchmarks.items()
        },
        years=score_years(first_day, levels, benchmarks[main]),
    )


def score_years(first_day: date, levels: Series, benchmark: Series) -> list[YearAgainst]:
    """Each calendar year by itself; a year's first return starts from the last level before it."""
    days = [first_day + timedelta(days=n) for n in range(levels.size)]
    found = []
    for year in sorted({day.year for day in days}):
        inside = [place for place, day in enumerate(days) if day.year == year]
        part = slice(max(inside[0] - 1, 0), inside[-1] + 1)
        own, other = levels[part], benchmark[part]
        leg = score_leg(
            compute_weekly(compute_returns(own)), compute_weekly(compute_returns(other))
        )
        found.append(
            YearAgainst(
                year, own[-1] / own[0] - 1.0, other[-1] / other[0] - 1.0, leg.residual_sharpe
            )
        )
    return found


def compute_monthly_returns(first_day: date, levels: Series) -> list[tuple[int, int, float]]:
    """(year, month, return) of every month; a month starts from the last level before it."""
    found: list[tuple[int, int, float]] = []
    start = 0
    for place in range(1, levels.size + 1):
        day = first_day + timedelta(days=place - 1)
        following = day + timedelta(days=1)
        if place < levels.size and following.month == day.month:
            continue
        found.append((day.year, day.month, float(levels[place - 1] / levels[start] - 1.0)))
        start = place - 1
    return found


def deflate_residual(levels: Series, benchmark: Series, trials: Trials) -> Tried:
    """The residual Sharpe ratio after a discount for how many candidates were tried.

    Deflated is the Sharpe ratio of the weekly returns less beta times the benchmark's (what is left
    when the market is hedged away); `trials.sharpes` are the candidates' residual Sharpe ratios.
    """
    weekly = compute_weekly(compute_returns(levels))
    market = compute_weekly(compute_returns(benchmark))
    beta = score_leg(weekly, market).beta
    return score_trials(weekly - beta * market, trials, WEEKS_PER_YEAR)
