"""The chance that the target comes before the stop, learnt from past labels.

    x = log(s / median s of the coins with a view on that bar);  p = logistic(a + b x)

For every refit and side, a and b maximise the likelihood of the labels (`compute.barriers`) of all
bars on which the rule then chosen had that side, and whose whole horizon was over by the refit; b
carries a ridge of `RIDGE`. Newton's method, at most `STEPS` steps. With fewer than `MINIMAL_LABELS`
labels there is no confidence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.factors import compute_log, logistic_, round_significant_values
from assay.kit.compiled import kernel
from assay.signals.compute.barriers import Labels
from assay.signals.types import Flags, Matrix, Series, States

RIDGE = 10.0
STEPS = 30
MINIMAL_LABELS = 1_000


@kernel
def _fit(x: Series, y: NDArray[np.int8], ridge: float, steps: int) -> tuple[float, float]:
    a, b = 0.0, 0.0
    for _ in range(steps):
        ga, gb, aa, ab, bb = 0.0, -ridge * b, 1e-9, 0.0, ridge
        for k in range(x.size):
            p = logistic_(a + b * x[k])
            weight = p * (1.0 - p)
            ga += y[k] - p
            gb += (y[k] - p) * x[k]
            aa += weight
            ab += weight * x[k]
            bb += weight * x[k] * x[k]
        determinant = aa * bb - ab * ab
        da, db = (ga * bb - gb * ab) / determinant, (gb * aa - ga * ab) / determinant
        # A step is kept short, so that a nearly one-sided sample cannot throw it off.
        a += max(-2.0, min(2.0, da))
        b += max(-2.0, min(2.0, db))
        if abs(da) < 1e-10 and abs(db) < 1e-10:
            break
    return a, b


@kernel
def _write_chances(x: Series, a: float, b: float, out: Series) -> None:
    for k in range(x.size):
        out[k] = logistic_(a + b * x[k])


def compute_relative_deviation(deviation: Matrix, viewed: Flags) -> Matrix:
    """x of the module's head, [tokens, bars], rounded to 6 digits; NaN without a view."""
    known = np.where(viewed & (deviation > 0.0), deviation, np.nan)
    ordered = np.sort(known, axis=0, kind="stable")
    counts = (~np.isnan(ordered)).sum(axis=0)
    columns = np.arange(known.shape[1])
    low = ordered[np.maximum(counts - 1, 0) // 2, columns]
    high = ordered[np.minimum(counts // 2, known.shape[0] - 1), columns]
    middle = 0.5 * low + 0.5 * high
    return round_significant_values(compute_log(known / middle))


def fit_chance(
    relative: Matrix, states: States, labels: Labels, side: int, known_through: int
) -> tuple[float, float] | None:
    """(a, b) from the bars up to column `known_through` on which `states` had `side`.

    `labels` of that side; the caller sets `known_through` a whole horizon before the refit. None
    with too few labels.
    """
    width = max(0, known_through + 1)
    x, y = relative[:, :width], labels[:, :width]
    used = (states[:, :width] == side) & (y >= 0) & ~np.isnan(x)
    if int(used.sum()) < MINIMAL_LABELS:
        return None
    return _fit(x[used], y[used], RIDGE, STEPS)


def compute_chances(relative: Matrix, fit: tuple[float, float] | None) -> Matrix:
    """p of the module's head, in the shape of `relative`; NaN without a fit."""
    if fit is None:
        return np.full(relative.shape, np.nan)
    flat = np.ascontiguousarray(relative)
    out = np.empty_like(flat)
    _write_chances(flat.reshape(-1), fit[0], fit[1], out.reshape(-1))
    return out
