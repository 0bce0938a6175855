"""The migrations make what the rooms declare, and go up and down with data on both databases."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    Table,
    create_engine,
    inspect,
    text,
)
from sqlalchemy.exc import IntegrityError
from tests.migrations.worlds import Rows, read_rows

import assay.cli.app  # every room that declares tables
from assay.kit.database import Database, metadata
from assay.kit.database.migrating import list_versions, migrate
from assay.kit.database.schema import change_schema, load_schema_version
from assay.kit.home import Home
from assay.migrations import FIRST, HEAD, TABLES
from assay.migrations.versions import v0001_published as published

OLDER = frozenset(published.tables.tables)

MIGRATE = """
import sys
from pathlib import Path
from pydantic import SecretStr
from assay.kit.database import Database
from assay.kit.database.migrating import migrate
from assay.kit.home import Home
url = sys.argv[2]
home = Home(Path(sys.argv[1]), SecretStr(url) if url else None)
if sys.argv[3] == "open":
    Database(home).close()
    sys.exit()
with Database(home, is_upgraded=False).write() as connection:
    migrate(connection, sys.argv[3])
    print("inside", flush=True)
    sys.stdin.read()
"""


def start(home: Home, target: str) -> "subprocess.Popen[str]":
    url = home.reveal_database_url() or ""
    command = [sys.executable, "-c", MIGRATE, str(home.path), url, target]
    return subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True)


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    database = Database(each_home)
    yield database
    database.close()


def make_value(table: Table, column: Column[Any], number: int) -> object:
    """A value that fits the column and differs between rows; one row has null where it may be."""
    if column.nullable and number == 0:
        return None
    if isinstance(column.type, Boolean):
        return number % 2 == 0
    if isinstance(column.type, Integer):
        return number + 1
    if isinstance(column.type, Float):
        return number + 0.5
    if isinstance(column.type, Date):
        return date(2024, 1, number + 1)
    if isinstance(column.type, LargeBinary):
        return bytes([number, 0, 255])
    length = getattr(column.type, "length", None) or 40
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column
        return make_value(target.table, target, number)
    return f"{number} {table.name}.{column.name}"[:length]


def fill(connection: Connection, names: frozenset[str]) -> None:
    """Three rows into each table."""
    for table in metadata.sorted_tables:
        if table.name in names:
            rows = [
                {column.name: make_value(table, column, number) for column in table.columns}
                for number in range(3)
            ]
            connection.execute(table.insert(), rows)


def only(rows: Rows, names: frozenset[str]) -> Rows:
    return {name: rows[name] for name in sorted(names)}


def test_the_last_migration_is_the_version_of_this_code() -> None:
    assert list_versions()[-1] == HEAD
    assert list_versions()[0] == FIRST
    assert set(TABLES) == set(metadata.tables)
    assert assay.cli.app is not None


def test_what_is_migrated_is_what_the_rooms_declare(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
        assert set(inspect(connection).get_table_names()) == {*TABLES, "alembic_version"}


def test_on_sqlite_the_statements_are_the_same_to_the_letter(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    Database(home).close()
    declared = tmp_path / "declared.db"
    engine = create_engine(f"sqlite:///{declared}")
    metadata.create_all(engine)
    engine.dispose()

    def read(path: Path) -> dict[str, list[str]]:
        statement = "SELECT name, sql FROM sqlite_master WHERE type <> 'trigger' AND sql <> ''"
        with sqlite3.connect(path) as connection:
            rows = connection.execute(statement).fetchall()
        # The order in which constraints stand says nothing.
        return {name: sorted(re.split(r",?\s*\n\s*", sql)) for name, sql in rows}

    migrated = read(home.database)
    del migrated["alembic_version"]
    assert migrated == read(declared)


def test_text_is_in_the_order_of_its_bytes(database: Database) -> None:
    slugs = ["a", "B", "é", "_", "Z"]
    table = metadata.tables["indices_own"]
    with database.write() as connection:
        for slug in slugs:
            values = {"created_at": "", "rules": "", "levels_zstd": b"", "newest_zstd": b""}
            connection.execute(table.insert(), {"slug": slug, **values})
    with database.read() as connection:
        found = connection.execute(table.select().order_by(table.c.slug)).scalars().all()
        if database.is_shared:
            collated = text(
                "SELECT attrelid::regclass, attname, collname FROM pg_attribute"
                " JOIN pg_class ON attrelid = pg_class.oid JOIN pg_collation c"
                " ON attcollation = c.oid WHERE relkind = 'r' AND relnamespace ="
                " current_schema()::regnamespace AND atttypid = 'varchar'::regtype"
                " AND collname <> 'C' AND relname <> 'alembic_version'"
            )
            assert connection.execute(collated).all() == []
    assert found == sorted(slugs, key=str.encode)


@pytest.mark.parametrize("table", ["publications", "accounts_audit"])
@pytest.mark.parametrize("change", ["UPDATE {} SET sequence = 9", "DELETE FROM {}"])
def test_what_was_said_and_done_cannot_be_changed(
    database: Database, table: str, change: str
) -> None:
    with database.write() as connection:
        fill(connection, frozenset({table}))
    before = read_rows(database)
    refused = pytest.raises(IntegrityError, match=r"immutable|append-only")
    with refused, database.write() as connection:
        connection.exec_driver_sql(change.format(table))
    if database.is_shared:
        with pytest.raises(IntegrityError), database.write() as connection:
            connection.exec_driver_sql(f"TRUNCATE {table} CASCADE")
    assert read_rows(database) == before


@pytest.mark.slow
def test_down_and_up_again_loses_nothing_that_the_older_version_knows(
    database: Database, each_home: Home
) -> None:
    with database.write() as connection:
        fill(connection, frozenset(TABLES))
    full = read_rows(database)
    assert {len(rows) for rows in full.values()} == {3}
    change_schema(database, each_home, FIRST)
    assert load_schema_version(database) == FIRST
    assert read_rows(database) == only(full, OLDER)
    change_schema(database, each_home, HEAD)
    again = read_rows(database)
    assert only(again, OLDER) == only(full, OLDER)
    assert not any(again[name] for name in set(TABLES) - OLDER)
    with database.write() as connection:
        fill(connection, frozenset(TABLES) - OLDER)
    assert read_rows(database) == full
    change_schema(database, each_home, "base")
    assert read_rows(database) == {}
    change_schema(database, each_home, HEAD)
    assert read_rows(database).keys() == full.keys()
    if not database.is_shared:
        copy = each_home.path / f"assay.db.{HEAD}-to-{FIRST}"
        with sqlite3.connect(copy) as connection_of_copy:
            found = connection_of_copy.execute("SELECT count(*) FROM accounts").fetchone()
        assert found == (3,)


@pytest.mark.slow
def test_a_migration_killed_in_the_middle_has_not_happened(each_home: Home) -> None:
    as_found = Database(each_home, is_upgraded=False)
    with as_found.write() as connection:
        migrate(connection, FIRST)
        fill(connection, OLDER)
    before = read_rows(as_found)
    with start(each_home, HEAD) as migrating:
        assert migrating.stdout is not None
        assert migrating.stdout.readline() == "inside\n"
        os.kill(migrating.pid, signal.SIGKILL)
        migrating.communicate()
    assert load_schema_version(as_found) == FIRST
    assert read_rows(as_found) == before
    as_found.close()
    database = Database(each_home)
    assert only(read_rows(database), OLDER) == before
    database.close()


@pytest.mark.slow
def test_of_processes_on_several_hosts_one_migrates(tmp_path: Path, postgres_url: str) -> None:
    """Each host has a home folder of its own, so only the database can tell them apart."""
    homes = [Home(tmp_path / f"host{n}", SecretStr(postgres_url)) for n in range(4)]
    started = [start(home, "open") for home in homes]
    ends = [(*process.communicate(), process.returncode) for process in started]
    assert ends == [("", "", 0)] * 4
    database = Database(homes[0], is_upgraded=False)
    assert load_schema_version(database) == HEAD
    database.close()
