"""Are stated quantiles worth anything? Pinball loss, CRPS and interval scores against a random
walk, and whether outcomes fall where they were said to.

Quantiles are [levels, tokens, days] of the log return from the close of t, levels ascending and
symmetric about one half. Pinball loss: Koenker and Bassett (1978); the continuous ranked
probability score is twice its integral over the levels (Gneiting and Ranjan 2011); Winkler score:
`intervals`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from assay.evaluation.intervals import compute_ewma_intervals, compute_winkler_scores
from assay.evaluation.ranks import compute_buckets
from assay.evaluation.types import Flags, Matrix, Series
from assay.kit.errors import BadInput

Quantiles = NDArray[np.float64]

LEAST_DAYS_A_MONTH = 10


@dataclass(frozen=True, slots=True)
class Windows:
    """Stretches of days whose coverage is asked for by name: (name, first day, days)."""

    first_day: date
    named: Sequence[tuple[str, date, int]] = ()


@dataclass(frozen=True, slots=True)
class PairScore:
    """One central interval: its share, how often outcomes fell inside, below and above, its mean
    width, and its Winkler score over the random walk's (below 1 is better).
    """

    level: float
    coverage: float
    below: float
    above: float
    width: float
    winkler: float
    winkler_ratio: float
    walk_coverage: float


@dataclass(frozen=True, slots=True)
class QuantileScore:
    """How one horizon's quantiles did; the pairs from the widest to the narrowest.

    Thirds (of `volatility`, calm first), months, named windows and the daily share are of the
    widest pair. `cells` is the share of outcomes between neighbouring quantiles (the ends
    included), `nominal` what it should be. `crps_ratio` and the walk's own figures: `pairs`.
    """

    pairs: tuple[PairScore, ...]
    thirds: tuple[float, ...]
    walk_thirds: tuple[float, ...]
    months: tuple[tuple[str, float], ...]
    worst_month: tuple[str, float]
    walk_worst_month: tuple[str, float]
    windows: tuple[tuple[str, float, float], ...]
    cells: tuple[float, ...]
    nominal: tuple[float, ...]
    crps: float
    crps_ratio: float
    forecasts: int
    daily_coverage: Series
    daily_width: Series


def compute_pinball(quantiles: Quantiles, outcome: Matrix, levels: Sequence[float]) -> Quantiles:
    """Pinball loss of each quantile, in the shape of `quantiles` ([levels, ...]); NaN where a part
    is missing.
    """
    shares = np.asarray(levels).reshape(-1, *(1,) * outcome.ndim)
    error = outcome[None] - quantiles
    return np.maximum(shares * error, (shares - 1.0) * error)


def compute_quantile_crps(quantiles: Quantiles, outcome: Matrix, levels: Sequence[float]) -> Matrix:
    """Continuous ranked probability score of each outcome, from quantiles: [...] as `outcome`.

    Twice the integral of the pinball loss over the levels, each loss standing for the levels that
    are nearer to it than to its neighbours, the outermost reaching to 0 and 1. With few levels it
    is lower than the whole distribution's score: compare only scores of the same levels.
    """
    shares = np.asarray(levels)
    edges = np.concatenate([[0.0], (shares[1:] + shares[:-1]) / 2.0, [1.0]])
    total = np.zeros(outcome.shape)
    for place in range(shares.size):
        loss = compute_pinball(quantiles[place : place + 1], outcome, levels[place : place + 1])
        total += 2.0 * (edges[place + 1] - edges[place]) * loss[0]
    return total


def compute_walk_quantiles(closes: Matrix, horizon_days: int, levels: Sequence[float]) -> Quantiles:
    """Quantiles of a driftless normal random walk: z * sigma * sqrt(horizon), sigma the
    exponentially weighted deviation (decay 0.94) of the coin's own daily log return.

    NaN before 20 returns. `closes` [tokens, days], continuous through redenominations.
    """
    # An empty universe leaves the market in the returns.
    nobody = np.zeros(closes.shape, np.bool_)
    _, reach = compute_ewma_intervals(closes, nobody, horizon_days, 0.9)
    unit = reach / NormalDist().inv_cdf(0.95)
    return np.stack([NormalDist().inv_cdf(level) * unit for level in levels])


def score_quantiles(
    quantiles: Quantiles,
    walk: Quantiles,
    outcome: Matrix,
    *,
    levels: Sequence[float],
    volatility: Matrix,
    members: Flags,
    windows: Windows,
) -> QuantileScore | None:
    """Score `quantiles` beside the random walk's on the same members with a known outcome.

    Everything is [tokens, days] from `windows.first_day` on, quantiles with a leading axis of
    `levels`. Months with fewer than 10 scored days cannot be the worst. None when there is nothing
    to score; BadInput for levels that are not symmetric.
    """
    if not np.allclose(np.asarray(levels) + np.asarray(levels)[::-1], 1.0):
        raise BadInput("levels must be symmetric about one half", hint="Give 1 - p with every p.")
    used = members & np.isfinite(outcome) & np.isfinite(walk[0])
    used &= np.isfinite(quantiles).all(axis=0)
    if not used.any():
        return None
    pairs = tuple(
        _score_pair(
            (quantiles[place], quantiles[-1 - place]),
            (walk[place], walk[-1 - place]),
            outcome,
            used,
            1.0 - 2.0 * levels[place],
        )
        for place in range(len(levels) // 2)
    )
    inside = (outcome >= quantiles[0]) & (outcome <= quantiles[-1])
    inside_walk = (outcome >= walk[0]) & (outcome <= walk[-1])
    thirds = compute_buckets(volatility, used, 3)
    months = _score_months(inside, used, windows.first_day)
    crps = float(compute_quantile_crps(quantiles, outcome, levels)[used].mean())
    naive = float(compute_quantile_crps(walk, outcome, levels)[used].mean())
    counts = used.sum(axis=0)
    return QuantileScore(
        pairs=pairs,
        thirds=tuple(_share(inside, used & (thirds == third)) for third in range(3)),
        walk_thirds=tuple(_share(inside_walk, used & (thirds == third)) for third in range(3)),
        months=months,
        worst_month=_find_worst(months),
        walk_worst_month=_find_worst(_score_months(inside_walk, used, windows.first_day)),
        windows=_score_windows(inside, inside_walk, used, windows),
        cells=_count_cells(quantiles, outcome, used),
        nominal=tuple(np.diff([0.0, *levels, 1.0]).tolist()),
        crps=crps,
        crps_ratio=crps / naive,
        forecasts=int(used.sum()),
        daily_coverage=_divide((inside & used).sum(axis=0), counts),
        daily_width=_divide(np.where(used, quantiles[-1] - quantiles[0], 0.0).sum(axis=0), counts),
    )


def _score_pair(
    pair: tuple[Matrix, Matrix],
    walk: tuple[Matrix, Matrix],
    outcome: Matrix,
    used: Flags,
    level: float,
) -> PairScore:
    low, high = pair
    winkler = float(compute_winkler_scores(low, high, outcome, level)[used].mean())
    naive = float(compute_winkler_scores(*walk, outcome, level)[used].mean())
    below, above = _share(outcome < low, used), _share(outcome > high, used)
    return PairScore(
        level=round(level, 9),
        coverage=1.0 - below - above,
        below=below,
        above=above,
        width=float((high - low)[used].mean()),
        winkler=winkler,
        winkler_ratio=winkler / naive,
        walk_coverage=_share((outcome >= walk[0]) & (outcome <= walk[1]), used),
    )


def _share(hits: Flags, used: Flags) -> float:
    return float(hits[used].mean()) if used.any() else float("nan")


def _divide(total: NDArray[np.number], counts: NDArray[np.number]) -> Series:
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def _score_months(inside: Flags, used: Flags, first_day: date) -> tuple[tuple[str, float], ...]:
    names = np.array(
        [(first_day + timedelta(days=day)).strftime("%Y-%m") for day in range(used.shape[1])]
    )
    found = []
    for name in sorted(set(names.tolist())):
        here = used[:, names == name]
        if int(here.any(axis=0).sum()) >= LEAST_DAYS_A_MONTH:
            found.append((name, _share(inside[:, names == name], here)))
    return tuple(found)


def _find_worst(months: Sequence[tuple[str, float]]) -> tuple[str, float]:
    return min(months, key=lambda month: month[1], default=("", float("nan")))


def _score_windows(
    inside: Flags, inside_walk: Flags, used: Flags, windows: Windows
) -> tuple[tuple[str, float, float], ...]:
    found = []
    for name, first, days in windows.named:
        start = (first - windows.first_day).days
        if start < 0 or start >= used.shape[1]:
            continue
        part = slice(start, start + days)
        here = used[:, part]
        found.append((name, _share(inside[:, part], here), _share(inside_walk[:, part], here)))
    return tuple(found)


def _count_cells(quantiles: Quantiles, outcome: Matrix, used: Flags) -> tuple[float, ...]:
    cell = (outcome[None] > quantiles).sum(axis=0)[used]
    counts = np.bincount(cell, minlength=quantiles.shape[0] + 1)
    return tuple((counts / max(cell.size, 1)).tolist())
