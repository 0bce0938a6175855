"""The outbox: what is due to which channel, and the ledger of every attempt.

`save_due` runs in the transaction that records why a message is due, so that neither is without
the other. From then on a delivery is never lost: it ends as delivered or as dead, with a reason.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    select,
)

from assay.alerts.store.channels import channels
from assay.alerts.types import DeliveryState, Message
from assay.kit.database import metadata
from assay.kit.moments import from_microseconds, to_microseconds

LONGEST_TITLE = 200
LONGEST_BODY = 8_000
LONGEST_REASON = 300
NO_CHANNEL = "The channel is gone."
SWITCHED_OFF = "The channel is switched off."

messages = Table(
    "alerts_messages",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("account_id", String(20), nullable=False, index=True),
    Column("rule_id", String(40), nullable=False),
    Column("title", String(LONGEST_TITLE), nullable=False),
    Column("body", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("is_test", Boolean, nullable=False),
)
deliveries = Table(
    "alerts_deliveries",
    metadata,
    Column("delivery_id", String(28), primary_key=True),
    Column(
        "message_id",
        String(64),
        ForeignKey("alerts_messages.message_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("account_id", String(20), nullable=False),
    Column("channel_id", String(20), nullable=False),
    Column("service", String(24), nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("holder", String(32), nullable=False),
    Column("due_at_us", BigInteger, nullable=False),
    Column("next_at_us", BigInteger, nullable=False),
    Column("ended_at_us", BigInteger),
    Column("reason", String(LONGEST_REASON), nullable=False),
    Index("alerts_deliveries_by_state", "state"),
    Index("alerts_deliveries_by_channel", "channel_id", "state", "next_at_us"),
    Index("alerts_deliveries_by_account", "account_id", "due_at_us"),
)
"""Channels come and go; their deliveries stay, so `channel_id` refers to nothing. `holder` is whose
lease the last attempt was made under.
"""
attempts = Table(
    "alerts_attempts",
    metadata,
    Column(
        "delivery_id",
        String(28),
        ForeignKey("alerts_deliveries.delivery_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("began_at_us", BigInteger, nullable=False),
    Column("ended_at_us", BigInteger),
    Column("outcome", String(16)),
    Column("reason", String(LONGEST_REASON), nullable=False),
)


def save_due(
    connection: Connection, message: Message, channel_ids: Sequence[str], due_at: datetime
) -> list[str]:
    """Write what is to be delivered from `due_at` on, one delivery for each channel; their ids.

    Nothing happens for a message that is there already. A channel that is gone, switched off or
    another account's gets a dead letter that says so: nothing vanishes without a trace.
    """
    known = select(messages.c.message_id).where(messages.c.message_id == message.message_id)
    if connection.execute(known).first() is not None:
        return []
    insert_message(connection, message)
    table = channels.c
    wanted = select(table.channel_id, table.service, table.is_enabled).where(
        table.account_id == message.account_id, table.channel_id.in_(channel_ids)
    )
    found = {row.channel_id: (row.service, row.is_enabled) for row in connection.execute(wanted)}
    return [
        insert_delivery(connection, message, channel_id, found.get(channel_id), due_at)
        for channel_id in dict.fromkeys(channel_ids)
    ]


def insert_message(connection: Connection, message: Message) -> None:
    """Keep the text of a message, cut where it is too long."""
    connection.execute(
        messages.insert().values(
            message_id=message.message_id,
            account_id=message.account_id,
            rule_id=message.rule_id,
            title=message.title[:LONGEST_TITLE],
            body=message.body[:LONGEST_BODY],
            at_us=to_microseconds(message.at),
            is_test=message.is_test,
        )
    )


def insert_delivery(
    connection: Connection,
    message: Message,
    channel_id: str,
    channel: tuple[str, bool] | None,
    due_at: datetime,
) -> str:
    """Write that a message is due to a channel (service, is it on); its id. None: the channel is
    gone. It is dead from the start where it cannot be sent.
    """
    service, is_enabled = channel or ("", False)
    reason = NO_CHANNEL if channel is None else "" if is_enabled else SWITCHED_OFF
    delivery_id, at_us = f"dlv_{secrets.token_hex(12)}", to_microseconds(due_at)
    connection.execute(
        deliveries.insert().values(
            delivery_id=delivery_id,
            message_id=message.message_id,
            account_id=message.account_id,
            channel_id=channel_id,
            service=service,
            state=DeliveryState.DEAD.value if reason else DeliveryState.DUE.value,
            attempts=0,
            holder="",
            due_at_us=at_us,
            next_at_us=at_us,
            ended_at_us=at_us if reason else None,
            reason=reason,
        )
    )
    return delivery_id


def read_message(row: Row[Any]) -> Message:
    """The message of a row that has the columns of `messages`."""
    return Message(
        message_id=row.message_id,
        rule_id=row.rule_id,
        account_id=row.account_id,
        title=row.title,
        body=row.body,
        at=from_microseconds(row.at_us),
        is_test=row.is_test,
    )
