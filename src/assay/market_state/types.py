"""The words of the state of the market, and every constant of its rules."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Series = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

STATE, TOKENS, CORRELATIONS = "market_state", "market_state.tokens", "market_state.correlations"
TRADER, INVESTOR = "grades.trader", "grades.investor"

TOP = 100
LARGEST_LISTED = 150

# Means, highs and lows need this share of their days.
KNOWN_SHARE = 0.8
SHORT_MEAN, LONG_MEAN = 50, 200
EXTREME_DAYS = 90
VOLATILITY_DAYS = (10, 30, 90)
DOMINANCE_DAYS = 30

BULL_BREADTH, BEAR_BREADTH = 0.6, 0.4
TREND_DAYS = 100

REGIME_MINIMUM = 180
REGIME_BOUNDS = (100.0 / 3.0, 200.0 / 3.0)
REGIME_SLACK = 3.0

FEAR_WINDOW, FEAR_MINIMUM, FEAR_COMPONENTS = 365, 90, 4
MOMENTUM_DAYS, STRENGTH_DAYS, UP_VOLUME_DAYS = 90, 365, 14

HIGH_GRADE, STRONG_GRADE = 60, 75

METRIC_MINIMUM = 30
YEAR = 365

CORRELATION_DAYS, CORRELATION_MINIMUM, CORRELATION_LISTED = 90, 60, 10
CORRELATION_REACH, CORRELATION_NOISE = 3.0, 2.0

COMPONENTS = ("momentum", "strength", "volatility", "breadth", "volume", "dominance")
"""Parts of the fear-and-greed index, in the order of their axis."""


class Regime(StrEnum):
    """Volatility of the market against its own history."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


REGIMES = (Regime.LOW, Regime.MIDDLE, Regime.HIGH)


class Mood(StrEnum):
    """What a value of the fear-and-greed index is called."""

    EXTREME_FEAR = "Extreme Fear"
    FEAR = "Fear"
    NEUTRAL = "Neutral"
    GREED = "Greed"
    EXTREME_GREED = "Extreme Greed"


MOODS = (
    (75, Mood.EXTREME_GREED),
    (55, Mood.GREED),
    (46, Mood.NEUTRAL),
    (25, Mood.FEAR),
    (0, Mood.EXTREME_FEAR),
)
"""Lowest value of each mood: the habits of the known index."""


class NoView(StrEnum):
    """Why a coin has no figures on a day."""

    STALE = "stale"
    SHORT_HISTORY = "short_history"


REASONS = {
    NoView.STALE: "It has no complete daily candle for this day.",
    NoView.SHORT_HISTORY: f"Fewer than {METRIC_MINIMUM} of its daily returns are known.",
}

SHORT_OVERLAP = (
    f"Fewer than {CORRELATION_MINIMUM} of its last {CORRELATION_DAYS} daily returns are known."
)

INDICATOR_RULE = (
    f"Bull (1): at least {BULL_BREADTH:.0%} of coins above their {SHORT_MEAN}-day mean and the"
    f" equal-weight market above its {TREND_DAYS}-day mean. Bear (-1): at most {BEAR_BREADTH:.0%}"
    " and below. Otherwise 0, and the last signal goes on."
)


_RULES = (
    (TOP, LARGEST_LISTED, KNOWN_SHARE, SHORT_MEAN, LONG_MEAN, EXTREME_DAYS, VOLATILITY_DAYS),
    (DOMINANCE_DAYS, BULL_BREADTH, BEAR_BREADTH, TREND_DAYS),
    (REGIME_MINIMUM, REGIME_BOUNDS, REGIME_SLACK),
    (FEAR_WINDOW, FEAR_MINIMUM, FEAR_COMPONENTS, MOMENTUM_DAYS, STRENGTH_DAYS, UP_VOLUME_DAYS),
    (HIGH_GRADE, STRONG_GRADE, METRIC_MINIMUM, YEAR),
    (CORRELATION_DAYS, CORRELATION_MINIMUM, CORRELATION_LISTED),
    (CORRELATION_REACH, CORRELATION_NOISE),
    tuple((lowest, mood.value) for lowest, mood in MOODS),
)

MODEL = f"rules:{hashlib.sha256(repr(_RULES).encode()).hexdigest()[:12]}"
"""What judged, beside the code: a digest of the constants above."""


@dataclass(frozen=True, slots=True)
class MarketSeries:
    """Figures of the whole market, one per day of the panel; NaN where unknown.

    `members` counts the universe; shares are of it. `level` is the cumulated log return of the
    equal-weight universe. `volatility` is [10, 30, 90 days; days], of a year.
    """

    volume: Series
    top_volume: Series
    market_cap: Series
    top_market_cap: Series
    btc_cap_share: Series
    btc_volume_share: Series
    members: Counts
    above_short: Series
    above_long: Series
    highs: Counts
    lows: Counts
    beating_btc: Series
    level: Series
    volatility: Matrix
    correlation: Series
    correlated: Counts
    signal: Counts
    last_signal: Counts
    signal_since: Counts
    percentile: Series
    regime: Counts
    regime_since: Counts
    components: Matrix
    fear_and_greed: Counts
