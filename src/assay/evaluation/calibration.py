"""Do probabilities mean what they say? Reliability, and the Brier score against always saying the
base rate.
"""

from __future__ import annotations

import numpy as np

from assay.evaluation.types import Calibration, Flags, Matrix, ReliabilityBin


def score_calibration(
    probabilities: Matrix, outcome: Matrix, members: Flags, bins: int = 10
) -> Calibration | None:
    """Reliability of the stated probability that a coin beats the day's median one.

    `outcome` is the log return minus the day's median, [tokens, days]; a coin beats it when
    strictly above 0. Members with a probability and a known outcome count. Bins hold equal numbers
    of judgements, so that each point of the curve weighs the same. `brier` is the mean squared
    error (Brier 1950), `skill` 1 - brier / brier of the base rate, `expected_error` the mean
    distance of a bin from the diagonal weighted by its size. None when nothing counts.
    """
    used = members & np.isfinite(probabilities) & np.isfinite(outcome)
    if not used.any():
        return None
    stated = probabilities[used]
    beat = (outcome[used] > 0.0).astype(np.float64)
    base = float(beat.mean())
    brier = float(((stated - beat) ** 2).mean())
    brier_base = base * (1.0 - base)
    table = _reliability(stated, beat, bins)
    gaps = [abs(row.stated - row.observed) * row.count for row in table]
    return Calibration(
        brier=brier,
        brier_base=brier_base,
        skill=1.0 - brier / brier_base if brier_base > 0.0 else float("nan"),
        expected_error=sum(gaps) / stated.size,
        base_rate=base,
        count=int(stated.size),
        bins=table,
    )


def _reliability(stated: Matrix, beat: Matrix, bins: int) -> tuple[ReliabilityBin, ...]:
    edges = np.quantile(stated, np.linspace(0.0, 1.0, bins + 1)[1:-1])
    # Equal probabilities must share a bin whatever their order, so bins are cut by value.
    place = np.searchsorted(edges, stated, side="left")
    rows = []
    for index in range(bins):
        here = place == index
        if here.any():
            rows.append(
                ReliabilityBin(
                    float(stated[here].mean()), float(beat[here].mean()), int(here.sum())
                )
            )
    return tuple(rows)
