"""The record as one self-contained page: a section for each measure and origin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from assay.evaluation import (
    Card,
    EventGroup,
    Section,
    create_blank_page,
    create_table,
    draw_groups,
    draw_lines,
    format_number,
)
from assay.ledger import Origin
from assay.track_record.measures import UNSCORED
from assay.track_record.reading import Calibration, Days, History, Record
from assay.track_record.types import By, Order, Point, Summary

TITLE = "Track record"
HEAD = (
    "measure", "origin", "statements", "open", "hits", "misses", "rate", "90 % interval", "stated",
    "control",
)  # fmt: skip
LEAST_EPISODES = 1
_EPOCH = date(1970, 1, 1)


def create_record_page(record: Record, days: Days, calibration: Calibration) -> str:
    """One page of everything; live, replayed and backfilled stand in sections of their own."""
    through = record.coverage.through
    origins = [origin for origin in Origin if _of(record.summaries, origin)]
    sections = [_draw_table(record.summaries, origin) for origin in origins]
    for summary in record.summaries:
        history = next(
            item
            for item in days.histories
            if (item.measure, item.origin) == (summary.measure, summary.origin)
        )
        points = [
            point
            for point in calibration.points
            if (point.measure, point.origin) == (summary.measure, summary.origin)
        ]
        sections.append(_draw_measure(summary, history, points))
    reached = f"facts to {through}" if through else "not built yet"
    return create_blank_page(
        TITLE,
        "Everything that was said, with what came of it: hits and misses, nothing left out.",
        origin=", ".join(origin.value for origin in origins),
        chips=[
            ("Reaches", reached),
            ("Statements", f"{record.statements:,} shown, {record.left_out:,} left out by filters"),
        ],
        notes=[f"{item.kind}: {item.reason}" for item in UNSCORED],
        sections=sections,
        footer="Of several publications of one origin about the same day the first one counts;"
        " corrected and withdrawn ones stay in the record. Formulas: docs/method/track_record.md.",
    )


def list_cells(item: Summary) -> tuple[str, ...]:
    """One line under `HEAD`."""
    return (
        f"{item.measure.kind} {item.measure.name.replace('_', ' ')}",
        item.origin.value,
        f"{item.statements:,}",
        f"{item.open:,}",
        f"{item.hits:,}",
        f"{item.misses:,}",
        format_number(item.rate, ".1%"),
        f"{format_number(item.rate_low, '.1%')} .. {format_number(item.rate_high, '.1%')}",
        format_number(item.stated_rate, ".1%"),
        format_number(item.control_rate, ".1%"),
    )


def _of(summaries: Sequence[Summary], origin: Origin) -> list[Summary]:
    return [item for item in summaries if item.origin is origin]


def _draw_table(summaries: Sequence[Summary], origin: Origin) -> Section:
    lines = [list_cells(item) for item in _of(summaries, origin)]
    words = (
        "Rates are of hits and misses. Stated: what the rate would be had the chances been right."
    )
    card = Card("Every measure", words, create_table(HEAD, lines), wide=True)
    return Section(f"Said {origin.value}", "Origins are never mixed.", [card])


def _draw_measure(summary: Summary, history: History, points: Sequence[Point]) -> Section:
    measure = summary.measure
    cards = []
    days = _list_days(history)
    if measure.order is not Order.NONE:
        neutral = measure.order.neutral
        noise = _by_day(history, history.running.noise)
        words = f"noise ±{format_number(summary.order.noise if summary.order else 0.0, '.3f')}"
        lines = {"so far": _by_day(history, history.running.mean)}
        band = (words, neutral - noise, neutral + noise)
        cards.append(
            Card(
                "Rank IC so far" if measure.order is Order.RANK_IC else "AUC so far",
                "The mean up to each day, and the band in which an order that knows nothing stays"
                " in 95 of 100 records.",
                draw_lines(days, lines, ".3f", label="Order through time", wide=True, band=band),
                wide=True,
            )
        )
    cards.append(
        Card(
            "Rate so far",
            "Hits of hits and misses, up to each day.",
            draw_lines(days, {"rate": _by_day(history, history.running.rate)}, ".1%", wide=True),
            wide=True,
        )
    )
    for by in (By.PROBABILITY, By.LEVEL):
        groups = [_group(point) for point in points if point.by is by]
        if groups:
            words = "Said across, happened upwards, with its 90 % interval."
            cards.append(Card(f"By {by.value}", words, draw_groups(groups, LEAST_EPISODES)))
    title = f"{measure.kind}: {measure.name.replace('_', ' ')}, {summary.origin.value}"
    words = f"{measure.claim} Prices: {measure.convention}. Control: {measure.control}."
    return Section(title, words, cards)


def _list_days(history: History) -> list[date]:
    numbers = history.lines["as_of"]
    first, last = int(numbers.min()), int(numbers.max())
    return [_EPOCH + timedelta(days=number) for number in range(first, last + 1)]


def _by_day(
    history: History, values: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The last value of each day, repeated where a day has none."""
    numbers = history.lines["as_of"]
    days = np.full(int(numbers.max() - numbers.min()) + 1, np.nan)
    order = np.argsort(numbers, kind="stable")
    days[numbers[order] - numbers.min()] = values[order]
    return days


def _group(point: Point) -> EventGroup:
    return EventGroup(
        point.stated, point.observed, point.low, point.high, point.count, point.hits, point.count
    )
