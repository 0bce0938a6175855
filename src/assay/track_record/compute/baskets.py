"""Indices and the state of the market: did the basket beat the equal-weight universe, did the
market go where the indicator said?
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from assay.track_record.compute.drafts import list_subjects, settle, start_results
from assay.track_record.compute.world import IndexPaths, World
from assay.track_record.types import NOTHING, Measure, Result, SaidRows, Scored, Series

HORIZON = 30
SIDES = {1: "bull", -1: "bear"}


def create_index_measures() -> tuple[Measure, ...]:
    """The measure of indices."""
    return (
        Measure(
            "indices",
            "beats_equal_weight",
            HORIZON,
            1,
            "The index, after its fees and slippage, grows more than the equal-weight universe,"
            " which pays none.",
            f"log growth of the published level from the next close over {HORIZON} days, less that"
            " of the universe of the grades, set equal every 7 days",
            "Bitcoin over the same days",
        ),
    )


def score_indices(
    world: World, said: SaidRows, measures: Mapping[str, Measure]
) -> dict[str, Scored]:
    """The measure of one publication. The levels are those that stand for the later days."""
    (name,) = measures
    measure = measures[name]
    subjects = list_subjects(said.rows, "index_id")
    results = start_results(np.ones(len(said.rows), np.bool_))
    who = (np.arange(len(said.rows)), subjects, [str(row["slug"]) for row in said.rows])
    texts = [str(row["level"]) for row in said.rows]
    nothing = np.full(len(said.rows), np.nan)
    if not world.is_known(measure, said.as_of, None):
        return {name: Scored(*who, texts, nothing, nothing.copy(), results)}
    bought = said.as_of + timedelta(days=measure.lag)
    until = bought + timedelta(days=measure.horizon)
    paths = world.indices
    usual = _grow(paths.equal_weight, paths, bought, until)
    grown = np.array([_grow_index(paths, int(key), bought, until) for key in subjects])
    outcomes = grown - usual
    known = np.isfinite(outcomes)
    settle(results, outcomes > 0.0, known)
    rival = NOTHING if paths.bitcoin is None else _grow(paths.bitcoin, paths, bought, until)
    trials = int(known.sum()) if np.isfinite(rival - usual) else 0
    return {
        name: Scored(
            *who,
            texts,
            nothing,
            outcomes,
            results,
            control_hits=float(trials) if rival > usual else 0.0,
            control_trials=trials,
        )
    }


def _grow(levels: Series, paths: IndexPaths, start: date, end: date) -> float:
    first, last = ((day - paths.first_day).days for day in (start, end))
    if first < 0 or last >= levels.size:
        return NOTHING
    return float(np.log(levels[last] / levels[first]))


def _grow_index(paths: IndexPaths, index_id: int, start: date, end: date) -> float:
    before = paths.read_levels(start).get(index_id, NOTHING)
    after = paths.read_levels(end).get(index_id, NOTHING)
    return float(np.log(after / before))


def create_market_measures() -> tuple[Measure, ...]:
    """The measure of the bull and bear indicator."""
    return (
        Measure(
            "market_state",
            "bull_or_bear",
            HORIZON,
            1,
            "The equal-weight market rises after the indicator's last signal was a bull's, and does"
            " not after a bear's.",
            f"return of the grades' universe in equal parts from the next close over {HORIZON}"
            " days",
            "always saying bull",
        ),
    )


def score_market(
    world: World, said: SaidRows, measures: Mapping[str, Measure]
) -> dict[str, Scored]:
    """The measure of one publication, which is one row."""
    (name,) = measures
    measure = measures[name]
    sides = np.array([_read_side(row) for row in said.rows], np.float64)
    results = start_results(np.isfinite(sides))
    results[sides == 0.0] = Result.NO_CALL
    calls = results == Result.OPEN
    who = (np.arange(sides.size), np.zeros(sides.size, np.int64), [""] * sides.size)
    texts = [SIDES.get(int(side)) if np.isfinite(side) else None for side in sides]
    nothing = np.full(sides.shape, np.nan)
    if not world.is_known(measure, said.as_of, None):
        return {name: Scored(*who, texts, nothing, nothing.copy(), results)}
    moved = float(world.market(measure.horizon)[world.column(said.as_of)])
    known = np.full(sides.shape, np.isfinite(moved))
    settle(results, (sides > 0.0) == np.full(sides.shape, moved > 0.0), known)
    trials = int((calls & known).sum())
    return {
        name: Scored(
            *who,
            texts,
            nothing,
            np.where(calls, moved, np.nan),
            results,
            control_hits=float(trials) if moved > 0.0 else 0.0,
            control_trials=trials,
        )
    }


def _read_side(row: Mapping[str, object]) -> float:
    indicator = row.get("indicator")
    if row.get("no_view") is not None or not isinstance(indicator, Mapping):
        return NOTHING
    return float(str(indicator["last_signal"]))
