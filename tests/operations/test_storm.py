"""kill -9 of API processes, of the worker and of Redis under load, on SQLite and PostgreSQL.

One round here; ASSAY_STORM_ROUNDS=40 makes a long storm of it.

Writers ask for jobs, each with an idempotency key, and repeat a request that broke off, as the
client library does. Afterwards: every job that was accepted is there once and was carried out.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep

import httpx
import pytest
from tests.operations.test_supervising import CHILD, ROOT, RUN
from tests.services import miss

from assay.api import open_socket
from assay.cli.supervising import Supervisor
from assay.kit.home import Home

pytestmark = pytest.mark.slow

WORKER = ROOT / "tests" / "api" / "traced_worker.py"
ROUNDS = int(os.environ.get("ASSAY_STORM_ROUNDS", "1"))
MOST_ROUNDS = 10
ROUND_S = 1.0
EACH_ROUND = 8
PATIENCE_S = 180.0
WRITERS = 3


@dataclass
class Redis:
    """A Redis of our own that can be killed and started again."""

    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            stdout=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@dataclass
class Writer:
    """Asks for jobs one after the other until the storm is over; forgets none that was accepted."""

    url: str
    accepted: dict[str, str] = field(default_factory=dict)
    """Job id by idempotency key."""
    unknown: int = 0
    """Keys whose first attempt died in a process: another may carry it out after two minutes."""
    repeated: int = 0
    is_over: bool = False

    def run(self) -> None:
        while not self.is_over:
            key = secrets.token_hex(16)
            job_id = self.ask(key)
            if job_id is None:
                self.unknown += 1
            else:
                self.accepted[key] = job_id

    def ask(self, key: str) -> str | None:
        until = monotonic() + PATIENCE_S
        while monotonic() < until:
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.post(
                    f"{self.url}/v1/jobs",
                    json={"kind": "evaluation", "parameters": {"kind": "trader"}},
                    headers={"idempotency-key": key},
                    trust_env=False,
                    timeout=30.0,
                )
                if answer.status_code == 202:
                    return str(answer.json()["data"]["job_id"])
                if answer.status_code == 409:
                    return None
                assert answer.status_code == 503, answer.text
            self.repeated += 1
            sleep(0.1)
        raise AssertionError(f"{key} was never accepted")


@dataclass
class Storm:
    """The installation, and what kills parts of it."""

    supervisor: Supervisor
    redis: Redis
    home: Home
    environment: dict[str, str]
    worker: "subprocess.Popen[bytes] | None" = None
    rounds: int = 0

    def hire(self) -> None:
        self.worker = subprocess.Popen(
            [sys.executable, "-c", RUN, str(WORKER), str(self.home.path)], env=self.environment
        )

    def rage(self, writers: Sequence[Writer]) -> None:
        """Each round kills every API process, the worker and Redis, which comes back a bit later,
        and then waits until the load has gone on. A kill may fall between two requests: the storm
        goes on until it was felt.
        """
        while self.rounds < ROUNDS or not any(writer.repeated for writer in writers):
            assert self.rounds < MOST_ROUNDS, "no kill broke a request"
            self.wait_for_load(writers)
            self.redis.kill()
            for place in self.supervisor.places:
                if place.child is not None:
                    os.kill(place.child.pid, signal.SIGKILL)
            if self.worker is not None:
                self.worker.kill()
                self.worker.wait()
            sleep(ROUND_S)
            self.hire()
            self.redis.start()
            self.rounds += 1
        self.wait_for_load(writers)

    def wait_for_load(self, writers: Sequence[Writer]) -> None:
        wanted = EACH_ROUND * (self.rounds + 1)
        wait_until(lambda: sum(len(writer.accepted) for writer in writers) >= wanted)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def storm(each_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storm]:
    if shutil.which("redis-server") is None:
        miss("redis-server", "it is not installed")
    redis = Redis(free_port())
    redis.start()
    url = each_home.reveal_database_url()
    environment = {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        "ASSAY_REDIS_URL": redis.url,
        **({"ASSAY_DATABASE_URL": url} if url else {}),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    listener = open_socket("127.0.0.1", 0)
    command = [sys.executable, "-c", RUN, str(CHILD), str(listener.fileno()), str(each_home.path)]
    supervisor = Supervisor(listener, lambda _: command, 2, drain_s=0.3, stop_s=10.0)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    made = Storm(supervisor, redis, each_home, {**os.environ, **environment})
    made.hire()
    try:
        yield made
    finally:
        supervisor.is_stopping = True
        thread.join()
        redis.kill()
        if made.worker is not None:
            made.worker.kill()
            made.worker.wait()


def wait_until(is_so: Callable[[], bool]) -> None:
    until = monotonic() + PATIENCE_S
    while not is_so():
        assert monotonic() < until
        sleep(0.1)


def is_ready(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{url}/readyz", trust_env=False).status_code == 200
    return False


def load_jobs(url: str) -> dict[str, str]:
    """State by id of every job there is."""
    found: dict[str, str] = {}
    cursor = None
    while True:
        query = {"limit": "1000", **({"cursor": cursor} if cursor else {})}
        page = httpx.get(f"{url}/v1/jobs", params=query, trust_env=False, timeout=60.0).json()
        found |= {job["job_id"]: job["state"] for job in page["data"]}
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def test_what_was_accepted_is_there_once_and_is_carried_out(storm: Storm) -> None:
    url = f"http://127.0.0.1:{storm.supervisor.listener.getsockname()[1]}"
    wait_until(lambda: is_ready(url))
    writers = [Writer(url) for _ in range(WRITERS)]
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    storm.rage(writers)
    for writer in writers:
        writer.is_over = True
    for thread in threads:
        thread.join()
    wait_until(lambda: is_ready(url))
    accepted = [job_id for writer in writers for job_id in writer.accepted.values()]
    assert len(accepted) >= EACH_ROUND * (storm.rounds + 1)
    assert len(set(accepted)) == len(accepted), "one job for one key"
    until = monotonic() + PATIENCE_S
    while True:
        jobs = load_jobs(url)
        if set(jobs.values()) == {"done"}:
            break
        assert monotonic() < until, jobs
        assert "failed" not in jobs.values(), jobs
        sleep(0.5)
    assert set(accepted) <= set(jobs), "none is lost"
    # Of a key without an answer there may be a job that was accepted as its process died.
    assert len(jobs) <= len(accepted) + sum(writer.unknown for writer in writers), "none is doubled"
