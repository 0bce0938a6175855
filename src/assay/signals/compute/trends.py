"""Eight measures of a trend, each a score in [-1, 1], [shapes, tokens, bars].

l is the log close (carried over missing bars), s the deviation of its changes a bar: exponentially
weighted mean square, half-life 20 bars, started as the plain mean, NaN before 20 changes.
z(w) = (l[t] - l[t - w]) / (s sqrt(w)); clip() cuts at -1 and 1.

    trend a-b         mean of clip(z(w)) over the lookbacks: 5 10 20, 7 14 28 56, 14 28 56 84
                      (volatility-scaled time-series momentum; Moskowitz, Ooi, Pedersen 2012)
    momentum 28       clip(z(28))
    averages f/s      clip(2 log(mean of f closes / mean of s closes) / (s sqrt(s)))
    channel w         place of the close between the lowest low and the highest high of w bars,
                      -1 to 1 in logs (Donchian's channel)

All lookbacks are times `scale`. A score is NaN until its longest lookback is full and where the
price has not moved. Everything is causal: later bars change no earlier value.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from assay.factors import compute_log, compute_market_level, log_, round_significant
from assay.kit.compiled import kernel
from assay.signals.types import Bars, Flags, Matrix, Series, Shape

HALF_LIFE = 20
LOOKBACKS = np.array([5, 10, 20, 7, 14, 28, 56, 14, 28, 56, 84, 28], np.int64)
"""The z(w) of the first four shapes, one after another."""
ENDS = np.array([3, 7, 11, 12], np.int64)
CHANNELS = np.array([20, 55], np.int64)
DECAY = 0.034063671075154795
"""1 - 2 ** (-1 / 20); divided by `scale` where bars are shorter."""


@kernel
def _carry(values: Matrix, close: Matrix, out: Matrix) -> None:
    for i in range(values.shape[0]):
        last = np.nan
        for t in range(values.shape[1]):
            if not np.isnan(close[i, t]):
                last = close[i, t]
            out[i, t] = last if np.isnan(values[i, t]) else values[i, t]


def carry_closes(bars: Bars) -> Matrix:
    """Closes with the last one standing in for a missing bar; NaN before the first."""
    out = np.empty_like(bars.close, order="C")
    _carry(bars.close, bars.close, out)
    return out


@kernel
def _write_volatility(log_close: Series, scale: int, out: Series) -> None:
    decay = DECAY / scale
    square, count = 0.0, 0
    for t in range(log_close.size):
        if t > 0:
            change = log_close[t] - log_close[t - 1]
            if not np.isnan(change):
                count += 1
                square += (change * change - square) * max(decay, 1.0 / count)
        out[t] = sqrt(square) if count >= HALF_LIFE * scale else np.nan


def compute_volatility(log_close: Matrix, scale: int) -> Matrix:
    """s of the module's head, [tokens, bars]."""
    out = np.empty_like(log_close)
    for row in range(log_close.shape[0]):
        _write_volatility(log_close[row], scale, out[row])
    return out


@kernel
def _clip(x: float) -> float:
    return max(-1.0, min(1.0, x))


@kernel
def _write_momenta(
    log_close: Series, deviation: Series, first: int, scale: int, out: Matrix
) -> None:
    for t in range(first, log_close.size):
        if not deviation[t] > 0.0:
            continue
        start = 0
        for shape in range(ENDS.size):
            total = 0.0
            for k in range(start, ENDS[shape]):
                width = LOOKBACKS[k] * scale
                if t - width < first:
                    total = np.nan
                    break
                change = log_close[t] - log_close[t - width]
                total += _clip(change / (deviation[t] * sqrt(width)))
            out[shape, t] = total / (ENDS[shape] - start)
            start = ENDS[shape]


@kernel
def _write_sums(values: Series, first: int, width: int, out: Series) -> None:
    out[:] = np.nan
    for t in range(first + width - 1, values.size):
        total = 0.0
        for k in range(t + 1 - width, t + 1):
            total += values[k]
        out[t] = total


@kernel
def _merge_sums(parts: Series, first: int, width: int, count: int, out: Series) -> None:
    # A sum over `count` windows of `width` bars, one beside the other, oldest first.
    out[:] = np.nan
    for t in range(first + width * count - 1, parts.size):
        total = 0.0
        for k in range(count):
            total += parts[t - (count - 1 - k) * width]
        out[t] = total


@kernel
def _write_averages(close: Series, deviation: Series, first: int, scale: int, out: Matrix) -> None:
    ten = 10 * scale
    sums = np.empty((4, close.size))
    _write_sums(close, first, ten, sums[0])
    _merge_sums(sums[0], first, ten, 5, sums[1])
    _merge_sums(sums[0], first, ten, 2, sums[2])
    _merge_sums(sums[2], first, 2 * ten, 5, sums[3])
    for pair in range(2):
        fast, slow = sums[2 * pair], sums[2 * pair + 1]
        bars = 50.0 * scale * (pair + 1)
        for t in range(first, close.size):
            if deviation[t] > 0.0 and not np.isnan(slow[t]):
                ratio = log_(5.0 * fast[t] / slow[t])
                out[pair, t] = _clip(2.0 * ratio / (deviation[t] * sqrt(bars)))


@kernel
def _write_highest(values: Series, first: int, width: int, out: Series) -> None:
    for t in range(first, values.size):
        out[t] = values[t]
        for k in range(max(first, t + 1 - width), t):
            out[t] = max(out[t], values[k])


@kernel
def _write_channels(
    log_close: Series, log_high: Series, log_low: Series, first: int, scale: int, out: Matrix
) -> None:
    five = 5 * scale
    highs, depths = np.empty(log_close.size), np.empty(log_close.size)
    _write_highest(log_high, first, five, highs)
    _write_highest(-log_low, first, five, depths)
    for pair in range(CHANNELS.size):
        blocks = CHANNELS[pair] // 5
        for t in range(first + blocks * five - 1, log_close.size):
            high, depth = highs[t], depths[t]
            for k in range(1, blocks):
                high = max(high, highs[t - k * five])
                depth = max(depth, depths[t - k * five])
            if high + depth > 0.0:
                out[pair, t] = 2.0 * (log_close[t] + depth) / (high + depth) - 1.0


@kernel
def _write_scores(
    closes: tuple[Series, Series],
    edges: tuple[Series, Series],
    deviation: Series,
    scale: int,
    out: Matrix,
) -> None:
    close, log_close = closes
    first = 0
    while first < close.size and np.isnan(close[first]):
        first += 1
    out[:] = np.nan
    _write_momenta(log_close, deviation, first, scale, out[:4])
    _write_averages(close, deviation, first, scale, out[4:6])
    _write_channels(log_close, edges[0], edges[1], first, scale, out[6:])
    for shape in range(out.shape[0]):
        for t in range(first, out.shape[1]):
            out[shape, t] = round_significant(out[shape, t])


def compute_trends(bars: Bars, scale: int) -> tuple[Matrix, Matrix]:
    """Scores [shapes, tokens, bars], rounded to 6 significant digits, and s [tokens, bars]."""
    close = carry_closes(bars)
    log_close = compute_log(close)
    edges = []
    for edge in (bars.high, bars.low):
        carried = np.empty_like(close)
        _carry(edge, bars.close, carried)
        edges.append(compute_log(carried))
    deviation = compute_volatility(log_close, scale)
    scores = np.empty((len(Shape), *close.shape))
    table = np.empty((len(Shape), close.shape[1]))
    for row in range(close.shape[0]):
        _write_scores(
            (close[row], log_close[row]),
            (edges[0][row], edges[1][row]),
            deviation[row],
            scale,
            table,
        )
        scores[:, row] = table
    return scores, deviation


def compute_market_trends(bars: Bars, viewed: Flags, scale: int) -> Matrix:
    """Scores [shapes, bars] of the equal-weight market of the coins with a view; its channel knows
    closes only.
    """
    level = compute_market_level(np.where(viewed, bars.close, np.nan))[None, :]
    market = Bars(np.zeros(1, np.int64), level, level, level)
    return compute_trends(market, scale)[0][:, 0]
