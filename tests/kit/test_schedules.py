"""Scheduled jobs: one worker queues what is due, missed turns are caught up by one job."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kit.jobs.kinds import FORMS

from assay.kit.database import Database
from assay.kit.errors import Busy, NotFound
from assay.kit.home import Home
from assay.kit.jobs import JobQuery, Jobs, store
from assay.kit.schedules import ACCOUNT, Cadence, Schedule, Timekeeper, describe_turn

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAILY = Schedule(
    "daily", "Every day.", "count", Cadence(24 * HOUR, timedelta(minutes=5)), {"count": 1}
)
HOURLY = Schedule("hourly", "Every hour.", "count", Cadence(HOUR), {"count": 2}, is_urgent=True)


@dataclass
class Hand:
    """A clock that tests move."""

    at: datetime = NOW
    is_replay: bool = False

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    made = Database(each_home)
    yield made
    made.close()


@pytest.fixture
def jobs(each_home: Home, database: Database, hand: Hand) -> Iterator[Jobs]:
    made = Jobs(each_home, database, hand, FORMS, queue_limit=5)
    yield made
    made.close()


@pytest.fixture
def keeper(database: Database, hand: Hand, jobs: Jobs) -> Timekeeper:
    return Timekeeper(database, hand, jobs, [DAILY, HOURLY])


def finish(database: Database, job_id: str) -> None:
    with database.write() as connection:
        store.want_cancelled(connection, job_id, NOW)


def find_due(keeper: Timekeeper) -> dict[str, datetime]:
    return {turn.schedule.name: turn.due_at for turn in keeper.list_turns()}


def test_a_new_installation_begins_with_what_is_urgent(
    keeper: Timekeeper, jobs: Jobs, hand: Hand
) -> None:
    (queued,) = keeper.run_due()
    assert (queued.account_id, queued.parameters) == (ACCOUNT, {"count": 2})
    assert jobs.load(queued.job_id) == queued
    assert find_due(keeper) == {
        "daily": datetime(2026, 1, 3, 0, 5, tzinfo=UTC),
        "hourly": datetime(2026, 1, 2, 4, tzinfo=UTC),
    }
    assert keeper.run_due() == []
    hand.at = datetime(2026, 1, 3, 0, 4, 59, tzinfo=UTC)
    assert [each.parameters for each in keeper.run_due()] == [], "the last one has not ended"


def test_missed_turns_are_caught_up_by_one_job(
    keeper: Timekeeper, database: Database, hand: Hand
) -> None:
    (first,) = keeper.run_due()
    finish(database, first.job_id)
    hand.at = NOW + timedelta(days=9)
    assert {each.kind for each in keeper.run_due()} == {"count"}
    assert keeper.run_due() == []
    turns = {turn.schedule.name: turn for turn in keeper.list_turns()}
    assert turns["daily"].last_due_at == datetime(2026, 1, 3, 0, 5, tzinfo=UTC)
    assert turns["hourly"].due_at == hand.at.replace(minute=0, second=0) + HOUR


def test_a_clock_that_was_ahead_holds_nothing_up(
    keeper: Timekeeper, database: Database, hand: Hand
) -> None:
    hand.at = NOW + timedelta(days=4_000)
    (first,) = keeper.run_due()
    finish(database, first.job_id)
    hand.at = NOW
    assert keeper.run_due() == []
    assert find_due(keeper) == {
        "daily": datetime(2026, 1, 3, 0, 5, tzinfo=UTC),
        "hourly": datetime(2026, 1, 2, 4, tzinfo=UTC),
    }
    hand.at += HOUR
    assert len(keeper.run_due()) == 1


def test_a_worker_whose_clock_is_a_little_behind_queues_no_turn_again(
    keeper: Timekeeper, database: Database, hand: Hand
) -> None:
    (first,) = keeper.run_due()
    finish(database, first.job_id)
    hand.at = datetime(2026, 1, 2, 4, 0, 1, tzinfo=UTC)
    (second,) = keeper.run_due()
    finish(database, second.job_id)
    hand.at -= timedelta(seconds=5)
    assert keeper.run_due() == []
    hand.at += timedelta(seconds=4)
    assert keeper.run_due() == []


def test_of_many_workers_one_queues_a_turn(database: Database, hand: Hand, jobs: Jobs) -> None:
    jobs.open()
    found: list[str] = []

    def work() -> None:
        queued = Timekeeper(database, hand, jobs, [HOURLY]).run_due()
        found.extend(record.job_id for record in queued)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert [record.job_id for record in jobs.list(JobQuery())] == found


def test_a_full_queue_leaves_it_due(keeper: Timekeeper, jobs: Jobs, database: Database) -> None:
    waiting = [jobs.submit("acc_a", "count", {"count": 1}).job_id for _ in range(5)]
    assert keeper.run_due() == []
    finish(database, waiting[0])
    assert len(keeper.run_due()) == 1


def test_one_that_is_off_is_left_alone(keeper: Timekeeper, hand: Hand) -> None:
    assert not keeper.switch("hourly", is_on=False).is_on
    hand.at = NOW + timedelta(hours=9)
    assert keeper.run_due() == []
    assert keeper.switch("hourly", is_on=True).due_at == hand.at.replace(minute=0, second=0) + HOUR


def test_it_is_run_out_of_turn(keeper: Timekeeper) -> None:
    record = keeper.run_now("daily")
    assert record.parameters == {"count": 1}
    with pytest.raises(Busy):
        keeper.run_now("daily")
    with pytest.raises(NotFound, match="no schedule 'weekly'"):
        keeper.run_now("weekly")
    shown = {turn.schedule.name: describe_turn(turn) for turn in keeper.list_turns()}["daily"]
    assert shown["last_job_id"] == record.job_id
    assert (shown["every_s"], shown["due_at"]) == (86_400, "2026-01-03T00:05:00Z")


@given(
    st.timedeltas(timedelta(minutes=1), timedelta(days=400)),
    st.timedeltas(timedelta(0), timedelta(days=3)),
    st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_next_turn_is_the_first_one_later(
    every: timedelta, offset: timedelta, moment: datetime
) -> None:
    following = Cadence(every, offset).next_after(moment)
    assert moment < following <= moment + every
    assert (following - datetime(1970, 1, 1, tzinfo=UTC) - offset) % every == timedelta(0)
