"""What came of alerts: judged from candles once their horizon has passed, pooled for the public."""

import math
from datetime import datetime, timedelta

import polars as pl

from assay.alerts.compute.judging import (
    GroupScore,
    Outcome,
    RuleScore,
    judge,
    pool_scores,
    score_rule,
)
from assay.alerts.rules import Event, Verdict
from assay.alerts.store import events as event_store
from assay.alerts.store import rules as store
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput, NotFound
from assay.kit.home import Home
from assay.markets import load_candles
from assay.markets.types import Interval

PAGE = 100
PAST_BARS = 30
HOURLY_UP_TO = timedelta(days=2)
"""Alerts with a longer horizon are judged by daily candles, the others by hourly ones."""

PATIENCE = timedelta(days=14)
"""Without prices an alert is tried again daily for so long, and then UNKNOWN."""


def judge_events(database: Database, clock: Clock) -> int:
    """Judge the alerts whose horizon has passed; how many have a verdict now."""
    now = clock.now()
    with database.read() as connection:
        waiting = event_store.list_judgeable(connection, now, PAGE)
    found = [(event, _judge(database.home, event)) for event in waiting]
    if not found:
        return 0
    done = 0
    with database.write() as connection:
        for event, outcome in found:
            ends = event.recorded_at + timedelta(seconds=event.horizon_s) + PATIENCE
            if outcome.verdict is Verdict.UNKNOWN and now < ends:
                later = now + timedelta(days=1)
                event_store.save_verdict(connection, event.sequence, None, None, None, later)
                continue
            event_store.save_verdict(
                connection, event.sequence, outcome.verdict, outcome.outcome, outcome.band, None
            )
            done += 1
    return done


def load_score(database: Database, clock: Clock, account_id: str, rule_id: str) -> RuleScore:
    """The record of one of the account's rules: nobody else's to see. Raises NotFound."""
    with database.read() as connection:
        rule = store.get_rule(connection, account_id, rule_id)
        events = event_store.list_events(connection, account_id, rule_id=rule_id)
    return score_rule(events, rule.created_at, clock.now())


def load_record(database: Database) -> list[GroupScore]:
    """What came of everybody's alerts, in groups large enough to name nobody."""
    with database.read() as connection:
        return pool_scores(event_store.count_verdicts(connection))


def _judge(home: Home, event: Event) -> Outcome:
    token_id = next((int(e.subject) for e in event.evidence if e.subject.isdecimal()), None)
    if token_id is None:
        return Outcome(Verdict.UNKNOWN)
    horizon = timedelta(seconds=event.horizon_s)
    interval = Interval.HOUR if horizon <= HOURLY_UP_TO else Interval.DAY
    begins = event.fired_at - (PAST_BARS + 2) * interval.length
    ends = event.fired_at + horizon + 2 * interval.length
    try:
        bars = load_candles(home, token_id, interval, begins, ends)
    except (NotFound, BadInput):
        return Outcome(Verdict.UNKNOWN)
    past = _closes(bars, interval, None, event.fired_at)
    ahead = _closes(bars, interval, event.fired_at + horizon, None)
    if not past or not ahead:
        return Outcome(Verdict.UNKNOWN)
    price = next((float(e.value) for e in event.evidence if e.metric == "price"), past[-1])
    return judge(event.direction, price, ahead[0], past, horizon / interval.length)


def _closes(
    bars: pl.DataFrame, interval: Interval, since: datetime | None, until: datetime | None
) -> list[float]:
    """Closes of the bars that closed at `since` or later and at `until` or before, in order."""
    closed = pl.col("time") + interval.length
    if since is not None:
        bars = bars.filter(closed >= since)
    if until is not None:
        bars = bars.filter(closed <= until)
    return [
        close for close in bars["close"].to_list() if close is not None and math.isfinite(close)
    ]
