"""The ledger of deliveries as its owner reads it, and what an owner may do to it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from assay.alerts.store.channels import channels
from assay.alerts.store.lanes import WAITING
from assay.alerts.store.outbox import attempts, deliveries, messages, read_message
from assay.alerts.types import Attempt, Delivery, DeliveryState
from assay.kit.database import page_newest
from assay.kit.errors import Conflict, NotFound
from assay.kit.moments import from_microseconds, to_microseconds

KEEP = timedelta(days=90)
_ENDED = (DeliveryState.DELIVERED.value, DeliveryState.DEAD.value)
_SOME = 500


def list_deliveries(
    connection: Connection,
    account_id: str,
    *,
    state: DeliveryState | None = None,
    channel_id: str | None = None,
    before: tuple[int, str] | None = None,
    limit: int | None = None,
) -> list[Delivery]:
    """The deliveries of an account, newest first, with their attempts; those after (microseconds,
    id) in this order.
    """
    table = deliveries.c
    wanted = _select().where(table.account_id == account_id)
    if state is not None:
        wanted = wanted.where(table.state == state.value)
    if channel_id is not None:
        wanted = wanted.where(table.channel_id == channel_id)
    page = page_newest(wanted, table.due_at_us, table.delivery_id, before, limit)
    return _add_attempts(connection, connection.execute(page).all())


def list_of_messages(
    connection: Connection, account_id: str, message_ids: Sequence[str]
) -> list[Delivery]:
    """What became of messages, oldest first."""
    table = deliveries.c
    wanted = _select().where(table.account_id == account_id, table.message_id.in_(message_ids))
    ordered = wanted.order_by(table.due_at_us, table.delivery_id)
    return _add_attempts(connection, connection.execute(ordered).all())


def get_delivery(connection: Connection, account_id: str, delivery_id: str) -> Delivery:
    """A delivery of an account. Raises NotFound, also for another account's."""
    table = deliveries.c
    wanted = _select().where(table.account_id == account_id, table.delivery_id == delivery_id)
    found = _add_attempts(connection, connection.execute(wanted).all())
    if not found:
        raise NotFound(
            "No delivery has this id.", hint="GET /v1/alerts/deliveries lists those of 90 days."
        )
    return found[0]


def requeue(connection: Connection, account_id: str, delivery_id: str, now: datetime) -> Delivery:
    """Make a dead letter due anew. Raises Conflict for one that is not dead or has no channel."""
    found = get_delivery(connection, account_id, delivery_id)
    if found.state is not DeliveryState.DEAD:
        raise Conflict(
            f"The delivery is {found.state.value}, not dead.",
            hint="Only dead letters are put back.",
        )
    table = channels.c
    wanted = select(table.is_enabled).where(
        table.channel_id == found.channel_id, table.account_id == account_id
    )
    if not connection.execute(wanted).scalar():
        raise Conflict(
            "Its channel is gone or switched off.", hint="Switch the channel on and try again."
        )
    at_us = to_microseconds(now)
    values = {"state": DeliveryState.DUE.value, "due_at_us": at_us, "next_at_us": at_us}
    statement = update(deliveries).where(deliveries.c.delivery_id == delivery_id)
    connection.execute(statement.values(ended_at_us=None, reason="", **values))
    return get_delivery(connection, account_id, delivery_id)


def end_waiting(connection: Connection, channel_id: str, reason: str, now: datetime) -> None:
    """Give up what waits for a channel; it can be put back."""
    table = deliveries.c
    statement = update(deliveries).where(table.channel_id == channel_id, table.state.in_(WAITING))
    at_us = to_microseconds(now)
    values = {"state": DeliveryState.DEAD.value, "ended_at_us": at_us, "reason": reason}
    connection.execute(statement.values(**values))


def count_tests(connection: Connection, account_id: str, since: datetime) -> int:
    """Test messages of an account since a moment."""
    wanted = select(func.count()).where(
        messages.c.account_id == account_id,
        messages.c.is_test,
        messages.c.at_us >= to_microseconds(since),
    )
    return int(connection.execute(wanted).scalar_one())


def count_states(connection: Connection) -> dict[str, int]:
    """Everybody's deliveries by state."""
    wanted = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    return {str(state): int(count) for state, count in connection.execute(wanted)}


def find_oldest_due(connection: Connection) -> datetime | None:
    """Since when the delivery that waits longest is due; None where nothing waits."""
    wanted = select(func.min(deliveries.c.due_at_us)).where(deliveries.c.state.in_(WAITING))
    at_us = connection.execute(wanted).scalar()
    return None if at_us is None else from_microseconds(at_us)


def erase(connection: Connection, account_id: str) -> None:
    """Forget every message of an account, its deliveries and their attempts."""
    own = select(deliveries.c.delivery_id).where(deliveries.c.account_id == account_id)
    connection.execute(delete(attempts).where(attempts.c.delivery_id.in_(own)))
    connection.execute(delete(deliveries).where(deliveries.c.account_id == account_id))
    connection.execute(delete(messages).where(messages.c.account_id == account_id))


def delete_old(connection: Connection, now: datetime) -> int:
    """Forget messages whose deliveries all ended 90 days ago or earlier; how many."""
    table = deliveries.c
    before_us = to_microseconds(now - KEEP)
    kept = select(table.message_id).where(
        table.state.not_in(_ENDED) | (table.ended_at_us > before_us)
    )
    wanted = select(messages.c.message_id).where(
        messages.c.at_us <= before_us, messages.c.message_id.not_in(kept)
    )
    ids = list(connection.execute(wanted).scalars())
    for start in range(0, len(ids), _SOME):
        some = ids[start : start + _SOME]
        own = select(table.delivery_id).where(table.message_id.in_(some))
        connection.execute(delete(attempts).where(attempts.c.delivery_id.in_(own)))
        connection.execute(delete(deliveries).where(table.message_id.in_(some)))
        connection.execute(delete(messages).where(messages.c.message_id.in_(some)))
    return len(ids)


def _select() -> Any:  # noqa: ANN401 - SQLAlchemy's type of a join of all columns
    return select(deliveries, messages).join(
        messages, messages.c.message_id == deliveries.c.message_id
    )


def _add_attempts(connection: Connection, rows: Sequence[Row[Any]]) -> list[Delivery]:
    found: dict[str, list[Attempt]] = {row.delivery_id: [] for row in rows}
    ids = list(found)
    for start in range(0, len(ids), _SOME):
        some = attempts.c.delivery_id.in_(ids[start : start + _SOME])
        wanted = select(attempts).where(some).order_by(attempts.c.number)
        for row in connection.execute(wanted):
            found[row.delivery_id].append(_read_attempt(row))
    return [replace(_read(row), attempts=tuple(found[row.delivery_id])) for row in rows]


def _read(row: Row[Any]) -> Delivery:
    state = DeliveryState(row.state)
    waits = row.state in WAITING
    return Delivery(
        delivery_id=row.delivery_id,
        message=read_message(row),
        channel_id=row.channel_id,
        service=row.service,
        state=state,
        due_at=from_microseconds(row.due_at_us),
        next_at=from_microseconds(row.next_at_us) if waits else None,
        ended_at=None if row.ended_at_us is None else from_microseconds(row.ended_at_us),
        reason=row.reason,
    )


def _read_attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        number=row.number,
        began_at=from_microseconds(row.began_at_us),
        ended_at=None if row.ended_at_us is None else from_microseconds(row.ended_at_us),
        outcome=row.outcome,
        reason=row.reason,
    )
