"""The transparency log, credentials and the track record."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
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

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

tables = MetaData()

Table(
    "logs",
    tables,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("origin", text(), nullable=False, unique=True),
    Column("is_replay", Boolean, nullable=False),
    Column("started_at_us", BigInteger, nullable=False),
    Column("place", text(), nullable=False),
)
Table(
    "log_keys",
    tables,
    Column("log", Integer, ForeignKey("logs.number"), primary_key=True),
    Column("public_key", LargeBinary, primary_key=True),
    Column("name", text(), nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger),
)
Table(
    "log_entries",
    tables,
    Column("log", Integer, ForeignKey("logs.number"), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("published_at_us", BigInteger, nullable=False),
    Column("sequence", Integer, unique=True),
    Column("entry", LargeBinary),
)
Table(
    "log_tiles",
    tables,
    Column("log", Integer, ForeignKey("logs.number"), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    Column("crc32", BigInteger, nullable=False),
)
Table(
    "log_checkpoints",
    tables,
    Column("log", Integer, ForeignKey("logs.number"), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("signed_at_us", BigInteger, nullable=False),
)
Table(
    "private_statements",
    tables,
    Column("commitment", text(64), primary_key=True),
    Column("account_id", text(), nullable=False, index=True),
    Column("published_at_us", BigInteger, nullable=False),
    Column("log", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("statement", LargeBinary, nullable=False),
)
Table(
    "log_cosignatures",
    tables,
    Column("log", Integer, ForeignKey("logs.number"), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("public_key", LargeBinary, primary_key=True),
    Column("name", text(), nullable=False),
    Column("cosigned_at_us", BigInteger, nullable=False),
    Column("line", LargeBinary, nullable=False),
)
Table(
    "log_anchors",
    tables,
    Column("tx", text(), primary_key=True),
    Column("log", Integer, ForeignKey("logs.number"), nullable=False, index=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("contract", text(), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("state", text(), nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("max_fee", BigInteger, nullable=False),
    Column("priority_fee", BigInteger, nullable=False),
    Column("sent_at_us", BigInteger, nullable=False),
    Column("block", BigInteger),
    Column("block_hash", text()),
    Column("block_time_us", BigInteger),
)
Table(
    "log_turns",
    tables,
    Column("name", text(), primary_key=True),
    Column("next_at_us", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
)
Table(
    "identity_keys",
    tables,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger),
    Column("is_revoked", Boolean, nullable=False),
)
Table(
    "identity_credentials",
    tables,
    Column("credential_id", text(21), primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("row_index", Integer, nullable=False),
    Column("key_number", Integer, nullable=False),
    Column("list_number", Integer, nullable=False),
    Column("list_index", Integer, nullable=False),
    Column("issued_at_us", BigInteger, nullable=False, index=True),
    Column("expires_at_us", BigInteger, nullable=False),
    Column("withdrawn_at_us", BigInteger, index=True),
    UniqueConstraint("list_number", "list_index"),
)
Table(
    "identity_challenges",
    tables,
    Column("nonce", text(43), primary_key=True),
    Column("audience", text(), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)
Table(
    "track_record_scores",
    tables,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("measure", text(), primary_key=True),
    Column("kind", text(), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("hour", SmallInteger),
    Column("origin", text(), nullable=False),
    Column("publication_id", text(), nullable=False),
    Column("log", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("is_first", Boolean, nullable=False),
    Column("is_closed", Boolean, nullable=False),
    Column("closes_on", Date, nullable=False),
    Column("status", text(), nullable=False),
    Column("overruled_by", text()),
    Column("statements", Integer, nullable=False),
    Column("no_view", Integer, nullable=False),
    Column("no_call", Integer, nullable=False),
    Column("open", Integer, nullable=False),
    Column("hits", Integer, nullable=False),
    Column("misses", Integer, nullable=False),
    Column("undecided", Integer, nullable=False),
    Column("stated", Float, nullable=False),
    Column("stated_count", Integer, nullable=False),
    Column("outcome", Float, nullable=False),
    Column("control_hits", Float, nullable=False),
    Column("control_trials", Integer, nullable=False),
    Column("loss", Float, nullable=False),
    Column("loss_count", Integer, nullable=False),
    Column("loss_control", Float),
    Column("order_figure", Float),
    Column("order_control", Float),
    Column("facts", text(64), nullable=False),
    Column("method", Integer, nullable=False),
    Index("track_record_by_day", "kind", "as_of", "sequence", "measure"),
)
Table(
    "track_record_statements",
    tables,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("measure", text(), primary_key=True),
    Column("bins", LargeBinary, nullable=False),
    Column("subjects", LargeBinary, nullable=False),
    Column("statements_zstd", LargeBinary, nullable=False),
)
Table(
    "track_record_state",
    tables,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("through", Date),
    Column("sequence", Integer, nullable=False),
    Column("facts", text(), nullable=False),
    Column("unsealed", Integer, nullable=False),
    Column("is_complete", Boolean, nullable=False),
)

_APPENDED = ("log_entries", "log_checkpoints")
_KEPT = ("logs", "log_keys", "log_tiles")
_REFUSAL = "the log is append-only"

# What an update may not do: a tile only grows, a log only changes its place, a key only ends.
_CHANGES = {
    "logs": "NEW.number <> OLD.number OR NEW.origin <> OLD.origin"
    " OR NEW.is_replay <> OLD.is_replay OR NEW.started_at_us <> OLD.started_at_us",
    "log_keys": "NEW.log <> OLD.log OR NEW.public_key <> OLD.public_key OR NEW.name <> OLD.name"
    " OR NEW.since_us <> OLD.since_us OR OLD.until_us IS NOT NULL",
    "log_tiles": 'NEW.log <> OLD.log OR NEW.level <> OLD.level OR NEW."index" <> OLD."index"'
    " OR {length}(NEW.hashes) <= {length}(OLD.hashes)"
    " OR substr(NEW.hashes, 1, {length}(OLD.hashes)) <> OLD.hashes",
}


def _list_triggers(dialect: str) -> list[str]:
    if dialect == "sqlite":
        abort = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        changes = {name: change.format(length="length") for name, change in _CHANGES.items()}
        refused = [(name, "DELETE", "") for name in (*_APPENDED, *_KEPT)]
        refused += [(name, "UPDATE", "") for name in _APPENDED]
        refused += [(name, "UPDATE", f" WHEN {changes[name]}") for name in _KEPT]
        return [
            f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name}{when} {abort}"
            for name, verb, when in refused
        ]
    changes = {name: change.format(length="octet_length") for name, change in _CHANGES.items()}
    execute = "EXECUTE FUNCTION refuse_log_change()"
    return [
        "CREATE FUNCTION refuse_log_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{_REFUSAL}' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$",
        *(
            f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name}"
            f" FOR EACH STATEMENT {execute}"
            for name in _APPENDED
        ),
        *(
            f"CREATE TRIGGER {name}_kept BEFORE DELETE OR TRUNCATE ON {name}"
            f" FOR EACH STATEMENT {execute}"
            for name in _KEPT
        ),
        *(
            f"CREATE TRIGGER {name}_only_grow BEFORE UPDATE ON {name}"
            f" FOR EACH ROW WHEN ({changes[name]}) {execute}"
            for name in _KEPT
        ),
    ]


def upgrade() -> None:
    """Make the tables, and let nobody change what the log has said."""
    connection = op.get_bind()
    tables.create_all(connection)
    op.create_index("ix_publications_corrects", "publications", ["corrects"])
    for statement in _list_triggers(connection.dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_publications_corrects", "publications")
    connection = op.get_bind()
    tables.drop_all(connection)
    if connection.dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_log_change()")
