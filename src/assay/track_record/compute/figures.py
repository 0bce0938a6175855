"""From kept scores to figures: sums over statements, and instruments of `evaluation`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from assay import evaluation
from assay.ledger.types import Origin
from assay.track_record.types import (
    NOTHING,
    Bin,
    By,
    Lines,
    Measure,
    Order,
    OrderFigures,
    Point,
    Running,
    Series,
    Status,
    Summary,
)

Z_95 = 1.959963984540054
"""Normal quantile of a two-sided 95 % band."""
POINTS = 10


def summarise(measure: Measure, origin: Origin, lines: Lines) -> Summary:
    """The record of one measure in one origin: the sums of its first words, and what follows.

    `lines` are all scores of it, in any number from 1 on.
    """
    first = lines["is_first"]
    sums = {name: int(lines[name][first].sum()) for name in COUNTS}
    hits, decided = sums["hits"], sums["hits"] + sums["misses"]
    rate = hits / decided if decided else NOTHING
    low, high = evaluation.compute_wilson(rate, _count_independent(measure, lines, first))
    stated = int(lines["stated_count"][first].sum())
    status = lines["status"]
    days = lines["as_of"]
    usual = rate * (1.0 - rate)
    return Summary(
        measure=measure,
        origin=origin,
        first_day=_day(days.min()),
        last_day=_day(days.max()),
        publications=int(first.sum()),
        repeated=int((~first).sum()),
        repeated_statements=int(lines["statements"][~first].sum()),
        corrected=int((status == Status.CORRECTED.value).sum()),
        withdrawn=int((status == Status.WITHDRAWN.value).sum()),
        closed=int((first & lines["is_closed"]).sum()),
        **sums,
        rate=rate,
        rate_low=low,
        rate_high=high,
        stated_rate=_divide(lines["stated"][first].sum(), stated),
        control_rate=_divide(
            lines["control_hits"][first].sum(), lines["control_trials"][first].sum()
        ),
        mean_outcome=_divide(lines["outcome"][first].sum(), decided),
        loss=_divide(lines["loss"][first].sum(), lines["loss_count"][first].sum()),
        loss_control=_compute_loss_control(lines, first, usual),
        order=_summarise_order(measure, lines, first),
    )


COUNTS = ("statements", "no_view", "no_call", "open", "hits", "misses", "undecided")


def _compute_loss_control(lines: Lines, first: Series, usual: float) -> float:
    """The control's mean penalty; where there is none, that of always saying the base rate."""
    count = lines["loss_count"][first]
    if not count.sum():
        return NOTHING
    control = lines["loss_control"][first]
    here = count > 0
    return usual if np.isnan(control[here]).any() else _divide(control[here].sum(), count.sum())


def _count_independent(measure: Measure, lines: Lines, first: Series) -> float:
    """How many independent trials stand behind the rate: blocks as long as an outcome takes."""
    days = lines["as_of"][first]
    if not days.size:
        return 0.0
    block = (days - days.min()) // max(measure.days, 1)
    hits = np.bincount(block, lines["hits"][first])
    tried = hits + np.bincount(block, lines["misses"][first])
    return evaluation.compute_effective_count(
        hits.astype(int).tolist(), tried.astype(int).tolist(), max(measure.horizon, 1)
    )


def _summarise_order(measure: Measure, lines: Lines, first: Series) -> OrderFigures | None:
    if measure.order is Order.NONE:
        return None
    daily = lines["order_figure"][first]
    known = daily[np.isfinite(daily)]
    if not known.size:
        return OrderFigures(0, NOTHING, NOTHING, NOTHING, NOTHING)
    mean, error = evaluation.compute_running_newey_west(
        known, evaluation.choose_lags(measure.horizon, known.size)
    )
    control = lines["order_control"][first]
    control = control[np.isfinite(control)]
    return OrderFigures(
        days=int(known.size),
        mean=float(mean[-1]),
        standard_error=float(error[-1]),
        noise=Z_95 * float(error[-1]),
        control_mean=float(control.mean()) if control.size else NOTHING,
    )


def run_through(measure: Measure, lines: Lines) -> Running:
    """The record as it grew, one value a score: means of first words so far."""
    first = lines["is_first"]
    daily = np.where(first, lines["order_figure"], np.nan)
    lags = evaluation.choose_lags(measure.horizon, int(np.isfinite(daily).sum()))
    mean, error = evaluation.compute_running_newey_west(daily, lags)
    hits = np.cumsum(np.where(first, lines["hits"], 0))
    decided = hits + np.cumsum(np.where(first, lines["misses"], 0))
    rate = np.where(decided > 0, hits / np.maximum(decided, 1), np.nan)
    return Running(mean, Z_95 * error, rate)


def list_points(
    bins: Mapping[tuple[str, str, Origin], Sequence[Bin]],
    measures: Mapping[tuple[str, str], Measure],
) -> list[Point]:
    """Calibration points of every measure and origin, in the order of `measures`. Those by stated
    probability are joined to at most ten of about equal numbers of statements.
    """
    points = []
    for kind, name in measures:
        for origin in Origin:
            found = bins.get((kind, name, origin), ())
            for by in By:
                points += _list_of(measures[kind, name], origin, by, found)
    return points


def _list_of(measure: Measure, origin: Origin, by: By, bins: Sequence[Bin]) -> list[Point]:
    found = sorted((item for item in bins if item.by is by), key=lambda item: item.place)
    if by is By.PROBABILITY:
        found = join_bins(found, POINTS)
    return [_create_point(measure, origin, by, place, item) for place, item in enumerate(found)]


def add_bins(one: Bin, other: Bin) -> Bin:
    """Both together, at the place of the first."""
    return Bin(
        one.by,
        one.place,
        one.stated + other.stated,
        one.count + other.count,
        one.hits + other.hits,
        one.outcome + other.outcome,
    )


def join_bins(bins: Sequence[Bin], most: int) -> list[Bin]:
    """Neighbours together until each holds at least a share `1 / most` of all; the last takes what
    is left.
    """
    total = sum(item.count for item in bins)
    joined: list[Bin] = []
    is_full = True
    for item in bins:
        if is_full:
            joined.append(item)
        else:
            joined[-1] = add_bins(joined[-1], item)
        is_full = joined[-1].count * most >= total
    if len(joined) > 1 and not is_full:
        last = joined.pop()
        joined[-1] = add_bins(joined[-1], last)
    return joined


def _create_point(measure: Measure, origin: Origin, by: By, place: int, item: Bin) -> Point:
    observed = _divide(item.hits, item.count)
    low, high = evaluation.compute_wilson(observed, max(item.count / max(measure.horizon, 1), 1.0))
    return Point(
        measure=measure,
        origin=origin,
        by=by,
        place=place,
        stated=_divide(item.stated, item.count),
        observed=observed,
        low=low,
        high=high,
        count=item.count,
        hits=item.hits,
        mean_outcome=NOTHING if by is By.LEVEL else _divide(item.outcome, item.count),
    )


def _divide(total: float, count: float) -> float:
    return float(total) / float(count) if count else NOTHING


_EPOCH = date(1970, 1, 1)


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=int(number))
