"""The words of the forecasts room: horizons, quantiles, reasons for no view, what was computed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""[tokens, days], NaN where nothing is known."""
Series = NDArray[np.float64]
Flags = NDArray[np.bool_]
Cube = NDArray[np.float64]
"""[horizons, tokens, days] or [days, thirds, shares], as said where it is used."""
Thirds = NDArray[np.int8]
"""[tokens, days]: 0 calm, 1 middle, 2 wild, -1 nothing is said."""

HORIZONS = (1, 7, 30, 90)
QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
QUANTILE_NAMES = ("0.05", "0.10", "0.25", "0.50", "0.75", "0.90", "0.95")
SCENARIO_NAMES = ("bear", "base", "bull")
THIRD_NAMES = ("calm", "middle", "wild")
SCENARIO_HORIZONS = (30, 90, 365)
LEAST_HISTORY_DAYS = 30


class NoView(StrEnum):
    """Why nothing is said about a token."""

    STALE = "stale"
    SHORT_HISTORY = "short_history"
    NO_MOVEMENT = "no_movement"
    NO_CALIBRATION = "no_calibration"
    NO_LEVELS = "no_levels"
    NO_MARKET = "no_market"


REASONS = {
    NoView.STALE: "It has no complete daily candle for this day.",
    NoView.SHORT_HISTORY: "It has too few days with candles yet.",
    NoView.NO_MOVEMENT: "No price in the market has moved, so no spread can be stated.",
    NoView.NO_CALIBRATION: "Too few past outcomes are known to say how far prices reach.",
    NoView.NO_LEVELS: "Its price has not turned twice near any one level.",
    NoView.NO_MARKET: "Neither market caps nor Bitcoin are known for long enough.",
}


class Direction(StrEnum):
    """Where a price has been going, more than a random walk explains."""

    UP = "up"
    DOWN = "down"
    NONE = "none"


@dataclass(frozen=True)
class Spread:
    """How far prices swing: what every interval is made of.

    `closes` are continuous through redenominations. `deviations` [horizons, tokens, days] are daily
    deviations of the log return, for each of the horizons asked for, shrunk towards the market's.
    `recent` is the plain sample deviation of 30 days; `thirds` its third among the day's
    `universe` (coins with a bar and at least 30 days of history).
    """

    closes: Matrix
    universe: Flags
    returns: Matrix
    recent: Matrix
    deviations: Cube
    thirds: Thirds


@dataclass(frozen=True)
class Trends:
    """Least-squares slope of the log price a day, its statistic under a random walk and the log
    return over the window: [tokens, days].
    """

    slope: Matrix
    statistic: Matrix
    change: Matrix


@dataclass(frozen=True)
class Levels:
    """Prices at which a token has turned before, [tokens, levels]; NaN and -1 where there are
    fewer. Log prices, continuous through redenominations.

    `touches` are separate visits, `bounces` those after which it closed back on the side it came
    from; `first` and `last` are the columns of the first and the last visit.
    """

    level: Matrix
    touches: NDArray[np.int64]
    bounces: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
