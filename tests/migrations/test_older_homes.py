"""A home that an older version made is taken over: nothing is lost, a copy is kept, it serves."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from tests.migrations.worlds import read_rows, unpack_old_home
from tests.publishing.conftest import SPEAKERS

from assay import indices, ledger, markets, publishing
from assay.cli.doctor.stores import check_statements
from assay.cli.doctor.types import Patient, Verdict
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.errors import BadInput
from assay.kit.home import Home
from assay.kit.settings import Settings
from assay.migrations import HEAD

OPEN = """
import sys
from pathlib import Path
from assay.kit.database import Database
from assay.kit.home import Home
Database(Home(Path(sys.argv[1]))).close()
print("alembic" in sys.modules)
"""


def start(home: Home) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", OPEN, str(home.path)]
    return subprocess.Popen(command, stdout=-1, stderr=-1, text=True)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return unpack_old_home(tmp_path / "home")


def test_an_old_home_is_taken_over_and_nothing_of_it_is_lost(home: Home) -> None:
    as_found = Database(home, is_upgraded=False)
    before = read_rows(as_found)
    assert len(before["publications"]) == 24
    assert sum(map(len, before.values())) == 24 + 9
    as_found.close()
    database = Database(home)
    after = read_rows(database)
    assert {name: after[name] for name in before} == before
    kept = home.path / f"assay.db.old-to-{HEAD}"
    with sqlite3.connect(kept) as copy:
        assert copy.execute("SELECT count(*) FROM publications").fetchone() == (24,)
    database.close()


def test_an_old_home_serves_and_its_statements_come_out_of_their_facts_again(home: Home) -> None:
    database = Database(home)
    assert markets.load_panel(home).n_tokens == 3
    assert [own.slug for own in indices.list_own(database)] == ["mine"]
    with database.read() as connection:
        said = ledger.load_latest(connection, "toy.closes")
    assert said is not None
    found = publishing.reproduce_publication(home, database, SPEAKERS, said.publication_id)
    assert found.is_equal, found
    database.close()


def test_headers_of_the_first_version_are_read_checked_and_exported(
    home: Home, tmp_path: Path
) -> None:
    database = Database(home)
    with database.read() as connection:
        sample = publishing.draw_sample(connection, 100, 1)
    assert len(sample.drawn) == 24
    for item in sample.drawn:
        name = item.heading.publication_id
        with database.read() as connection:
            said = ledger.load_publication(connection, name)
        assert orjson.loads(said.header)["version"] == 1
        assert [seal.is_right for seal in ledger.check_seals(said.header, said.rows)] == [True]
        found = publishing.reproduce_publication(home, database, SPEAKERS, name)
        assert found.is_equal, found
        assert "rows root" not in {check.name for check in found.checks}
    path = tmp_path / "old.zip"
    publishing.export_publication(home, database, SPEAKERS, name, path)
    carried = publishing.reproduce_bundle(path, SPEAKERS)
    assert carried.is_equal
    assert carried.evidence is not None
    assert carried.evidence.is_right is None, "it was said before there was a log"
    looked_at = check_statements(Patient(home, Settings(), SystemClock()))
    assert looked_at.verdict is Verdict.OK, looked_at
    database.close()


def test_columns_that_came_later_are_added_to_a_still_older_home(home: Home) -> None:
    with sqlite3.connect(home.database) as connection:
        connection.execute("ALTER TABLE publications DROP COLUMN hour")
        connection.execute("DROP TABLE indices_own")
    database = Database(home)
    with database.read() as reader:
        newest = ledger.load_latest(reader, "toy.closes")
    assert newest is not None
    assert newest.hour is None
    assert indices.list_own(database) == []
    database.close()


def test_tables_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    with sqlite3.connect(home.database) as connection:
        connection.execute("CREATE TABLE publications (title TEXT)")
    with pytest.raises(BadInput, match="not Assay's"):
        Database(home)
    with sqlite3.connect(home.database) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("publications",)]


def test_a_newer_schema_is_refused_and_left_alone(home: Home) -> None:
    Database(home).close()
    with sqlite3.connect(home.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = home.database.read_bytes()
    with pytest.raises(BadInput, match=f"newer Assay: its schema is 9999.*up to {HEAD}"):
        Database(home)
    assert home.database.read_bytes() == before


def test_without_room_for_the_copy_nothing_is_changed(home: Home) -> None:
    as_found = Database(home, is_upgraded=False)
    before = read_rows(as_found)
    program = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n{OPEN}"
    command = [sys.executable, "-c", program, str(home.path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "StorageFull: There is no room for a copy" in ended.stderr
    assert read_rows(as_found) == before
    assert list(home.path.glob("*-to-*")) == []


@pytest.mark.slow
def test_of_several_processes_that_start_at_once_one_migrates(home: Home) -> None:
    started = [start(home) for _ in range(5)]
    ends = [(*process.communicate(), process.returncode) for process in started]
    assert [(errors, code) for _, errors, code in ends] == [("", 0)] * 5
    assert len(list(home.path.glob("assay.db.*-to-*"))) == 1


@pytest.mark.slow
def test_a_start_without_anything_to_migrate_does_not_load_alembic(home: Home) -> None:
    assert start(home).communicate() == ("True\n", "")
    assert start(home).communicate() == ("False\n", "")
