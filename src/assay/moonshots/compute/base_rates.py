"""How often an event followed, as known on each day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.evaluation import compute_effective_count, number_episodes
from assay.moonshots.types import (
    HORIZON_DAYS,
    OUTCOME_DAYS,
    BaseRate,
    Event,
    Flags,
    Outcomes,
    Sections,
)

BLOCK_DAYS = OUTCOME_DAYS
"""Judgements of one block of days share its shocks; blocks count from the first day."""

ENOUGH_LISTED = 100 * HORIZON_DAYS
"""Known coin-days outside the top 100 below which the rates of all coins are given instead."""

Counts = NDArray[np.int64]


class _Tally:
    """Running counts of one event among one kind of coins, by the day of the judgement."""

    def __init__(self, happened: Flags, members: Flags) -> None:
        self.judgements = _accumulate(members.sum(axis=0))
        self.events = _accumulate((happened & members).sum(axis=0))
        starts, _ = number_episodes(happened & members, HORIZON_DAYS)
        first = np.zeros(happened.shape[1], np.int64)
        _, places = np.unique(starts[starts >= 0], return_index=True)
        columns = np.nonzero(starts >= 0)[1][places]
        np.add.at(first, columns, 1)
        self.episodes = _accumulate(first)

    def rate(self, known: int, of_all_coins: bool) -> BaseRate:
        """The rate over the first `known` columns."""
        edges = [*range(0, known, BLOCK_DAYS), known]
        events = np.diff(self.events[edges]).tolist()
        judgements = np.diff(self.judgements[edges]).tolist()
        total = int(self.judgements[known])
        return BaseRate(
            rate=int(self.events[known]) / total if total else float("nan"),
            trials=compute_effective_count(events, judgements, HORIZON_DAYS),
            episodes=int(self.episodes[known]),
            of_all_coins=of_all_coins,
        )


class BaseRates:
    """Base rates of every event on every day."""

    def __init__(self, sections: Sections, outcomes: Outcomes) -> None:
        known = np.isfinite(outcomes.highest)
        self._listed = {}
        self._all = {}
        for event in Event:
            happened = outcomes.happened(event)
            self._listed[event] = _Tally(happened, sections.eligible & known)
            self._all[event] = _Tally(happened, sections.alive & known)

    def find(self, event: Event, column: int) -> BaseRate:
        """The base rate as known at the close of a column: outcomes of days up to 91 before it.

        Of listed coins, or of all coins of 14 days or more while fewer than 9,000 coin-days of
        listed ones are known. NaN while nothing is known at all.
        """
        known = max(column - OUTCOME_DAYS + 1, 0)
        few = self._listed[event].judgements[known] < ENOUGH_LISTED
        tally = self._all[event] if few else self._listed[event]
        return tally.rate(int(known), bool(few))

    def uses_all_coins(self, column: int) -> bool:
        """Whether too few listed coins were known at the close of a column."""
        return self.find(Event.FALL_80, column).of_all_coins


def _accumulate(counts: NDArray[np.int_]) -> Counts:
    """Sums before each column, [days + 1]."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
