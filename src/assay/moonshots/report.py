"""What an evaluation of moonshots found: records that become JSON and a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from assay.evaluation import EventBrier, EventGroup, EventScore
from assay.moonshots.types import Event, Series

TARGET_AUC = 0.70
TARGET_LIFT = 3.0
ENOUGH_EVENTS = 30
"""Episodes of a group from which on its frequency counts."""


@dataclass(frozen=True)
class EventReport:
    """One event: how well it was ordered, and what the stated probabilities were worth.

    `order` is that of the published rank for falls, of the rise score that lists do not use for
    rises; `volatility` that of the daily move alone. `probability` compares what was published with
    the base rate of the day. `claimed` is the share of judgements made by a model.
    """

    order: EventScore
    volatility: EventScore
    probability: EventBrier
    stated: float
    claimed: float
    by_year: Mapping[str, EventScore]


@dataclass(frozen=True)
class Pick:
    """One coin of a month's first list and what came of it within 90 days."""

    said_on: date
    rank: int
    token_id: int
    symbol: str
    fall_80: float
    final: float
    highest: float
    lowest: float
    verdict: str
    stopped_on: str | None


@dataclass(frozen=True)
class MoonshotsReport:
    """Everything that was measured of the lists published from `first` to `last`.

    Outcomes are known of judgements up to `last_known`. `months` maps the first day of a month to
    its mean daily AUC of falls. `quarters` hold (first day, stated, observed) frequency of falls.
    `null_auc` are daily AUCs of random constant orders of the coins, for falls.
    """

    first: date
    last: date
    last_known: date
    origin: str
    lists: int
    coins: int
    died_inside: int
    events: Mapping[Event, EventReport]
    deciles: tuple[EventGroup, ...]
    months: Mapping[date, float]
    quarters: tuple[tuple[date, float, float], ...]
    null_auc: Series
    picks: tuple[Pick, ...]
    tried: int

    @property
    def fall(self) -> EventReport:
        """The report of the 80 % fall."""
        return self.events[Event.FALL_80]

    @property
    def is_on_target(self) -> bool:
        """Per-day AUC of at least 0.70 and a lift of at least 3."""
        order = self.fall.order
        return order.auc_daily >= TARGET_AUC and order.lift >= TARGET_LIFT

    @property
    def calibrated(self) -> tuple[int, int]:
        """Deciles of risk with enough events whose stated probability lies within the interval of
        the observed one, and how many have enough.
        """
        enough = [group for group in self.deciles if group.episodes >= ENOUGH_EVENTS]
        return sum(group.low <= group.stated <= group.high for group in enough), len(enough)
