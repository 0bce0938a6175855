"""The market an index stands in: mean dollar volumes, the equal-weight level and its means."""

import numpy as np
from numpy.typing import NDArray

from assay.kit.compiled import kernel

Matrix = NDArray[np.float64]
Series = NDArray[np.float64]
Flags = NDArray[np.bool_]

VOLUME_DAYS = 90
_LARGEST_FALL = -0.6
_LARGEST_RISE = 1.0


@kernel
def _mean_volumes(close: Matrix, volume: Matrix, window: int) -> Matrix:
    tokens, days = close.shape
    out = np.full((tokens, days), np.nan)
    ring = np.zeros(window)
    known = np.zeros(window, np.bool_)
    for token in range(tokens):
        known[:] = False
        for t in range(days):
            turnover = close[token, t] * volume[token, t]
            known[t % window] = turnover == turnover
            ring[t % window] = turnover
            if close[token, t] != close[token, t]:
                continue
            total = 0.0
            count = 0
            for place in range(window):
                if known[place]:
                    total += ring[place]
                    count += 1
            if count > 0:
                out[token, t] = total / count
    return out


def compute_mean_volumes(close: Matrix, volume: Matrix) -> Matrix:
    """Mean dollar volume of the last 90 days, [tokens, days]; days without one are left out, NaN
    without a bar on the day itself.
    """
    return _mean_volumes(np.ascontiguousarray(close), np.ascontiguousarray(volume), VOLUME_DAYS)


@kernel
def _fill_forward(close: Matrix, out: Matrix) -> None:
    for token in range(close.shape[0]):
        last = np.nan
        for t in range(close.shape[1]):
            if close[token, t] == close[token, t]:
                last = close[token, t]
            out[token, t] = last


def fill_forward(close: Matrix) -> Matrix:
    """The last price known on each day; NaN before the first."""
    out = np.empty(close.shape)
    _fill_forward(np.ascontiguousarray(close), out)
    return out


@kernel
def _market_level(filled: Matrix, universe: Flags, out: Series) -> None:
    level = 1.0
    out[0] = level
    for t in range(1, filled.shape[1]):
        total = 0.0
        count = 0
        for token in range(filled.shape[0]):
            if universe[token, t - 1]:
                change = filled[token, t] / filled[token, t - 1] - 1.0
                total += min(max(change, _LARGEST_FALL), _LARGEST_RISE)
                count += 1
        if count >= 3:
            level *= 1.0 + total / count
        out[t] = level


def compute_market_level(filled: Matrix, universe: Flags) -> Series:
    """Level of the equal-weight market, set equal every day, [days]; 1 on the first.

    Its return is the mean over yesterday's universe of the coins' returns, each cut to -60 %..+100
    %, a coin without a bar counting as unchanged; 0 with fewer than 3 coins. Sums run in token
    order.
    """
    out = np.empty(filled.shape[1])
    _market_level(np.ascontiguousarray(filled), universe, out)
    return out


@kernel
def _mean_votes(level: Series, window: int, band: float, means: Series, votes: Flags) -> None:
    above = True
    for t in range(level.size):
        if t >= window - 1:
            total = 0.0
            for i in range(t - window + 1, t + 1):
                total += level[i]
            mean = total / window
            means[t] = mean
            if level[t] < mean * (1.0 - band):
                above = False
            elif level[t] > mean * (1.0 + band):
                above = True
        votes[t] = above


def compute_votes(level: Series, window: int, band: float) -> tuple[Series, Flags]:
    """The `window`-day mean of the level (NaN before it is full) and whether the market counts as
    above it, [days].

    It turns to below when the level is more than `band` under the mean, to above when it is more
    than `band` over it, and stays as it is in between; it counts as above until the mean exists.
    """
    means = np.full(level.size, np.nan)
    votes = np.empty(level.size, np.bool_)
    _mean_votes(level, window, band, means, votes)
    return means, votes
