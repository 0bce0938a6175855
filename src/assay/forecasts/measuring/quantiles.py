"""Quantiles and trend calls against what happened."""

from dataclasses import dataclass
from datetime import date
from math import isfinite, sqrt

import numpy as np

from assay import evaluation
from assay.evaluation import QuantileScore, Windows
from assay.forecasts.compute.conformal import compute_outcomes
from assay.forecasts.measuring.reading import SaidQuantiles, Window
from assay.forecasts.types import HORIZONS, QUANTILES, Flags, Matrix, Series

CRASHES = (("LUNA", date(2022, 5, 9), 60), ("FTX", date(2022, 11, 8), 60))
"""The 60 days from each of the two shocks of 2022 on."""
TREND_HORIZONS = (7, 30)
TREND_NAMES = {1: "up", 0: "none", -1: "down"}
LEAST_T = 3.0
"""Coins move together and windows overlap: 2 would be reached by luck too often."""
BLOCK_DAYS = 30
LEAST_BLOCKS = 6
_LAG = 1


@dataclass(frozen=True, slots=True)
class TrendScore:
    """Mean log return after a trend call, bought one day later, minus the same day's mean of all
    coins: by call, with the share of coin-days of each; `t` is of the difference up minus down,
    over means of 30 days.
    """

    horizon_days: int
    shares: dict[str, float]
    returns: dict[str, float]
    difference: float
    t: float
    days: int

    @property
    def has_skill(self) -> bool:
        """The difference has the sign of the call and is more than luck explains."""
        return isfinite(self.t) and self.t >= LEAST_T


@dataclass(frozen=True, slots=True)
class Members:
    """Who is scored, and the 30-day volatility that thirds are made of: [tokens, days of the
    window]; recomputed from the facts, not read from what was said.
    """

    members: Flags
    volatility: Matrix


def score_horizons(
    said: SaidQuantiles, window: Window, facts: Members
) -> dict[int, QuantileScore | None]:
    """Each horizon's score, None where no outcome is known yet.

    A coin of the universe without a view counts as not covered by anything: it is left out here
    and shown as the share without a view.
    """
    closes = window.closes
    scores: dict[int, QuantileScore | None] = {}
    for place, horizon in enumerate(HORIZONS):
        walk = evaluation.compute_walk_quantiles(closes, horizon, QUANTILES)
        scores[horizon] = evaluation.score_quantiles(
            said.returns[place],
            walk[:, :, window.columns],
            compute_outcomes(closes, horizon)[:, window.columns],
            levels=QUANTILES,
            volatility=facts.volatility,
            members=facts.members,
            windows=Windows(window.first, CRASHES),
        )
    return scores


def score_trends(said: SaidQuantiles, window: Window, facts: Members) -> list[TrendScore]:
    """What followed the trend calls, over 7 and over 30 days."""
    return [
        _score_trend(
            said,
            evaluation.compute_forward_returns(window.closes, horizon, _LAG)[:, window.columns],
            facts,
            horizon,
        )
        for horizon in TREND_HORIZONS
    ]


def _score_trend(said: SaidQuantiles, outcome: Matrix, facts: Members, horizon: int) -> TrendScore:
    used = facts.members & np.isfinite(outcome) & (said.trends != 9)
    relative = np.where(used, outcome - _mean_by_day(outcome, used)[None, :], np.nan)
    calls = {name: used & (said.trends == call) for call, name in TREND_NAMES.items()}
    daily = _mean_by_day(relative, calls["up"]) - _mean_by_day(relative, calls["down"])
    known = daily[np.isfinite(daily)]
    total = max(int(used.sum()), 1)
    return TrendScore(
        horizon_days=horizon,
        shares={name: int(call.sum()) / total for name, call in calls.items()},
        returns={
            name: float(relative[call].mean()) if call.any() else float("nan")
            for name, call in calls.items()
        },
        difference=float(known.mean()) if known.size else float("nan"),
        t=compute_block_t(daily),
        days=int(known.size),
    )


def compute_block_t(daily: Series) -> float:
    """t statistic of the mean of `daily`, over means of blocks of 30 days, since neighbouring days
    share most of their outcome. NaN days are left out; NaN with fewer than 6 blocks.
    """
    blocks = [
        float(np.nanmean(part))
        for part in np.split(daily, range(BLOCK_DAYS, daily.size, BLOCK_DAYS))
        if np.isfinite(part).any()
    ]
    spread = float(np.std(blocks, ddof=1)) if len(blocks) >= LEAST_BLOCKS else 0.0
    return float(np.mean(blocks)) / (spread / sqrt(len(blocks))) if spread > 0.0 else float("nan")


def _mean_by_day(values: Matrix, used: Flags) -> Matrix:
    counts = used.sum(axis=0)
    total = np.where(used, values, 0.0).sum(axis=0)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
