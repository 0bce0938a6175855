"""Taking what is due, and writing down what became of it.

A delivery is `sending` only between the commit that took it and the commit that settles it. Who
takes and settles holds the lease of the deliverer, and checks it in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, select, update

from assay.alerts.store.channels import channels, mark_accepted, mark_failed, read_channel
from assay.alerts.store.outbox import (
    LONGEST_REASON,
    NO_CHANNEL,
    SWITCHED_OFF,
    attempts,
    deliveries,
    messages,
    read_message,
)
from assay.alerts.types import Channel, DeliveryState, Message, Verdict
from assay.kit.moments import from_microseconds, to_microseconds

INTERRUPTED = "interrupted"
WAITING = (DeliveryState.DUE.value, DeliveryState.RETRY.value)


@dataclass(frozen=True, slots=True)
class Work:
    """A message that was taken to be sent."""

    delivery_id: str
    attempt: int
    due_at: datetime
    message: Message
    channel: Channel
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of it, and what follows: `next_at` None ends the delivery."""

    work: Work
    verdict: Verdict
    at: datetime
    is_prompt: bool
    next_at: datetime | None = None
    held_until: datetime | None = None


def is_interrupted(connection: Connection, but: str | None) -> bool:
    """Whether there is anything to `recover`."""
    taken = select(deliveries.c.delivery_id).where(_is_sent_by_others(but))
    return connection.execute(taken.limit(1)).first() is not None


def recover(connection: Connection, now: datetime, but: str | None = None) -> int:
    """Put back what a deliverer that died had taken, any but the holder `but`: whether it arrived
    is not known. How many.
    """
    is_sending = _is_sent_by_others(but)
    taken = select(deliveries.c.delivery_id).where(is_sending)
    at_us = to_microseconds(now)
    connection.execute(
        update(attempts)
        .where(attempts.c.ended_at_us.is_(None), attempts.c.delivery_id.in_(taken))
        .values(ended_at_us=at_us, outcome=INTERRUPTED, reason="The deliverer was stopped.")
    )
    put_back = update(deliveries).where(is_sending)
    values = {"state": DeliveryState.RETRY.value, "next_at_us": at_us}
    count = connection.execute(put_back.values(**values)).rowcount
    _end_without_channel(connection, at_us)
    return count


def is_waiting(connection: Connection, now: datetime, *, is_prompt: bool) -> bool:
    """Whether a lane has something to send now."""
    return _find_turn(connection, now, is_prompt=is_prompt, after="") is not None


def take(
    connection: Connection, now: datetime, holder: str, *, is_prompt: bool, after: str = ""
) -> Work | None:
    """The next delivery of a lane, marked as being sent by `holder`; None where nothing is due.

    Accounts take turns: it is that of the next one that has something due, `after` the account
    that had the last; then round again. So nobody's messages wait behind all of another's.
    """
    account_id = _find_turn(connection, now, is_prompt=is_prompt, after=after)
    if account_id is None:
        return None
    found = _find_oldest(connection, account_id, now, is_prompt=is_prompt)
    begin(connection, found.delivery_id, found.attempts + 1, now, holder)
    return _load(connection, found)


def begin(
    connection: Connection, delivery_id: str, number: int, now: datetime, holder: str = ""
) -> None:
    """Mark a delivery as being sent, for the `number`th time."""
    marked = update(deliveries).where(deliveries.c.delivery_id == delivery_id)
    state = DeliveryState.SENDING.value
    connection.execute(marked.values(state=state, attempts=number, holder=holder))
    values = {"number": number, "began_at_us": to_microseconds(now), "reason": ""}
    connection.execute(attempts.insert().values(delivery_id=delivery_id, **values))


def settle(connection: Connection, settled: Settled) -> None:
    """Write down how an attempt ended. What was deleted meanwhile stays deleted."""
    work, verdict = settled.work, settled.verdict
    reason, at_us = verdict.reason[:LONGEST_REASON], to_microseconds(settled.at)
    state = DeliveryState.DELIVERED if verdict.is_accepted else DeliveryState.RETRY
    if not verdict.is_accepted and settled.next_at is None:
        state = DeliveryState.DEAD
    is_this = attempts.c.delivery_id == work.delivery_id
    connection.execute(
        update(attempts)
        .where(is_this, attempts.c.number == work.attempt)
        .values(ended_at_us=at_us, outcome=_name(verdict), reason=reason)
    )
    is_taken = deliveries.c.state == DeliveryState.SENDING.value
    values: dict[str, object] = {"state": state.value, "reason": reason}
    if settled.next_at is not None:
        values["next_at_us"] = to_microseconds(settled.next_at)
    else:
        values["ended_at_us"] = at_us
    connection.execute(
        update(deliveries)
        .where(deliveries.c.delivery_id == work.delivery_id, is_taken)
        .values(**values)
    )
    if verdict.is_accepted:
        mark_accepted(connection, work.channel.channel_id, settled.at, is_prompt=settled.is_prompt)
    else:
        mark_failed(
            connection,
            work.channel.channel_id,
            reason,
            settled.held_until,
            is_prompt=settled.is_prompt,
            is_gone=verdict.is_gone,
        )
        if state is DeliveryState.RETRY or verdict.is_gone:
            _end_without_channel(connection, at_us, work.channel.channel_id)


def _end_without_channel(connection: Connection, at_us: int, channel_id: str | None = None) -> None:
    """Nobody takes what waits for a channel that is gone or switched off: it is dead, and says so.
    When that happened it was being sent, or the receiver itself said that it is gone.
    """
    table = deliveries.c
    is_its = channels.c.channel_id == table.channel_id
    reasons = {
        SWITCHED_OFF: exists().where(is_its, ~channels.c.is_enabled),
        NO_CHANNEL: ~exists().where(is_its),
    }
    for reason, is_so in reasons.items():
        waiting = update(deliveries).where(table.state.in_(WAITING), is_so)
        if channel_id is not None:
            waiting = waiting.where(table.channel_id == channel_id)
        values = {"state": DeliveryState.DEAD.value, "ended_at_us": at_us, "reason": reason}
        connection.execute(waiting.values(**values))


def _name(verdict: Verdict) -> str:
    return "accepted" if verdict.is_accepted else "failed"


def _is_sent_by_others(but: str | None) -> ColumnElement[bool]:
    is_sending = deliveries.c.state == DeliveryState.SENDING.value
    return is_sending if but is None else is_sending & (deliveries.c.holder != but)


def _find_turn(connection: Connection, now: datetime, *, is_prompt: bool, after: str) -> str | None:
    """The first account after one that has something due in a lane, else the first of all."""
    table = channels.c
    waiting = exists().where(deliveries.c.channel_id == table.channel_id, *_are_due(now))
    wanted = select(table.account_id).where(*_are_open(now, is_prompt=is_prompt), waiting)
    first = wanted.order_by(table.account_id).limit(1)
    for asked in (table.account_id > after, table.account_id <= after):
        found = connection.execute(first.where(asked)).scalar()
        if found is not None:
            return str(found)
    return None


def _find_oldest(
    connection: Connection, account_id: str, now: datetime, *, is_prompt: bool
) -> Row[Any]:
    """What is due for longest in a lane, of an account that has something due there."""
    table = deliveries.c
    found: list[tuple[int, str, str]] = []
    # State by state and channel by channel, each a look at the index: sorting would read all.
    for state in WAITING:
        is_its = (table.channel_id == channels.c.channel_id) & (table.state == state)
        first = select(func.min(table.next_at_us)).where(is_its).scalar_subquery()
        asked = select(first.label("at_us"), channels.c.channel_id).where(
            channels.c.account_id == account_id, *_are_open(now, is_prompt=is_prompt)
        )
        rows = connection.execute(asked)
        found += [(row.at_us, row.channel_id, state) for row in rows if row.at_us is not None]
    at_us, channel_id, state = min(found)
    oldest = select(deliveries).where(
        table.channel_id == channel_id, table.state == state, table.next_at_us == at_us
    )
    return connection.execute(oldest.order_by(table.delivery_id).limit(1)).one()


def _are_open(now: datetime, *, is_prompt: bool) -> tuple[ColumnElement[bool], ...]:
    table = channels.c
    is_free = table.held_until_us <= to_microseconds(now)
    return table.is_enabled.is_(True), is_free, table.is_prompt.is_(is_prompt)


def _are_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    table = deliveries.c
    return table.state.in_(WAITING), table.next_at_us <= to_microseconds(now)


def _load(connection: Connection, found: Row[Any]) -> Work:
    message = connection.execute(
        select(messages).where(messages.c.message_id == found.message_id)
    ).one()
    channel = connection.execute(
        select(channels).where(channels.c.channel_id == found.channel_id)
    ).one()
    return Work(
        delivery_id=found.delivery_id,
        attempt=found.attempts + 1,
        due_at=from_microseconds(found.due_at_us),
        message=read_message(message),
        channel=read_channel(channel),
        sealed=bytes(channel.sealed),
    )
