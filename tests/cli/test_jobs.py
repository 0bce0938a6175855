"""assay jobs: what is queued, shown, cancelled, and refused. No worker runs."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assay.cli import workers
from assay.cli.app import app
from assay.cli.workers import Keeper

PATIENCE_S = 60.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def run(home: Path, *arguments: str, code: int = 0) -> str:
    answer = CliRunner().invoke(app, list(arguments), env={"ASSAY_HOME": str(home)})
    assert answer.exit_code == code, answer.output
    return answer.output


def test_a_job_is_queued_listed_shown_and_cancelled(home: Path) -> None:
    said = run(home, "jobs", "run", "evaluation", "--param", "kind=signals", "--param", "from=null")
    assert "No worker runs" in said
    job_id = said.split()[0]
    assert job_id in run(home, "jobs", "list", "--state", "queued")
    shown = json.loads(run(home, "jobs", "show", job_id))
    assert shown["parameters"] == {"kind": "signals", "from": None, "to": None}
    assert "cancelled" in run(home, "jobs", "cancel", job_id)
    assert job_id not in run(home, "jobs", "list", "--state", "queued")


def test_parameters_come_from_a_file(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "crosses.json"
    wanted = {"strategy": "crosses", "symbols": ["BTC"], "fast": [5], "slow": [20]}
    file.write_text(json.dumps({"backtest": wanted}))
    job_id = run(home, "jobs", "run", "backtest", "--file", str(file)).split()[0]
    shown = json.loads(run(home, "jobs", "show", job_id))
    assert shown["parameters"]["backtest"]["symbols"] == ["BTC"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "dice"), "no jobs of the kind 'dice'"),
        (("run", "evaluation"), "kind: Field required"),
        (("run", "evaluation", "--param", "kind"), "is not NAME=VALUE"),
        (("run", "evaluation", "--param", "kind=nothing"), "kind"),
        (("show", "job_none"), "There is no such job"),
        (("cancel", "job_none"), "There is no such job"),
    ],
)
def test_what_is_wrong_is_said(home: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in run(home, "jobs", *arguments, code=2)
    assert "job_" not in run(home, "jobs", "list")


def wait(is_so: object) -> None:
    until = time.monotonic() + PATIENCE_S
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.02)


SLEEPER = [sys.executable, "-c", "import time; time.sleep(1000)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('deaf', file=sys.stderr, flush=True); time.sleep(1000)",
]


def test_the_keeper_replaces_a_worker_that_dies_and_ends_them_all() -> None:
    keeper = Keeper(2, SLEEPER)
    keeper.start()
    keeper.start()
    wait(lambda: len(keeper.pids) == 2)
    first, second = keeper.pids
    os.kill(first, signal.SIGKILL)
    wait(lambda: len(keeper.pids) == 2 and first not in keeper.pids)
    assert second in keeper.pids
    pids = keeper.pids
    keeper.stop()
    assert keeper.pids == []
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_worker_that_does_not_end_is_killed() -> None:
    keeper = Keeper(1, STUBBORN)
    keeper.start()
    wait(lambda: len(keeper.pids) == 1)
    time.sleep(0.5)
    keeper.stop(grace_s=0.2)
    assert keeper.pids == []


def test_no_worker_is_started_after_the_end() -> None:
    before = set(threading.enumerate())
    keeper = Keeper(1, SLEEPER)
    keeper.stop()
    keeper.start()
    for thread in set(threading.enumerate()) - before:
        thread.join(0.2)
    assert keeper.pids == []
    assert Keeper(0, SLEEPER).pids == []


@pytest.mark.slow
def test_a_worker_ends_when_the_server_beside_it_is_gone(home: Path) -> None:
    script = (
        "import subprocess, sys, time;"
        " child = subprocess.Popen([sys.executable, '-m', 'assay', 'worker', '--beside',"
        " str(__import__('os').getpid())]); print(child.pid, flush=True); time.sleep(1000)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "ASSAY_HOME": str(home)},
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    wait(lambda: not _is_alive(pid))
    assert workers.GRACE_S < PATIENCE_S


def _is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(") ", 1)[1][0] != "Z"
