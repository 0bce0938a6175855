"""Logistic regression in plain IEEE arithmetic, so that any processor fits alike."""

from __future__ import annotations

import math

import numpy as np

from assay.factors import compute_log, logistic_
from assay.kit.compiled import kernel
from assay.kit.errors import BadInput
from assay.moonshots.types import Matrix, Series

_STEPS = 60
_ENOUGH = 1e-8


@kernel
def _gather(
    design: Matrix, outcome: Series, weights: Series, gradient: Series, hessian: Matrix
) -> None:
    width = weights.size
    row = np.empty(width)
    row[0] = 1.0
    for i in range(design.shape[0]):
        score = weights[0]
        for a in range(1, width):
            row[a] = design[i, a - 1]
            score += weights[a] * row[a]
        chance = logistic_(score)
        error = outcome[i] - chance
        spread = chance * (1.0 - chance)
        for a in range(width):
            gradient[a] += error * row[a]
            for b in range(a, width):
                hessian[a, b] += spread * row[a] * row[b]


@kernel
def _solve(matrix: Matrix, right: Series) -> Series:
    # Cholesky on the upper triangle; a matrix that is not positive definite gives NaN.
    size = right.size
    solution = right.copy()
    for i in range(size):
        for k in range(i):
            for j in range(i, size):
                matrix[i, j] -= matrix[k, i] * matrix[k, j]
        pivot = math.sqrt(matrix[i, i])
        for j in range(i, size):
            matrix[i, j] /= pivot
        for k in range(i):
            solution[i] -= matrix[k, i] * solution[k]
        solution[i] /= matrix[i, i]
    for i in range(size - 1, -1, -1):
        for j in range(i + 1, size):
            solution[i] -= matrix[i, j] * solution[j]
        solution[i] /= matrix[i, i]
    return solution


@kernel
def _fit(design: Matrix, outcome: Series, penalty: float, weights: Series) -> None:
    width = weights.size
    strength = penalty * design.shape[0]
    for _ in range(_STEPS):
        gradient = np.zeros(width)
        hessian = np.zeros((width, width))
        _gather(design, outcome, weights, gradient, hessian)
        for a in range(1, width):
            gradient[a] -= strength * weights[a]
            hessian[a, a] += strength
        step = _solve(hessian, gradient)
        largest = 0.0
        for a in range(width):
            weights[a] += step[a]
            largest = max(largest, abs(step[a]))
        if not largest > _ENOUGH:
            break


def fit_logistic(design: Matrix, outcome: Series, penalty: float) -> Series:
    """Intercept and slopes [1 + features] that minimise the mean log loss of `outcome` (0 or 1,
    [rows]) on `design` [rows, features] plus `penalty` / 2 times the squared slopes.

    Newton's method from the base rate (iteratively reweighted least squares); sums run
    row by row. The intercept is not penalised. Raises BadInput where only one of the two outcomes
    occurs or the penalty is not positive.
    """
    happened = int(outcome.sum())
    if not 0 < happened < outcome.size or not penalty > 0.0:
        raise BadInput(
            f"{happened} events in {outcome.size} rows with penalty {penalty} cannot be fitted",
            hint="Give rows of both outcomes and a penalty above 0.",
        )
    weights = np.zeros(design.shape[1] + 1)
    weights[0] = compute_log(np.array([happened / (outcome.size - happened)]))[0]
    _fit(
        np.ascontiguousarray(design, np.float64),
        np.ascontiguousarray(outcome, np.float64),
        penalty,
        weights,
    )
    return weights
