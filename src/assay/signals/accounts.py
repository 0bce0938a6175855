"""Each coin as an account of its own: following a signal, its controls, and every rule tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay import evaluation
from assay.backtest import run_signals
from assay.evaluation import BesideControls, Excess, Hits, Tried
from assay.kit.progress import Progress
from assay.signals.compute.walking import Scene, compute_rule_states
from assay.signals.types import Book, Matrix, Series

TRIED_BESIDE_BOOK = 211
"""Configurations looked at in research that are not in the book (docs/method/signals.md)."""


@dataclass(frozen=True)
class Accounts:
    """Daily net returns [coins, bars] of following, of its mean position held constantly, and of
    holding; NaN before a coin's first signal and after it is sold for good.
    """

    followed: Matrix
    constant: Matrix
    holding: Matrix


@dataclass(frozen=True)
class Figures:
    """One way of following in one window. Drawdowns are medians over coins, `exposure` and
    `turnover` (one way, a year) means.
    """

    shares: BesideControls
    excess: Excess
    hits: Hits
    exposure: float
    turnover: float
    drawdown: float
    drawdown_constant: float
    drawdown_holding: float


@dataclass(frozen=True)
class TriedRules:
    """Every rule of the book over the same coins and days, long only, one bar late, net.

    `excess` [rules, bars]: mean over coins of the return beyond constant equal exposure; `medians`
    [rules]: median coin's log growth beyond it.
    """

    excess: Matrix
    medians: Series
    sharpes: Series


def open_accounts(
    book: Book, signals: Matrix, closes: Matrix, *, lag: int, allow_short: bool
) -> Accounts:
    """Follow `signals` (NaN outside a coin's life) and its controls at the book's costs."""
    taken = signals if allow_short else np.maximum(signals, 0.0)
    return Accounts(
        follow(book, taken, closes, lag),
        follow(book, evaluation.create_constant(taken, lag), closes, lag),
        follow(book, evaluation.create_holding(taken), closes, lag),
    )


def follow(book: Book, signals: Matrix, closes: Matrix, lag: int) -> Matrix:
    """Daily net returns [coins, bars] of following `signals`; NaN before a coin's first signal."""
    daily = run_signals(
        closes, signals, fee_bps=book.fee_bps, slippage_bps=book.slippage_bps, lag=lag
    )
    has_begun = np.logical_or.accumulate(~np.isnan(signals), axis=1)
    return np.where(has_begun, daily, np.nan)


def measure_signals(
    book: Book,
    signals: Matrix,
    closes: Matrix,
    offsets: NDArray[np.int64],
    *,
    lag: int = 1,
    allow_short: bool = False,
) -> Figures:
    """All figures of following `signals`, beside both controls.

    Raises NotEnoughData where no coin was traded.
    """
    taken = signals if allow_short else np.maximum(signals, 0.0)
    accounts = open_accounts(book, taken, closes, lag=lag, allow_short=allow_short)
    growth = [
        evaluation.compute_growth(daily)
        for daily in (accounts.followed, accounts.constant, accounts.holding)
    ]
    shifted = [
        evaluation.compute_growth(
            follow(book, evaluation.shift_signals(taken, int(offset)), closes, lag)
        )
        for offset in offsets
    ]
    falls = [
        float(np.nanmedian(evaluation.compute_drawdowns(daily)))
        for daily in (accounts.followed, accounts.constant, accounts.holding)
    ]
    return Figures(
        shares=evaluation.compare_with_controls(growth[0], growth[1], growth[2], np.stack(shifted)),
        excess=evaluation.measure_excess(growth[0], growth[1]),
        hits=evaluation.measure_hits(taken, closes, lag, book.side_cost),
        exposure=float(np.nanmean(evaluation.compute_exposures(taken, lag))),
        turnover=evaluation.measure_turnover(taken, book.per_year),
        drawdown=falls[0],
        drawdown_constant=falls[1],
        drawdown_holding=falls[2],
    )


def pool_excess(accounts: Accounts) -> Series:
    """Mean over coins of the day's return beyond constant exposure, [bars]; NaN without coins."""
    return average_coins(accounts.followed - accounts.constant)


def average_coins(daily: Matrix) -> Series:
    """Mean of the coins that are traded on a bar; NaN where none is."""
    counts = np.isfinite(daily).sum(axis=0)
    return np.where(counts > 0, np.nansum(daily, axis=0) / np.maximum(counts, 1), np.nan)


def try_rules(
    book: Book,
    scene: Scene,
    signals: Matrix,
    closes: Matrix,
    columns: Sequence[int],
    progress: Progress,
) -> TriedRules:
    """Follow every rule of the book on the coins and days on which `signals` were published.

    `columns` of the scene are the bars of `signals` and `closes`.
    """
    count = len(book.rules)
    excess = np.full((count, closes.shape[1]), np.nan)
    medians = np.full(count, np.nan)
    for index in range(count):
        states, _ = compute_rule_states(book, scene, index)
        own = np.where(np.isnan(signals), np.nan, states[:, columns])
        accounts = open_accounts(book, own, closes, lag=1, allow_short=False)
        excess[index] = pool_excess(accounts)
        medians[index] = np.nanmedian(
            evaluation.compute_growth(accounts.followed)
            - evaluation.compute_growth(accounts.constant)
        )
        progress.step("Following every rule", index + 1, count)
    return TriedRules(excess, medians, _sharpes(excess, book.per_year))


def deflate(book: Book, accounts: Accounts, tried: TriedRules) -> Tried:
    """The published signal's Sharpe ratio of excess, deflated by all that was tried."""
    trials = evaluation.Trials(
        count=len(book.rules) + TRIED_BESIDE_BOOK, sharpes=tried.sharpes, daily=tried.excess
    )
    return evaluation.score_trials(pool_excess(accounts), trials, book.per_year)


def _sharpes(daily: Matrix, per_year: float) -> Series:
    spread = np.nanstd(daily, axis=1, ddof=1)
    return np.asarray(
        np.nanmean(daily, axis=1) / np.where(spread > 0.0, spread, np.nan) * np.sqrt(per_year)
    )
