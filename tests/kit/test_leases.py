"""Leases: one holder at a time; one that lost it changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.leases import Lease, LeaseLost


@dataclass
class Hand:
    """A clock that tests move."""

    at: datetime = datetime(2026, 1, 2, tzinfo=UTC)
    is_replay: bool = False

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    made = Database(each_home)
    yield made
    made.close()


def test_one_holds_it_until_its_time_is_over(database: Database) -> None:
    hand = Hand()
    first, second = (Lease(database, hand, "alerts", 10.0) for _ in range(2))
    assert first.hold()
    assert not second.hold()
    hand.at += timedelta(seconds=9)
    assert first.hold(), "it is renewed"
    hand.at += timedelta(seconds=9)
    assert not second.hold()
    hand.at += timedelta(seconds=1)
    assert second.hold()
    assert not first.hold()


def test_a_clock_that_was_ahead_keeps_nobody_out(database: Database) -> None:
    hand = Hand()
    first, second = (Lease(database, hand, "alerts", 10.0) for _ in range(2))
    assert first.hold()
    hand.at -= timedelta(seconds=60)
    assert not second.hold(), "another host's clock may be a little behind"
    hand.at -= timedelta(days=300)
    assert second.hold()
    assert not first.hold()


def test_who_lost_it_writes_nothing(database: Database) -> None:
    hand = Hand()
    first, second = (Lease(database, hand, "alerts", 10.0) for _ in range(2))
    assert first.hold()
    with database.write() as connection:
        first.check(connection)
    hand.at += timedelta(seconds=10)
    assert second.hold()
    with database.write() as connection, pytest.raises(LeaseLost, match="'alerts'"):
        first.check(connection)


def test_it_is_let_go_at_once_by_its_holder_only(database: Database) -> None:
    hand = Hand()
    first, second = (Lease(database, hand, "alerts", 10.0) for _ in range(2))
    assert first.hold()
    second.let_go()
    assert not second.hold()
    first.let_go()
    assert second.hold()
    assert Lease(database, hand, "feeds").hold(), "another name is another lease"
