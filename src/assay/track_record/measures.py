"""The table of everything that is scored: kinds, their measures, and who scores them.

A kind that is published and stands neither here nor in `UNSCORED` fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from assay.ledger.types import Origin
from assay.track_record.compute import baskets, forecasts, grades, moonshots, signals
from assay.track_record.compute.world import World
from assay.track_record.types import Measure, SaidRows, Scored, Unscored

METHOD = 1
"""Raise it when a score changes its meaning: everything is then scored anew."""


class Score(Protocol):
    """Scores one publication by every measure given."""

    def __call__(
        self, world: World, said: SaidRows, measures: Mapping[str, Measure]
    ) -> dict[str, Scored]:
        """What came of it, by the name of the measure."""
        ...


@dataclass(frozen=True)
class Scorer:
    """One kind: its measures, the main one first."""

    kind: str
    measures: tuple[Measure, ...]
    score: Score


SCORERS = (
    Scorer("grades.trader", grades.create_measures("grades.trader"), grades.score_grades),
    Scorer("grades.investor", grades.create_measures("grades.investor"), grades.score_grades),
    Scorer("signals.daily", signals.create_measures("signals.daily"), signals.score_signals),
    Scorer("signals.hourly", signals.create_measures("signals.hourly"), signals.score_signals),
    Scorer("forecasts.quantiles", forecasts.create_quantile_measures(), forecasts.score_quantiles),
    Scorer("forecasts.levels", forecasts.create_level_measures(), forecasts.score_levels),
    Scorer("forecasts.scenarios", forecasts.create_scenario_measures(), forecasts.score_scenarios),
    Scorer("indices", baskets.create_index_measures(), baskets.score_indices),
    Scorer("moonshots", moonshots.create_measures(), moonshots.score_moonshots),
    Scorer("market_state", baskets.create_market_measures(), baskets.score_market),
)
UNSCORED = (
    Unscored(
        "moonshots.outcomes",
        "It tells what came of earlier lists; the lists themselves are scored.",
    ),
    Unscored(
        "market_state.tokens", "It describes each coin's past; it says nothing of what comes."
    ),
    Unscored("market_state.correlations", "It describes the past; it says nothing of what comes."),
    Unscored("briefing", "It repeats what the other kinds said, which is scored there."),
)
KINDS = tuple(scorer.kind for scorer in SCORERS)
MEASURES = {
    (scorer.kind, measure.name): measure for scorer in SCORERS for measure in scorer.measures
}


_ORIGINS = tuple(Origin)


def find_number(kind: str, measure: str) -> int:
    """A measure's place among those of its kind, by name: a number for cursors."""
    return sorted(item.name for item in find_scorer(kind).measures).index(measure)


def find_measure(kind: str, number: int) -> str:
    """The measure that `find_number` numbered; empty for none."""
    names = sorted(item.name for item in find_scorer(kind).measures)
    return names[number] if number < len(names) else ""


def find_place(measure: Measure, origin: Origin) -> int:
    """A number that grows along the table of measures, and within one along its origins."""
    place = list(MEASURES).index((measure.kind, measure.name))
    return place * len(_ORIGINS) + _ORIGINS.index(origin)


def find_scorer(kind: str) -> Scorer:
    """The entry of a kind."""
    return next(scorer for scorer in SCORERS if scorer.kind == kind)
