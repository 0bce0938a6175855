"""The whole way from a file to a reproduced statement is the same on SQLite and on PostgreSQL."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError
from tests.migrations.worlds import Rows, read_rows
from tests.publishing.conftest import DAYS, HOURLY, ONE_DAY, SPEAKERS
from tests.publishing.homes import OWN, fill

from assay import ledger, markets, publishing
from assay.indices.store import list_own
from assay.kit.database import Database
from assay.kit.home import Home
from assay.publishing import FIRST_DAY

OF_EACH_LOG = {"logs", "log_keys", "log_checkpoints"}
"""Each log has an origin and a key of its own, so their notes differ; the tree is the same."""


@pytest.fixture
def homes(tmp_path: Path, postgres_url: str) -> tuple[Home, Home]:
    one, two = Home(tmp_path / "one"), Home(tmp_path / "two", SecretStr(postgres_url))
    for home in (one, two):
        fill(home, tmp_path)
    return one, two


@pytest.mark.slow
def test_both_hold_the_same_bytes_and_say_them_again(homes: tuple[Home, Home]) -> None:
    held: list[Rows] = []
    for home in homes:
        database = Database(home)
        held.append(read_rows(database))
        for kind in ("toy.closes", "toy.echo", HOURLY.kind.name):
            said = publishing.load_said(database, kind, FIRST_DAY + (DAYS - 1) * ONE_DAY)
            assert said is not None
            found = publishing.reproduce_publication(home, database, SPEAKERS, said.publication_id)
            assert found.is_equal, found
        with database.read() as connection:
            assert list_own(connection) == [OWN]
        with pytest.raises(IntegrityError, match="immutable"), database.write() as connection:
            connection.exec_driver_sql("DELETE FROM publications")
        database.close()
        turned_away = markets.list_quarantine(home)["symbol"].to_list()
        assert all("\0" not in symbol and len(symbol) < 200 for symbol in turned_away)
    embedded, shared = held
    assert embedded.keys() == shared.keys()
    for name, rows in embedded.items():
        if name in OF_EACH_LOG:
            assert len(shared[name]) == len(rows), name
        else:
            assert shared[name] == rows, name
    roots = []
    for home in homes:
        database = Database(home)
        with database.read() as connection:
            signed = ledger.load_checkpoint(connection)
        assert signed is not None
        roots.append((signed.size, signed.root))
        database.close()
    assert roots[0] == roots[1]
    assert len(embedded["publications"]) == 2 * DAYS + 2 * 24
    assert len(embedded["markets_quarantine"]) == 2
