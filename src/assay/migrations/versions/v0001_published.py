"""What existed before accounts: publications, grade points, imports, own indices.

Homes of that time carry no version. This step is also how they are taken over: it makes what is
missing, adds the columns that came later, and changes nothing that is there.
"""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    inspect,
)

from assay.kit.errors import BadInput
from assay.migrations.columns import text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

tables = MetaData()

Table(
    "publications",
    tables,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("publication_id", text(), nullable=False, unique=True),
    Column("kind", text(), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("hour", SmallInteger),
    Column("published_at_us", BigInteger, nullable=False),
    Column("origin", text(), nullable=False),
    Column("digest", text(64), nullable=False, unique=True),
    Column("inputs_digest", text(64), nullable=False),
    Column("facts_recorded_by_us", BigInteger, nullable=False),
    Column("model", text(), nullable=False),
    Column("code", text(), nullable=False),
    Column("corrects", text()),
    Column("withdraws", text(), index=True),
    Column("header", LargeBinary, nullable=False),
    Column("rows_zstd", LargeBinary, nullable=False),
    Index("publications_by_day", "kind", "as_of", "sequence"),
    sqlite_autoincrement=True,
)
Table(
    "grade_points",
    tables,
    Column("kind", text(), primary_key=True),
    Column("token_id", Integer, primary_key=True, autoincrement=False),
    Column("as_of_day", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Integer, ForeignKey("publications.sequence"), primary_key=True),
    Column("grade_centi", SmallInteger),
    Column("no_view", text()),
    sqlite_with_rowid=False,
)
Table(
    "markets_imports",
    tables,
    Column("import_id", text(), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("source", text(), nullable=False),
    Column("interval", text(), nullable=False),
    Column("venue", text(), nullable=False),
    Column("recorded_at", text(), nullable=False),
    Column("partial_from", text()),
    Column("state", text(), nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("corrections", Integer, nullable=False),
)
Table(
    "markets_tokens",
    tables,
    Column("token_id", Integer, primary_key=True),
    Column(
        "import_id", text(), ForeignKey("markets_imports.import_id"), nullable=False, index=True
    ),
    Column("symbol", text(), nullable=False),
    Column("quote", text(), nullable=False),
    Column("venue", text(), nullable=False),
    Column("first_day", text(), nullable=False),
)
Table(
    "markets_starts",
    tables,
    Column("token_id", Integer, primary_key=True, autoincrement=False),
    Column("import_id", text(), ForeignKey("markets_imports.import_id"), primary_key=True),
    Column("first_day", text(), nullable=False),
)
Table(
    "markets_quarantine",
    tables,
    Column("venue", text(), primary_key=True),
    Column("interval", text(), primary_key=True),
    Column("symbol", text(), primary_key=True),
    Column("time", text(), primary_key=True),
    Column("reason", text(), primary_key=True),
    Column("content", text(), primary_key=True),
    Column(
        "import_id", text(), ForeignKey("markets_imports.import_id"), nullable=False, index=True
    ),
)
Table(
    "markets_redenominations",
    tables,
    Column("token_id", Integer, primary_key=True, autoincrement=False),
    Column("day", text(), primary_key=True),
    Column("factor", Float, nullable=False),
    Column("known_at", text(), nullable=False),
    Column("recorded_at", text(), nullable=False),
)
Table(
    "indices_own",
    tables,
    Column("slug", text(), primary_key=True),
    Column("created_at", text(), nullable=False),
    Column("rules", text(), nullable=False),
    Column("levels_zstd", LargeBinary, nullable=False),
    Column("newest_zstd", LargeBinary, nullable=False),
)

TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER IF NOT EXISTS publications_no_{verb} BEFORE {verb.upper()} ON publications"
        " BEGIN SELECT RAISE(ABORT, 'publications are immutable'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION publications_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'publications are immutable' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE OR REPLACE TRIGGER publications_immutable"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON publications"
        " FOR EACH STATEMENT EXECUTE FUNCTION publications_refuse()",
    ],
}


def upgrade() -> None:
    """Make what is missing."""
    connection = op.get_bind()
    present = set(inspect(connection).get_table_names())
    tables.create_all(connection)
    for table in tables.sorted_tables:
        if table.name in present:
            add_missing_columns(connection, table)
    for statement in TRIGGERS[connection.dialect.name]:
        op.execute(statement)


def add_missing_columns(connection: Connection, table: Table) -> None:
    """Add the nullable columns that an older home's table lacks. Raises BadInput if others lack."""
    known = {column["name"] for column in inspect(connection).get_columns(table.name)}
    for column in table.columns:
        if column.name in known:
            continue
        if not column.nullable:
            raise BadInput(
                f"The database holds a table {table.name} that is not Assay's.",
                hint="Give Assay a database of its own.",
            )
        op.add_column(table.name, Column(column.name, column.type))


def downgrade() -> None:
    """Remove everything."""
    connection = op.get_bind()
    tables.drop_all(connection)
    if connection.dialect.name == "postgresql":
        op.execute("DROP FUNCTION publications_refuse()")
