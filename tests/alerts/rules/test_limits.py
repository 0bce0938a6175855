"""What an account is told in an hour has a limit; what is beyond it is kept and counted."""

import functools
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.alerts.rules.worlds import (
    ABOVE,
    BTC,
    START,
    HandClock,
    add_channel,
    create,
    list_fired,
    say_price,
    wait_for,
    watching,
)

from assay import alerts
from assay.alerts.compute.engine import Engine
from assay.alerts.service import limiting
from assay.alerts.service.recording import Batch, Recorded, record, send_digests
from assay.alerts.store import hours
from assay.alerts.store.rules import load_rules
from assay.alerts.types import Reading
from assay.kit.bus import MemoryBus
from assay.kit.database import Database

pytestmark = pytest.mark.slow
FEW = 3


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many are told in an hour as a test can fire."""
    monkeypatch.setattr(limiting, "MOST_AN_HOUR", FEW)


def fire(database: Database, clock: HandClock, count: int, firings: int) -> None:
    """Let every rule fire so often; a watcher begins anew each time."""
    bus = MemoryBus()
    for _ in range(firings):
        before = count_fired(database)
        with watching(database, bus, clock):
            say_price(bus, 90, clock.at)
            say_price(bus, 101, clock.at + timedelta(seconds=1))
            wait_for(functools.partial(has_fired, database, before + count))
        clock.at += timedelta(seconds=2)


def has_fired(database: Database, count: int) -> bool:
    return count_fired(database) == count


def count_fired(database: Database) -> int:
    return len(list_fired(database)) + len(list_fired(database, "acc_2"))


def list_told(database: Database, account_id: str = "acc_1") -> list[str]:
    return [event.told.value for event in list_fired(database, account_id)]


def query(database: Database, statement: str) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(text(statement)))


def test_beyond_the_limit_firings_are_kept_and_one_message_says_how_many(
    database: Database,
) -> None:
    clock, channel = HandClock(), add_channel(database)
    create(database, ABOVE, channels=[channel])
    create(database, ABOVE | {"value": 100.5}, "acc_2")
    fire(database, clock, 2, FEW + 2)
    assert list_told(database) == FEW * ["now"] + 2 * ["left_out"]
    assert list_told(database, "acc_2") == (FEW + 2) * ["nowhere"]
    assert [event.message_id for event in list_fired(database)][FEW:] == [None, None]
    assert send_digests(database, clock) == 0
    clock.at = START + timedelta(hours=1)
    assert send_digests(database, clock) == 1
    assert send_digests(database, clock) == 0
    (told,) = query(database, "SELECT * FROM alerts_messages WHERE rule_id = 'digest'")
    assert told.title == "2 alerts left out until 2026-01-05T13:00:00Z"
    assert "2 alerts more fired until 2026-01-05T13:00:00Z" in told.body
    due = query(database, "SELECT message_id, channel_id, state FROM alerts_deliveries")
    assert len(due) == FEW + 1
    assert (told.message_id, channel, "due") in [tuple(row) for row in due]
    assert query(database, "SELECT * FROM alerts_hours") == []
    # The next hour is a new one.
    fire(database, clock, 2, 1)
    assert list_told(database)[-1] == "now"


def test_what_waits_for_a_summary_counts_and_an_hour_without_more_says_nothing(
    database: Database,
) -> None:
    clock, channel = HandClock(), add_channel(database)
    create(database, ABOVE, channels=[channel], digest="hourly")
    fire(database, clock, 1, FEW)
    clock.at = START + timedelta(hours=1)
    assert send_digests(database, clock) == 1
    assert query(database, "SELECT * FROM alerts_hours") == []
    fire(database, clock, 1, FEW + 1)
    assert list_told(database) == FEW * ["digest"] + FEW * ["held"] + ["left_out"]
    clock.at = START + timedelta(hours=2)
    assert send_digests(database, clock) == 2
    titles = [row.title for row in query(database, "SELECT title FROM alerts_messages")]
    assert sorted(titles) == [
        "1 alert left out until 2026-01-05T14:00:00Z",
        "3 alerts until 2026-01-05T13:00:00Z",
        "3 alerts until 2026-01-05T14:00:00Z",
    ]


def record_again(database: Database, rule_id: str, times: int) -> list[Recorded]:
    """Record the first firings of a rule, the same batch so many times, as after kills."""
    with database.read() as connection:
        rules = load_rules(connection, [rule_id])
    engine = Engine()
    engine.add(rules[rule_id])
    firings = []
    for second in range(2 * FEW + 2):
        at = START + timedelta(seconds=second)
        firings += engine.feed(Reading("price", BTC, 101.0 if second % 2 else 90.0, at))
    standing = engine.dump(rule_id)
    assert standing is not None
    batch = Batch(firings, {rule_id: standing}, rules, 0)
    return [record(database, HandClock(), None, batch) for _ in range(times)]


def test_a_firing_that_is_recorded_again_is_not_counted_again(database: Database) -> None:
    rule_id = create(database, ABOVE, channels=[add_channel(database)])
    first, second = record_again(database, rule_id, 2)
    assert (len(first.events), len(second.events)) == (FEW + 1, 0)
    (hour,) = query(database, "SELECT told, left_out, channels FROM alerts_hours")
    assert tuple(hour) == (FEW, 1, '["chn_1"]')
    with database.write() as connection:
        alerts.erase_account(connection, "acc_1")
    assert query(database, "SELECT * FROM alerts_hours") == []


def test_the_message_and_the_end_of_the_hour_are_one_step(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_id = create(database, ABOVE, channels=[add_channel(database)])
    record_again(database, rule_id, 1)
    clock = HandClock(START + timedelta(hours=1))

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(hours, "delete_hour", fail)
        with pytest.raises(KeyboardInterrupt):
            send_digests(database, clock)
    assert query(database, "SELECT * FROM alerts_messages WHERE rule_id = 'digest'") == []
    assert send_digests(database, clock) == 1
    assert len(query(database, "SELECT * FROM alerts_messages WHERE rule_id = 'digest'")) == 1
