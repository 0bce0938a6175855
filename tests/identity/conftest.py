"""An installation with something published, a holder, and issuers of the tests' own making."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.identity.desk import NOW, Clock, Desk, open_desk, publish

from assay.identity import Installation
from assay.kit.database import Database
from assay.kit.home import Home


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path / "home") as made:
        yield made


@pytest.fixture
def public_desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path / "public", public_url="https://assay.example.org") as made:
        yield made


@pytest.fixture
def each_desk(each_home: Home) -> Iterator[Desk]:
    """One on each kind of database."""
    database = Database(each_home)
    clock = Clock()
    yield Desk(Installation(database, clock), clock, publish(database, NOW))
    database.close()
