"""Processes that are killed while they take and carry out jobs: nothing is lost, nothing twice."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from tests.cli.test_serve import wait_for

from assay.api.forms import FORMS
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.jobs import JobQuery, JobRecord, Jobs, JobState

pytestmark = pytest.mark.slow

PATIENCE_S = 300.0


def wait(is_so: Callable[[], bool], what: object = "") -> None:
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until, what
        time.sleep(0.1)


class Machine:
    """A home, the processes that work on it, and what they have done."""

    def __init__(self, home: Home) -> None:
        self.home = home
        url = home.reveal_database_url()
        self.environment = {
            **os.environ,
            "ASSAY_HOME": str(home.path),
            **({"ASSAY_DATABASE_URL": url} if url else {}),
        }
        self.children: list[subprocess.Popen[str]] = []

    def run(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            [sys.executable, "-m", "assay", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**self.environment, **environment},
            start_new_session=True,
        )
        self.children.append(child)
        return child

    def finish(self, *arguments: str) -> str:
        said, told = self.run(*arguments).communicate()
        assert self.children[-1].returncode == 0, told
        return said.strip()

    def hire(self) -> "subprocess.Popen[str]":
        child = self.run("worker")
        wait_for(child, re.compile("Working"))
        return child

    def kill(self, child: "subprocess.Popen[str]") -> None:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()

    def load(self, job_id: str) -> JobRecord:
        database = Database(self.home)
        try:
            return Jobs(self.home, database, SystemClock(), FORMS).load(job_id)
        finally:
            database.close()

    def list_jobs(self) -> list[JobRecord]:
        database = Database(self.home)
        try:
            return Jobs(self.home, database, SystemClock(), FORMS).list(JobQuery(limit=10_000))
        finally:
            database.close()

    def count_publications(self) -> Counter[tuple[str, str]]:
        database = Database(self.home)
        try:
            with database.read() as connection:
                rows = connection.execute(text("SELECT kind, as_of FROM publications"))
                return Counter((row.kind, str(row.as_of)) for row in rows)
        finally:
            database.close()

    def close(self) -> None:
        for child in self.children:
            if child.poll() is None:
                self.kill(child)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """On SQLite."""
    with contextlib.closing(Machine(Home(tmp_path / "home").create())) as made:
        yield made


@pytest.fixture
def large_machine(tmp_path: Path, postgres_url: str) -> Iterator[Machine]:
    """On PostgreSQL."""
    home = Home(tmp_path / "home", SecretStr(postgres_url)).create()
    with contextlib.closing(Machine(home)) as made:
        yield made


def test_a_back_fill_survives_the_death_of_its_workers(machine: Machine) -> None:
    machine.finish("tokens")
    job_id = machine.finish("jobs", "run", "backfill", "--param", 'kinds=["moonshots"]')
    for _ in range(2):
        worker = machine.hire()
        before = sum(machine.count_publications().values())
        wait(lambda: sum(machine.count_publications().values()) >= before + 32, job_id)  # noqa: B023
        machine.kill(worker)
    assert machine.load(job_id).state is JobState.RUNNING
    machine.hire()
    wait(lambda: machine.load(job_id).state.is_final, job_id)
    done = machine.load(job_id)
    assert (done.state, done.attempts, done.crashes) == (JobState.DONE, 3, 2)
    said = machine.count_publications()
    assert set(said.values()) == {1}, "a day was said twice"
    again = machine.finish("jobs", "run", "backfill", "--param", 'kinds=["moonshots"]')
    wait(lambda: machine.load(again).state.is_final, again)
    assert machine.count_publications() == said


def test_accepted_jobs_survive_the_death_of_the_server(large_machine: Machine) -> None:
    """Requests that got no answer are sent again with their keys: each is one job, none is lost."""
    accepted: dict[str, Any] = {}
    waiting = [str(uuid.uuid4()) for _ in range(40)]
    body = {"kind": "signals"}
    for round_ in range(2):
        port = find_port()
        server = large_machine.run("serve", "--no-worker", ASSAY_PORT=port)
        url = f"http://127.0.0.1:{port}"
        wait(lambda: does_listen(url), "the server does not listen")  # noqa: B023
        stop = threading.Event()
        threads = [
            threading.Thread(target=send, args=(url, body, waiting, accepted, stop))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        if round_ < 1:
            goal = len(accepted) + 10
            wait(lambda: len(accepted) >= goal, "no job was accepted")  # noqa: B023
            large_machine.kill(server)
            stop.set()
        for thread in threads:
            thread.join()
    assert not waiting
    assert len(accepted) == 40
    jobs = large_machine.list_jobs()
    assert {job.job_id for job in jobs} == set(accepted.values())
    assert len(jobs) == 40
    headers = {"idempotency-key": next(iter(accepted))}
    again = httpx.post(f"{url}/v1/evaluations", json=body, headers=headers, timeout=PATIENCE_S)
    assert again.json()["data"]["job_id"] == accepted[headers["idempotency-key"]]


def find_port() -> str:
    """A port that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def does_listen(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def send(
    url: str,
    body: dict[str, str],
    waiting: list[str],
    accepted: dict[str, Any],
    stop: threading.Event,
) -> None:
    """Send what waits until nothing does or the server is gone; unanswered keys wait on."""
    while waiting and not stop.is_set():
        try:
            key = waiting.pop()
        except IndexError:
            return
        try:
            headers = {"idempotency-key": key}
            answer = httpx.post(
                f"{url}/v1/evaluations", json=body, headers=headers, timeout=PATIENCE_S
            )
            answer.raise_for_status()
            accepted[key] = answer.json()["data"]["job_id"]
        except httpx.HTTPError:
            waiting.append(key)
            time.sleep(0.2)
