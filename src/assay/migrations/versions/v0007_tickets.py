"""Tickets that open a stream."""

from alembic import op
from sqlalchemy import BigInteger, Column, MetaData, Table

from assay.migrations.columns import text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

tables = MetaData()

Table(
    "accounts_tickets",
    tables,
    Column("token_id", text(16), primary_key=True),
    Column("account_id", text(20), nullable=False, index=True),
    Column("ref", text(24), nullable=False),
    Column("secret_sha256", text(64), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)


def upgrade() -> None:
    """Make the table."""
    tables.create_all(op.get_bind())


def downgrade() -> None:
    """Drop the table."""
    tables.drop_all(op.get_bind())
