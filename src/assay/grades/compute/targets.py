"""What the models learn: where a coin's coming return will stand among the day's, made less noisy.

A label is the log return from the close of t+1 to the close of t+1+h (`evaluation`). Targets are
centred ranks within the day's universe, averaged over neighbouring horizons h. Two ways of taking
out what no feature of the day could know:

- **beta**: rank the label minus beta_90 (kept within 0 and 2.5, unknown: 1) times the universe's
  mean label (labels cut to +-1.5).
- **factor**: fit the day's target on the ranks of six characteristics by ridge, and replace the
  day's coefficients by their mean over the training days. What the market paid on average stays,
  what it happened to pay on that day goes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay import evaluation, factors
from assay.grades.compute.cross_sections import FEATURES, CrossSections
from assay.grades.compute.sums import add_products, multiply_rows, solve_positive
from assay.grades.types import Flags, GradeKind, Matrix

_FACTORS = np.array(
    [
        FEATURES.index(name)
        for name in (
            "beta_90",
            "residual_volatility_30",
            "dollar_volume_30",
            "return_30",
            "return_7",
            "market_correlation_90",
        )
    ]
)
_FACTOR_PENALTY = 0.02
_LEAST_TOKENS = 12
_LARGEST_LABEL = 1.5
_LARGEST_BETA = 2.5


@dataclass(frozen=True)
class Targets:
    """Training targets [tokens, days], NaN where any horizon's outcome is unknown.

    `plain` and `relative` are ranks of labels and of beta-reduced labels. `paid` [days, factors]:
    what the six factors paid on the day, by `plain`. `outcome_days`: longest horizon + 1.
    """

    plain: Matrix
    relative: Matrix
    paid: Matrix
    outcome_days: int


def list_horizons(kind: GradeKind) -> tuple[int, ...]:
    """The horizons that a kind's target averages over."""
    return (2, 5, 7, 10) if kind is GradeKind.TRADER else (14, 30, 60, 90, 120, 150)


def compute_targets(
    kind: GradeKind,
    closes: Matrix,
    sections: CrossSections,
    generator: np.random.Generator | None = None,
) -> Targets:
    """Targets of every day of `sections`. `closes` [tokens, days] are adjusted, on the same axis.

    With a generator the finished targets change hands within each day's universe, both together:
    the permutation null. (Shuffling raw labels would leave beta times the market in them.)
    """
    universe = sections.universe
    labels = [
        evaluation.compute_forward_returns(closes, horizon, 1) for horizon in list_horizons(kind)
    ]
    beta = _betas(sections)
    plain = _average_ranks(labels, universe)
    relative = _average_ranks(
        [label - beta * _market(label, universe)[None, :] for label in labels], universe
    )
    if generator is not None:
        _permute(plain, relative, universe, generator)
    return Targets(plain, relative, _fit_factors(plain, sections), max(list_horizons(kind)) + 1)


def _betas(sections: CrossSections) -> Matrix:
    values = sections.values
    if values is None:
        message = "cross-sections for training keep their values"
        raise ValueError(message)
    beta = np.clip(values[:, FEATURES.index("beta_90")].T, 0.0, _LARGEST_BETA)
    return np.where(np.isfinite(beta), beta, 1.0)


def _permute(
    plain: Matrix, relative: Matrix, universe: Flags, generator: np.random.Generator
) -> None:
    for day in range(universe.shape[1]):
        rows = np.flatnonzero(universe[:, day] & np.isfinite(plain[:, day]))
        shuffled = generator.permutation(rows)
        for target in (plain, relative):
            target[rows, day] = target[shuffled, day]


def _market(label: Matrix, universe: Flags) -> NDArray[np.float64]:
    known = universe & np.isfinite(label)
    total = np.where(known, np.clip(label, -_LARGEST_LABEL, _LARGEST_LABEL), 0.0).sum(axis=0)
    return np.asarray(total / np.maximum(known.sum(axis=0), 1))


def _average_ranks(labels: list[Matrix], universe: Flags) -> Matrix:
    total = np.zeros(universe.shape)
    for label in labels:
        known = universe & np.isfinite(label)
        ranks = factors.compute_centred_ranks(
            np.ascontiguousarray(label.T), np.ascontiguousarray(known.T), factors.Ties.AVERAGE
        )
        total += ranks.T
    return total / len(labels)


def _fit_factors(plain: Matrix, sections: CrossSections) -> Matrix:
    paid = np.full((sections.n_days, _FACTORS.size), np.nan)
    for day in range(sections.n_days):
        rows = np.flatnonzero(sections.universe[:, day] & np.isfinite(plain[:, day]))
        if rows.size < _LEAST_TOKENS:
            continue
        ranks = sections.ranks[day][rows][:, _FACTORS].astype(np.float64)
        ranks -= ranks.mean(axis=0)
        outcome = plain[rows, day] - plain[rows, day].mean()
        penalty = _FACTOR_PENALTY * rows.size / 12.0 * np.eye(_FACTORS.size)
        gram, joint = penalty, np.zeros(_FACTORS.size)
        add_products(ranks, outcome, gram, joint)
        paid[day] = solve_positive(gram, joint)
    return paid


def compute_steady_target(
    targets: Targets, sections: CrossSections, days: NDArray[np.int64]
) -> Matrix:
    """`plain` with each day's factor payments replaced by their mean over `days`, [tokens, days].

    The mean weighs a day by the root of its universe's size. NaN on days without a fit.
    """
    fitted = days[np.isfinite(targets.paid[days, 0])]
    weight = np.sqrt(sections.universe[:, fitted].sum(axis=0))
    usual = (targets.paid[fitted] * weight[:, None]).sum(axis=0) / max(weight.sum(), 1.0)
    result = np.full(targets.plain.shape, np.nan)
    for day in fitted:
        rows = np.flatnonzero(sections.universe[:, day])
        ranks = sections.ranks[day][rows][:, _FACTORS].astype(np.float64)
        result[rows, day] = targets.plain[rows, day] - multiply_rows(
            ranks, targets.paid[day] - usual
        )
    return result
