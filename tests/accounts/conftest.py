"""A desk on each kind of database: SQLite, and one PostgreSQL that is emptied between tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, text
from tests.accounts.people import Desk
from tests.services import own_database

from assay.kit.database import Database, metadata
from assay.kit.home import Home


@pytest.fixture(scope="session")
def shared_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home on PostgreSQL that tests share: creating a database takes longer than most of them."""
    with own_database() as url:
        yield Home(tmp_path_factory.mktemp("postgres"), SecretStr(url)).create()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def clean_home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """A home in which nobody has an account yet."""
    if request.param == "sqlite":
        return Home(tmp_path / "home").create()
    home: Home = request.getfixturevalue("shared_postgres")
    # An emptied database is another one: its log must not be taken for a copy of the last test's.
    shutil.rmtree(home.path / "log", ignore_errors=True)
    database = Database(home)
    with database.write() as connection:
        # The audit trail's triggers would refuse; whoever owns the server may switch them off.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in metadata.sorted_tables:
            connection.execute(delete(table))
    database.close()
    return home


@pytest.fixture
def desk(clean_home: Home) -> Iterator[Desk]:
    database = Database(clean_home)
    yield Desk(database)
    database.close()
