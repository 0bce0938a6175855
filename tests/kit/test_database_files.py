"""The files of SQLite: whose they are, and that looking after them loosens no lock."""

import stat
import subprocess
import sys
from pathlib import Path

from assay.kit.database import Database
from assay.kit.home import Home

TAKE_AWAY = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
connection.close()
"""


def test_the_files_are_their_owner_s_alone(tmp_path: Path) -> None:
    database = Database(Home(tmp_path / "home"))
    for path in (tmp_path / "home").glob("assay.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert [p.name for p in (tmp_path / "home").iterdir() if p.name.startswith(".")] == []
    database.close()


def test_a_second_opening_takes_no_lock_from_the_first(tmp_path: Path) -> None:
    """A process that believed itself the last would take the log away from under the others."""
    home = Home(tmp_path)
    first = Database(home)
    with first.write() as connection:
        connection.exec_driver_sql("CREATE TABLE held (one INTEGER)")
    log = tmp_path / "assay.db-wal"
    inode = log.stat().st_ino
    with first.read() as held:
        held.exec_driver_sql("SELECT * FROM held").all()
        second = Database(home)
        command = [sys.executable, "-c", TAKE_AWAY, str(home.database)]
        subprocess.run(command, check=True)
        assert log.stat().st_ino == inode
        second.close()
    first.close()
