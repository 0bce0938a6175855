"""What happened after a judgement: returns of a holding that was bought `lag` days later.

Judged at the close of day t, bought at the close of t+lag, sold at the close of t+lag+horizon. Days
are calendar days: a gap in a coin's bars never stretches its horizon.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.evaluation.types import Flags, Matrix
from assay.kit.compiled import kernel
from assay.kit.errors import BadInput


@kernel
def _holding_ratios(closes: Matrix, horizon: int, lag: int) -> Matrix:
    tokens, days = closes.shape
    ratios = np.full((tokens, days), np.nan)
    for token in range(tokens):
        last = np.full(days, -1, np.int64)
        following = np.full(days, days, np.int64)
        seen = -1
        for day in range(days):
            if np.isfinite(closes[token, day]):
                seen = day
            last[day] = seen
        seen = days
        for day in range(days - 1, -1, -1):
            if np.isfinite(closes[token, day]):
                seen = day
            following[day] = seen
        for day in range(days - lag - horizon):
            if last[day] < 0:
                continue
            leave = last[day + lag + horizon]
            enter = following[day + lag]
            if enter > day + lag + horizon:
                # It never traded again: the order was not filled and the money stayed where it was.
                ratios[token, day] = 1.0
            else:
                ratios[token, day] = closes[token, leave] / closes[token, enter]
    return ratios


def compute_forward_returns(closes: Matrix, horizon_days: int, lag_days: int) -> Matrix:
    """Log return of every coin bought at the close of t+lag and held `horizon_days` calendar days.

    `closes` is [tokens, days], continuous through redenominations, NaN where there is no bar. A
    coin without a bar on t+lag is bought at its next one; a coin that stops inside the horizon is
    sold at its last price; one that never trades again was never bought and returns 0. NaN before a
    coin's first bar and wherever t+lag+horizon lies beyond the last column, dead coins included:
    that day's outcome is not known yet. Row t reads nothing after column t+lag+horizon. Raises
    BadInput for a horizon below 1 or a negative lag.
    """
    if horizon_days < 1 or lag_days < 0:
        raise BadInput(
            f"cannot hold for {horizon_days} days from lag {lag_days}",
            hint="The horizon is at least 1 day and the lag at least 0.",
        )
    return np.asarray(np.log(_holding_ratios(_as_matrix(closes), horizon_days, lag_days)))


def compute_day_medians(values: Matrix, members: Flags) -> NDArray[np.float64]:
    """Median over each day's members of [tokens, days] `values`; NaN on a day without any. Missing
    values are left out.
    """
    medians = np.full(values.shape[1], np.nan)
    for day in range(values.shape[1]):
        present = values[members[:, day], day]
        present = present[np.isfinite(present)]
        if present.size:
            medians[day] = np.median(present)
    return medians


def compute_relative_returns(returns: Matrix, universe: Flags) -> Matrix:
    """`returns` minus the median of the day's universe: what an interval or a probability speaks
    about.
    """
    return returns - compute_day_medians(returns, universe)[None, :]


def _as_matrix(values: Matrix) -> Matrix:
    # A copy on purpose: read-only memory maps would make the kernel compile twice.
    return np.array(values, dtype=np.float64, order="C", copy=True)
