"""What happened at a level after it was named: was it reached, and did the price turn there?"""

import numpy as np
from numpy.typing import NDArray

from assay.factors import compute_log
from assay.forecasts.types import Matrix, Series
from assay.kit.compiled import kernel

UNTOUCHED, BROKEN, BOUNCED, OPEN = 0, 1, 2, 3


@kernel
def _follow(
    high: Series,
    low: Series,
    close: Series,
    day: int,
    days: int,
    level: float,
    tolerance: float,
) -> int:
    is_support = level < close[day]
    lower, upper = level - tolerance, level + tolerance
    last = min(day + days, close.size - 1)
    touched = -1
    for later in range(day + 1, last + 1):
        has_reached = low[later] <= upper if is_support else high[later] >= lower
        if has_reached:
            touched = later
            break
    if touched < 0:
        return UNTOUCHED if last == day + days else OPEN
    for later in range(touched + 1, min(touched + days, close.size - 1) + 1):
        if low[later] > upper:
            return BOUNCED if is_support else BROKEN
        if high[later] < lower:
            return BROKEN if is_support else BOUNCED
    return OPEN


@kernel
def _follow_all(
    high: Matrix,
    low: Matrix,
    close: Matrix,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    levels: Series,
    tolerances: Series,
    days: int,
    out: NDArray[np.int8],
) -> None:
    for place in range(rows.size):
        row = rows[place]
        out[place] = _follow(
            high[row],
            low[row],
            close[row],
            columns[place],
            days,
            levels[place],
            tolerances[place],
        )


def follow_levels(
    bars: tuple[Matrix, Matrix, Matrix],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    levels: Series,
    tolerances: Series,
    days: int,
) -> NDArray[np.int8]:
    """What became of each level in the `days` after it was named, one code each.

    `bars` are high, low and close [tokens, days]; a level (log price) of the token in `rows`, named
    at the close of `columns`, is reached when the range of a later day enters level +- tolerance,
    and decided by the first day after that whose range lies wholly outside, at most `days` later:
    BOUNCED on the side the price was on when it was named, BROKEN on the other; OPEN while
    undecided, UNTOUCHED if never reached.
    """
    high, low, close = (compute_log(part) for part in bars)
    out = np.zeros(rows.size, np.int8)
    _follow_all(high, low, close, rows, columns, levels, tolerances, days, out)
    return out
