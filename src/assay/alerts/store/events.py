"""The table of what fired: on which readings, what became of its message, and what came of it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    Row,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    case,
    delete,
    func,
    select,
    update,
)

from assay.alerts.rules import Event, Evidence, Severity, Tally, Told, Verdict
from assay.kit.database import metadata
from assay.kit.moments import format_utc, from_microseconds, parse_utc, to_microseconds

events = Table(
    "alerts_events",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("event_id", String(30), nullable=False, unique=True),
    Column(
        "rule_id",
        String(20),
        ForeignKey("alerts_rules.rule_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("number", Integer, nullable=False),
    Column("account_id", String(20), nullable=False),
    Column("fired_at_us", BigInteger, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
    Column("title", String(200), nullable=False),
    Column("body", String, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("evidence", String, nullable=False),
    Column("metric", String(40), nullable=False),
    Column("told", String(10), nullable=False),
    Column("held_until_us", BigInteger, index=True),
    Column("message_id", String(64)),
    Column("direction", SmallInteger, nullable=False),
    Column("horizon_s", Integer, nullable=False),
    Column("judged_from_us", BigInteger, index=True),
    Column("verdict", String(10)),
    Column("outcome", Float),
    Column("band", Float),
    Column("commitment", String(64)),
    UniqueConstraint("rule_id", "number"),
    Index("alerts_events_by_account", "account_id", "sequence"),
    Index("alerts_events_unsealed", "commitment", "sequence"),
    Index("alerts_events_by_metric", "metric", "account_id", "verdict"),
    sqlite_autoincrement=True,
)
"""`held_until_us` and `judged_from_us` are null once there is nothing to wait for. `metric` is that
of the first reading in `evidence`.
"""

_COUNTED = (Verdict.RIGHT, Verdict.WRONG, Verdict.NOISE)


def insert_event(
    connection: Connection, event: Event, held_until: datetime | None, judged_from: datetime | None
) -> int:
    """Add what fired; its sequence number, which the database gives."""
    done = connection.execute(
        events.insert().values(
            event_id=event.event_id,
            rule_id=event.rule_id,
            number=event.number,
            account_id=event.account_id,
            fired_at_us=to_microseconds(event.fired_at),
            recorded_at_us=to_microseconds(event.recorded_at),
            title=event.title,
            body=event.body,
            severity=event.severity.value,
            evidence=_pack(event.evidence),
            metric=event.evidence[0].metric if event.evidence else "",
            told=event.told.value,
            held_until_us=None if held_until is None else to_microseconds(held_until),
            message_id=event.message_id,
            direction=event.direction,
            horizon_s=event.horizon_s,
            judged_from_us=None if judged_from is None else to_microseconds(judged_from),
        )
    )
    key = done.inserted_primary_key
    return int(key[0]) if key is not None else 0


def list_events(
    connection: Connection,
    account_id: str,
    *,
    rule_id: str | None = None,
    before: int | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> list[Event]:
    """What fired for an account, newest first; with `after` oldest first, those of a larger
    sequence.
    """
    table = events.c
    wanted = select(events).where(table.account_id == account_id)
    if rule_id is not None:
        wanted = wanted.where(table.rule_id == rule_id)
    if before is not None:
        wanted = wanted.where(table.sequence < before)
    if after is not None:
        wanted = wanted.where(table.sequence > after)
    order = table.sequence.desc() if after is None else table.sequence
    return [_read(row) for row in connection.execute(wanted.order_by(order).limit(limit))]


def list_held(connection: Connection, now: datetime, limit: int) -> list[tuple[Event, int]]:
    """What waits for a digest that is due, oldest first, with the moment of that digest."""
    table = events.c
    due = table.held_until_us <= to_microseconds(now)
    ordered = select(events).where(due).order_by(table.held_until_us, table.sequence)
    rows = connection.execute(ordered.limit(limit))
    return [(_read(row), row.held_until_us) for row in rows]


def mark_told(connection: Connection, sequences: Sequence[int], message_id: str) -> None:
    """These were told in a digest."""
    done = update(events).where(events.c.sequence.in_(sequences))
    values = {"told": Told.DIGEST.value, "held_until_us": None, "message_id": message_id}
    connection.execute(done.values(**values))


def list_judgeable(connection: Connection, now: datetime, limit: int) -> list[Event]:
    """What can be judged by now, the longest waiting first."""
    table = events.c
    due = table.judged_from_us <= to_microseconds(now)
    ordered = select(events).where(due).order_by(table.judged_from_us, table.sequence)
    return [_read(row) for row in connection.execute(ordered.limit(limit))]


def save_verdict(
    connection: Connection,
    sequence: int,
    verdict: Verdict | None,
    outcome: float | None,
    band: float | None,
    judge_again: datetime | None,
) -> None:
    """What came of an alert, or when it is to be judged again."""
    again = None if judge_again is None else to_microseconds(judge_again)
    values = {
        "verdict": None if verdict is None else verdict.value,
        "outcome": outcome,
        "band": band,
        "judged_from_us": again,
    }
    connection.execute(update(events).where(events.c.sequence == sequence).values(**values))


def count_verdicts(connection: Connection) -> list[Tally]:
    """What came of everybody's alerts, by metric; those of which nothing is known are left out."""
    table = events.c
    # One group for each account: counting distinct ones would sort all that fired.
    by_account = (
        select(
            table.metric,
            *(
                func.sum(case((table.verdict == one.value, 1), else_=0)).label(one)
                for one in _COUNTED
            ),
        )
        .where(table.verdict.in_([one.value for one in _COUNTED]))
        .group_by(table.metric, table.account_id)
        .subquery()
    )
    counted = select(
        by_account.c.metric, func.count(), *(func.sum(by_account.c[one]) for one in _COUNTED)
    )
    ordered = counted.group_by(by_account.c.metric).order_by(by_account.c.metric)
    return [Tally(metric, *map(int, counts)) for metric, *counts in connection.execute(ordered)]


def list_unsealed(connection: Connection, limit: int) -> list[Event]:
    """What the log was not told of yet, oldest first."""
    table = events.c
    wanted = select(events).where(table.commitment.is_(None)).order_by(table.sequence)
    return [_read(row) for row in connection.execute(wanted.limit(limit))]


def save_commitment(connection: Connection, sequence: int, commitment: str) -> None:
    """The log was told of it under this salted hash."""
    done = update(events).where(events.c.sequence == sequence)
    connection.execute(done.values(commitment=commitment))


def delete_before(connection: Connection, moment: datetime) -> int:
    """Forget what was recorded before a moment; how many."""
    table = events.c
    done = connection.execute(delete(events).where(table.recorded_at_us < to_microseconds(moment)))
    return done.rowcount


def _pack(evidence: Sequence[Evidence]) -> str:
    return orjson.dumps([{**asdict(item), "at": format_utc(item.at)} for item in evidence]).decode()


def _unpack(text: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(**{**item, "at": parse_utc(item["at"])}) for item in orjson.loads(text))


def _read(row: Row[Any]) -> Event:
    return Event(
        sequence=row.sequence,
        event_id=row.event_id,
        rule_id=row.rule_id,
        account_id=row.account_id,
        number=row.number,
        fired_at=from_microseconds(row.fired_at_us),
        recorded_at=from_microseconds(row.recorded_at_us),
        title=row.title,
        body=row.body,
        severity=Severity(row.severity),
        evidence=_unpack(row.evidence),
        told=Told(row.told),
        message_id=row.message_id,
        direction=row.direction,
        horizon_s=row.horizon_s,
        verdict=None if row.verdict is None else Verdict(row.verdict),
        outcome=row.outcome,
        band=row.band,
        commitment=row.commitment,
    )
