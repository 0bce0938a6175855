"""Channels of alerts, the messages due to them, and every attempt to deliver one."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from assay.migrations.columns import text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

tables = MetaData()

Table(
    "alerts_channels",
    tables,
    Column("channel_id", text(20), primary_key=True),
    Column("account_id", text(20), nullable=False),
    Column("name", text(80), nullable=False),
    Column("service", text(24), nullable=False),
    Column("shown", text(200), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("is_prompt", Boolean, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("verified_at_us", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("held_until_us", BigInteger, nullable=False),
    Column("problem", text(300), nullable=False),
    Index("alerts_channels_by_account", "account_id", "created_at_us"),
)
Table(
    "alerts_messages",
    tables,
    Column("message_id", text(64), primary_key=True),
    Column("account_id", text(20), nullable=False, index=True),
    Column("rule_id", text(40), nullable=False),
    Column("title", text(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("is_test", Boolean, nullable=False),
)
Table(
    "alerts_deliveries",
    tables,
    Column("delivery_id", text(28), primary_key=True),
    Column(
        "message_id",
        text(64),
        ForeignKey("alerts_messages.message_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("account_id", text(20), nullable=False),
    Column("channel_id", text(20), nullable=False),
    Column("service", text(24), nullable=False),
    Column("state", text(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("holder", text(32), nullable=False),
    Column("due_at_us", BigInteger, nullable=False),
    Column("next_at_us", BigInteger, nullable=False),
    Column("ended_at_us", BigInteger),
    Column("reason", text(300), nullable=False),
    Index("alerts_deliveries_by_state", "state"),
    Index("alerts_deliveries_by_channel", "channel_id", "state", "next_at_us"),
    Index("alerts_deliveries_by_account", "account_id", "due_at_us"),
)
Table(
    "alerts_attempts",
    tables,
    Column(
        "delivery_id",
        text(28),
        ForeignKey("alerts_deliveries.delivery_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("began_at_us", BigInteger, nullable=False),
    Column("ended_at_us", BigInteger),
    Column("outcome", text(16)),
    Column("reason", text(300), nullable=False),
)


def upgrade() -> None:
    """Make the tables."""
    tables.create_all(op.get_bind())


def downgrade() -> None:
    """Drop the tables."""
    tables.drop_all(op.get_bind())
