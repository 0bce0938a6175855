"""How many deviations outcomes reached, learnt from past outcomes only: Mondrian conformal sets.

u = |outcome| / (deviation * sqrt(horizon)) of every coin and day whose outcome is known by t, apart
for each third of volatility (Vovk 2003, Mondrian), older days weighing exponentially less (Barber,
Candes, Ramdas and Tibshirani 2023). The reach of a share p is the weighted p-quantile of u, read
from a histogram of steps of 0.004 with linear interpolation inside a step.

Both sides have the same reach, so the median is zero: no drift is claimed. Separate quantiles for
either side carried the last year's drift forward and made the Winkler score worse.
"""

import math

import numpy as np

from assay.factors import log_
from assay.forecasts.types import Cube, Matrix, Series, Thirds
from assay.kit.compiled import kernel

SHARES = np.array([0.5, 0.8, 0.9])
"""Central shares: the quantiles 0.25 and 0.75, 0.10 and 0.90, 0.05 and 0.95."""
DECAYS = {1: 0.99616, 7: 0.99616, 30: 0.99616, 90: 0.99744, 365: 0.99937}
"""What a past outcome weighs a day later: a half-life of 180, 180, 180, 270 and 1,100 days."""
LEAST_OUTCOMES = 100
_STEP = 0.004
_BINS = 5000


@kernel
def _outcomes(closes: Matrix, horizon: int, out: Matrix) -> None:
    tokens, days = closes.shape
    for token in range(tokens):
        last = np.nan
        for day in range(days):
            if closes[token, day] > 0.0:
                last = closes[token, day]
            if day >= horizon:
                out[token, day - horizon] = log_(last / closes[token, day - horizon])


@kernel
def _learn(
    units: Matrix, thirds: Thirds, day: int, counts: Matrix, totals: Series, known: Series
) -> None:
    for token in range(units.shape[0]):
        third = thirds[token, day]
        unit = units[token, day]
        if third >= 0 and unit < np.inf:
            counts[third, int(min(unit / _STEP, _BINS - 1.0))] += 1.0
            totals[third] += 1.0
            known[third] += 1.0


@kernel
def _read(counts: Series, total: float, shares: Series, out: Series) -> None:
    bin_ = 0
    below = 0.0
    for place in range(shares.size):
        wanted = shares[place] * total
        while bin_ < counts.size - 1 and below + counts[bin_] < wanted:
            below += counts[bin_]
            bin_ += 1
        inside = (wanted - below) / counts[bin_] if counts[bin_] > 0.0 else 0.0
        out[place] = _STEP * (bin_ + min(max(inside, 0.0), 1.0))


@kernel
def _reaches(
    units: Matrix, thirds: Thirds, horizon: int, decay: float, shares: Series, out: Cube
) -> None:
    counts = np.zeros((3, _BINS))
    totals = np.zeros(3)
    known = np.zeros(3)
    for day in range(units.shape[1]):
        # The outcome of day - horizon was known at the close of this day and no earlier.
        if day >= horizon:
            counts *= decay
            totals *= decay
            _learn(units, thirds, day - horizon, counts, totals, known)
        for third in range(3):
            if known[third] >= LEAST_OUTCOMES:
                _read(counts[third], totals[third], shares, out[day, third])


def compute_outcomes(closes: Matrix, horizon: int) -> Matrix:
    """Log return from the close of t to the last close by t + `horizon`, [tokens, days].

    A coin that stops inside gets its last price. NaN without a bar on t and wherever t + horizon
    lies beyond the last column. `closes` are continuous through redenominations.
    """
    out = np.full(closes.shape, np.nan)
    _outcomes(closes, horizon, out)
    return out


def compute_reaches(
    outcomes: Matrix, deviations: Matrix, thirds: Thirds, horizon: int, decay: float
) -> Cube:
    """Reach of each of `SHARES` in deviations * sqrt(horizon), [days, thirds, shares].

    `outcomes` of day s are used from day s + `horizon` on (purged), each at the weight
    `decay` ** (days since). NaN until a third has 100 known outcomes. Not decreasing in the share.
    """
    scales = np.where(deviations > 0.0, deviations * math.sqrt(horizon), np.nan)
    units = np.abs(outcomes) / scales
    out = np.full((outcomes.shape[1], 3, SHARES.size), np.nan)
    _reaches(units, thirds, horizon, decay, SHARES, out)
    return out
