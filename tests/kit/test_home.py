"""The home folder: unusable ones are refused, writers exclude each other across processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from assay.kit.database import Database
from assay.kit.database.schema import keep_copy
from assay.kit.errors import BadInput, Busy
from assay.kit.home import Home

HOLD = """
import sys, pathlib
from assay.kit.home import Home
with Home(pathlib.Path(sys.argv[1])).lock("writer"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_home_that_is_a_file_is_refused_with_a_hint(tmp_path: Path) -> None:
    blocked = tmp_path / "home"
    blocked.write_text("")
    with pytest.raises(BadInput, match="ASSAY_HOME"):
        Home(blocked).create()


def test_what_is_made_is_nobody_else_s_to_read(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        home = Home(tmp_path / "home").create()
        database = Database(home)
        with database.write() as connection:
            connection.execute(text("CREATE TABLE one (id INTEGER)"))
        copy = keep_copy(home.database, "0001", "0002")
        made = [home.path, *home.path.glob("assay.db*")]
        modes = {path.name: path.stat().st_mode & 0o777 for path in made}
        database.close()
    finally:
        os.umask(before)
    assert copy is not None
    assert modes.pop("home") == 0o700
    assert {"assay.db", "assay.db-wal", copy.name} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_a_killed_process_frees_its_lock(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy), home.lock("writer", wait=False):
            pass
        with home.lock("reader", wait=False):
            pass
        holder.kill()
        holder.wait()
    with home.lock("writer", wait=False):
        pass
