"""The home folder: unusable ones are refused, writers exclude each other across processes."""

import subprocess
import sys
from pathlib import Path

import pytest

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
