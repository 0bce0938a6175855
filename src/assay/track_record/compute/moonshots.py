"""Moonshots: did the coin rise 2, 5 or 10 times, or fall by 80 %, within 90 days?

A hit is that the event came true, whichever way the chance pointed: the record compares how often
it did with how often it was said to.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assay import evaluation
from assay.moonshots import Event
from assay.track_record.compute.drafts import (
    CHANCES,
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
    Row,
    SaidRows,
    Scored,
    Series,
)

KIND = "moonshots"
HORIZON = 90
EVENTS = {
    Event.UP_2X: "doubles",
    Event.UP_5X: "rises to 5 times its price",
    Event.UP_10X: "rises to 10 times its price",
    Event.FALL_80: "falls by 80 %",
}


def create_measures() -> tuple[Measure, ...]:
    """One measure an event."""
    return tuple(
        Measure(
            KIND,
            event.value,
            HORIZON,
            1,
            f"The coin {words} at any daily close. A hit is that it came true; compare the rate"
            " with the stated one.",
            "daily closes of the 90 days after the next close, at which it is bought; a coin that"
            " stops keeps its last price. The outcome is the lowest (of rises the highest) return",
            "the base rate that was published beside it",
            Order.AUC if event.is_fall else Order.NONE,
        )
        for event, words in EVENTS.items()
    )


def score_moonshots(
    world: World, said: SaidRows, measures: Mapping[str, Measure]
) -> dict[str, Scored]:
    """Every event of one publication."""
    subjects = list_subjects(said.rows)
    places = world.find_rows(subjects)
    who = (np.arange(len(said.rows)), subjects, [str(row["symbol"]) for row in said.rows])
    return {
        name: _score_event(world, said, who, places, measure, Event(name))
        for name, measure in measures.items()
    }


def _score_event(
    world: World,
    said: SaidRows,
    who: tuple[Places, Places, list[str]],
    places: Places,
    measure: Measure,
    event: Event,
) -> Scored:
    parts = [_find_event(row, event) for row in said.rows]
    stated = np.array([read_number(part.get("probability")) for part in parts])
    base = np.array([read_number(part.get("base_rate")) for part in parts])
    texts = [
        None if part.get("probability") is None else str(part["probability"]) for part in parts
    ]
    results = start_results(np.isfinite(stated))
    if not world.is_known(measure, said.as_of, None):
        return Scored(*who, texts, stated, np.full_like(stated, NOTHING), results)
    reached = world.moonshots.lowest if event.is_fall else world.moonshots.highest
    ratios = take(reached, places, world.column(said.as_of))
    known = np.isfinite(ratios)
    happened = (ratios <= event.ratio) if event.is_fall else (ratios >= event.ratio)
    happened &= known
    settle(results, happened, known)
    used = known & np.isfinite(stated)
    usual = used & np.isfinite(base)
    order, control = _score_order(said, happened, known) if event.is_fall else (NOTHING, NOTHING)
    risks = np.array([float(row["rank"]) for row in said.rows])
    deciles = evaluation.group_by_rank(risks[:, None], used[:, None])[:, 0]
    moves = ratios - 1.0
    return Scored(
        *who,
        texts,
        stated,
        moves,
        results,
        control_hits=float(base[usual].sum()),
        control_trials=int(usual.sum()),
        loss=float(((stated - happened) ** 2)[usual].sum()),
        loss_count=int(usual.sum()),
        loss_control=float(((base - happened) ** 2)[usual].sum()),
        order=order,
        order_control=control,
        bins=[
            *group_stated(By.PROBABILITY, CHANCES, stated, happened, moves, used),
            *(sum_bins(By.DECILE, deciles, stated, happened, moves) if event.is_fall else ()),
        ],
    )


def _find_event(row: Row, event: Event) -> Row:
    found: Row = (row["fall_80"] if event.is_fall else row["events"][event.value]) or {}
    return found


def _score_order(said: SaidRows, happened: Flags, known: Flags) -> tuple[float, float]:
    risks: Series = np.array([float(row["rank"]) for row in said.rows])
    shuffled = risks.copy()
    shuffled[known] = create_generator(said.digest).permutation(risks[known])
    return _compare(risks, happened, known), _compare(shuffled, happened, known)


def _compare(risks: Series, happened: Flags, known: Flags) -> float:
    if not risks.size:
        return NOTHING
    daily = evaluation.compute_daily_auc(risks[:, None], happened[:, None], known[:, None])
    return float(daily[0])
