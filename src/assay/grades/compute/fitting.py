"""Fitting one fold: closed-form ridge on ranks, small extremely randomised trees, calibration.

Sums run row by row and no BLAS is used, so that another processor trains to the same bytes.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay import factors
from assay.grades.compute.cross_sections import CrossSections
from assay.grades.compute.grading import compute_reach, compute_thirds
from assay.grades.compute.scoring import compute_tree_inputs, select_regimes
from assay.grades.compute.sums import add_products, solve_positive
from assay.grades.types import Calibration, GradeKind, LinearPart, Matrix, Series

LEAST_TOKENS = 10
_SHRINK = 0.4
_INTERVAL_DAYS = 730
_LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Plan:
    """How one kind is fitted. Penalties are in units of rows * variance of a rank (1/12); an
    interaction is penalised `interaction_penalty` times as much as a rank.
    """

    regimes: tuple[str, ...]
    penalty: float
    interaction_penalty: float
    linear_plain_share: float
    tree_regimes: tuple[str, ...]
    trees: int
    tree_day_step: int
    learning_rate: float


PLANS = {
    GradeKind.TRADER: Plan(
        regimes=("week", "week_in_volatility", "week_in_dispersion", "day", "ten_days"),
        penalty=0.2,
        interaction_penalty=1.0,
        linear_plain_share=0.0,
        tree_regimes=("week",),
        trees=800,
        tree_day_step=2,
        learning_rate=0.03,
    ),
    GradeKind.INVESTOR: Plan(
        regimes=("month", "volatility", "breadth", "dispersion"),
        penalty=1.0,
        interaction_penalty=10.0,
        linear_plain_share=0.5,
        tree_regimes=("volatility",),
        trees=600,
        tree_day_step=3,
        learning_rate=0.03,
    ),
}

TREE_SETTINGS: dict[str, object] = {
    "objective": "regression",
    "extra_trees": True,
    "num_leaves": 8,
    "feature_fraction": 0.2,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "min_data_in_leaf": 200,
    "lambda_l2": 10.0,
    "max_bin": 63,
    "seed": 7,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass
class RidgeSums:
    """Sums over the days seen so far, so that a later fold adds only its new days.

    Of `gram` only the upper triangle is kept.
    """

    gram: Matrix
    joint: Series
    rows: int = 0
    days: int = 0
    next_day: int = 0


def _design(ranks: NDArray[np.float32], regimes: Series) -> NDArray[np.float32]:
    squares = (ranks * ranks - np.float32(1.0 / 12.0)) * np.float32(2.0)
    parts = [ranks, squares] + [ranks * np.float32(2.0 * value) for value in regimes]
    design = np.concatenate(parts, axis=1)
    return np.asarray(design - design.mean(axis=0))


def list_training_rows(target: Matrix, sections: CrossSections, day: int) -> NDArray[np.int64]:
    """Members of the day with a target; none on a day with fewer than 10."""
    rows = np.flatnonzero(sections.universe[:, day] & np.isfinite(target[:, day]))
    return rows if rows.size >= LEAST_TOKENS else rows[:0]


def add_days(
    sums: RidgeSums | None, target: Matrix, sections: CrossSections, plan: Plan, stop: int
) -> RidgeSums:
    """Add the days up to `stop` (not included) to the ridge's sums."""
    width = sections.ranks.shape[2] * (2 + len(plan.regimes))
    sums = sums or RidgeSums(np.zeros((width, width)), np.zeros(width))
    designs, outcomes = [], []
    for day in range(sums.next_day, stop):
        rows = list_training_rows(target, sections, day)
        if rows.size:
            regimes = select_regimes(plan.regimes, sections.regimes[:, day])
            designs.append(_design(sections.ranks[day][rows], regimes))
            outcomes.append((target[rows, day] - target[rows, day].mean()).astype(np.float32))
            sums.days += 1
    if designs:
        design, outcome = np.concatenate(designs), np.concatenate(outcomes)
        add_products(design, outcome.astype(np.float64), sums.gram, sums.joint)
        sums.rows += outcome.size
    sums.next_day = max(stop, sums.next_day)
    return sums


def fit_linear(sums: RidgeSums, plan: Plan) -> LinearPart:
    """Solve the ridge; weights are rounded to 9 significant digits.

    The design holds squares and interactions doubled, which weakens their penalty to a quarter; the
    factor 2 is folded into the weights that are returned.
    """
    regimes = len(plan.regimes)
    count = sums.joint.size // (2 + regimes)
    penalties = np.full(sums.joint.size, plan.penalty)
    penalties[2 * count :] *= plan.interaction_penalty
    solution = solve_positive(sums.gram + np.diag(penalties * max(sums.rows, 1) / 12.0), sums.joint)
    rounded = factors.round_significant_values(np.asarray(solution, np.float64), 9)
    return LinearPart(
        weights=rounded[:count],
        squares=2.0 * rounded[count : 2 * count],
        interactions=2.0 * rounded[2 * count :].reshape(regimes, count),
        regimes=plan.regimes,
    )


def fit_trees(
    target: Matrix, sections: CrossSections, plan: Plan, stop: int, threads: int = 1
) -> tuple[str, int]:
    """(LightGBM's text, rows trained on): every `tree_day_step`-th day before `stop`, backwards."""
    # Importing LightGBM takes a second, which a command that does not train need not wait.
    import lightgbm  # noqa: PLC0415

    inputs, outcomes = [], []
    for day in range(stop - 1, -1, -plan.tree_day_step):
        rows = list_training_rows(target, sections, day)
        if rows.size:
            ranks = sections.ranks[day][rows]
            inputs.append(compute_tree_inputs(ranks, sections.regimes[:, day], plan.tree_regimes))
            outcomes.append(target[rows, day] - target[rows, day].mean())
    settings = {
        **TREE_SETTINGS,
        "learning_rate": plan.learning_rate,
        "num_threads": threads,
    }
    rows_used = np.concatenate(outcomes[::-1])
    data = lightgbm.Dataset(np.concatenate(inputs[::-1]), rows_used, params=settings)
    booster = lightgbm.train(settings, data, plan.trees)
    return shorten_trees(booster.model_to_string()), int(rows_used.size)


_NUMBER_LINES = {
    "leaf_value": 6,
    "internal_value": 4,
    "leaf_weight": 4,
    "internal_weight": 4,
    "split_gain": 3,
}


def shorten_trees(text: str) -> str:
    """The same trees in fewer bytes: leaf values to 6 significant digits, thresholds to the half
    step between whole inputs, what only a report would read shortened, and no table of sizes.
    """
    head = text.split("end of trees", 1)[0]
    lines = []
    for line in head.splitlines():
        name, _, values = line.partition("=")
        if name in _NUMBER_LINES:
            digits = _NUMBER_LINES[name]
            line = f"{name}=" + " ".join(f"{float(v):.{digits}g}" for v in values.split())
        elif name == "threshold":
            line = "threshold=" + " ".join(f"{float(v):.4g}" for v in values.split())
        if not line.startswith("tree_sizes="):
            lines.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\nend of trees\n"


def fit_slope(scores: Series, beats: Series) -> float:
    """Slope b of P(beats) = logistic(b z), by Newton steps from 0; rounded to 4 decimals."""
    slope = 0.0
    for _ in range(25):
        chance = 1.0 / (1.0 + factors.compute_exp(-slope * scores))
        gradient = float((scores * (beats - chance)).sum())
        curvature = float((scores * scores * chance * (1.0 - chance)).sum())
        step = gradient / curvature if curvature > 0.0 else 0.0
        slope += step
        if abs(step) < 1e-9:
            break
    return round(slope, 4)


def fit_intervals(
    sections: CrossSections, relative: Matrix, horizon_days: int, stop: int
) -> tuple[tuple[float, float, float], tuple[float, float, float], int]:
    """(5 %, 95 % quantiles by third of volatility, days used) over two years before `stop`.

    `relative` [tokens, days] are log returns minus the median coin's; days from `stop` on had no
    outcome yet.
    """
    start = max(stop - _INTERVAL_DAYS, 0)
    units: list[list[Series]] = [[], [], []]
    days = 0
    for day in range(start, stop):
        rows = np.flatnonzero(sections.universe[:, day])
        outcome = relative[rows, day]
        if not np.isfinite(outcome).any():
            continue
        days += 1
        volatility = sections.volatility[rows, day]
        unit = outcome / (compute_reach(volatility, _SHRINK) * math.sqrt(horizon_days))
        thirds = compute_thirds(volatility)
        for third in range(3):
            units[third].append(unit[(thirds == third) & np.isfinite(unit)])
    tail = (1.0 - _LEVEL) / 2.0
    edges = [np.quantile(np.concatenate(unit), [tail, 1.0 - tail]) for unit in units]
    low, high = ([round(float(edge[side]), 5) for edge in edges] for side in (0, 1))
    return (low[0], low[1], low[2]), (high[0], high[1], high[2]), days


def calibrate(
    sections: CrossSections,
    relative: Matrix,
    horizon_days: int,
    stop: int,
    scored: tuple[Series, Series, int],
) -> Calibration:
    """Everything learnt from outcomes known before the refit; `scored` are (z, beat, days) of
    scores that were made without them.
    """
    low, high, days = fit_intervals(sections, relative, horizon_days, stop)
    return Calibration(
        slope=fit_slope(scored[0], scored[1]),
        slope_days=scored[2],
        low=low,
        high=high,
        shrink=_SHRINK,
        interval_days=days,
    )
