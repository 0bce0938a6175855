"""Stop and target, and which of them the price reached first: triple-barrier labels.

Around the close P of a bar with deviation s a bar (`compute.trends`), with w = s sqrt(horizon):

    long   target P exp(target_width w),  stop P exp(-stop_width w)
    short  target P exp(-target_width w), stop P exp(stop_width w)

The label of a bar and side (Lopez de Prado 2018, ch. 3) is 1 where, over the next `horizon` bars, a
high (a short: a low) reaches the target before a bar whose low (high) reaches the stop; a bar that
reaches both counts for the stop. It is 0 otherwise, also where time ran out or the coin died. A
label exists only `horizon` bars later, however early a barrier was touched: taking early ones first
would favour short paths.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from assay.kit.compiled import kernel
from assay.signals.types import Book, Matrix

Labels = NDArray[np.int8]
UNKNOWN = -2
BOTH = 2
LONG, SHORT = 0, 1
SIDES = (1, -1)


@kernel
def _touch(highs: Matrix, lows: Matrix, i: int, t: int, last: int, up: float, down: float) -> int:
    for k in range(t + 1, last + 1):
        is_high, is_low = highs[i, k] >= up, lows[i, k] <= down
        if is_high and is_low:
            return 2
        if is_high:
            return 1
        if is_low:
            return -1
    return 0


@kernel
def _write_touches(
    highs: Matrix, lows: Matrix, upper: Matrix, lower: Matrix, horizon: int, out: Labels
) -> None:
    tokens, bars = highs.shape
    for i in range(tokens):
        for t in range(bars):
            out[i, t] = -2
            if t + horizon < bars and upper[i, t] > lower[i, t]:
                out[i, t] = _touch(highs, lows, i, t, t + horizon, upper[i, t], lower[i, t])


def find_touches(highs: Matrix, lows: Matrix, upper: Matrix, lower: Matrix, horizon: int) -> Labels:
    """Which level of each bar is reached first within the next `horizon` bars, [tokens, bars].

    1 the upper, -1 the lower, 2 both in one bar, 0 neither; -2 where a level is missing or the
    horizon reaches beyond the last column. A missing bar reaches nothing.
    """
    out = np.empty(highs.shape, np.int8)
    _write_touches(highs, lows, upper, lower, horizon, out)
    return out


def compute_widths(book: Book, deviation: Matrix) -> tuple[Matrix, Matrix]:
    """Log distances of target and stop from the close, [tokens, bars]; NaN without a deviation."""
    width = np.where(deviation > 0.0, deviation, np.nan) * sqrt(book.horizon)
    return book.target_width * width, book.stop_width * width


def compute_labels(
    book: Book, log_close: Matrix, log_high: Matrix, log_low: Matrix, deviation: Matrix
) -> Labels:
    """Labels of the long and of the short side, [2, tokens, bars]: 1, 0, -2 where unknown."""
    target, stop = compute_widths(book, deviation)
    up = find_touches(log_high, log_low, log_close + target, log_close - stop, book.horizon)
    down = find_touches(log_high, log_low, log_close + stop, log_close - target, book.horizon)
    return np.stack([label_touches(up, 1), label_touches(down, -1)])


def label_touches(touches: Labels, side: int) -> Labels:
    """1 where the barrier on `side` (1 up, -1 down) came first and alone, else 0; -2 unknown."""
    return np.where(touches == UNKNOWN, UNKNOWN, touches == side).astype(np.int8)
