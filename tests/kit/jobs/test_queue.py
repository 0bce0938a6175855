"""Accepting, listing, cancelling and forgetting jobs, on both databases; no worker runs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.kit.jobs.kinds import FORMS

from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import Busy, NotFound, RateLimited
from assay.kit.home import Home
from assay.kit.jobs import (
    JobQuery,
    Jobs,
    JobState,
    delete_old,
    erase_account,
    list_for_export,
    store,
)
from assay.kit.jobs.queue import reconcile
from assay.kit.jobs.types import JobFile
from assay.kit.moments import to_microseconds

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    made = Database(each_home)
    yield made
    made.close()


@pytest.fixture
def jobs(each_home: Home, database: Database) -> Iterator[Jobs]:
    made = Jobs(each_home, database, FixedClock(NOW), FORMS, queue_limit=5)
    yield made
    made.close()


def test_an_accepted_job_is_stored_and_has_a_place_in_the_queue(jobs: Jobs) -> None:
    said = jobs.submit("acc_a", "count", {"count": 3}, traceparent="00-abc")
    found = jobs.load(said.job_id)
    assert found == said
    assert (found.state, found.created_at, found.percent) == (JobState.QUEUED, NOW, 0.0)
    place = jobs.engine.find([said.job_id])[said.job_id]
    assert not place.is_over
    assert place.worker_id is None


def test_a_job_that_is_not_accepted_leaves_nothing(jobs: Jobs) -> None:
    for _ in range(2):
        jobs.submit("acc_a", "count", {"count": 1}, most_unfinished=2)
    with pytest.raises(RateLimited) as refused:
        jobs.submit("acc_a", "count", {"count": 1}, most_unfinished=2)
    assert refused.value.retry_after_s
    for _ in range(3):
        jobs.submit("acc_b", "count", {"count": 1})
    with pytest.raises(Busy):
        jobs.submit("acc_c", "count", {"count": 1})
    assert len(jobs.list(JobQuery())) == 5


def test_others_jobs_are_not_found(jobs: Jobs) -> None:
    job_id = jobs.submit("acc_a", "count", {"count": 1}).job_id
    assert jobs.load(job_id, "acc_a").job_id == job_id
    with pytest.raises(NotFound):
        jobs.load(job_id, "acc_b")
    with pytest.raises(NotFound):
        jobs.load("job_none")


def test_jobs_are_listed_newest_first_page_by_page(each_home: Home, database: Database) -> None:
    made = []
    for second in range(5):
        clock = FixedClock(NOW + timedelta(seconds=second // 2))
        queue = Jobs(each_home, database, clock, FORMS)
        kind = "count" if second % 2 else "refuse"
        made.append(queue.submit("acc_a", kind, {"count": second}))
        queue.close()
    wanted = sorted(made, key=lambda record: (record.created_at, record.job_id), reverse=True)
    first = queue.list(JobQuery(account_id="acc_a", limit=2))
    last = first[-1]
    before = (to_microseconds(last.created_at), last.job_id)
    rest = queue.list(JobQuery(account_id="acc_a", before=before))
    assert [*first, *rest] == wanted
    assert {record.kind for record in queue.list(JobQuery(kind="refuse"))} == {"refuse"}
    assert queue.list(JobQuery(states=frozenset({JobState.DONE}))) == []
    assert queue.list(JobQuery(account_id="acc_b")) == []


def test_a_queued_job_is_cancelled_at_once_and_is_never_claimed(
    jobs: Jobs, database: Database
) -> None:
    job_id = jobs.submit("acc_a", "count", {"count": 1}).job_id
    jobs.cancel(job_id)
    cancelled = jobs.load(job_id)
    assert cancelled.state is JobState.CANCELLED
    assert cancelled.ended_at == NOW
    with database.write() as connection:
        assert store.claim_job(connection, job_id, "wrk_a", NOW) is None
    jobs.cancel(job_id)
    assert jobs.load(job_id) == cancelled


def test_a_lost_claim_changes_nothing(jobs: Jobs, database: Database) -> None:
    job_id = jobs.submit("acc_a", "count", {"count": 1}).job_id
    with database.write() as connection:
        first = store.claim_job(connection, job_id, "wrk_a", NOW)
        second = store.claim_job(connection, job_id, "wrk_b", NOW)
    assert first is not None
    assert second is not None
    assert (second.attempts, second.crashes) == (2, 1)
    with database.write() as connection:
        assert not store.update_claimed(connection, job_id, ("wrk_a", first.attempts), done=9)
        assert store.update_claimed(connection, job_id, ("wrk_b", second.attempts), done=1)
    assert jobs.load(job_id).done == 1


def test_old_results_go_and_unfinished_jobs_stay(jobs: Jobs, database: Database) -> None:
    old, new = (jobs.submit("acc_a", "count", {"count": 1}).job_id for _ in range(2))
    with database.write() as connection:
        claim = store.claim_job(connection, old, "wrk_a", NOW)
        assert claim is not None
        store.save_files(connection, old, {"document": JobFile("application/json", b"{}")})
        ended = {"state": "done", "ended_at_us": to_microseconds(NOW)}
        assert store.update_claimed(connection, old, ("wrk_a", claim.attempts), **ended)
    later = FixedClock(NOW + timedelta(days=31))
    assert jobs.load_file(old, "document").body == b"{}"
    assert delete_old(database, FixedClock(NOW), jobs.engine, timedelta(days=30)) == 0
    assert delete_old(database, later, jobs.engine, timedelta(days=30)) == 1
    assert [record.job_id for record in jobs.list(JobQuery())] == [new]
    assert list(jobs.engine.find([old, new])) == [new]
    with pytest.raises(NotFound):
        jobs.load_file(old, "document")


def test_an_account_takes_its_jobs_with_it(jobs: Jobs, database: Database) -> None:
    jobs.submit("acc_a", "count", {"count": 1})
    kept = jobs.submit("acc_b", "count", {"count": 1})
    with database.write() as connection:
        assert [job["kind"] for job in list_for_export(connection, "acc_a")] == ["count"]
        assert erase_account(connection, "acc_a") == 1
    assert jobs.list(JobQuery()) == [kept]


def test_the_queue_is_mended(jobs: Jobs, database: Database) -> None:
    """After a restore the engine may know nothing of what was accepted."""
    job_id = jobs.submit("acc_a", "count", {"count": 1}).job_id
    jobs.engine.forget([job_id])
    assert jobs.engine.find([job_id]) == {}
    assert reconcile(database, FixedClock(NOW), jobs.engine) == []
    assert not jobs.engine.find([job_id])[job_id].is_over


def test_totals_say_what_waits(jobs: Jobs, each_home: Home, database: Database) -> None:
    jobs.submit("acc_a", "count", {"count": 1})
    running = jobs.submit("acc_a", "refuse", {"count": 1})
    done = jobs.submit("acc_a", "defect", {"count": 1}).job_id
    with database.write() as connection:
        store.claim_job(connection, running.job_id, "wrk_a", NOW)
        store.claim_job(connection, done, "wrk_a", NOW)
        ended = {"state": "done", "ended_at_us": to_microseconds(NOW + timedelta(seconds=3))}
        assert store.update_claimed(connection, done, ("wrk_a", 1), **ended)
        store.beat(connection, "wrk_a", NOW)
        store.beat(connection, "wrk_gone", NOW - timedelta(minutes=1))
    later = Jobs(each_home, database, FixedClock(NOW + timedelta(seconds=7)), FORMS)
    totals = later.load_totals()
    assert dict(totals.counts) == {
        ("count", JobState.QUEUED): 1,
        ("refuse", JobState.RUNNING): 1,
        ("defect", JobState.DONE): 1,
    }
    assert dict(totals.mean_run_s) == {"defect": 3.0}
    much_later = Jobs(each_home, database, FixedClock(NOW + timedelta(hours=2)), FORMS)
    assert dict(much_later.load_totals().mean_run_s) == {}
    assert dict(totals.oldest_queued_age_s) == {"count": 7.0}
    assert totals.workers == 1
    assert totals.count(JobState.QUEUED) == 1
