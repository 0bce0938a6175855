"""Did the state of the market say anything about what came after? Pure; nothing here is sealed.

Outcomes are bought at the close of t+1. Daily values overlap and persist, so chance is measured by
circular shifts: the same series, moved by a random offset against what it should foretell, keeps
its own persistence and loses its moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.backtest import run_signals
from assay.evaluation import (
    BesideControls,
    compare_with_controls,
    compute_growth,
    create_constant,
    create_holding,
    draw_offsets,
    shift_signals,
)
from assay.market_state.compute.market import prepare_coins
from assay.market_state.types import Flags, Matrix, Series
from assay.markets.types import Panel

HORIZONS = (1, 7, 30)
LAG = 1
FEE_BPS = 10.0
SHIFTS = 999
COIN_SHIFTS = 99
CHANCE = 0.05
NOTHING = float("nan")


@dataclass(frozen=True, slots=True)
class Link:
    """Spearman's rank correlation of a series with an outcome, and how often chance does as much.

    `chance` is two-sided: (1 + shifts at least as far from 0) / (1 + shifts).
    """

    days: int
    rho: float
    chance: float

    @property
    def is_shown(self) -> bool:
        """Whether chance alone does as much on fewer than 5 % of shifts."""
        return self.chance < CHANCE

    def describe(self) -> str:
        """The finding in words."""
        if np.isnan(self.rho):
            return "nothing to measure"
        sign = "higher" if self.rho > 0 else "lower"
        verdict = f"followed by {sign}" if self.is_shown else "nothing shown"
        return f"rank correlation {self.rho:+.2f}, p = {self.chance:.3f}: {verdict}"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Days on which the state bore one name, and the mean outcome by horizon."""

    name: str
    days: int
    means: Mapping[int, float]
    shares_up: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Timing:
    """Following the bull and bear indicator, long or in cash, net.

    Of the equal-weight market as one asset: log growth of the window, that of both controls (of
    shifted signals the mean and the outer twentieths), and `chance`, (1 + shifts that grew at least
    as much) / (1 + shifts). `coins`: every coin alone.
    """

    exposure: float
    changes: int
    followed: float
    constant: float
    holding: float
    shifted: float
    shifted_low: float
    shifted_high: float
    chance: float
    coins: BesideControls


def compute_market_path(close: Matrix, universe: Flags) -> Series:
    """Simple daily returns of yesterday's universe in equal parts; a coin without a bar stands
    still. NaN where nobody was in it.
    """
    changes = np.zeros(close.shape)
    moved = close[:, 1:] / close[:, :-1] - 1.0
    changes[:, 1:] = np.where(np.isfinite(moved), moved, 0.0)
    members = np.zeros_like(universe)
    members[:, 1:] = universe[:, :-1]
    count = members.sum(axis=0)
    total = np.where(members, changes, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def compute_outcomes(returns: Series, columns: Sequence[int], horizon: int) -> Series:
    """Return from the close of t+1 to that of t+1+horizon, for each of `columns`; NaN where the
    end is not known yet.
    """
    growth = np.concatenate([[0.0], np.cumsum(np.log1p(np.nan_to_num(returns)))])
    out = np.full(len(columns), np.nan)
    for place, t in enumerate(columns):
        end = t + LAG + horizon
        if end < returns.size:
            out[place] = np.expm1(growth[end + 1] - growth[t + LAG + 1])
    return out


def compute_market_outcomes(panel: Panel, is_coin: Flags, horizon: int) -> Series:
    """`compute_outcomes` of every day of a panel, [days]; `is_coin` [tokens]."""
    coins = prepare_coins(panel, is_coin)
    path = compute_market_path(coins.close, coins.universe)
    return compute_outcomes(path, range(panel.n_days), horizon)


def compute_next_volatility(returns: Series, columns: Sequence[int], days: int) -> Series:
    """Volatility of a year over the `days` after each of `columns`; NaN where not known yet."""
    out = np.full(len(columns), np.nan)
    for place, t in enumerate(columns):
        if t + days < returns.size:
            later = np.log1p(returns[t + 1 : t + days + 1])
            out[place] = np.sqrt(np.nanmean(later * later) * 365)
    return out


def rank(values: Series) -> Series:
    """Ranks from 0, equals share their mean."""
    order = np.argsort(values, kind="stable")
    ranks = np.empty(values.size)
    ranks[order] = np.arange(values.size)
    _, group = np.unique(values, return_inverse=True)
    sums = np.bincount(group, weights=ranks)
    return np.asarray(sums[group] / np.bincount(group)[group])


def correlate(one: Series, other: Series) -> float:
    """Pearson's correlation over the days that both know; NaN with fewer than 3 or no spread."""
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < 3:
        return NOTHING
    x, y = one[both] - one[both].mean(), other[both] - other[both].mean()
    spread = np.sqrt((x * x).sum() * (y * y).sum())
    return float((x * y).sum() / spread) if spread > 0.0 else NOTHING


def score_link(series: Series, outcome: Series, generator: np.random.Generator) -> Link:
    """Does a series rank what comes after it?"""
    both = np.isfinite(series) & np.isfinite(outcome)
    if both.sum() < 30:
        return Link(int(both.sum()), NOTHING, NOTHING)
    x, y = rank(series[both]), rank(outcome[both])
    observed = correlate(x, y)
    if np.isnan(observed):
        return Link(x.size, NOTHING, NOTHING)
    x, y = x - x.mean(), y - y.mean()
    reached = abs(float((x * y).sum()))
    offsets = draw_offsets(generator, SHIFTS, x.size)
    null = np.array([abs((np.roll(x, offset) * y).sum()) for offset in offsets])
    return Link(x.size, observed, _compute_chance(null, reached))


def _compute_chance(null: Series, reached: float) -> float:
    """Share of shifts that do at least as much; rounding does not part equals."""
    enough = null >= reached - 1e-9 * abs(reached)
    return (1 + int(enough.sum())) / (1 + null.size)


def group_outcomes(
    states: Sequence[str | None], names: Sequence[str], outcomes: Mapping[int, Series]
) -> list[Bucket]:
    """Mean outcome of the days in each state, in the order of `names`."""
    known = np.array([state or "" for state in states])
    buckets = []
    for name in names:
        here = known == name
        means, shares = {}, {}
        for horizon, outcome in outcomes.items():
            values = outcome[here & np.isfinite(outcome)]
            means[horizon] = float(values.mean()) if values.size else NOTHING
            shares[horizon] = float((values > 0).mean()) if values.size else NOTHING
        buckets.append(Bucket(name, int(here.sum()), means, shares))
    return buckets


def score_timing(
    market: Series, close: Matrix, last_signal: Series, generator: np.random.Generator
) -> Timing:
    """Long while the last signal is a bull's, else in cash, 10 bp a side, beside both controls.

    `market` [days] are returns of the equal-weight market, `close` [coins, days] over the same days
    as `last_signal`. Raises NotEnoughData for fewer than 10 days.
    """
    position = np.where(last_signal > 0, 1.0, 0.0)
    path: Matrix = np.cumprod(1.0 + np.nan_to_num(market), dtype=np.float64)[None, :]
    alone = position[None, :]
    followed, constant, holding = (
        float(_grow(path, signals)[0])
        for signals in (alone, create_constant(alone, LAG), create_holding(alone))
    )
    offsets = draw_offsets(generator, SHIFTS, market.size)
    shifted = np.array([_grow(path, shift_signals(alone, int(n)))[0] for n in offsets])
    low, high = np.quantile(shifted, [0.05, 0.95]).tolist()
    return Timing(
        exposure=float(position.mean()),
        changes=int(np.abs(np.diff(position)).sum()),
        followed=followed,
        constant=constant,
        holding=holding,
        shifted=float(shifted.mean()),
        shifted_low=low,
        shifted_high=high,
        chance=_compute_chance(shifted, followed),
        coins=_compare(close, np.where(np.isfinite(close), alone, np.nan), generator),
    )


def _compare(close: Matrix, signals: Matrix, generator: np.random.Generator) -> BesideControls:
    offsets = draw_offsets(generator, COIN_SHIFTS, signals.shape[1])
    shifted = [_grow(close, shift_signals(signals, int(offset))) for offset in offsets]
    return compare_with_controls(
        _grow(close, signals),
        _grow(close, create_constant(signals, LAG)),
        _grow(close, create_holding(signals)),
        np.stack(shifted),
    )


def _grow(close: Matrix, signals: Matrix) -> Series:
    daily = run_signals(
        close, signals, fee_bps=FEE_BPS, slippage_bps=0.0, lag=LAG, allow_short=False
    )
    return compute_growth(daily)


def compare_with_known(own: Series, same_date: Series, morning: Series) -> dict[str, float | int]:
    """Agreement with the known fear-and-greed index, [days] each (NaN: not known).

    The known index of a date is published as that date begins, so it describes the day before:
    `morning` bears the next date, `same_date` our own.
    """
    both = np.isfinite(own) & np.isfinite(morning)
    gap = np.abs(own - morning)[both]
    return {
        "days": int(both.sum()),
        "level_correlation": correlate(own, morning),
        "change_correlation": correlate(np.diff(own), np.diff(morning)),
        "level_correlation_same_date": correlate(own, same_date),
        "change_correlation_same_date": correlate(np.diff(own), np.diff(same_date)),
        "mean_absolute_difference": float(gap.mean()) if gap.size else NOTHING,
        "own_mean": float(own[both].mean()) if gap.size else NOTHING,
        "known_mean": float(morning[both].mean()) if gap.size else NOTHING,
    }
