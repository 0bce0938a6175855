"""One job from claim to end, without the engine."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.kit.jobs.kinds import FORMS, KINDS, CountTo

from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import Busy, Unreachable
from assay.kit.home import Home
from assay.kit.jobs import JobContext, JobFile, JobFiles, JobForm, JobKind, Jobs, JobState, store
from assay.kit.jobs.running import RunningJob, carry_out, insist, remember_nothing
from assay.kit.jobs.types import JobRecord
from assay.kit.jobs.worker import Watch

NOW = datetime(2026, 1, 2, tzinfo=UTC)
BY_NAME = {kind.form.name: kind for kind in KINDS}


class World:
    """A home with jobs, and one attempt at the newest of them."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.database = Database(home)
        self.jobs = Jobs(home, self.database, FixedClock(NOW), FORMS)
        self.is_stopping = threading.Event()
        self.heard: list[str] = []

    def claim(self, kind: str, worker_id: str = "wrk_a") -> JobRecord:
        job_id = self.jobs.submit("acc_a", kind, {"count": 3}).job_id
        return self.claim_again(job_id, worker_id)

    def claim_again(self, job_id: str, worker_id: str) -> JobRecord:
        with self.database.write() as connection:
            record = store.claim_job(connection, job_id, worker_id, NOW)
        assert record is not None
        return record

    def run(
        self,
        record: JobRecord,
        kind: JobKind | None,
        *,
        worker_id: str = "wrk_a",
        now: datetime = NOW,
    ) -> bool:
        job = RunningJob(
            self.home,
            self.database,
            FixedClock(now),
            record,
            worker_id,
            60.0,
            remember_nothing,
            self.is_stopping,
            self.heard.append,
        )
        return carry_out(kind, job, record)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(Home(tmp_path / "home").create())
    yield made
    made.jobs.close()
    made.database.close()


def make(run: object) -> JobKind:
    """A kind around a function."""
    return JobKind(JobForm("count", CountTo, "use", "For a test."), run)  # type: ignore[arg-type]


def test_a_finished_job_has_its_result_and_is_announced(world: World) -> None:
    record = world.claim("count")
    assert world.run(record, BY_NAME["count"])
    done = world.jobs.load(record.job_id)
    assert (done.state, done.percent, done.ended_at) == (JobState.DONE, 100.0, NOW)
    assert world.jobs.load_file(record.job_id, "document").body == b'{"numbers":[0,1,2]}'
    assert set(world.heard) == {record.job_id}
    assert done.sequence > record.sequence


def test_a_finished_job_has_done_all_of_it(world: World) -> None:
    def run(context: JobContext, parameters: CountTo) -> JobFiles:
        context.step("Counting", 1, 2)
        context.step("Counting", 2, 2)
        return {"document": JobFile("application/json", b"{}")}

    record = world.claim("count")
    assert world.run(record, make(run))
    done = world.jobs.load(record.job_id)
    assert (done.done, done.total, done.percent) == (2, 2, 100.0)


def test_a_refusal_is_a_problem_for_its_owner(world: World) -> None:
    record = world.claim("refuse")
    assert world.run(record, BY_NAME["refuse"])
    failed = world.jobs.load(record.job_id)
    assert failed.state is JobState.FAILED
    assert failed.error == {
        "code": "bad-input",
        "status": 422,
        "detail": "Nobody can count that.",
        "hint": "Count something else.",
        "retryable": False,
    }


def test_a_defect_keeps_its_words_to_itself(world: World) -> None:
    record = world.claim("defect")
    assert world.run(record, BY_NAME["defect"])
    failed = world.jobs.load(record.job_id)
    assert failed.error is not None
    assert failed.error["code"] == "internal"
    assert "secret" not in str(failed.error)


def test_parameters_that_no_longer_fit_fail_the_job(world: World) -> None:
    job_id = world.jobs.submit("acc_a", "count", {"how_many": 3}).job_id
    record = world.claim_again(job_id, "wrk_a")
    assert world.run(record, BY_NAME["count"])
    assert world.jobs.load(job_id).error is not None


def test_a_kind_that_is_gone_fails_the_job(world: World) -> None:
    record = world.claim("count")
    assert world.run(record, None)
    error = world.jobs.load(record.job_id).error
    assert error is not None
    assert error["code"] == "not-found"


def test_cancelling_stops_a_running_job_and_leaves_no_result(world: World) -> None:
    record = world.claim("count")

    def run(context: JobContext, parameters: CountTo) -> JobFiles:
        world.jobs.cancel(record.job_id)
        context.step("Counting", 1, 3)
        raise AssertionError("it went on")

    assert world.run(record, make(run))
    cancelled = world.jobs.load(record.job_id)
    assert cancelled.state is JobState.CANCELLED
    assert world.jobs.list_files([record.job_id]) == {}


def test_a_job_may_not_run_for_ever(world: World) -> None:
    record = world.claim("count")
    assert world.run(record, BY_NAME["count"], now=NOW + timedelta(seconds=61))
    error = world.jobs.load(record.job_id).error
    assert error is not None
    assert error["code"] == "timed-out"


def test_a_stopping_worker_hands_its_job_back(world: World) -> None:
    record = world.claim("count")
    world.is_stopping.set()
    assert not world.run(record, BY_NAME["count"])
    assert world.jobs.load(record.job_id).state is JobState.QUEUED
    again = world.claim_again(record.job_id, "wrk_b")
    assert (again.attempts, again.crashes) == (2, 0)


def test_a_worker_that_lost_its_job_writes_nothing(world: World) -> None:
    record = world.claim("count")

    def run(context: JobContext, parameters: CountTo) -> JobFiles:
        world.claim_again(record.job_id, "wrk_b")
        return {"document": JobFile("application/json", b"stale")}

    assert world.run(record, make(run))
    held = world.jobs.load(record.job_id)
    assert held.state is JobState.RUNNING
    assert world.jobs.list_files([record.job_id]) == {}


def test_a_job_that_ends_its_workers_is_given_up(world: World) -> None:
    record = world.claim("count")
    for name in ("wrk_b", "wrk_c", "wrk_d"):
        record = world.claim_again(record.job_id, name)
    assert record.crashes == 3
    assert world.run(record, BY_NAME["count"], worker_id="wrk_d")
    error = world.jobs.load(record.job_id).error
    assert error is not None
    assert "broke off 3 times" in error["detail"]
    assert not (world.home.path / "effects").exists()


def test_a_job_begins_again_after_the_database_was_away(world: World) -> None:
    record = world.claim("count")

    def run(context: JobContext, parameters: CountTo) -> JobFiles:
        raise Unreachable("The database does not answer.")

    assert not world.run(record, make(run))
    queued = world.jobs.load(record.job_id)
    assert (queued.state, queued.crashes) == (JobState.QUEUED, 1)
    assert world.run(world.claim_again(record.job_id, "wrk_a"), BY_NAME["count"])
    assert world.jobs.load(record.job_id).state is JobState.DONE


def test_an_end_is_written_as_soon_as_the_database_is_back() -> None:
    tries = [Unreachable("away"), Busy("another writes")]

    def write() -> None:
        if tries:
            raise tries.pop()

    insist(write, (0.0, 0.0))
    assert not tries
    tries = [Unreachable("away")] * 3
    with pytest.raises(Unreachable):
        insist(write, (0.0, 0.0))


def test_the_dead_are_those_whose_beats_have_long_stood_still() -> None:
    now = [0.0]
    watch = Watch(10.0, lambda: now[0])
    assert watch.find_dead({"a": 1, "b": 7}) == set()
    now[0] = 9.0
    assert watch.find_dead({"a": 2, "b": 7}) == set()
    now[0] = 10.0
    assert watch.find_dead({"a": 2, "b": 7, "c": 1}) == {"b"}
    now[0] = 18.0
    assert watch.find_dead({"a": 3, "c": 1}) == set()
    now[0] = 20.0
    assert watch.find_dead({"a": 3, "b": 7, "c": 1}) == {"c"}
