"""Scores of one day's universe: a linear part and trees, each standardised over the day, blended.

No BLAS and no reductions by numpy: sums run in token order, so that the bytes are equal anywhere.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from assay import factors
from assay.grades.types import Artefact, LinearPart, Matrix, Series
from assay.kit.compiled import kernel

RANK_LEVELS = 64.0
_LINEAR_SHARE = 0.5
_MEAN_SQUARE = 1.0 / 12.0


def select_regimes(names: tuple[str, ...], regimes: Series) -> Series:
    """The regime numbers `names` out of a day's [regimes]."""
    return np.array([regimes[factors.REGIMES.index(name)] for name in names], dtype=np.float64)


@kernel
def _effective(weights: Series, interactions: Matrix, regimes: Series) -> Series:
    slopes = weights.copy()
    for regime in range(interactions.shape[0]):
        for feature in range(weights.size):
            slopes[feature] += regimes[regime] * interactions[regime, feature]
    return slopes


@kernel
def _write_terms(ranks: NDArray[np.float32], slopes: Series, squares: Series, out: Matrix) -> None:
    for token in range(ranks.shape[0]):
        for feature in range(ranks.shape[1]):
            k = np.float64(ranks[token, feature])
            out[token, feature] = k * slopes[feature] + (k * k - _MEAN_SQUARE) * squares[feature]


@kernel
def sum_rows(terms: Matrix) -> Series:
    """Sum over the last axis of [tokens, terms], from left to right."""
    out = np.zeros(terms.shape[0])
    for row in range(terms.shape[0]):
        for column in range(terms.shape[1]):
            out[row] += terms[row, column]
    return out


@kernel
def moments(values: Series) -> tuple[float, float]:
    """Mean and population deviation, summed in order; a deviation of 0 is given as 1."""
    total = 0.0
    for value in values:
        total += value
    mean = total / max(values.size, 1)
    squares = 0.0
    for value in values:
        squares += (value - mean) * (value - mean)
    deviation = math.sqrt(squares / max(values.size, 1))
    return mean, deviation if deviation > 0.0 else 1.0


def compute_linear_terms(linear: LinearPart, ranks: NDArray[np.float32], regimes: Series) -> Matrix:
    """What each feature adds to the linear score, [tokens, features]. `regimes` are the day's."""
    chosen = select_regimes(linear.regimes, regimes)
    out = np.empty(ranks.shape)
    slopes = _effective(linear.weights, linear.interactions, chosen)
    _write_terms(ranks, slopes, linear.squares, out)
    return out


def compute_tree_inputs(
    ranks: NDArray[np.float32], regimes: Series, names: tuple[str, ...]
) -> Matrix:
    """Ranks on 64 steps, then for each regime in `names` rank * regime on the same steps.

    [tokens, features * (1 + regimes)], whole numbers as float64.
    """
    wide = ranks.astype(np.float64)
    parts = [wide] + [wide * value for value in select_regimes(names, regimes)]
    return np.asarray(np.rint(np.concatenate(parts, axis=1) * RANK_LEVELS) + 0.0)


class Trees:
    """An artefact's trees, parsed once."""

    def __init__(self, text: str) -> None:
        # Importing LightGBM takes a second, which a command that does not grade need not wait.
        import lightgbm  # noqa: PLC0415

        self._booster = lightgbm.Booster(model_str=text)

    def predict(self, inputs: Matrix) -> Series:
        """Scores of [rows, tree inputs]."""
        return np.asarray(self._booster.predict(inputs, num_threads=1), dtype=np.float64)

    def explain(self, inputs: Matrix) -> Matrix:
        """TreeSHAP values (Lundberg 2018), [rows, tree inputs + 1], the last is the mean."""
        values = self._booster.predict(inputs, pred_contrib=True, num_threads=1)
        return np.asarray(values, dtype=np.float64)


def blend(linear: Series, trees: Series) -> Series:
    """Standardise both over the day's universe, average, standardise again: z."""
    mean_linear, spread_linear = moments(linear)
    mean_trees, spread_trees = moments(trees)
    mixed = _LINEAR_SHARE * ((linear - mean_linear) / spread_linear) + (1.0 - _LINEAR_SHARE) * (
        (trees - mean_trees) / spread_trees
    )
    mean, spread = moments(mixed)
    return np.asarray((mixed - mean) / spread)


def compute_shares(
    artefact: Artefact, trees: Trees, ranks: NDArray[np.float32], regimes: Series
) -> tuple[Matrix, Matrix]:
    """How z of each member splits over the features: (all of it, the linear part of it).

    Both [members, features]. Each row of the first sums to the member's z up to rounding: the split
    is against the day's average coin, so every column has mean 0.
    """
    terms = compute_linear_terms(artefact.linear, ranks, regimes)
    shap = trees.explain(compute_tree_inputs(ranks, regimes, artefact.tree_regimes))[:, :-1]
    copies = 1 + len(artefact.tree_regimes)
    by_feature = shap.reshape(ranks.shape[0], copies, ranks.shape[1]).sum(axis=1)
    linear, forest = sum_rows(terms), sum_rows(by_feature)
    _, spread_linear = moments(linear)
    _, spread_trees = moments(forest)
    own = _LINEAR_SHARE * terms / spread_linear
    grown = (1.0 - _LINEAR_SHARE) * by_feature / spread_trees
    _, spread = moments(sum_rows(own + grown))
    own, grown = own - own.mean(axis=0), grown - grown.mean(axis=0)
    return np.asarray((own + grown) / spread), np.asarray(own / spread)
