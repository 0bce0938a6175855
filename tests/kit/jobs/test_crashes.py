"""Workers that are killed, stopped and suspended while they work, on both databases."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr
from tests.kit.jobs.kinds import FORMS

from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.jobs import JobQuery, JobRecord, Jobs, JobState
from assay.kit.jobs.worker import STUCK

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("kinds.py")
PATIENCE_S = 120.0


class Shop:
    """Jobs of a home, and as many worker processes as are asked for."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.database = Database(home)
        self.jobs = Jobs(home, self.database, SystemClock(), FORMS)
        self.workers: list[subprocess.Popen[str]] = []

    def hire(self) -> "subprocess.Popen[str]":
        url = self.home.reveal_database_url()
        root = str(Path(__file__).parents[3])
        child = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(self.home.path), *([url] if url else [])],
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
            env={**os.environ, "PYTHONPATH": root},
        )
        self.workers.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == "working\n"
        return child

    def submit(self, kind: str = "count", count: int = 4, pause_s: float = 0.0) -> str:
        return self.jobs.submit("acc_a", kind, {"count": count, "pause_s": pause_s}).job_id

    def count_effects(self) -> Counter[str]:
        with contextlib.suppress(FileNotFoundError):
            return Counter((self.home.path / "effects").read_text().split())
        return Counter()

    def wait(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < until, self.jobs.list(JobQuery())
            time.sleep(0.05)

    def wait_for_effects(self, count: int) -> None:
        self.wait(lambda: self.count_effects().total() >= count)

    def wait_for(self, *job_ids: str) -> list[JobRecord]:
        self.wait(lambda: all(self.jobs.load(job_id).state.is_final for job_id in job_ids))
        return [self.jobs.load(job_id) for job_id in job_ids]

    def close(self) -> None:
        for child in self.workers:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()
        self.jobs.close()
        self.database.close()


@pytest.fixture
def shop(each_home: Home) -> Iterator[Shop]:
    """On both databases, each in its turn."""
    with contextlib.closing(Shop(each_home)) as made:
        yield made


@pytest.fixture
def local_shop(tmp_path: Path) -> Iterator[Shop]:
    """On SQLite."""
    with contextlib.closing(Shop(Home(tmp_path / "home").create())) as made:
        yield made


@pytest.fixture
def large_shop(tmp_path: Path, postgres_url: str) -> Iterator[Shop]:
    """On PostgreSQL."""
    home = Home(tmp_path / "home", SecretStr(postgres_url)).create()
    with contextlib.closing(Shop(home)) as made:
        yield made


def _is_stopped(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True)
    return state.stdout.startswith("T")


def test_workers_share_the_queue_and_do_each_thing_once(shop: Shop) -> None:
    for _ in range(2):
        shop.hire()
    ids = [shop.submit(count=3) for _ in range(12)]
    assert {record.state for record in shop.wait_for(*ids)} == {JobState.DONE}
    assert shop.count_effects() == Counter({"0": 12, "1": 12, "2": 12})
    assert {record.attempts for record in shop.wait_for(*ids)} == {1}


def test_a_killed_workers_job_goes_on_where_it_was(shop: Shop) -> None:
    first = shop.hire()
    job_id = shop.submit(count=12, pause_s=0.25)
    shop.wait(lambda: shop.count_effects()["3"] == 1)
    first.kill()
    shop.hire()
    (done,) = shop.wait_for(job_id)
    assert (done.state, done.attempts, done.crashes) == (JobState.DONE, 2, 1)
    counted = orjson.loads(shop.jobs.load_file(job_id, "document").body)
    assert counted == {"numbers": list(range(12))}
    effects = shop.count_effects()
    assert effects.total() - 12 <= 1, "at most the step that was under way is done again"
    assert set(effects) == {str(number) for number in range(12)}


def test_nothing_is_lost_when_workers_are_killed_again_and_again(large_shop: Shop) -> None:
    ids = [large_shop.submit(count=3, pause_s=0.05) for _ in range(8)]
    for _ in range(2):
        child = large_shop.hire()
        large_shop.wait_for_effects(large_shop.count_effects().total() + 4)
        child.kill()
    large_shop.hire()
    done = large_shop.wait_for(*ids)
    assert {record.state for record in done} == {JobState.DONE}
    crashes = sum(record.crashes for record in done)
    assert crashes <= 2
    assert large_shop.count_effects().total() - 24 <= crashes


def test_a_suspended_worker_loses_its_job_and_writes_nothing(local_shop: Shop) -> None:
    first = local_shop.hire()
    job_id = local_shop.submit(count=30, pause_s=0.1)
    local_shop.wait(lambda: local_shop.count_effects()["3"] == 1)
    with local_shop.database.write():
        # Never amid a write of its own: SQLite's lock would stay with it as long as it is stopped.
        first.send_signal(signal.SIGSTOP)
        local_shop.wait(lambda: _is_stopped(first.pid))
    local_shop.hire()
    local_shop.wait(lambda: local_shop.jobs.load(job_id).attempts == 2)
    first.send_signal(signal.SIGCONT)
    (done,) = local_shop.wait_for(job_id)
    assert (done.state, done.attempts) == (JobState.DONE, 2)
    assert local_shop.count_effects().total() - 30 <= 2, "the one under way, on either side"
    # It lives on and takes jobs.
    ids = [local_shop.submit(count=2, pause_s=0.2) for _ in range(6)]
    local_shop.wait_for(*ids)
    assert first.poll() is None


def test_a_stopped_worker_hands_its_job_back(local_shop: Shop) -> None:
    first = local_shop.hire()
    job_id = local_shop.submit(count=30, pause_s=0.1)
    local_shop.wait(lambda: local_shop.count_effects()["2"] == 1)
    first.send_signal(signal.SIGTERM)
    assert first.wait(PATIENCE_S) == 0
    handed = local_shop.jobs.load(job_id)
    assert (handed.state, handed.crashes) == (JobState.QUEUED, 0)
    local_shop.hire()
    (done,) = local_shop.wait_for(job_id)
    assert (done.state, done.attempts, done.crashes) == (JobState.DONE, 2, 0)
    assert local_shop.count_effects() == Counter({str(number): 1 for number in range(30)})


def test_a_job_that_kills_its_workers_is_given_up_and_others_run(local_shop: Shop) -> None:
    murder, good = local_shop.submit("murder"), local_shop.submit()
    deaths = 0
    until = time.monotonic() + PATIENCE_S
    child = local_shop.hire()
    while not local_shop.jobs.load(murder).state.is_final and time.monotonic() < until:
        if child.poll() is not None:
            deaths += 1
            child = local_shop.hire()
        time.sleep(0.05)
    given_up, done = local_shop.wait_for(murder, good)
    assert (given_up.state, given_up.crashes, deaths) == (JobState.FAILED, 3, 3)
    assert done.state is JobState.DONE


def test_a_job_that_hangs_ends_its_worker_and_is_failed_by_the_next(large_shop: Shop) -> None:
    first = large_shop.hire()
    job_id = large_shop.submit("hang")
    assert first.wait(PATIENCE_S) == STUCK
    large_shop.hire()
    (failed,) = large_shop.wait_for(job_id)
    assert failed.error is not None
    assert (failed.error["code"], failed.crashes) == ("timed-out", 1)


def test_a_running_job_is_cancelled(large_shop: Shop) -> None:
    large_shop.hire()
    job_id = large_shop.submit(count=600, pause_s=0.1)
    large_shop.wait(lambda: large_shop.jobs.load(job_id).done > 0)
    large_shop.jobs.cancel(job_id)
    (cancelled,) = large_shop.wait_for(job_id)
    assert cancelled.state is JobState.CANCELLED
    assert 0 < cancelled.done < 600
