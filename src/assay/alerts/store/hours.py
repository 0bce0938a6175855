"""The table of what accounts were told in an hour of the clock, until that hour is over."""

from dataclasses import dataclass, field
from datetime import datetime

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    delete,
    select,
    update,
)

from assay.kit.database import metadata
from assay.kit.moments import from_microseconds, to_microseconds

hours = Table(
    "alerts_hours",
    metadata,
    Column("account_id", String(20), primary_key=True),
    Column("until_us", BigInteger, primary_key=True),
    Column("told", Integer, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("channels", String, nullable=False),
    Index("alerts_hours_by_until", "until_us"),
)


@dataclass(slots=True)
class Hour:
    """The hour up to `until`: firings that were told, and those left out. `channels` are those to
    which the latter were to go.
    """

    account_id: str
    until: datetime
    told: int = 0
    left_out: int = 0
    channels: set[str] = field(default_factory=set)


def load_hour(connection: Connection, account_id: str, until: datetime) -> Hour:
    """An hour of an account; an empty one where nothing was counted yet."""
    hour = Hour(account_id, until)
    row = connection.execute(select(hours).where(_is(hour))).one_or_none()
    if row is not None:
        hour.told, hour.left_out = row.told, row.left_out
        hour.channels.update(orjson.loads(row.channels))
    return hour


def save_hour(connection: Connection, hour: Hour) -> None:
    """Write what was counted in an hour."""
    channels = orjson.dumps(sorted(hour.channels)).decode()
    values = {"told": hour.told, "left_out": hour.left_out, "channels": channels}
    if not connection.execute(update(hours).where(_is(hour)).values(**values)).rowcount:
        key = {"account_id": hour.account_id, "until_us": to_microseconds(hour.until)}
        connection.execute(hours.insert().values(**key, **values))


def list_ended(connection: Connection, now: datetime, limit: int) -> list[Hour]:
    """Hours that are over, the longest ago first."""
    table = hours.c
    ended = select(hours).where(table.until_us <= to_microseconds(now))
    rows = connection.execute(ended.order_by(table.until_us, table.account_id).limit(limit))
    return [
        Hour(
            row.account_id,
            from_microseconds(row.until_us),
            row.told,
            row.left_out,
            set(orjson.loads(row.channels)),
        )
        for row in rows
    ]


def delete_hour(connection: Connection, hour: Hour) -> None:
    """Forget an hour."""
    connection.execute(delete(hours).where(_is(hour)))


def erase_hours(connection: Connection, account_id: str) -> None:
    """Forget all hours of an account."""
    connection.execute(delete(hours).where(hours.c.account_id == account_id))


def _is(hour: Hour) -> ColumnElement[bool]:
    table = hours.c
    return (table.account_id == hour.account_id) & (table.until_us == to_microseconds(hour.until))
