"""Grades: does the coin beat the median one, and does its return stay inside the interval?

Bought at the close of t+1, held 7 (Trader) or 90 days (Investor), minus the median coin of the
day's universe: `evaluation.compute_forward_returns` and `compute_relative_returns`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assay import evaluation
from assay.track_record.compute.drafts import (
    SHARES,
    create_generator,
    group_stated,
    list_subjects,
    read_number,
    settle,
    start_results,
    sum_bins,
    take,
)
from assay.track_record.compute.world import World
from assay.track_record.types import (
    NOTHING,
    By,
    Flags,
    Measure,
    Order,
    Places,
    SaidRows,
    Scored,
    Series,
)

HORIZONS = {"grades.trader": 7, "grades.investor": 90}
LEVEL = 0.9
LEAST_COINS = 30
CONVENTION = (
    "log return bought at the next close and held {0} days, minus the median coin of the day's"
    " universe; a coin that stops is sold at its last price"
)


def create_measures(kind: str) -> tuple[Measure, ...]:
    """Both measures of a grade."""
    horizon = HORIZONS[kind]
    return (
        Measure(
            kind,
            "beats_median",
            horizon,
            1,
            "A probability above one half says that the coin beats the day's median coin, one below"
            " that it does not.",
            CONVENTION.format(horizon),
            "the same probabilities, shuffled among the coins of the day",
            Order.RANK_IC,
        ),
        Measure(
            kind,
            "interval_90",
            horizon,
            1,
            "The return lies inside the published 90 % interval.",
            CONVENTION.format(horizon),
            "an interval of the coin's exponentially weighted deviation (decay 0.94)",
        ),
    )


def score_grades(
    world: World, said: SaidRows, measures: Mapping[str, Measure]
) -> dict[str, Scored]:
    """Both measures of one publication."""
    rows = said.rows
    subjects = list_subjects(rows)
    places = world.find_rows(subjects)
    names = [str(row["symbol"]) for row in rows]
    grades = np.array([read_number(row["grade"]) for row in rows])
    outcomes = np.full(len(rows), np.nan)
    beats = measures["beats_median"]
    column = world.column(said.as_of)
    is_known = world.is_known(beats, said.as_of, None)
    if is_known:
        outcomes = take(world.relative(beats.horizon), places, column)
    who = (np.arange(len(rows)), subjects, names)
    found = {
        "beats_median": _score_beats(world, said, who, places, grades, outcomes, is_known, beats),
        "interval_90": _score_interval(world, said, who, places, outcomes, is_known, beats.horizon),
    }
    return {name: found[name] for name in measures}


Who = tuple[Places, Places, list[str]]


def _score_beats(
    world: World,
    said: SaidRows,
    who: Who,
    places: Places,
    grades: Series,
    outcomes: Series,
    is_known: bool,
    measure: Measure,
) -> Scored:
    stated = np.array([read_number(row["probability"]) for row in said.rows])
    viewed = np.isfinite(grades) & np.isfinite(stated)
    results = start_results(viewed)
    results[viewed & (stated == 0.5)] = 1
    texts = [row["grade"] for row in said.rows]
    if not is_known:
        return Scored(*who, texts, _claim(stated), np.full_like(stated, NOTHING), results)
    known = np.isfinite(outcomes)
    beat = outcomes > 0.0
    settle(results, beat == (stated > 0.5), known)
    used = viewed & known
    generator = create_generator(said.digest)
    shuffled = stated.copy()
    shuffled[used] = generator.permutation(stated[used])
    calls = used & (shuffled != 0.5)
    order, control = _score_order(world, said, places, grades, measure, generator)
    deciles = evaluation.group_by_rank(np.nan_to_num(grades)[:, None], used[:, None])[:, 0]
    return Scored(
        *who,
        texts,
        _claim(stated),
        outcomes,
        results,
        control_hits=float((beat == (shuffled > 0.5))[calls].sum()),
        control_trials=int(calls.sum()),
        loss=float(((stated - beat) ** 2)[used].sum()),
        loss_count=int(used.sum()),
        loss_control=0.25 * int(used.sum()),
        order=order,
        order_control=control,
        bins=[
            *group_stated(By.PROBABILITY, SHARES, stated, beat, outcomes, used),
            *sum_bins(By.DECILE, deciles, np.nan_to_num(stated), beat, outcomes),
        ],
    )


def _claim(stated: Series) -> Series:
    """Probability of a hit: that of the side a row takes."""
    return np.maximum(stated, 1.0 - stated)


def _score_order(
    world: World,
    said: SaidRows,
    places: Places,
    grades: Series,
    measure: Measure,
    generator: np.random.Generator,
) -> tuple[float, float]:
    column = world.column(said.as_of)
    members = world.universe[:, [column]]
    returns = world.forward(measure.horizon)[:, [column]]
    scores = np.full(members.shape, np.nan)
    scores[places[places >= 0], 0] = grades[places >= 0]
    rows = np.flatnonzero(members[:, 0])
    shuffled = scores.copy()
    shuffled[rows, 0] = generator.permutation(scores[rows, 0])
    return _correlate(scores, returns, members), _correlate(shuffled, returns, members)


def _correlate(scores: Series, returns: Series, members: Flags) -> float:
    daily = evaluation.compute_daily_rank_ics(scores, returns, members, minimum_coins=LEAST_COINS)
    return float(daily[0])


def _score_interval(
    world: World,
    said: SaidRows,
    who: Who,
    places: Places,
    outcomes: Series,
    is_known: bool,
    horizon: int,
) -> Scored:
    ranges = [row["interval"] or {"low": None, "high": None} for row in said.rows]
    low = np.array([read_number(item["low"]) for item in ranges])
    high = np.array([read_number(item["high"]) for item in ranges])
    viewed = np.isfinite(low) & np.isfinite(high)
    results = start_results(viewed)
    stated = np.where(viewed, LEVEL, np.nan)
    texts = [
        f"{item['low']}..{item['high']}" if item["low"] is not None else None for item in ranges
    ]
    if not is_known:
        return Scored(*who, texts, stated, np.full_like(low, NOTHING), results)
    known = np.isfinite(outcomes)
    settle(results, (outcomes >= low) & (outcomes <= high), known)
    naive = [take(side, places, world.column(said.as_of)) for side in world.naive(horizon)]
    used = viewed & known & np.isfinite(naive[0])
    inside = (outcomes >= naive[0]) & (outcomes <= naive[1])
    loss = evaluation.compute_winkler_scores(low, high, outcomes, LEVEL)
    usual = evaluation.compute_winkler_scores(naive[0], naive[1], outcomes, LEVEL)
    return Scored(
        *who,
        texts,
        stated,
        outcomes,
        results,
        control_hits=float(inside[used].sum()),
        control_trials=int(used.sum()),
        loss=float(loss[used].sum()),
        loss_count=int(used.sum()),
        loss_control=float(usual[used].sum()),
    )
