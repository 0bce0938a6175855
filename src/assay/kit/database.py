"""The database of state and publications: SQLAlchemy on SQLite, readable while one process writes.

Every writing transaction starts with BEGIN IMMEDIATE: a deferred one that upgrades its lock fails
under a second writer (measured 91 of 300 times), an immediate one waits its turn (0 of 600).
"""

import contextlib
import sqlite3
from collections.abc import Iterator

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, inspect
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from assay.kit.errors import FRESH_START, BadInput, Busy, Corrupt, StorageFull
from assay.kit.home import Home

metadata = MetaData()
"""Every room declares its tables here; `Database` creates those that are missing."""


class Database:
    """One SQLite file. Threads may share it; each block of work gets its own connection."""

    def __init__(self, home: Home) -> None:
        home.create()
        self.engine = _engine(f"sqlite:///{home.database}")
        with self.read() as connection:
            present = set(inspect(connection).get_table_names())
            columns = list_missing_columns(connection, present)
        # Only a database that lacks something is written to: a reader never waits for a writer.
        if columns or not metadata.tables.keys() <= present:
            with self.write() as connection:
                metadata.create_all(connection)
                for table, column in list_missing_columns(connection, present):
                    connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {column}")

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view: what was committed when the first statement ran."""
        with _database_errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: commits at the end of the block, leaves nothing behind on an error."""
        with _database_errors(), self.engine.connect() as connection:
            connection.execution_options(assay_write=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Let go of the engine; blocks that are under way keep their connection."""
        self.engine.dispose()


def list_missing_columns(connection: Connection, tables: set[str]) -> list[tuple[str, str]]:
    """(table, name and type) of nullable columns that an older version's tables lack."""
    inspector = inspect(connection)
    missing: list[tuple[str, str]] = []
    for table in metadata.sorted_tables:
        if table.name not in tables:
            continue
        known = {column["name"] for column in inspector.get_columns(table.name)}
        missing += [
            (table.name, f"{column.name} {column.type.compile(connection.dialect)}")
            for column in table.columns
            if column.name not in known and column.nullable
        ]
    return missing


def _engine(url: str) -> Engine:
    # No pool: opening SQLite takes a fifth of a millisecond, and no connection is left behind.
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": 30.0})

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        for pragma in (
            "busy_timeout=30000",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("assay_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


@contextlib.contextmanager
def _database_errors() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig)
        if "disk is full" in reason or "disk I/O error" in reason:
            raise StorageFull(
                "The database could not be written: the disk is full.",
                hint="Free some space and run the command again; what was stored is unharmed.",
            ) from error
        if "locked" in reason:
            raise Busy(
                "The database is locked by another process.", hint="Wait for it, then try again."
            ) from error
        if "malformed" in reason or "not a database" in reason:
            raise Corrupt("The database file assay.db is damaged.", hint=FRESH_START) from error
        if "readonly" in reason or "unable to open" in reason:
            raise BadInput(
                f"The database cannot be written: {reason}.",
                hint="Point ASSAY_HOME to a folder that you may write to.",
            ) from error
        raise
