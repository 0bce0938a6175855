"""From a standardised score to what is said: grade, label, probability, interval, sub-grades.

grade = 100 * logistic(1.2 z), in hundredths; a coin that trades thinner than the median coin (over
7, 30 or 90 days) is held at 75.00: dying coins look calm, and calm looks good to a model.
raw score = 50 + 30 z points, the tangent of the grade at z = 0, which contributions add up to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from assay.factors import CHARACTERISTICS, logistic_
from assay.grades.compute.cross_sections import FEATURES, CrossSections
from assay.grades.compute.scoring import (
    Trees,
    blend,
    compute_linear_terms,
    compute_tree_inputs,
    moments,
    sum_rows,
)
from assay.grades.types import (
    FAMILIES,
    Artefact,
    Calibration,
    DayGrades,
    Flags,
    Label,
    Matrix,
    NoView,
    Series,
)
from assay.kit.compiled import kernel
from assay.kit.errors import Conflict

GRADE_SLOPE = 1.2
POINTS_PER_SCORE = 25.0 * GRADE_SLOPE
CAP_CENTI = 7500
CUT_OFFS: tuple[tuple[int, Label], ...] = (
    (7501, Label.STRONG_BUY),
    (5800, Label.BUY),
    (4200, Label.HOLD),
    (2500, Label.SELL),
    (0, Label.STRONG_SELL),
)
"""Lowest grade, in hundredths, that bears each label. Strong Buy begins above the cap."""

EVIDENT_COLLAPSE = -1.6
"""A log return over 7 days below this (-80 %) is an evident end; nothing is said of such a coin."""

_VOLUMES = tuple(
    FEATURES.index(name) for name in ("dollar_volume_7", "dollar_volume_30", "dollar_volume_90")
)
_COLUMNS = tuple(
    np.array([i for i, item in enumerate(CHARACTERISTICS) if item.family is family])
    for family in FAMILIES
)


def label_grade(grade_centi: int) -> Label:
    """The label of a grade in hundredths."""
    return next(label for lowest, label in CUT_OFFS if grade_centi >= lowest)


@kernel
def _map_grades(scores: Series, out: NDArray[np.int64]) -> None:
    for i in range(scores.size):
        out[i] = round(10000.0 * logistic_(GRADE_SLOPE * scores[i]))


@kernel
def _map_probabilities(scores: Series, slope: float, out: Series) -> None:
    for i in range(scores.size):
        out[i] = round(10000.0 * logistic_(slope * scores[i])) / 10000.0


def compute_grades(scores: Series) -> NDArray[np.int64]:
    """Grades in hundredths of standardised scores, uncapped."""
    out = np.empty(scores.size, np.int64)
    _map_grades(scores, out)
    return out


def compute_thin(ranks: NDArray[np.float32]) -> Flags:
    """Members that trade thinner than the median member over 7, 30 or 90 days."""
    return np.asarray((ranks[:, _VOLUMES] < 0.0).any(axis=1))


def compute_thirds(volatility: Series) -> NDArray[np.int64]:
    """The day's third of volatility of each member: 0 calm, 1, 2 wild; unknown counts as 1.

    Ties by token order.
    """
    known = np.flatnonzero(np.isfinite(volatility))
    out = np.ones(volatility.size, np.int64)
    order = known[np.argsort(volatility[known], kind="stable")]
    out[order] = 3 * np.arange(order.size) // max(order.size, 1)
    return out


def compute_reach(volatility: Series, shrink: float) -> Series:
    """Daily volatility of each member, drawn towards the day's median; unknown gets the median."""
    known = volatility[np.isfinite(volatility)]
    middle = float(np.median(known)) if known.size else 0.0
    own = np.where(np.isfinite(volatility), volatility, middle)
    return np.asarray((1.0 - shrink) * own + shrink * middle)


def compute_intervals(
    volatility: Series, calibration: Calibration, horizon_days: int
) -> tuple[Series, Series]:
    """90 % interval of each member's log return minus the median coin's, rounded to 4 decimals."""
    thirds = compute_thirds(volatility)
    reach = compute_reach(volatility, calibration.shrink) * math.sqrt(horizon_days)
    low = np.array(calibration.low)[thirds] * reach
    high = np.array(calibration.high)[thirds] * reach
    return np.asarray(np.rint(low * 1e4) / 1e4), np.asarray(np.rint(high * 1e4) / 1e4)


def check_artefact(artefact: Artefact, day: date) -> None:
    """Raise Conflict where `artefact` had learnt from outcomes that `day` could not know."""
    if artefact.known_from > day:
        raise Conflict(
            f"The {artefact.kind.value} model trained through {artefact.trained_through} knows "
            f"outcomes up to {artefact.known_from} and may not judge {day}.",
            hint="Judge with an artefact that was trained before that day.",
        )
    if artefact.features != FEATURES:
        raise Conflict(
            f"The model of {artefact.refit_day} was trained on other features.",
            hint="Train again with this version.",
        )


def compute_scores(
    artefact: Artefact, trees: Trees, sections: CrossSections, positions: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], Series, Matrix]]:
    """(members, z, linear terms [members, features]) of each day; empty on a day without members.

    The trees see all days in one call.
    """
    members = [np.flatnonzero(sections.universe[:, t]) for t in positions]
    inputs = [
        compute_tree_inputs(sections.ranks[t][rows], sections.regimes[:, t], artefact.tree_regimes)
        for t, rows in zip(positions, members, strict=True)
    ]
    sizes = np.cumsum([rows.size for rows in members])
    stacked = np.concatenate(inputs) if inputs else np.empty((0, 0))
    forest = trees.predict(stacked) if stacked.size else np.empty(0)
    result = []
    for t, rows, part in zip(positions, members, np.split(forest, sizes[:-1]), strict=True):
        terms = compute_linear_terms(
            artefact.linear, sections.ranks[t][rows], sections.regimes[:, t]
        )
        result.append((rows, blend(sum_rows(terms), part) if rows.size else np.empty(0), terms))
    return result


def grade_days(
    artefact: Artefact,
    trees: Trees,
    sections: CrossSections,
    positions: NDArray[np.int64],
    blocked: Mapping[date, Mapping[int, NoView]] | None = None,
) -> list[DayGrades]:
    """Judge days (positions on the axis of `sections`) with one artefact.

    `blocked` holds, by day, the token ids of which nothing may be said (an announced delisting,
    washed volume); they stay in the cross-section. Raises Conflict where the artefact is too new
    for a day.
    """
    for t in positions:
        check_artefact(artefact, sections.day(int(t)))
    scored = compute_scores(artefact, trees, sections, positions)
    return [
        _grade_day(artefact, sections, int(t), rows, scores, terms, (blocked or {}))
        for t, (rows, scores, terms) in zip(positions, scored, strict=True)
    ]


def _grade_day(
    artefact: Artefact,
    sections: CrossSections,
    t: int,
    rows: NDArray[np.int64],
    scores: Series,
    terms: Matrix,
    blocked: Mapping[date, Mapping[int, NoView]],
) -> DayGrades:
    day = sections.day(t)
    reasons = list_reasons(sections, t, blocked.get(day, {}))
    viewed = np.array([reason is None for reason in reasons], np.bool_)
    grades, raw, sub = (
        np.full(viewed.size, -1, np.int64),
        np.zeros(viewed.size, np.int64),
        np.full((len(FAMILIES), viewed.size), -1, np.int64),
    )
    spread = np.full((4, viewed.size), np.nan)
    capped = np.zeros(viewed.size, np.bool_)
    grades[rows] = compute_grades(scores)
    capped[rows] = compute_thin(sections.ranks[t][rows])
    capped &= grades > CAP_CENTI
    grades[capped] = CAP_CENTI
    raw[rows] = np.rint(5000.0 + 100.0 * POINTS_PER_SCORE * scores).astype(np.int64)
    sub[:, rows] = compute_sub_grades(terms)
    chances = np.empty(rows.size)
    _map_probabilities(scores, artefact.calibration.slope, chances)
    low, high = compute_intervals(
        sections.volatility[rows, t], artefact.calibration, artefact.horizon_days
    )
    spread[:, rows] = scores, chances, low, high
    grades[~viewed], raw[~viewed], capped[~viewed] = -1, 0, False
    sub[:, ~viewed] = -1
    spread[1:, ~viewed] = np.nan
    return DayGrades(
        day=day,
        token_ids=sections.token_ids,
        in_universe=sections.universe[:, t].copy(),
        grades=grades,
        raw=raw,
        scores=spread[0],
        probabilities=spread[1],
        low=spread[2],
        high=spread[3],
        sub_grades=sub,
        capped=capped,
        no_view=tuple(reasons),
    )


def compute_sub_grades(terms: Matrix) -> NDArray[np.int64]:
    """Grades of the families, [families, members], in hundredths: the linear terms of each family,
    summed, standardised over the day and mapped like a grade.
    """
    out = np.empty((len(FAMILIES), terms.shape[0]), np.int64)
    for row, columns in enumerate(_COLUMNS):
        total = sum_rows(np.ascontiguousarray(terms[:, columns]))
        mean, spread = moments(total)
        out[row] = compute_grades((total - mean) / spread)
    return out


def list_reasons(
    sections: CrossSections, t: int, blocked: Mapping[int, NoView]
) -> list[NoView | None]:
    """Why there is no view of each token, None where there is one."""
    reasons: list[NoView | None] = [None] * sections.token_ids.size
    collapsed = sections.week_returns[:, t] < EVIDENT_COLLAPSE
    for row, token_id in enumerate(sections.token_ids.tolist()):
        if token_id in blocked:
            reasons[row] = blocked[token_id]
        elif not sections.has_bar[row, t]:
            reasons[row] = NoView.STALE
        elif not sections.has_history[row, t]:
            reasons[row] = NoView.SHORT_HISTORY
        elif not sections.universe[row, t]:
            reasons[row] = NoView.THIN_TRADING
        elif collapsed[row]:
            reasons[row] = NoView.DELISTING_EVIDENT
    return reasons
