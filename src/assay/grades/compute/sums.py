"""Sums and solutions of the ridge in plain IEEE arithmetic, so that any processor trains alike.

BLAS and LAPACK order their sums by the processor they find; these go row by row.
"""

import math

import numpy as np
from numpy.typing import NDArray

from assay.grades.types import Matrix, Series
from assay.kit.compiled import kernel


@kernel
def add_products(
    design: NDArray[np.float32] | Matrix, outcome: Series, gram: Matrix, joint: Series
) -> None:
    """Add design' design to the upper triangle of `gram`, and design' outcome to `joint`."""
    width = design.shape[1]
    row = np.empty(width)
    for i in range(design.shape[0]):
        for a in range(width):
            row[a] = design[i, a]
        for a in range(width):
            weight = row[a]
            joint[a] += weight * outcome[i]
            for b in range(a, width):
                gram[a, b] += weight * row[b]


@kernel
def _factorise(matrix: Matrix) -> Matrix:
    size = matrix.shape[0]
    upper = np.zeros((size, size))
    for i in range(size):
        for j in range(i, size):
            upper[i, j] = matrix[i, j]
    for i in range(size):
        pivot = math.sqrt(upper[i, i])
        for j in range(i, size):
            upper[i, j] /= pivot
        for k in range(i + 1, size):
            weight = upper[i, k]
            for j in range(k, size):
                upper[k, j] -= weight * upper[i, j]
    return upper


@kernel
def solve_positive(matrix: Matrix, right: Series) -> Series:
    """x of matrix x = right, for a symmetric positive definite matrix of which the upper triangle
    is read (Cholesky). A matrix that is not positive definite gives NaN.
    """
    upper = _factorise(matrix)
    size = right.size
    solution = right.copy()
    for i in range(size):
        solution[i] /= upper[i, i]
        for j in range(i + 1, size):
            solution[j] -= upper[i, j] * solution[i]
    for i in range(size - 1, -1, -1):
        total = solution[i]
        for j in range(i + 1, size):
            total -= upper[i, j] * solution[j]
        solution[i] = total / upper[i, i]
    return solution


@kernel
def multiply_rows(rows: Matrix, weights: Series) -> Series:
    """rows @ weights, summed from left to right."""
    out = np.zeros(rows.shape[0])
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            out[i] += rows[i, j] * weights[j]
    return out
