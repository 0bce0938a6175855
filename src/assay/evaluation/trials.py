"""How much is luck? The permutation null, the deflated Sharpe ratio and the probability of
overfitting.
"""

from __future__ import annotations

from itertools import combinations
from math import e, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from assay.evaluation.types import Flags, Matrix, PermutationNull, Series, Trials, Tried
from assay.kit.errors import BadInput, NotEnoughData

_EULER_GAMMA = 0.5772156649015329
_NORMAL = NormalDist()


def create_permuted_labels(
    labels: Matrix, members: Flags, generator: np.random.Generator
) -> Matrix:
    """`labels` [tokens, days] shuffled among the members of each day: what a permutation null
    trains on.

    Train the whole pipeline on these, then take the daily rank ICs of its scores against the
    **true** labels. (Against the shuffled ones the null would look ten times too narrow: shuffling
    each day apart destroys the dependence between days that makes naive t-statistics lie.)
    Non-members keep their label.
    """
    shuffled = labels.copy()
    for day in range(labels.shape[1]):
        rows = np.flatnonzero(members[:, day] & np.isfinite(labels[:, day]))
        shuffled[rows, day] = labels[generator.permutation(rows), day]
    return shuffled


def score_permutations(
    observed_mean: float, null_daily_ics: Matrix | Series | None
) -> PermutationNull:
    """Distance of the mean IC from its permutation null in the null's own standard deviations.

    `null_daily_ics` is [permutations, days] (NaN days left out) or [permutations] of means.
    `share_above` is (1 + permutations at or above the observed) / (1 + permutations). NaN with
    fewer than 2 permutations.
    """
    nothing = float("nan")
    if null_daily_ics is None or null_daily_ics.shape[0] < 2:
        count = 0 if null_daily_ics is None else int(null_daily_ics.shape[0])
        return PermutationNull(count, nothing, nothing, nothing, nothing, ())
    means = null_daily_ics if null_daily_ics.ndim == 1 else np.nanmean(null_daily_ics, axis=1)
    spread = float(means.std(ddof=1))
    centre = float(means.mean())
    return PermutationNull(
        permutations=int(means.size),
        null_mean=centre,
        null_sd=spread,
        distance_sd=(observed_mean - centre) / spread if spread > 0.0 else nothing,
        share_above=float((1 + (means >= observed_mean).sum()) / (1 + means.size)),
        null_means=tuple(float(mean) for mean in means),
    )


def compute_expected_best_sharpe(count: int, variance: float) -> float:
    """Sharpe ratio that the best of `count` worthless tries is expected to show, in the units of
    `variance`.

    Bailey and Lopez de Prado (2014), "The Deflated Sharpe Ratio", equation for the expected
    maximum.
    """
    if count < 2:
        return 0.0
    first = _NORMAL.inv_cdf(1.0 - 1.0 / count)
    second = _NORMAL.inv_cdf(1.0 - 1.0 / (count * e))
    return sqrt(variance) * ((1.0 - _EULER_GAMMA) * first + _EULER_GAMMA * second)


def compute_deflated_sharpe(
    sharpe: float, expected_best: float, *, count: int, skewness: float, kurtosis: float
) -> float:
    """Probability that the true Sharpe ratio exceeds what the tries would show by chance (same
    paper).

    `sharpe` and `expected_best` are per observation, not annualised; `count` observations;
    `kurtosis` is 3 for a normal.
    """
    spread = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    if count < 2 or spread <= 0.0:
        return float("nan")
    return _NORMAL.cdf((sharpe - expected_best) * sqrt(count - 1.0) / sqrt(spread))


def compute_overfit_probability(daily: Matrix, blocks: int = 16) -> float:
    """Probability of back-test overfitting by combinatorially symmetric cross-validation (Bailey et
    al. 2017).

    `daily` is [configurations, days] of one figure per day; NaN days are dropped for all. The days
    are cut into `blocks` equal runs; for every choice of half of them, the configuration with the
    best mean / sd there is looked up in the other half. The answer is the share of choices after
    which it stands in the lower half. Raises NotEnoughData for fewer than 2 configurations or days
    than 2 a block, BadInput for an odd number of blocks.
    """
    if blocks < 2 or blocks % 2:
        raise BadInput(f"{blocks} blocks cannot be halved", hint="Use an even number such as 16.")
    clean = daily[:, np.isfinite(daily).all(axis=0)]
    configurations, days = clean.shape
    length = days // blocks
    if configurations < 2 or length < 2:
        raise NotEnoughData(
            f"{configurations} configurations over {days} common days tell nothing",
            hint=f"Give at least 2 configurations and {2 * blocks} days they share.",
        )
    runs = clean[:, : length * blocks].reshape(configurations, blocks, length)
    sums = runs.sum(axis=2).T
    squares = (runs * runs).sum(axis=2).T
    chosen = np.zeros((len(list(combinations(range(blocks), blocks // 2))), blocks))
    for row, inside in enumerate(combinations(range(blocks), blocks // 2)):
        chosen[row, list(inside)] = 1.0
    size = length * blocks // 2
    trained = _mean_over_sd(chosen @ sums, chosen @ squares, size)
    tested = _mean_over_sd((1.0 - chosen) @ sums, (1.0 - chosen) @ squares, size)
    best = trained.argmax(axis=1)
    reached = tested[np.arange(best.size), best][:, None]
    below = (tested < reached).sum(axis=1) + 0.5 * ((tested == reached).sum(axis=1) - 1.0)
    place = (below + 1.0) / (configurations + 1.0)
    return float((place <= 0.5).mean())


def _mean_over_sd(sums: Matrix, squares: Matrix, size: int) -> NDArray[np.float64]:
    mean = sums / size
    variance = np.maximum(squares / size - mean * mean, 1e-18)
    return np.asarray(mean / np.sqrt(variance))


def score_trials(weekly: Series, trials: Trials | None, periods_per_year: float) -> Tried:
    """Deflate the Sharpe ratio of `weekly` net returns by the number of configurations tried.

    The variance among tries comes from their annualised Sharpe ratios; where they were not kept it
    is that of a worthless strategy's estimate, 1 / (observations - 1) per period.
    `overfit_probability` is NaN without daily figures of the tries.
    """
    present = weekly[np.isfinite(weekly)]
    count = trials.count if trials is not None else 1
    nothing = float("nan")
    spread = float(present.std(ddof=1)) if present.size > 2 else 0.0
    if spread <= 0.0:
        return Tried(count, nothing, nothing, nothing, nothing)
    sharpe = float(present.mean()) / spread
    centred = (present - present.mean()) / float(present.std())
    variance = 1.0 / (present.size - 1.0)
    if trials is not None and trials.sharpes is not None and trials.sharpes.size > 1:
        variance = float(trials.sharpes.var(ddof=1)) / periods_per_year
    chance = compute_expected_best_sharpe(count, variance)
    deflated = compute_deflated_sharpe(
        sharpe,
        chance,
        count=int(present.size),
        skewness=float((centred**3).mean()),
        kurtosis=float((centred**4).mean()),
    )
    overfit = nothing
    if trials is not None and trials.daily is not None:
        overfit = compute_overfit_probability(trials.daily)
    annual = sqrt(periods_per_year)
    return Tried(count, sharpe * annual, chance * annual, deflated, overfit)
