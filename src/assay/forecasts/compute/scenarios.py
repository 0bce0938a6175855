"""If the market goes there, where does a token go? Its beta, and how far it strays from it.

The market is its total capitalisation where caps are known, else Bitcoin. beta is the slope of the
token's daily log return on the market's over 365 days, moved half way to 1 (Blume 1971: slopes of
the past overstate those to come). The token's return over h days is beta * the market's, give or
take reach * residual deviation * sqrt(h); the reach is that of the share 0.8, learnt from past
strayings by `conformal`. Where the market goes is no forecast: bear and bull are what it lost or
gained in the worst and the best tenth of its own past windows, base is no change.
"""

import math
from dataclasses import dataclass

import numpy as np

from assay.factors import log_, round_significant
from assay.forecasts.types import Matrix, Series
from assay.kit.compiled import kernel

BETA_DAYS = 365
LEAST_PAIRS = 60
BETA_SHRINK = 0.5
TAIL = 0.1
LEAST_WINDOWS = 2
"""Windows that do not overlap, of which a horizon needs so many."""
_LEAST_CAPS = 10


@dataclass(frozen=True)
class Betas:
    """Shrunk slope on the market, correlation with it and residual daily deviation."""

    beta: Matrix
    correlation: Matrix
    residual: Matrix


@kernel
def _fit(x: Series, y: Series, start: int, stop: int, out: Series) -> None:
    """out = slope, correlation, residual deviation of y on x between two columns; NaN unknown."""
    count = 0
    mean_x, mean_y, xx, xy, yy = 0.0, 0.0, 0.0, 0.0, 0.0
    for day in range(start, stop):
        if x[day] == x[day] and y[day] == y[day]:
            # Welford's update: exact zeros stay zero, nothing cancels.
            count += 1
            step_x, step_y = x[day] - mean_x, y[day] - mean_y
            mean_x += step_x / count
            mean_y += step_y / count
            xx += step_x * (x[day] - mean_x)
            yy += step_y * (y[day] - mean_y)
            xy += step_x * (y[day] - mean_y)
    out[:] = np.nan
    if count < LEAST_PAIRS or not xx > 0.0:
        return
    out[0] = xy / xx
    out[1] = xy / math.sqrt(xx * yy) if yy > 0.0 else 0.0
    out[2] = math.sqrt(max(yy - out[0] * xy, 0.0) / (count - 2))


@kernel
def _betas(
    market: Series, returns: Matrix, beta: Matrix, correlation: Matrix, rest: Matrix
) -> None:
    fitted = np.empty(3)
    for token in range(returns.shape[0]):
        for day in range(LEAST_PAIRS, returns.shape[1]):
            _fit(market, returns[token], max(day - BETA_DAYS + 1, 0), day + 1, fitted)
            shrunk = (1.0 - BETA_SHRINK) * fitted[0] + BETA_SHRINK
            beta[token, day] = round_significant(shrunk, 6)
            correlation[token, day] = round_significant(fitted[1], 6)
            # What is left of the market itself is rounding.
            rest[token, day] = 0.0 if fitted[2] <= 1e-9 else round_significant(fitted[2], 6)


@kernel
def _tails(level: Series, horizon: int, out: Matrix) -> None:
    known = np.empty(level.size)
    count = 0
    for day in range(horizon, level.size):
        change = log_(level[day] / level[day - horizon])
        if change == change:
            place = count
            while place > 0 and known[place - 1] > change:
                known[place] = known[place - 1]
                place -= 1
            known[place] = change
            count += 1
        if count >= LEAST_WINDOWS * horizon:
            place_low = TAIL * (count - 1)
            below = int(place_low)
            share = place_low - below
            above = count - 1 - below
            out[0, day] = known[below] + share * (known[below + 1] - known[below])
            out[1, day] = known[above] - share * (known[above] - known[above - 1])
        out[2, day] = count


@kernel
def _caps(caps: Matrix, total: Series, index: Series) -> None:
    level = 1.0
    for day in range(caps.shape[1]):
        count = 0
        now, both, before = 0.0, 0.0, 0.0
        for token in range(caps.shape[0]):
            if caps[token, day] > 0.0:
                count += 1
                now += caps[token, day]
                if day > 0 and caps[token, day - 1] > 0.0:
                    both += caps[token, day]
                    before += caps[token, day - 1]
        level *= both / before if before > 0.0 else 1.0
        if count >= _LEAST_CAPS:
            total[day] = now
            index[day] = level


def compute_total_cap(caps: Matrix) -> tuple[Series, Series]:
    """(sum of the market caps known on each day, an index of them), each [days].

    The index moves with the tokens whose caps are known on both days, so that a cap that becomes
    known is no growth. NaN on days with fewer than 10 caps.
    """
    total, index = (np.full(caps.shape[1], np.nan) for _ in range(2))
    _caps(np.ascontiguousarray(caps, dtype=np.float64), total, index)
    return total, index


def compute_betas(market: Series, returns: Matrix) -> Betas:
    """Every token's link to the market, [tokens, days], over the 365 days that end with t.

    `market` [days] and `returns` [tokens, days] are daily log returns, NaN unknown; needs 60 pairs.
    Causal: later columns change nothing.
    """
    beta, correlation, rest = (np.full(returns.shape, np.nan) for _ in range(3))
    _betas(np.ascontiguousarray(market), returns, beta, correlation, rest)
    return Betas(beta, correlation, rest)


def compute_tails(level: Series, horizon: int) -> Matrix:
    """10 % and 90 % quantile of the market's past log returns over `horizon` days, and how many
    windows had ended by t: [3, days].

    Windows overlap; NaN until two that do not have passed. Causal: later columns change nothing.
    """
    out = np.full((3, level.size), np.nan)
    out[2] = 0.0
    _tails(np.ascontiguousarray(level), horizon, out)
    return out


@kernel
def _level_returns(level: Series, out: Series) -> None:
    for day in range(1, level.size):
        out[day] = log_(level[day] / level[day - 1])


def compute_market_returns(level: Series) -> Series:
    """Daily log returns of a level, [days]; NaN unless both days are known."""
    out = np.full(level.size, np.nan)
    _level_returns(np.ascontiguousarray(level), out)
    return out
