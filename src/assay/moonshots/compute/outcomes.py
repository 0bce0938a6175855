"""What became of a coin after a judgement: bought at the close of the next day, held for 90."""

from __future__ import annotations

import numpy as np

from assay import factors
from assay.kit.compiled import kernel
from assay.moonshots.types import OUTCOME_DAYS, Flags, Matrix, Outcomes


@kernel
def _outcomes(close: Matrix, highest: Matrix, lowest: Matrix, final: Matrix) -> None:
    tokens, days = close.shape
    for token in range(tokens):
        has_begun = False
        for day in range(days - OUTCOME_DAYS):
            has_begun = has_begun or close[token, day] > 0.0
            if not has_begun:
                continue
            paid = np.nan
            high, low, last = 1.0, 1.0, 1.0
            for i in range(day + 1, day + OUTCOME_DAYS + 1):
                price = close[token, i]
                if not price > 0.0:
                    continue
                if paid == paid:
                    last = price / paid
                    high = max(high, last)
                    low = min(low, last)
                else:
                    paid = price
            highest[token, day] = high
            lowest[token, day] = low
            final[token, day] = last


def compute_outcomes(close: Matrix) -> Outcomes:
    """Outcomes of every day, from closes continuous through redenominations, [tokens, days].

    Day t is bought at the close of t+1 (or the coin's next one within the horizon) and followed
    through the closes up to t+91. A coin that stops keeps its last price; one that never trades
    again was never bought and stands at 1. Nothing of column t reads a bar after t+91.
    """
    highest, lowest, final = (np.full(close.shape, np.nan) for _ in range(3))
    _outcomes(np.ascontiguousarray(close), highest, lowest, final)
    return Outcomes(highest, lowest, final)


def mark_extremes(values: Matrix, members: Flags, share: float) -> Matrix:
    """1.0 for the day's `share` of members with the largest `values`, 0.0 for the others, NaN for
    no members or unknown values, [tokens, days]. Ties by token id.
    """
    known = members & np.isfinite(values)
    ranks = factors.compute_centred_ranks(
        np.ascontiguousarray(values.T), np.ascontiguousarray(known.T)
    ).T
    return np.where(np.isfinite(ranks), np.where(ranks > 0.5 - share, 1.0, 0.0), np.nan)
