"""What fired becomes a fact: event, standing and due message in one transaction, or none of them.

Ids come from the rule and the number of its firing, and the numbers are checked against what is
stored: what is computed again after a crash, or by a second watcher, is refused, never repeated.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import orjson
from sqlalchemy import Connection

from assay import ledger
from assay.alerts.compute.engine import Standing
from assay.alerts.compute.judging import find_claim
from assay.alerts.compute.telling import decide_telling
from assay.alerts.compute.wording import create_body, create_digest, create_title
from assay.alerts.rules import Event, Firing, Rule, Told
from assay.alerts.service.limiting import DIGEST_RULE, Limits, has_ended, tell_left_out
from assay.alerts.service.rules import find_zone, show_event
from assay.alerts.store import events as event_store
from assay.alerts.store import rules as store
from assay.alerts.store.outbox import save_due
from assay.alerts.types import Message
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.leases import Lease
from assay.kit.moments import format_utc, from_microseconds, to_microseconds

LARGEST_DIGEST = 200
LARGEST_SEALING = 200
_HEX = 26


@dataclass(slots=True)
class Batch:
    """What is to be written at once. `rules` are those that fired; `read` is the publication up to
    which readings are judged, `windows` the remembered past (None: not now).
    """

    firings: Sequence[Firing]
    standings: Mapping[str, Standing]
    rules: Mapping[str, Rule]
    read: int
    windows: bytes | None = None


@dataclass(slots=True)
class Recorded:
    """What was written. `refused` are rules that stand otherwise in the database: they were
    changed, or another watcher was there.
    """

    events: list[Event] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)


def record(database: Database, clock: Clock, lease: Lease | None, batch: Batch) -> Recorded:
    """Write a batch. Raises LeaseLost where another process watches by now."""
    done = Recorded()
    with database.write() as connection:
        if lease is not None:
            lease.check(connection)
        now = clock.now()
        limits = Limits(connection, now)
        kept = store.load_counts(connection, batch.standings.keys())
        for firing in batch.firings:
            rule = batch.rules.get(firing.rule_id)
            stored = kept.get(firing.rule_id)
            if rule is None or stored != (rule.revision, firing.number - 1):
                done.refused.add(firing.rule_id)
                continue
            kept[firing.rule_id] = (rule.revision, firing.number)
            done.events.append(_save_firing(connection, limits, rule, firing, now))
        limits.save()
        rows = []
        for standing in batch.standings.values():
            if kept.get(standing.rule_id) == (standing.revision, standing.fired):
                rows.append(_show_standing(standing))
            else:
                done.refused.add(standing.rule_id)
        store.save_states(connection, rows)
        store.save_mark(connection, store.READ_MARK, batch.read)
        if batch.windows is not None:
            store.save_mark(connection, store.WINDOWS_MARK, 0, batch.windows)
    return done


def send_digests(database: Database, clock: Clock) -> int:
    """Make the summaries that are due, one for each account and set of channels, and say what was
    left out of hours that are over; how many messages.
    """
    now = clock.now()
    with database.read() as connection:
        if not event_store.list_held(connection, now, 1) and not has_ended(connection, now):
            return 0
    sent = 0
    with database.write() as connection:
        held = event_store.list_held(connection, now, LARGEST_DIGEST)
        rules = store.load_rules(connection, {event.rule_id for event, _ in held})
        groups: dict[tuple[str, int, tuple[str, ...]], list[Event]] = {}
        for event, until_us in held:
            channels = tuple(sorted(rules[event.rule_id].spec.channels))
            groups.setdefault((event.account_id, until_us, channels), []).append(event)
        for (account_id, until_us, channels), events in groups.items():
            until = from_microseconds(until_us)
            message = _create_digest(account_id, channels, until, events, now)
            save_due(connection, message, channels, now)
            event_store.mark_told(
                connection, [event.sequence for event in events], message.message_id
            )
            sent += 1
        return sent + tell_left_out(connection, now)


def seal_events(database: Database, clock: Clock) -> int:
    """Tell the log of what fired, by a salted hash each, many at once; how many. Bytes and salts
    are kept for the account and die with it.
    """
    with database.read() as connection:
        if not event_store.list_unsealed(connection, 1):
            return 0
    with ledger.write_ledger(database) as writer:
        events = event_store.list_unsealed(writer.connection, LARGEST_SEALING)
        for event in events:
            told = writer.save_private(
                event.account_id, _state(event), clock.now(), is_replay=clock.is_replay
            )
            event_store.save_commitment(writer.connection, event.sequence, told.commitment)
    return len(events)


def name_firing(rule_id: str, number: int) -> str:
    """The part of ids that is the same whenever a firing is computed."""
    return hashlib.sha256(f"assay-alert\n{rule_id}\n{number}".encode()).hexdigest()[:_HEX]


def show_announcement(event: Event) -> bytes:
    """What is said on the bus of an event, as JSON."""
    shown = show_event(event)
    names = ("rule_id", "number", "title", "body", "severity", "fired_at", "is_replay", "readings")
    return orjson.dumps(
        {
            "event": event.event_id,
            "sequence": event.sequence,
            "account_id": event.account_id,
            "message_id": event.message_id or f"msg_{event.event_id[4:]}",
            "at": format_utc(event.recorded_at),
            "is_test": False,
            **{name: shown[name] for name in names},
        }
    )


def _save_firing(
    connection: Connection, limits: Limits, rule: Rule, firing: Firing, now: datetime
) -> Event:
    spec = rule.spec
    told, held_until = decide_telling(spec, find_zone(spec.time_zone) or UTC, now)
    if told in (Told.NOW, Told.HELD) and not limits.take(rule):
        told, held_until = Told.LEFT_OUT, None
    claim = find_claim(spec, firing)
    name = name_firing(rule.rule_id, firing.number)
    event = Event(
        sequence=0,
        event_id=f"evt_{name}",
        rule_id=rule.rule_id,
        account_id=rule.account_id,
        number=firing.number,
        fired_at=firing.at,
        recorded_at=now,
        title=create_title(spec, firing),
        body=create_body(spec, firing),
        severity=spec.severity,
        evidence=firing.evidence,
        told=told,
        message_id=f"msg_{name}" if told is Told.NOW else None,
        direction=claim.direction,
        horizon_s=claim.horizon_s,
    )
    is_judged = claim.direction != 0
    judged_from = firing.at + timedelta(seconds=claim.horizon_s) if is_judged else None
    sequence = event_store.insert_event(connection, event, held_until, judged_from)
    if event.message_id is not None:
        message = Message(
            event.message_id, rule.rule_id, rule.account_id, event.title, event.body, now
        )
        save_due(connection, message, spec.channels, now)
    return replace(event, sequence=sequence)


def _create_digest(
    account_id: str,
    channels: Collection[str],
    until: datetime,
    events: Sequence[Event],
    now: datetime,
) -> Message:
    first = "\n".join([account_id, *channels, str(to_microseconds(until)), events[0].event_id])
    name = hashlib.sha256(f"assay-digest\n{first}".encode()).hexdigest()[:_HEX]
    rule_ids = {event.rule_id for event in events}
    title, body = create_digest(events, until)
    rule_id = rule_ids.pop() if len(rule_ids) == 1 else DIGEST_RULE
    return Message(f"msg_{name}", rule_id, account_id, title, body, now)


def _show_standing(standing: Standing) -> dict[str, object]:
    last = standing.last_fired_at
    return {
        "of": standing.rule_id,
        "fired": standing.fired,
        "last_fired_at_us": None if last is None else to_microseconds(last),
        "is_over": standing.is_over,
        "state": standing.state,
    }


def _state(event: Event) -> bytes:
    """The bytes of the private statement: what fired, on what, before anything came of it."""
    names = ("event_id", "rule_id", "number", "fired_at", "recorded_at", "body", "readings")
    shown = show_event(event)
    state = _without_floats({"kind": "alert", **{name: shown[name] for name in names}})
    return ledger.canonical_json(state)


def _without_floats(value: object) -> object:
    """The same with every number that is not whole as a decimal string: what is sealed has none."""
    if isinstance(value, dict):
        return {key: _without_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_floats(item) for item in value]
    return repr(value) if isinstance(value, float) else value
