"""Why a token has its score: contributions in hundredths of a point that add up exactly."""

from __future__ import annotations

import numpy as np

from assay.factors import CHARACTERISTICS
from assay.grades.compute.cross_sections import CrossSections
from assay.grades.compute.grading import POINTS_PER_SCORE, grade_days
from assay.grades.compute.scoring import Trees, compute_shares
from assay.grades.types import Artefact, Contribution, Explanation, NoView, Series


def split_exactly(total: int, shares: Series) -> list[int]:
    """Whole numbers near `shares` that sum to `total`: the largest remainders take what is left.

    Ties go to the earlier share.
    """
    floors = np.floor(shares)
    parts = floors.astype(np.int64)
    left = total - int(parts.sum())
    if not parts.size:
        return []
    each, rest = divmod(left, parts.size)
    parts += each
    order = np.argsort(-(shares - floors), kind="stable")
    parts[order[:rest]] += 1
    return [int(part) for part in parts]


def explain_token(
    artefact: Artefact,
    trees: Trees,
    sections: CrossSections,
    position: int,
    token_id: int,
    blocked: dict[int, NoView] | None = None,
) -> Explanation:
    """Contributions of every feature to one token's raw score on one day, against the average coin.

    Linear terms are split by feature with their squares and interactions; trees by TreeSHAP.
    """
    day = sections.day(position)
    judged = grade_days(artefact, trees, sections, np.array([position]), {day: blocked or {}})[0]
    row = int(np.searchsorted(judged.token_ids, token_id))
    reason = judged.no_view[row]
    if reason is not None:
        return Explanation(token_id, day, None, None, reason, ())
    members = np.flatnonzero(sections.universe[:, position])
    ranks = sections.ranks[position][members]
    whole, linear = compute_shares(artefact, trees, ranks, sections.regimes[:, position])
    place = int(np.searchsorted(members, row))
    raw = int(judged.raw[row])
    points = split_exactly(raw - 5000, whole[place] * 100.0 * POINTS_PER_SCORE)
    values = sections.values[position][:, row] if sections.values is not None else None
    return Explanation(
        token_id=token_id,
        day=day,
        raw_centi=raw,
        grade_centi=int(judged.grades[row]),
        no_view=None,
        contributions=tuple(
            Contribution(
                feature=item.name,
                family=item.family,
                points_centi=points[i],
                linear_centi=round(float(linear[place, i]) * 100.0 * POINTS_PER_SCORE),
                rank=round(float(ranks[place, i]), 4),
                value=float(values[i]) if values is not None else float("nan"),
            )
            for i, item in enumerate(CHARACTERISTICS)
        ),
    )
