"""Backup, restore, upgrade, downgrade and retention as an operator runs them: real processes."""

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr
from sqlalchemy import select, text
from tests.migrations.worlds import read_rows, unpack_old_home

from assay.accounts import KEEP_ADDRESSES, KEEP_USAGE
from assay.accounts.store.audit import audit, insert_entry, origins
from assay.accounts.store.limits import usages
from assay.cli.operations import read_passphrase
from assay.cli.retention import KEEP_COPIES, clean
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import BadInput
from assay.kit.home import Home
from assay.kit.settings import Settings
from assay.migrations import FIRST, HEAD, TABLES

PASSPHRASE = "a passphrase of several words"  # noqa: S105
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def assay(home: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    changes = {f"ASSAY_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "assay", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "ASSAY_HOME": str(home), "COLUMNS": "160", **changes},
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "passphrase"
    path.write_text(f"{PASSPHRASE}\n")
    path.chmod(0o600)
    return str(path)


@pytest.mark.slow
def test_a_backup_moves_a_home_from_sqlite_to_postgres(
    tmp_path: Path, secret: str, postgres_url: str
) -> None:
    home = unpack_old_home(tmp_path / "home")
    file = tmp_path / "assay.backup"
    made = assay(home.path, "backup", str(file), passphrase_file=secret)
    assert made.returncode == 0, made.stderr
    assert "it was read back and is whole" in made.stdout
    assert "Writing the backup" in made.stderr
    read = assay(home.path, "backup", str(file), "--verify", passphrase_file=secret)
    assert read.returncode == 0, read.stderr
    moved = tmp_path / "moved"
    restored = assay(moved, "restore", str(file), passphrase_file=secret, database_url=postgres_url)
    assert restored.returncode == 0, restored.stderr
    assert not (moved / "assay.db").exists()
    one, two = Database(home), Database(Home(moved, SecretStr(postgres_url)))
    for name in TABLES:
        assert read_rows(one)[name] == read_rows(two)[name]
    one.close()
    two.close()
    checked = assay(moved, "doctor", "--json", database_url=postgres_url, port="0")
    assert checked.returncode == 0, checked.stdout
    assert orjson.loads(checked.stdout)["ok"] is True
    again = assay(moved, "restore", str(file), passphrase_file=secret, database_url=postgres_url)
    assert again.returncode == 1
    assert "is not empty" in again.stderr


@pytest.mark.slow
def test_a_passphrase_is_asked_for_or_read_from_a_file_and_never_shown(
    tmp_path: Path, secret: str
) -> None:
    home = unpack_old_home(tmp_path / "home")
    file = tmp_path / "assay.backup"
    none = assay(home.path, "backup", str(file))
    assert none.returncode == 2
    assert "ASSAY_PASSPHRASE_FILE" in none.stderr
    assert assay(home.path, "backup", str(file), passphrase_file=secret).returncode == 0
    Path(secret).write_text("another passphrase\n")
    wrong = assay(tmp_path / "new", "restore", str(file), passphrase_file=secret)
    assert wrong.returncode == 2
    assert "passphrase does not open" in wrong.stderr
    assert "another passphrase" not in wrong.stderr + wrong.stdout
    assert "Traceback" not in none.stderr + wrong.stderr


def test_a_passphrase_file_that_cannot_be_read_is_named_without_what_is_in_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(BadInput, match="ASSAY_PASSPHRASE_FILE"):
        read_passphrase(Settings(passphrase_file=tmp_path / "nowhere"), is_new=True)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="cannot be read"):
        read_passphrase(Settings(passphrase_file=tmp_path / "binary"), is_new=True)


@pytest.mark.slow
def test_the_schema_is_shown_upgraded_and_taken_back(tmp_path: Path) -> None:
    home = unpack_old_home(tmp_path / "home")
    found = assay(home.path, "database", "status")
    assert (found.returncode, found.stdout) == (1, f"schema none, this Assay has {HEAD}\n")
    done = assay(home.path, "database", "upgrade")
    assert (done.returncode, done.stdout) == (0, f"schema none -> {HEAD}\n")
    assert assay(home.path, "database", "status").returncode == 0
    unknown = assay(home.path, "database", "downgrade", "9999", "--yes")
    assert unknown.returncode == 2
    assert HEAD in unknown.stderr
    back = assay(home.path, "database", "downgrade", FIRST, "--yes")
    assert (back.returncode, back.stdout) == (0, f"schema {FIRST}\n"), back.stderr
    with sqlite3.connect(home.database) as connection:
        assert connection.execute("SELECT count(*) FROM publications").fetchone() == (24,)
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == [(FIRST,)]


def test_what_was_kept_long_enough_is_deleted_and_nothing_else(each_home: Home) -> None:
    database = Database(each_home)
    ages = (KEEP_ADDRESSES + timedelta(days=1), KEEP_ADDRESSES - timedelta(days=1))
    with database.write() as connection:
        for age in ages:
            entry = {"action": "a", "subject": "s", "address_prefix": "192.0.2.0/24"}
            insert_entry(connection, NOW - age, account_id=None, by=None, **entry)
        for age in (KEEP_USAGE + timedelta(days=1), KEEP_USAGE - timedelta(days=1)):
            day = (NOW - age).date().isoformat()
            connection.execute(usages.insert().values(("acc_1", day, "", "lists", 3)))
    copies = [each_home.path / f"assay.db.000{n}-to-0009" for n in range(2)]
    for copy, age in zip(copies, (KEEP_COPIES * 2, KEEP_COPIES / 2), strict=True):
        copy.write_bytes(b"")
        moment = (NOW - age).timestamp()
        os.utime(copy, (moment, moment))
    deleted = clean(each_home, database, FixedClock(NOW))
    assert {what: count for what, count in deleted.items() if count} == {
        "addresses in the audit trail": 1,
        "days of usage": 1,
        "copies from before an upgrade": 1,
    }
    assert [copy.exists() for copy in copies] == [False, True]
    with database.read() as connection:
        assert len(connection.execute(select(audit)).all()) == 2
        assert len(connection.execute(select(origins)).all()) == 1
        assert connection.execute(text("SELECT count(*) FROM accounts_usage")).scalar() == 1
    assert not any(clean(each_home, database, FixedClock(NOW)).values())
    database.close()
