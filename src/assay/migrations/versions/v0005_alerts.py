"""The rules of alerts, how they stand, and what fired."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    UniqueConstraint,
)

from assay.migrations.columns import text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

tables = MetaData()

Table(
    "alerts_rules",
    tables,
    Column("rule_id", text(20), primary_key=True),
    Column("account_id", text(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    Column("spec", text(), nullable=False),
    Index("alerts_rules_by_account", "account_id", "created_at_us"),
)
Table(
    "alerts_states",
    tables,
    Column(
        "rule_id",
        text(20),
        ForeignKey("alerts_rules.rule_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("fired", Integer, nullable=False),
    Column("last_fired_at_us", BigInteger),
    Column("is_over", Boolean, nullable=False),
    Column("state", text(), nullable=False),
)
Table(
    "alerts_events",
    tables,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("event_id", text(30), nullable=False, unique=True),
    Column(
        "rule_id", text(20), ForeignKey("alerts_rules.rule_id", ondelete="CASCADE"), nullable=False
    ),
    Column("number", Integer, nullable=False),
    Column("account_id", text(20), nullable=False),
    Column("fired_at_us", BigInteger, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
    Column("title", text(200), nullable=False),
    Column("body", text(), nullable=False),
    Column("severity", text(10), nullable=False),
    Column("evidence", text(), nullable=False),
    Column("metric", text(40), nullable=False),
    Column("told", text(10), nullable=False),
    Column("held_until_us", BigInteger, index=True),
    Column("message_id", text(64)),
    Column("direction", SmallInteger, nullable=False),
    Column("horizon_s", Integer, nullable=False),
    Column("judged_from_us", BigInteger, index=True),
    Column("verdict", text(10)),
    Column("outcome", Float),
    Column("band", Float),
    Column("commitment", text(64)),
    UniqueConstraint("rule_id", "number"),
    Index("alerts_events_by_account", "account_id", "sequence"),
    Index("alerts_events_unsealed", "commitment", "sequence"),
    Index("alerts_events_by_metric", "metric", "account_id", "verdict"),
    sqlite_autoincrement=True,
)
Table(
    "alerts_hours",
    tables,
    Column("account_id", text(20), primary_key=True),
    Column("until_us", BigInteger, primary_key=True),
    Column("told", Integer, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("channels", text(), nullable=False),
    Index("alerts_hours_by_until", "until_us"),
)
Table(
    "alerts_marks",
    tables,
    Column("name", text(20), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("content", LargeBinary),
)


def upgrade() -> None:
    """Make the tables."""
    tables.create_all(op.get_bind())


def downgrade() -> None:
    """Drop the tables."""
    tables.drop_all(op.get_bind())
