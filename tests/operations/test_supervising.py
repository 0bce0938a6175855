"""Several processes behind one socket, under load: one is killed, all are told to go."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest

from assay.api import open_socket
from assay.cli.supervising import Supervisor

pytestmark = pytest.mark.slow

CHILD = Path(__file__).with_name("child.py")
ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
CLIENTS = 4


@dataclass
class Load:
    """Clients that ask without a pause; what became of each request, by when it was sent."""

    url: str
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    refused: int = 0
    is_over: bool = False
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self.is_over = True
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        with httpx.Client(base_url=self.url, trust_env=False, timeout=20.0) as client:
            number = 0
            while not self.is_over:
                number += 1
                try:
                    answer = client.get(f"/v1/tokens?limit={1 + number % 50}")
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    self.refused += 1
                    sleep(0.05)
                except httpx.HTTPError as error:
                    self.failed.append(repr(error))
                else:
                    assert answer.status_code == 200, answer.text
                    self.answered += 1


@dataclass
class Installation:
    """A supervisor in a thread, its children, its address."""

    supervisor: Supervisor
    url: str
    restarts: list[tuple[int, int]]

    def pids(self) -> list[int]:
        return [place.child.pid for place in self.supervisor.places if place.child is not None]

    def wait_until_ready(self) -> None:
        until = monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answers = [httpx.get(f"{self.url}/readyz", trust_env=False) for _ in range(5)]
                if all(answer.status_code == 200 for answer in answers):
                    return
            assert monotonic() < until
            sleep(0.1)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    listener = open_socket("127.0.0.1", 0)
    port = listener.getsockname()[1]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    command = [sys.executable, "-c", RUN, str(CHILD), str(listener.fileno()), str(tmp_path)]
    restarts: list[tuple[int, int]] = []
    supervisor = Supervisor(
        listener,
        lambda number: command,
        2,
        drain_s=0.5,
        stop_s=10.0,
        on_restart=lambda number, code: restarts.append((number, code)),
    )
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        found = Installation(supervisor, f"http://127.0.0.1:{port}", restarts)
        found.wait_until_ready()
        yield found
    finally:
        supervisor.is_stopping = True
        thread.join()
        del os.environ["PYTHONPATH"]


# A library installs a package called `tests`; ours must come first (the child is no pytest).
RUN = (
    "import runpy, sys, types; package = types.ModuleType('tests');"
    f" package.__path__ = [{str(ROOT / 'tests')!r}]; sys.modules['tests'] = package;"
    " sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
)


def test_the_death_of_one_process_costs_only_what_it_was_answering(
    installation: Installation,
) -> None:
    load = Load(installation.url)
    load.start()
    sleep(1.0)
    victim = installation.pids()[0]
    before = load.answered
    os.kill(victim, signal.SIGKILL)
    sleep(2.0)
    installation.wait_until_ready()
    sleep(0.5)
    load.stop()
    assert before > 50
    assert load.answered > before + 50, "the others go on"
    # Each client has one request under way at a time.
    assert len(load.failed) <= CLIENTS
    assert load.refused == 0, "the socket stays"
    assert installation.restarts == [(0, -signal.SIGKILL)]
    assert victim not in installation.pids()
    assert len(installation.pids()) == 2


def test_told_to_go_under_load_every_request_that_was_taken_is_answered(
    installation: Installation,
) -> None:
    load = Load(installation.url)
    load.start()
    sleep(1.0)
    pids = installation.pids()
    installation.supervisor.is_stopping = True
    until = monotonic() + PATIENCE_S
    while load.refused == 0:
        assert monotonic() < until
        sleep(0.05)
    load.stop()
    assert load.failed == []
    assert load.answered > 50
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            wait_gone(pid)


def wait_gone(pid: int) -> None:
    """Raises ProcessLookupError once there is no such process."""
    until = monotonic() + PATIENCE_S
    while monotonic() < until:
        os.kill(pid, 0)
        sleep(0.05)


def test_children_go_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys; from assay.api import open_socket;"
        " from assay.cli.supervising import Supervisor;"
        " listener = open_socket('127.0.0.1', 0);"
        " run, child, home = sys.argv[1:];"
        " command = [sys.executable, '-c', run, child, str(listener.fileno()), home];"
        " print(listener.getsockname()[1], flush=True);"
        " supervisor = Supervisor(listener, lambda n: command, 2, drain_s=0.3, stop_s=5.0);"
        " supervisor.run()"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    parent = subprocess.Popen(
        [sys.executable, "-c", script, RUN, str(CHILD), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    Installation(None, f"http://127.0.0.1:{port}", []).wait_until_ready()  # type: ignore[arg-type]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until = monotonic() + PATIENCE_S
    while monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        sleep(0.1)
    pytest.fail("the children still listen")
