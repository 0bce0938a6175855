"""Schedules, and leases of what one process does at a time."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table

from assay.migrations.columns import text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

tables = MetaData()

Table(
    "leases",
    tables,
    Column("name", text(64), primary_key=True),
    Column("holder", text(32), nullable=False),
    Column("until_us", BigInteger, nullable=False),
)
Table(
    "schedules",
    tables,
    Column("name", text(32), primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("due_at_us", BigInteger, nullable=False),
    Column("last_due_at_us", BigInteger),
    Column("last_job_id", text(40)),
)


def upgrade() -> None:
    """Make the tables."""
    tables.create_all(op.get_bind())


def downgrade() -> None:
    """Drop the tables."""
    tables.drop_all(op.get_bind())
