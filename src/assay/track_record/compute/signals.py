"""Signals: did the price reach the published target before the published stop?

The labels are those that the signals' own confidence is fitted and measured on
(`signals.label_touches`): within `horizon` bars after the judged one; a bar that reaches both
counts for the stop, and running out of time or dying is a miss. Beside them the log return of
following the position from the next close for as long.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from assay import evaluation, signals
from assay.track_record.compute.drafts import (
    SHARES,
    create_generator,
    group_stated,
    list_subjects,
    read_number,
    settle,
    start_results,
    take,
)
from assay.track_record.compute.world import World, find_hour_rows
from assay.track_record.types import (
    NOTHING,
    By,
    Flags,
    Matrix,
    Measure,
    Places,
    Result,
    SaidRows,
    Scored,
    Series,
)

CLAIM = (
    "The price reaches the published target before the published stop within {0} {1}s; a bar that"
    " reaches both counts for the stop, and running out of time is a miss. No position is no call."
)
CONVENTION = (
    "highs and lows of the {0} {1}s after the judged one; the outcome is the log return of the"
    " position bought at the next close and held {0} {1}s, before costs"
)
CONTROL = "the same positions and distances on other coins of the same {0}, drawn at random"


def create_measures(kind: str) -> tuple[Measure, ...]:
    """The measure of a kind of signal."""
    book = signals.HOURLY if kind.endswith("hourly") else signals.DAILY
    return (
        Measure(
            kind,
            "target_before_stop",
            book.horizon,
            1,
            CLAIM.format(book.horizon, book.unit),
            CONVENTION.format(book.horizon, book.unit),
            CONTROL.format(book.unit),
            is_hourly=book is signals.HOURLY,
        ),
    )


def score_signals(
    world: World, said: SaidRows, measures: Mapping[str, Measure]
) -> dict[str, Scored]:
    """The measure of one publication."""
    (name,) = measures
    measure = measures[name]
    rows = said.rows
    subjects = list_subjects(rows)
    sides = np.array([read_number(row["signal"]) for row in rows])
    stated = np.array([read_number(row["confidence"]) for row in rows])
    results = start_results(np.isfinite(sides))
    results[sides == 0.0] = Result.NO_CALL
    calls = results == Result.OPEN
    stated = np.where(calls, stated, np.nan)
    who = (np.arange(len(rows)), subjects, [str(row["symbol"]) for row in rows])
    texts = [None if row["signal"] is None else str(row["signal"]) for row in rows]
    if not world.is_known(measure, said.as_of, said.hour):
        return {name: Scored(*who, texts, stated, np.full_like(sides, NOTHING), results)}
    market = _Market(world, said, measure, subjects)
    price = np.array([[read_number(row[part]) for part in ("target", "stop")] for row in rows])
    price = price.reshape(len(rows), 2) * market.unit[:, None]
    labels = market.label(price.max(axis=1), price.min(axis=1), sides, market.rows)
    settle(results, labels == 1, labels >= 0)
    outcomes = np.where(calls, sides * market.move(), np.nan)
    hits, trials = _draw_control(market, price, sides, calls, said.digest)
    used = calls & (labels >= 0) & np.isfinite(stated)
    hit = labels == 1
    return {
        name: Scored(
            *who,
            texts,
            stated,
            outcomes,
            results,
            control_hits=hits,
            control_trials=trials,
            loss=float(((stated - hit) ** 2)[used].sum()),
            loss_count=int(used.sum()),
            bins=group_stated(By.PROBABILITY, SHARES, stated, hit, outcomes, used),
        )
    }


class _Market:
    """The bars from the judged one on, of whoever the rows speak of."""

    def __init__(self, world: World, said: SaidRows, measure: Measure, subjects: Places) -> None:
        if said.hour is None:
            column = world.column(said.as_of)
            self.rows = world.find_rows(subjects)
            sources = (world.closes, world.highs, world.lows)
            self.unit = take(world.panel.unit, self.rows, column)
        else:
            hours = world.hours
            column = hours.column(said.as_of, said.hour)
            self.rows = find_hour_rows(hours, subjects)
            sources = (hours.close, hours.high, hours.low)
            self.unit = np.ones(subjects.shape)
        window = slice(column, column + measure.bars + 1)
        self.close, self.high, self.low = (part[:, window] for part in sources)
        self.horizon = measure.horizon

    def label(self, upper: Series, lower: Series, sides: Series, rows: Places) -> NDArray[np.int8]:
        """1 where the barrier on the side of the position came first, else 0; -2 unknown."""
        placed = (rows >= 0) & np.isfinite(upper) & (sides != 0.0) & np.isfinite(sides)
        found = np.full(rows.shape, -2, np.int8)
        places = np.flatnonzero(placed)
        if not places.size:
            return found
        width = self.horizon + 1
        high, low = self.high[rows[places], :width], self.low[rows[places], :width]
        barriers = np.full((2, *high.shape), np.nan)
        barriers[0][:, 0], barriers[1][:, 0] = upper[places], lower[places]
        touches = signals.find_touches(
            np.ascontiguousarray(high),
            np.ascontiguousarray(low),
            barriers[0],
            barriers[1],
            self.horizon,
        )[:, 0]
        for side in (1, -1):
            here = sides[places] == side
            found[places[here]] = signals.label_touches(touches, side)[here]
        return found

    def move(self) -> Series:
        """Log return from the next bar's close (or the first after it) over the horizon."""
        found = np.full(self.rows.shape, np.nan)
        places = np.flatnonzero(self.rows >= 0)
        if places.size:
            closes = np.ascontiguousarray(self.close[self.rows[places]])
            found[places] = evaluation.compute_forward_returns(closes, self.horizon, 1)[:, 0]
        return found


def _draw_control(
    market: _Market, price: Matrix, sides: Series, calls: Flags, digest: str
) -> tuple[float, int]:
    """Hits of the same sides and relative distances on other viewed coins of the bar."""
    close = take(market.close, market.rows, 0)
    pool = np.flatnonzero(np.isfinite(sides) & np.isfinite(close))
    mine = np.flatnonzero(calls & np.isfinite(close) & np.isfinite(price).all(axis=1))
    if not pool.size or not mine.size:
        return 0.0, 0
    drawn = create_generator(digest).choice(pool, mine.size)
    ratios = price[mine] / close[mine][:, None] * close[drawn][:, None]
    labels = market.label(ratios.max(axis=1), ratios.min(axis=1), sides[mine], market.rows[drawn])
    return float((labels == 1).sum()), int((labels >= 0).sum())
