"""What tests of rules share: a database of each kind, and one that is quickly made."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.kit.database import Database
from assay.kit.home import Home


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    """On SQLite, and on PostgreSQL where there is one."""
    database = Database(each_home)
    yield database
    database.close()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Database]:
    """On SQLite alone, for what does not depend on the database."""
    database = Database(Home(tmp_path / "home").create())
    yield database
    database.close()
