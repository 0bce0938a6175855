"""The channels of accounts. Addresses and secrets lie here encrypted only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    delete,
    func,
    select,
    update,
)

from assay.alerts.types import Channel
from assay.kit.database import metadata, page_newest
from assay.kit.errors import NotFound
from assay.kit.moments import from_microseconds, to_microseconds

LONGEST_NAME = 80
LONGEST_SHOWN = 200
LONGEST_PROBLEM = 300

channels = Table(
    "alerts_channels",
    metadata,
    Column("channel_id", String(20), primary_key=True),
    Column("account_id", String(20), nullable=False),
    Column("name", String(LONGEST_NAME), nullable=False),
    Column("service", String(24), nullable=False),
    Column("shown", String(LONGEST_SHOWN), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("is_prompt", Boolean, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("verified_at_us", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("held_until_us", BigInteger, nullable=False),
    Column("problem", String(LONGEST_PROBLEM), nullable=False),
    Index("alerts_channels_by_account", "account_id", "created_at_us"),
)
"""`held_until_us` is 0 for a channel that works. `sealed` is opened by `service/channels.py`."""


def insert_channel(connection: Connection, channel: Channel, sealed: bytes) -> None:
    """Add a channel with its encrypted address."""
    connection.execute(
        channels.insert().values(
            channel_id=channel.channel_id,
            account_id=channel.account_id,
            name=channel.name,
            service=channel.service,
            shown=channel.shown,
            sealed=sealed,
            is_enabled=channel.is_enabled,
            is_prompt=channel.is_prompt,
            created_at_us=to_microseconds(channel.created_at),
            failures=0,
            held_until_us=0,
            problem="",
        )
    )


def get_channel(connection: Connection, account_id: str, channel_id: str) -> Channel:
    """A channel of an account. Raises NotFound, also for another account's."""
    return load_sealed(connection, account_id, channel_id)[0]


def load_sealed(connection: Connection, account_id: str, channel_id: str) -> tuple[Channel, bytes]:
    """A channel of an account with its encrypted address. Raises NotFound."""
    row = connection.execute(select(channels).where(_own(account_id, channel_id))).one_or_none()
    if row is None:
        raise NotFound("No channel has this id.", hint="GET /v1/alerts/channels lists yours.")
    return read_channel(row), bytes(row.sealed)


def list_channels(
    connection: Connection,
    account_id: str,
    *,
    before: tuple[int, str] | None = None,
    limit: int | None = None,
) -> list[Channel]:
    """The channels of an account, newest first; those after (microseconds, id) in this order."""
    table = channels.c
    wanted = select(channels).where(table.account_id == account_id)
    page = page_newest(wanted, table.created_at_us, table.channel_id, before, limit)
    return [read_channel(row) for row in connection.execute(page)]


def list_ids(connection: Connection, account_id: str, channel_ids: Sequence[str]) -> set[str]:
    """Those of the ids that are channels of the account."""
    table = channels.c
    wanted = select(table.channel_id).where(
        table.account_id == account_id, table.channel_id.in_(channel_ids)
    )
    return set(connection.execute(wanted).scalars())


def count_channels(connection: Connection, account_id: str | None = None) -> int:
    """How many channels an account has; of all accounts without one."""
    wanted = select(func.count()).select_from(channels)
    if account_id is not None:
        wanted = wanted.where(channels.c.account_id == account_id)
    return int(connection.execute(wanted).scalar_one())


def update_channel(
    connection: Connection, account_id: str, channel_id: str, **columns: object
) -> None:
    """Change columns of a channel. Raises NotFound."""
    if columns:
        statement = update(channels).where(_own(account_id, channel_id)).values(**columns)
        if connection.execute(statement).rowcount:
            return
    get_channel(connection, account_id, channel_id)


def mark_accepted(
    connection: Connection, channel_id: str, now: datetime, *, is_prompt: bool
) -> None:
    """A message arrived: the channel works, and is as fast as it just was."""
    at_us = to_microseconds(now)
    first = func.coalesce(channels.c.verified_at_us, at_us)
    values = {"is_prompt": is_prompt, "failures": 0, "held_until_us": 0, "problem": ""}
    statement = update(channels).where(channels.c.channel_id == channel_id)
    connection.execute(statement.values(verified_at_us=first, **values))


def mark_failed(
    connection: Connection,
    channel_id: str,
    problem: str,
    held_until: datetime | None,
    *,
    is_prompt: bool,
    is_gone: bool,
) -> None:
    """A message did not arrive. `held_until`: nothing is sent there before; None where the channel
    itself works. One that is gone is switched off.
    """
    values: dict[str, object] = {"problem": problem[:LONGEST_PROBLEM], "is_prompt": is_prompt}
    if held_until is not None:
        values["failures"] = channels.c.failures + 1
        values["held_until_us"] = to_microseconds(held_until)
    if is_gone:
        values["is_enabled"] = False
    statement = update(channels).where(channels.c.channel_id == channel_id)
    connection.execute(statement.values(**values))


def delete_channel(connection: Connection, account_id: str, channel_id: str) -> None:
    """Forget a channel and its address. Raises NotFound."""
    get_channel(connection, account_id, channel_id)
    connection.execute(delete(channels).where(_own(account_id, channel_id)))


def delete_channels(connection: Connection, account_id: str) -> None:
    """Forget all channels of an account."""
    connection.execute(delete(channels).where(channels.c.account_id == account_id))


def read_channel(row: Row[Any]) -> Channel:
    """The record of a row that has the columns of `channels`."""
    return Channel(
        channel_id=row.channel_id,
        account_id=row.account_id,
        name=row.name,
        service=row.service,
        shown=row.shown,
        is_enabled=row.is_enabled,
        is_prompt=row.is_prompt,
        created_at=from_microseconds(row.created_at_us),
        verified_at=None if row.verified_at_us is None else from_microseconds(row.verified_at_us),
        failures=row.failures,
        held_until=from_microseconds(row.held_until_us) if row.held_until_us else None,
        problem=row.problem,
    )


def _own(account_id: str, channel_id: str) -> ColumnElement[bool]:
    return (channels.c.account_id == account_id) & (channels.c.channel_id == channel_id)
