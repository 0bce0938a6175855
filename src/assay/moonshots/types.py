"""The words of the moonshots room: events, what was known of them, what a day's list is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Series = NDArray[np.float64]
Flags = NDArray[np.bool_]

HORIZON_DAYS = 90
"""Calendar days within which an event counts, from the close of the day after the judgement."""

OUTCOME_DAYS = HORIZON_DAYS + 1
"""Days after a judgement at whose close its outcome is known."""

MINIMUM_HISTORY_DAYS = 14
LARGEST = 100
"""Coins of the market's largest that are no moonshots."""


class Event(StrEnum):
    """What may happen to a coin within the horizon; touched at any daily close."""

    UP_2X = "up_2x"
    UP_5X = "up_5x"
    UP_10X = "up_10x"
    FALL_80 = "fall_80"

    @property
    def ratio(self) -> float:
        """Price over the price paid at which the event has happened."""
        return {"up_2x": 2.0, "up_5x": 5.0, "up_10x": 10.0, "fall_80": 0.2}[self.value]

    @property
    def is_fall(self) -> bool:
        """Whether the price has to go below the ratio."""
        return self is Event.FALL_80


RISES = (Event.UP_2X, Event.UP_5X, Event.UP_10X)


class SizeMeasure(StrEnum):
    """What "outside the top 100" was decided by."""

    MARKET_CAP = "market_cap"
    DOLLAR_VOLUME = "dollar_volume_90"


@dataclass(frozen=True)
class Outcomes:
    """What became of buying at the close of the day after each day, [tokens, days].

    `highest`, `lowest` and `final` are the closes of the horizon over the price paid (the paid one
    is among the first two); NaN where the outcome is not known on the panel's last day, or before
    the first bar.
    """

    highest: Matrix
    lowest: Matrix
    final: Matrix

    def happened(self, event: Event) -> Flags:
        """Where the event happened, [tokens, days]; not where the outcome is unknown."""
        if event.is_fall:
            return np.asarray(self.lowest <= event.ratio)
        return np.asarray(self.highest >= event.ratio)


@dataclass(frozen=True)
class Sections:
    """Who is listed and what the models read, [tokens, days].

    `alive`: coins with a bar and 14 days of history. `eligible`: those of them outside the largest
    100. `size_rank` is 1 for the largest coin, 0 for none; `by_cap` says where it was decided by
    market cap. `features` [3, tokens, days] are centred, NaN for those not alive; `daily_move` is
    the mean absolute log return behind the first, `volume_usd` the 90-day mean dollar volume.
    """

    alive: Flags
    eligible: Flags
    size_rank: NDArray[np.int64]
    by_cap: Flags
    features: Matrix
    daily_move: Matrix
    age_days: NDArray[np.int64]
    volume_usd: Matrix


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How an event's order and probabilities had done before a refit, outcomes known by then.

    `auc` counts every episode once; `volatility_auc` is that of the daily move alone; `brier_skill`
    is over days with a calibrated probability, NaN without any. `slope`, `intercept`: the
    calibration, probability = logistic(intercept + slope * score); NaN where none was fitted.
    """

    episodes: int
    auc: float
    auc_daily: float
    volatility_auc: float
    lift: float
    brier_skill: float
    intercept: float
    slope: float
    has_skill: bool


@dataclass(frozen=True)
class Refit:
    """Everything learnt at the close of one column, from outcomes known by then.

    Weights: intercept and three slopes of the score for falls and for rises. `uses_all_coins`: they
    learnt from all coins, because too few outside the top 100 were known.
    """

    column: int
    fall_weights: Series
    rise_weights: Series
    uses_all_coins: bool
    records: dict[Event, TrackRecord]


@dataclass(frozen=True, slots=True)
class BaseRate:
    """How often an event followed, by outcomes known on a day: `rate` with the effective number of
    independent trials behind it, and the number of episodes. `of_all_coins`: among all coins,
    because too few of the listed kind were known.
    """

    rate: float
    trials: float
    episodes: int
    of_all_coins: bool
