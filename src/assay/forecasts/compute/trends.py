"""Is a price trending? Its slope, against what a random walk of the same volatility would show.

The least-squares slope of the last 30 log prices is a weighted sum of the 29 daily returns between
them, sum w r. Were the price a random walk without drift, its deviation would be s * sqrt(sum w^2),
s the root mean square of those returns; the usual t statistic of a regression on time takes the
prices around the line for independent and finds trends everywhere (Granger and Newbold 1974).
"""

import math

import numpy as np

from assay.factors import log_, round_significant
from assay.forecasts.types import Direction, Matrix, Series, Trends
from assay.kit.compiled import kernel

TREND_DAYS = 30
THRESHOLD = 1.645
"""A random walk goes beyond it on 5 % of days on either side."""
_LEAST_BARS = 25


def _list_weights(days: int) -> Series:
    # A return between the positions j - 1 and j moves every price from j on.
    centred = [place - (days - 1) / 2.0 for place in range(days)]
    squares = sum(value * value for value in centred)
    return np.array([sum(centred[place:]) / squares for place in range(1, days)])


_WEIGHTS = _list_weights(TREND_DAYS)


@kernel
def _trend(prices: Series, weights: Series) -> tuple[float, float]:
    slope = 0.0
    squares = 0.0
    spread = 0.0
    for place in range(weights.size):
        step = prices[place + 1] - prices[place]
        slope += weights[place] * step
        squares += step * step
        spread += weights[place] * weights[place]
    deviation = math.sqrt(squares / weights.size) * math.sqrt(spread)
    return slope, slope / deviation if deviation > 0.0 else 0.0


@kernel
def _trends(
    closes: Matrix, since: int, weights: Series, slope: Matrix, statistic: Matrix, change: Matrix
) -> None:
    window = weights.size + 1
    prices = np.empty(window)
    for token in range(closes.shape[0]):
        for day in range(max(since, window - 1), closes.shape[1]):
            bars = 0
            last = np.nan
            for place in range(window):
                value = closes[token, day - window + 1 + place]
                if value > 0.0:
                    last = log_(value)
                    bars += 1
                prices[place] = last
            known = closes[token, day - window + 1] > 0.0 and closes[token, day] > 0.0
            if known and bars >= _LEAST_BARS:
                found, strength = _trend(prices, weights)
                slope[token, day] = round_significant(found, 6)
                statistic[token, day] = round_significant(strength, 6)
                change[token, day] = prices[window - 1] - prices[0]


def compute_trends(closes: Matrix, since: int = 0) -> Trends:
    """Trend of the 30 days that end with t, from column `since` on: [tokens, days].

    `closes` are continuous through redenominations. A missing bar takes the last price before it;
    NaN without a bar on the first or the last of the 30 days or with fewer than 25. A price that
    never moved has the statistic 0. Causal: later columns change nothing.
    """
    slope, statistic, change = (np.full(closes.shape, np.nan) for _ in range(3))
    bars = np.ascontiguousarray(closes, dtype=np.float64)
    _trends(bars, since, _WEIGHTS, slope, statistic, change)
    return Trends(slope, statistic, change)


def name_direction(statistic: float) -> Direction:
    """Up or down beyond +-1.645, none between them and for NaN."""
    if statistic >= THRESHOLD:
        return Direction.UP
    return Direction.DOWN if statistic <= -THRESHOLD else Direction.NONE
