"""Accounts, keys, sessions, limits, the audit trail, jobs and requests that may be repeated."""

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

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

tables = MetaData()

Table(
    "accounts",
    tables,
    Column("account_id", text(20), primary_key=True),
    Column("email", text(254), unique=True),
    Column("email_shown", text(254)),
    Column("password_hash", text()),
    Column("wallet", text(64), unique=True),
    Column("role", text(16), nullable=False),
    Column("plan", text(32), nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
)
Table(
    "accounts_accesses",
    tables,
    Column("token_id", text(16), primary_key=True),
    Column("session_id", text(16), nullable=False, index=True),
    Column("account_id", text(20), nullable=False, index=True),
    Column("secret_sha256", text(64), nullable=False),
    Column("csrf_sha256", text(64), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)
Table(
    "accounts_attempts",
    tables,
    Column("bucket", text(80), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at_us", BigInteger, nullable=False, index=True),
)
Table(
    "accounts_audit",
    tables,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("happened_at_us", BigInteger, nullable=False),
    Column("whose", text(16), index=True),
    Column("by", text(16)),
    Column("action", text(40), nullable=False),
    Column("subject", text(80), nullable=False),
    sqlite_autoincrement=True,
)
Table(
    "accounts_audit_origins",
    tables,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("whose", text(16), index=True),
    Column("address_prefix", text(48), nullable=False),
)
Table(
    "accounts_buckets",
    tables,
    Column("name", text(200), primary_key=True),
    Column("account_id", text(20), nullable=False, index=True),
    Column("full_at_us", BigInteger, nullable=False),
)
Table(
    "accounts_devices",
    tables,
    Column("token_id", text(16), primary_key=True),
    Column("account_id", text(20), nullable=False, index=True),
    Column("secret_sha256", text(64), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)
Table(
    "accounts_keys",
    tables,
    Column("key_id", text(16), primary_key=True),
    Column("account_id", text(20), nullable=False, index=True),
    Column("name", text(80), nullable=False),
    Column("scopes", text(80), nullable=False),
    Column("requests_per_minute", BigInteger),
    Column("secret_sha256", text(64), nullable=False),
    Column("previous_sha256", text(64)),
    Column("previous_until_us", BigInteger),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger),
    Column("last_used_at_us", BigInteger),
)
Table(
    "accounts_leases",
    tables,
    Column("name", text(200), primary_key=True),
    Column("process", text(16), primary_key=True),
    Column("held", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
)
Table(
    "accounts_nonces",
    tables,
    Column("nonce", text(32), primary_key=True),
    Column("purpose", text(16), nullable=False),
    Column("account_id", text(20), index=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("source", text(48), nullable=False, index=True),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)
Table(
    "accounts_pseudonyms",
    tables,
    Column("account_id", text(20), primary_key=True),
    Column("pseudonym", text(16), nullable=False, unique=True),
)
Table(
    "accounts_quotas",
    tables,
    Column("name", text(200), primary_key=True),
    Column("account_id", text(20), nullable=False, index=True),
    Column("used", BigInteger, nullable=False),
)
Table(
    "accounts_refreshes",
    tables,
    Column("token_id", text(16), primary_key=True),
    Column("session_id", text(16), nullable=False, index=True),
    Column("account_id", text(20), nullable=False, index=True),
    Column("secret_sha256", text(64), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
    Column("used_at_us", BigInteger),
)
Table(
    "accounts_resets",
    tables,
    Column("token_id", text(16), primary_key=True),
    Column("account_id", text(20), nullable=False, index=True),
    Column("secret_sha256", text(64), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)
Table(
    "accounts_sessions",
    tables,
    Column("session_id", text(16), primary_key=True),
    Column("account_id", text(20), nullable=False, index=True),
    Column("method", text(16), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("last_used_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
    Column("user_agent", text(80), nullable=False),
    Column("address_prefix", text(48), nullable=False),
)
Table(
    "accounts_tokens",
    tables,
    Column("token_id", text(16), primary_key=True),
    Column("key_id", text(16), nullable=False, index=True),
    Column("account_id", text(20), nullable=False, index=True),
    Column("scopes", text(80), nullable=False),
    Column("secret_sha256", text(64), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)
Table(
    "accounts_usage",
    tables,
    Column("account_id", text(20), primary_key=True),
    Column("day", text(10), primary_key=True),
    Column("key_id", text(16), primary_key=True),
    Column("route_group", text(40), primary_key=True),
    Column("requests", BigInteger, nullable=False),
)
Table(
    "accounts_version",
    tables,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)
Table(
    "idempotent_requests",
    tables,
    Column("request_id", text(64), primary_key=True),
    Column("account_id", text(20), nullable=False),
    Column("fingerprint", text(64), nullable=False),
    Column("state", text(16), nullable=False),
    Column("run", text(32), nullable=False),
    Column("began_at_us", BigInteger, nullable=False),
    Column("answer", LargeBinary),
    Index("idempotent_requests_by_time", "began_at_us"),
    Index("idempotent_requests_by_account", "account_id"),
)
Table(
    "job_workers",
    tables,
    Column("worker_id", text(40), primary_key=True),
    Column("beats", BigInteger, nullable=False),
    Column("seen_at_us", BigInteger, nullable=False),
)
Table(
    "jobs",
    tables,
    Column("job_id", text(40), primary_key=True),
    Column("account_id", text(20), nullable=False),
    Column("kind", text(32), nullable=False),
    Column("parameters", Text, nullable=False),
    Column("state", text(16), nullable=False),
    Column("label", text(200), nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("started_at_us", BigInteger),
    Column("ended_at_us", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("worker_id", text(40)),
    Column("is_cancel_wanted", Boolean, nullable=False),
    Column("error", Text),
    Column("traceparent", text(64)),
    Index("jobs_by_state", "state", "created_at_us"),
    Index("jobs_by_account", "account_id", "created_at_us"),
)
Table(
    "job_files",
    tables,
    Column("job_id", text(40), ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True),
    Column("name", text(64), primary_key=True),
    Column("media_type", text(128), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER accounts_audit_no_{verb} BEFORE {verb.upper()} ON accounts_audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'the audit trail is append-only' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER accounts_audit_append_only"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON accounts_audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()",
    ],
}


def upgrade() -> None:
    """Make the tables, and let nobody change the trail."""
    connection = op.get_bind()
    tables.create_all(connection, checkfirst=False)
    for statement in TRIGGERS[connection.dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Remove the tables with all that is in them."""
    connection = op.get_bind()
    tables.drop_all(connection, checkfirst=False)
    if connection.dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_audit_change()")
