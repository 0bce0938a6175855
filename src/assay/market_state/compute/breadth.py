"""How many coins take part: shares above their means, new highs and lows, who beats Bitcoin."""

import numpy as np

from assay.kit.compiled import kernel
from assay.market_state.types import EXTREME_DAYS, KNOWN_SHARE, Counts, Flags, Matrix, Series


@kernel
def _is_above_mean(row: Series, t: int, days: int, needed: float) -> int:
    """1 above, 0 not, -1 unknown."""
    total = 0.0
    count = 0
    for i in range(max(t - days + 1, 0), t + 1):
        if row[i] == row[i]:
            total += row[i]
            count += 1
    if count < needed:
        return -1
    return 1 if row[t] > total / count else 0


@kernel
def _share_above(
    close: Matrix, universe: Flags, days: int, needed: float, rising: Counts, known: Counts
) -> None:
    for token in range(close.shape[0]):
        row = close[token]
        for t in range(row.size):
            if universe[token, t]:
                above = _is_above_mean(row, t, days, needed)
                if above >= 0:
                    known[t] += 1
                    rising[t] += above


def compute_share_above(close: Matrix, universe: Flags, days: int) -> Series:
    """Share of the universe whose close lies above the mean of its known closes of the last `days`
    days; NaN while nobody has four fifths of them.
    """
    rising = np.zeros(close.shape[1], np.int64)
    known = np.zeros(close.shape[1], np.int64)
    _share_above(close, universe, days, KNOWN_SHARE * days, rising, known)
    return divide(rising, known)


@kernel
def _count_extremes(
    close: Matrix, universe: Flags, days: int, needed: float, highs: Counts, lows: Counts
) -> None:
    for token in range(close.shape[0]):
        row = close[token]
        for t in range(row.size):
            if not universe[token, t]:
                continue
            count = 0
            higher = 0
            lower = 0
            for i in range(max(t - days + 1, 0), t + 1):
                if row[i] == row[i]:
                    count += 1
                    higher += 1 if row[i] > row[t] else 0
                    lower += 1 if row[i] < row[t] else 0
            if count >= needed and lower + higher > 0:
                highs[t] += 1 if higher == 0 else 0
                lows[t] += 1 if lower == 0 else 0


def count_extremes(close: Matrix, universe: Flags) -> tuple[Counts, Counts]:
    """How many of the universe close at their highest, and at their lowest, of 90 days."""
    highs = np.zeros(close.shape[1], np.int64)
    lows = np.zeros(close.shape[1], np.int64)
    _count_extremes(close, universe, EXTREME_DAYS, KNOWN_SHARE * EXTREME_DAYS, highs, lows)
    return highs, lows


@kernel
def _count_beating(
    close: Matrix, universe: Flags, btc: Series, days: int, beating: Counts, known: Counts
) -> None:
    for t in range(days, close.shape[1]):
        growth = btc[t] / btc[t - days]
        if growth != growth:
            continue
        for token in range(close.shape[0]):
            own = close[token, t] / close[token, t - days]
            if universe[token, t] and own == own:
                known[t] += 1
                beating[t] += 1 if own > growth else 0


def compute_share_beating(close: Matrix, universe: Flags, btc: Series) -> Series:
    """Share of the universe that gained more than `btc` over 90 days; NaN where that is unknown.

    Bitcoin itself is counted among those that did not.
    """
    beating = np.zeros(close.shape[1], np.int64)
    known = np.zeros(close.shape[1], np.int64)
    _count_beating(close, universe, btc, EXTREME_DAYS, beating, known)
    return divide(beating, known)


def divide(part: Counts, whole: Counts) -> Series:
    """Share of counts, NaN where there are none."""
    return np.asarray(np.where(whole > 0, part / np.maximum(whole, 1), np.nan))
