"""Hits and misses in one list: what was said at each month's start, and what came of it so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from assay.markets.types import Panel
from assay.moonshots.rows import Json
from assay.moonshots.types import OUTCOME_DAYS, RISES, Event, Matrix, Series
from assay.publishing import (
    FIRST_DAY,
    Judgement,
    Said,
    Speaker,
    daily_kind,
    format_decimal,
    format_price,
)
from assay.publishing.types import Facts

LIST_KIND = "moonshots"
OUTCOMES_KIND = "moonshots.outcomes"
PICKS = 10
"""Coins of each month's first list that are followed: those with the lowest rank."""

KEPT_DAYS = 365
MODEL = f"rules:picks-{PICKS}-monthly-kept-{KEPT_DAYS}"


@dataclass(frozen=True, slots=True)
class Path:
    """A pick's way from the close it was bought at; ratios to the price paid, 1 before."""

    bought: int | None
    last_bar: int | None
    highest: float
    lowest: float
    final: float


def follow_coin(close: Series, said: int, now: int) -> Path:
    """The way of one coin's closes, continuous through redenominations, [days].

    Judged at column `said`, bought at the next bar within the horizon, followed to `now` or the end
    of the horizon. A coin that stops keeps its last price.
    """
    stop = min(said + OUTCOME_DAYS, now)
    bars = said + 1 + np.flatnonzero(np.isfinite(close[said + 1 : stop + 1]))
    if not bars.size:
        return Path(None, None, 1.0, 1.0, 1.0)
    bought = int(bars[0])
    ratios = close[bars] / close[bought]
    return Path(bought, int(bars[-1]), float(ratios.max()), float(ratios.min()), float(ratios[-1]))


def judge_outcomes(days: Sequence[date], facts: Facts, said: Said) -> Iterator[Judgement]:
    """One list a day: the picks of the last 365 days' month starts, newest first."""
    panel = facts.panel
    close = panel.close * panel.unit
    closed: dict[tuple[date, int, bool], Json] = {}
    for day in days:
        ended = {int(token.token_id) for token in facts.tokens(day) if token.ended}
        rows = []
        for start in list_month_starts(day):
            for pick in (said.rows(LIST_KIND, start) or [])[:PICKS]:
                key = (start, int(str(pick["token_id"])), int(str(pick["token_id"])) in ended)
                # What is over stays as it is; a year of it stands in every list.
                row = closed.get(key) or _create_row(panel, close, pick, start, day, key[2])
                if row["state"] == "ended":
                    closed[key] = row
                rows.append(row)
        yield Judgement(day, rows, MODEL)


def list_month_starts(day: date) -> list[date]:
    """First days of months within the 365 days up to `day`, newest first."""
    starts = []
    start = day.replace(day=1)
    while start > day - timedelta(days=KEPT_DAYS) and start >= FIRST_DAY:
        starts.append(start)
        start = (start - timedelta(days=1)).replace(day=1)
    return starts


def _create_row(
    panel: Panel,
    close: Matrix,
    pick: Mapping[str, object],
    said_on: date,
    day: date,
    is_ended: bool,
) -> Json:
    token_id = int(str(pick["token_id"]))
    row = panel.row(token_id)
    path = follow_coin(close[row], panel.column(said_on), panel.column(day))
    is_over = (day - said_on).days >= OUTCOME_DAYS
    happened = {event: _has_happened(event, path) for event in Event}
    waits = path.bought is None
    return {
        "token_id": token_id,
        "symbol": pick["symbol"],
        "name": pick["name"],
        "said_on": said_on.isoformat(),
        "rank": pick["rank"],
        "said": _read_chances(pick),
        "state": "ended" if is_over else "waiting" if waits else "running",
        "bought_on": None if path.bought is None else panel.day(path.bought).isoformat(),
        "ends_on": (said_on + timedelta(days=OUTCOME_DAYS)).isoformat(),
        "price_then": _quote(panel, row, path.bought),
        "price_now": _quote(panel, row, path.last_bar),
        "stopped_on": _name_stop(panel, path, is_ended),
        "return": None if waits else format_decimal(path.final - 1.0, 4),
        "highest": None if waits else format_decimal(path.highest - 1.0, 4),
        "lowest": None if waits else format_decimal(path.lowest - 1.0, 4),
        "events": {event.value: happened[event] for event in Event},
        "verdict": _give_verdict(happened, is_over),
        "no_view": None,
    }


def _has_happened(event: Event, path: Path) -> bool:
    return path.lowest <= event.ratio if event.is_fall else path.highest >= event.ratio


def _give_verdict(happened: Mapping[Event, bool], is_over: bool) -> str | None:
    rose, fell = happened[Event.UP_2X], happened[Event.FALL_80]
    if rose:
        return "hit and fall" if fell else "hit"
    if fell:
        return "fall"
    return "miss" if is_over else None


def _read_chances(pick: Mapping[str, object]) -> Json:
    events, fall = pick["events"], pick["fall_80"]
    if not isinstance(events, Mapping) or not isinstance(fall, Mapping):
        raise TypeError("a published list has events in every row")
    chances: Json = {event.value: events[event.value]["probability"] for event in RISES}
    chances[Event.FALL_80.value] = fall["probability"]
    return chances


def _quote(panel: Panel, row: int, column: int | None) -> str | None:
    return None if column is None else format_price(float(panel.close[row, column]))


def _name_stop(panel: Panel, path: Path, is_ended: bool) -> str | None:
    """Day of the last bar of a coin whose end is known."""
    return panel.day(path.last_bar).isoformat() if is_ended and path.last_bar is not None else None


OUTCOMES = Speaker(
    kind=daily_kind(OUTCOMES_KIND),
    judge=judge_outcomes,
    sources=("moonshots/types.py", "moonshots/outcomes.py"),
    reads=(LIST_KIND,),
)
