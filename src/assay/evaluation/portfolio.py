"""What the order would have earned: equal-weight fifths by score, before and after costs.

Research, not investable: shorts are free and always there, prices are closes, sizes move nothing.
Costs are charged on everything traded, buys and sells, entry included. Weekly returns compound each
leg over its week and take the difference, so a figure does not hang on daily rebalancing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from assay.evaluation.books import Books, compute_books, compute_daily_growth
from assay.evaluation.ranks import compute_buckets
from assay.evaluation.types import (
    DAYS_PER_YEAR,
    CostedSpread,
    Flags,
    LegAgainst,
    Matrix,
    QuintileReport,
    Series,
)

WEEK = 7
WEEKS_PER_YEAR = DAYS_PER_YEAR / WEEK
FIFTHS = 5
LOW_COST_BP = 10.0
HIGH_COST_BP = 30.0


def compute_part_returns(books: Books, part: int, cost_bp: float, *, short: bool = False) -> Matrix:
    """Daily returns of one part of every book after `cost_bp` a side, [books, days]; for a short,
    what is owed grows.
    """
    rate = cost_bp / 10_000.0
    kept = 1.0 + rate * books.traded[:, part] if short else 1.0 - rate * books.traded[:, part]
    return np.asarray(books.growth[:, part] * kept - 1.0)


def compute_staggered(returns: Matrix) -> Series:
    """Mean over the books that run that day, [days]; NaN before the first."""
    running = np.isfinite(returns)
    count = running.sum(axis=0)
    total = np.where(running, returns, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def compute_weekly(returns: Series) -> Series:
    """Compound daily returns over whole weeks from the first finite day; a last part of a week is
    left out.
    """
    present = returns[np.isfinite(returns)]
    weeks = present.size // WEEK
    return np.asarray(np.prod(1.0 + present[: weeks * WEEK].reshape(weeks, WEEK), axis=1) - 1.0)


def compute_annual_mean(weekly: Series) -> float:
    """Arithmetic mean of weekly returns times the weeks of a year; NaN without a week."""
    return float(weekly.mean()) * WEEKS_PER_YEAR if weekly.size else float("nan")


def compute_sharpe(weekly: Series) -> float:
    """Annualised Sharpe ratio of weekly returns, no risk-free rate; NaN for fewer than 8 weeks or
    no variance.
    """
    if weekly.size < 8:
        return float("nan")
    spread = float(weekly.std(ddof=1))
    return float(weekly.mean()) / spread * sqrt(WEEKS_PER_YEAR) if spread > 0.0 else float("nan")


def compute_equity(returns: Series) -> Series:
    """Value of 1 invested on the first day; a NaN day changes nothing."""
    return np.asarray(np.cumprod(1.0 + np.nan_to_num(returns)), dtype=np.float64)


def compute_spread_equity(long_leg: Series, short_leg: Series) -> Series:
    """Value of 1 that backs a long and a short of equal size, set equal again once a week and not
    in between.

    Weeks run from the first finite day, so every seventh step is a return of `compute_weekly(long)
    - compute_weekly(short)`.
    """
    equity = np.ones(long_leg.size)
    known = np.flatnonzero(np.isfinite(long_leg) & np.isfinite(short_leg))
    if not known.size:
        return equity
    value = 1.0
    for start in range(int(known[0]), long_leg.size, WEEK):
        week = slice(start, min(start + WEEK, long_leg.size))
        gain = compute_equity(long_leg[week]) - compute_equity(short_leg[week])
        equity[week] = value * (1.0 + gain)
        value = float(equity[week][-1])
    return equity


def compute_drawdowns(equity: Series) -> Series:
    """Distance below the highest value so far, 0 or negative, the initial 1 included."""
    peak = np.maximum(np.maximum.accumulate(equity), 1.0)
    return np.asarray(equity / peak - 1.0)


def score_leg(leg_weekly: Series, benchmark_weekly: Series) -> LegAgainst:
    """Regress a leg's weekly returns on a benchmark's: alpha a year, beta, and the Sharpe ratio of
    what is left.

    The residual Sharpe ratio is alpha over the standard deviation of the residuals (an appraisal
    ratio), annualised.
    """
    weeks = min(leg_weekly.size, benchmark_weekly.size)
    leg, benchmark = leg_weekly[:weeks], benchmark_weekly[:weeks]
    nothing = float("nan")
    if weeks < 8 or float(benchmark.var()) <= 0.0:
        return LegAgainst(compute_sharpe(leg), compute_sharpe(benchmark), nothing, nothing, nothing)
    centred = benchmark - benchmark.mean()
    beta = float((centred * (leg - leg.mean())).sum() / (centred * centred).sum())
    alpha = float(leg.mean() - beta * benchmark.mean())
    left = leg - alpha - beta * benchmark
    spread = sqrt(float((left * left).sum()) / max(1, weeks - 2))
    return LegAgainst(
        sharpe=compute_sharpe(leg),
        benchmark_sharpe=compute_sharpe(benchmark),
        alpha_annual=alpha * WEEKS_PER_YEAR,
        beta=beta,
        residual_sharpe=alpha / spread * sqrt(WEEKS_PER_YEAR) if spread > 0.0 else nothing,
    )


def compute_weekly_spread(books: Books, cost_bp: float) -> Series:
    """Weekly returns of the staggered top-minus-bottom spread after costs."""
    long_leg, short_leg = _staggered_legs(books, cost_bp)
    return np.asarray(compute_weekly(long_leg) - compute_weekly(short_leg))


def compute_books_equity(books: Books, cost_bp: float) -> Series:
    """Value of 1 that backs the staggered spread after costs, [days]."""
    return compute_spread_equity(*_staggered_legs(books, cost_bp))


def _staggered_legs(books: Books, cost_bp: float) -> tuple[Series, Series]:
    long_leg = compute_part_returns(books, FIFTHS - 1, cost_bp)
    short_leg = compute_part_returns(books, 0, cost_bp, short=True)
    return compute_staggered(long_leg), compute_staggered(short_leg)


def score_spread(books: Books, cost_bp: float) -> CostedSpread:
    """Top minus bottom part after costs, weekly returns of the staggered books, annualised."""
    long_leg = compute_part_returns(books, FIFTHS - 1, cost_bp)
    short_leg = compute_part_returns(books, 0, cost_bp, short=True)
    each = []
    for book in range(books.holding_days):
        spread = compute_weekly(long_leg[book]) - compute_weekly(short_leg[book])
        each.append(compute_sharpe(spread))
    weekly = compute_weekly_spread(books, cost_bp)
    known = [sharpe for sharpe in each if np.isfinite(sharpe)]
    nothing = float("nan")
    return CostedSpread(
        cost_bp=cost_bp,
        sharpe=compute_sharpe(weekly),
        sharpe_offset_mean=float(np.mean(known)) if known else nothing,
        sharpe_lowest_offset=min(known, default=nothing),
        sharpe_highest_offset=max(known, default=nothing),
        annual_return=compute_annual_mean(weekly),
        annual_volatility=float(weekly.std(ddof=1)) * sqrt(WEEKS_PER_YEAR)
        if weekly.size > 1
        else nothing,
        drawdown=float(compute_drawdowns(compute_books_equity(books, cost_bp)).min()),
    )


def compute_turnover(books: Books) -> float:
    """One-way turnover a year of the spread: half of what both legs trade, per unit of one leg's
    capital.
    """
    held = np.isfinite(books.growth[:, 0]).sum(axis=1)
    traded = books.traded[:, FIFTHS - 1].sum(axis=1) + books.traded[:, 0].sum(axis=1)
    ran = held > 0
    if not ran.any():
        return float("nan")
    return float((0.5 * traded[ran] / held[ran]).mean() * DAYS_PER_YEAR)


@dataclass(frozen=True)
class QuintileRun:
    """A quintile report with the books behind it."""

    report: QuintileReport
    books: Books
    market: Series
    bitcoin: Series | None


def score_quintiles(
    closes: Matrix,
    scores: Matrix,
    members: Flags,
    *,
    name: str,
    holding_days: int,
    benchmark_row: int | None,
) -> QuintileRun:
    """Fifths of each day's `members` by score (no view at the median), gross and net, against
    market and Bitcoin.

    All matrices are [tokens, days] inside the window. The market is the equal-weight book of all
    members, gross.
    """
    books = compute_books(
        closes, compute_buckets(scores, members, FIFTHS), parts=FIFTHS, holding_days=holding_days
    )
    everyone = np.where(members, 0, -1).astype(np.int8)
    market_books = compute_books(closes, everyone, parts=1, holding_days=holding_days)
    market = compute_staggered(market_books.growth[:, 0] - 1.0)
    bitcoin = None
    if benchmark_row is not None:
        row = np.ascontiguousarray(closes[benchmark_row : benchmark_row + 1], dtype=np.float64)
        bitcoin = np.where(np.isfinite(market), compute_daily_growth(row)[:, 0] - 1.0, np.nan)
    leg = compute_weekly(compute_staggered(compute_part_returns(books, FIFTHS - 1, LOW_COST_BP)))
    annual = tuple(
        compute_annual_mean(compute_weekly(compute_staggered(books.growth[:, part] - 1.0)))
        for part in range(FIFTHS)
    )
    on_days = members.sum(axis=0)
    report = QuintileReport(
        universe=name,
        holding_days=holding_days,
        gross=score_spread(books, 0.0),
        net=score_spread(books, LOW_COST_BP),
        net_30bp=score_spread(books, HIGH_COST_BP),
        turnover=compute_turnover(books),
        annual_returns=annual,
        long_leg_market=score_leg(leg, compute_weekly(market)),
        long_leg_bitcoin=None if bitcoin is None else score_leg(leg, compute_weekly(bitcoin)),
        mean_coins=float(on_days[on_days > 0].mean()) if (on_days > 0).any() else 0.0,
    )
    return QuintileRun(report, books, market, bitcoin)
