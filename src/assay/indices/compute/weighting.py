"""How much of each member: equal, by size, by grade, by calm, or by an optimiser; risk of a mix."""

from collections.abc import Sequence
from math import fsum, sqrt

import numpy as np
from numpy.typing import NDArray

from assay.indices.compute.caps import fit_weights
from assay.indices.compute.optimising import optimise_weights
from assay.indices.types import RuleBook, Scheme, Sleeve

Matrix = NDArray[np.float64]

NEUTRAL_GRADE = 50.0
LEAST_DEVIATION = 1e-4
DAYS_PER_YEAR = 365.0
_STEPS = 1000


def compute_returns(filled: Matrix, rows: Sequence[int], column: int, days: int) -> Matrix:
    """Simple daily returns of `rows` over the `days` up to `column`, [days, coins]; 0 where there
    was no bar or no price yet.
    """
    first = max(column - days, 0)
    prices = filled[list(rows), first : column + 1]
    changes = prices[:, 1:] / prices[:, :-1] - 1.0
    return np.ascontiguousarray(np.where(np.isfinite(changes), changes, 0.0).T)


def compute_deviation(values: Sequence[float]) -> float:
    """Sample standard deviation, exact sums; 0 for fewer than two values."""
    count = len(values)
    if count < 2:
        return 0.0
    mean = fsum(values) / count
    return sqrt(fsum((value - mean) * (value - mean) for value in values) / (count - 1))


def compute_covariance(left: Sequence[float], right: Sequence[float]) -> float:
    """Sample covariance, exact sums; 0 for fewer than two pairs."""
    count = len(left)
    if count < 2:
        return 0.0
    one, two = fsum(left) / count, fsum(right) / count
    return fsum((a - one) * (b - two) for a, b in zip(left, right, strict=True)) / (count - 1)


def mix_returns(returns: Matrix, weights: Sequence[float]) -> list[float]:
    """Daily returns of a mix that is set to `weights` every day."""
    return [
        fsum(weight * value for weight, value in zip(weights, day, strict=True))
        for day in returns.tolist()
    ]


def weigh_members(
    book: RuleBook,
    sizes: Sequence[float],
    scores: Sequence[float],
    returns: Matrix,
    previous: Sequence[float],
) -> list[float]:
    """Weights of the members in their order; their sum is 1 unless the cap leaves some in cash.

    `sizes` (market cap or mean dollar volume), `scores` (grades) and `previous` (shares held now)
    are one per member, `returns` [days, members]. Grade weights grow with what the grade has above
    50, inverse-volatility weights with 1 / sample deviation of daily returns.
    """
    rules = book.weights
    if not len(sizes):
        return []
    if book.is_optimised:
        return optimise_weights(
            returns, rules, list(previous), book.cost_rate / max(book.every_days, 1)
        )
    if rules.scheme is Scheme.SIZE:
        raw = list(sizes)
    elif rules.scheme is Scheme.GRADE:
        raw = [max(score - NEUTRAL_GRADE, 1.0) for score in scores]
    elif rules.scheme is Scheme.INVERSE_VOLATILITY:
        raw = [1.0 / max(compute_deviation(list(day)), LEAST_DEVIATION) for day in returns.T]
    else:
        raw = [1.0] * len(sizes)
    return fit_weights(raw, rules.cap)


def compute_scale(mix: Sequence[float], annual_target: float) -> float:
    """The share to invest so that the mix's annual volatility is at most the target, in whole
    hundredths.
    """
    annual = compute_deviation(mix) * sqrt(DAYS_PER_YEAR)
    if annual <= annual_target:
        return 1.0
    return int(annual_target / annual * 100.0 + 1e-9) / 100.0


def size_sleeve(core: Sequence[float], risky: Sequence[float], rules: Sleeve) -> float:
    """The largest share s of the sleeve, in thousandths, with at most `volatility_share` of the
    variance of (1 - s) core + s risky coming from the sleeve; and none above `maximum_weight`.

    What comes from the sleeve is s * cov(risky, mix) / var(mix) (Euler's decomposition).
    """
    own = compute_covariance(risky, risky)
    base = compute_covariance(core, core)
    joint = compute_covariance(core, risky)
    best = 0.0
    for step in range(1, int(rules.maximum_weight * _STEPS + 1e-9) + 1):
        share = step / _STEPS
        from_sleeve = share * (share * own + (1.0 - share) * joint)
        from_core = (1.0 - share) * ((1.0 - share) * base + share * joint)
        if from_sleeve > rules.volatility_share * (from_sleeve + from_core):
            break
        best = share
    return best
