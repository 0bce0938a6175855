"""Sums over the market: dollar volume, market caps, Bitcoin's share, the volume of risers."""

import numpy as np

from assay.kit.compiled import kernel
from assay.market_state.types import Flags, Matrix, Series


@kernel
def _sum_columns(values: Matrix, chosen: Flags, out: Series) -> None:
    for t in range(values.shape[1]):
        total = 0.0
        count = 0
        for token in range(values.shape[0]):
            if chosen[token, t] and values[token, t] == values[token, t]:
                total += values[token, t]
                count += 1
        if count > 0:
            out[t] = total


def sum_columns(values: Matrix, chosen: Flags) -> Series:
    """Sum of each day's known values of the chosen tokens, in token order; NaN without any."""
    out = np.full(values.shape[1], np.nan)
    _sum_columns(np.ascontiguousarray(values), chosen, out)
    return out


def choose_largest(sizes: Matrix, chosen: Flags, count: int) -> Flags:
    """The `count` tokens of each day with the largest known sizes among the chosen, ties by row."""
    known = chosen & np.isfinite(sizes)
    order = np.argsort(np.where(known, -sizes, np.inf), axis=0, kind="stable")[:count]
    largest = np.zeros(sizes.shape, np.bool_)
    np.put_along_axis(largest, order, True, axis=0)
    return np.asarray(largest & known)


def compute_changes(close: Matrix) -> Matrix:
    """Close over the close of the day before, minus 1; NaN unless both are known."""
    changes = np.full(close.shape, np.nan)
    changes[:, 1:] = close[:, 1:] / close[:, :-1] - 1.0
    return changes


def compute_rising_volume(volume_usd: Matrix, changes: Matrix, universe: Flags) -> Matrix:
    """Dollar volume of the universe's coins that rose, and of those that rose or fell,
    [2, days].
    """
    rising = sum_columns(volume_usd, universe & (changes > 0.0))
    falling = sum_columns(volume_usd, universe & (changes < 0.0))
    both = np.where(
        np.isnan(rising), falling, np.where(np.isnan(falling), rising, rising + falling)
    )
    return np.stack([np.where(np.isnan(rising) & ~np.isnan(both), 0.0, rising), both])
