"""The watcher with a real database and bus: what it hears, what it reads, what it writes."""

import asyncio
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text
from tests.alerts.rules.worlds import (
    ABOVE,
    START,
    HandClock,
    add_channel,
    create,
    list_fired,
    say_price,
    say_venue,
    wait_for,
    watching,
)

from assay import alerts, ledger
from assay.alerts.rules import Told
from assay.alerts.service.recording import seal_events, send_digests
from assay.feeds.types import unpack_update
from assay.kit.bus import ALERTS, LIVE, MemoryBus
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.errors import Busy, Conflict, NotFound

pytestmark = pytest.mark.slow


def test_prices_fire_and_are_told_to_whom_they_belong(database: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    rule_id = create(database, ABOVE, severity="warning", note="Sell a little.")
    create(database, ABOVE | {"value": 500}, "acc_2")
    due = []
    with watching(database, bus, clock, on_due=lambda: due.append(True)) as watch:
        heard = asyncio.run(_hear_one(bus, lambda: say_price(bus, 120.5, START)))
        wait_for(lambda: watch.figures.fired == 1)
    (event,) = list_fired(database)
    assert list_fired(database, "acc_2") == []
    assert (event.rule_id, event.number, event.told) == (rule_id, 1, Told.NOWHERE)
    assert event.title == "Warning: BTC price is above 100 USD (again after 5 back)"
    assert "BTC price: 120.5 USD at 2026-01-05T12:00:00Z, binance" in event.body
    assert event.body.endswith("Sell a little.")
    assert (event.direction, event.horizon_s, event.fired_at) == (1, 86_400, START)
    channel, account_id, payload = heard
    said = orjson.loads(payload)
    assert (channel, account_id) == ("alerts", "acc_1")
    assert said["event"] == event.event_id
    assert said["readings"][0]["value"] == 120.5
    assert due


async def _hear_one(bus: MemoryBus, say: Any) -> tuple[str, str, bytes]:
    async with bus.subscribe(ALERTS) as heard:
        say()
        async for _, message in heard:
            return unpack_update(message)
    raise AssertionError


def test_a_restart_goes_on_where_the_last_one_stood(database: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    create(database, ABOVE)
    create(database, ABOVE | {"op": "crosses_above"})
    path = (101, 99, 101, 94, 101, 120, 60, 101)
    for second, value in enumerate(path):
        with watching(database, bus, clock) as watch:
            say_price(bus, value, START + timedelta(seconds=second))
            wait_until_heard(watch)
    seconds = [int((event.fired_at - START).total_seconds()) for event in list_fired(database)]
    assert sorted(seconds) == [0, 4, 4, 7, 7]


def wait_until_heard(watch: alerts.Watch) -> None:
    wait_for(lambda: watch.figures.heard)


def test_new_changed_paused_and_deleted_rules_take_effect(here: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    with watching(here, bus, clock) as watch:
        rule_id = create(here, ABOVE)
        wait_for(lambda: watch.figures.rules == 1)
        say_price(bus, 101, START)
        wait_for(lambda: len(list_fired(here)) == 1)
        other = {"when": ABOVE | {"value": 200}}
        view = alerts.update_rule(here, clock, "acc_1", rule_id, other)
        assert (view.rule.revision, view.rule.fired) == (2, 1)
        heard = watch.figures.heard
        # The revision is taken up by itself: until then this price says nothing new.
        second = 1

        def climb() -> bool:
            nonlocal second
            second += 1
            say_price(bus, 150 if second % 2 else 201, START + timedelta(seconds=second))
            return len(list_fired(here)) >= 2

        wait_for(climb)
        assert watch.figures.heard > heard
        numbers = [event.number for event in list_fired(here)]
        assert numbers == list(range(1, len(numbers) + 1))
        alerts.update_rule(here, clock, "acc_1", rule_id, is_paused=True)
        wait_for(lambda: watch.figures.rules == 0)
        alerts.update_rule(here, clock, "acc_1", rule_id, is_paused=False)
        wait_for(lambda: watch.figures.rules == 1)
        alerts.delete_rule(here, "acc_1", rule_id)
        wait_for(lambda: watch.figures.rules == 0)
    assert list_fired(here) == []
    with pytest.raises(NotFound):
        alerts.get_rule(here, clock, "acc_1", rule_id)


def test_a_venue_of_which_nothing_is_heard_is_silent(here: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    when = {"metric": "venue", "subject": "binance", "op": "one_of",
            "values": ["down", "silent"]}  # fmt: skip
    create(here, when)
    with watching(here, bus, clock, silent_after_s=0.2) as watch:
        wait_for(lambda: len(list_fired(here)) == 1)
        clock.at += timedelta(seconds=10)
        say_venue(bus, "binance", "live")
        wait_for(lambda: watch.figures.heard == 1)
        clock.at += timedelta(seconds=10)
        wait_for(lambda: len(list_fired(here)) == 2)
    assert [event.evidence[0].value for event in list_fired(here)] == ["silent", "silent"]


def test_malformed_updates_are_counted_and_change_nothing(here: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    create(here, ABOVE)
    with watching(here, bus, clock) as watch:
        for junk in (b"prices\0", b"prices\0003375\0{", b"prices\0003375\0{\"price\": \"x\"}",
                     b"venues\0binance\0[]", b"nothing", b"books\0a\0b"):  # fmt: skip
            bus.publish(LIVE, junk)
        say_price(bus, None, START)
        say_price(bus, 101, START + timedelta(seconds=1))
        wait_for(lambda: len(list_fired(here)) == 1)
        assert watch.figures.malformed == 4


def test_only_one_of_two_watches_and_the_other_goes_on(database: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    create(database, ABOVE)
    other = alerts.Watch(database, clock, bus, poll_s=0.02)
    with watching(database, bus, clock) as first:
        other.start()
        say_price(bus, 101, START)
        wait_for(lambda: first.figures.fired == 1)
        assert not other.figures.is_watching
        assert other.figures.heard == 0
    try:
        wait_for(lambda: other.figures.is_watching)
        say_price(bus, 90, START + timedelta(seconds=1))
        say_price(bus, 101, START + timedelta(seconds=2))
        wait_for(lambda: other.figures.fired == 1)
    finally:
        other.stop()
    assert [event.number for event in list_fired(database)] == [1, 2]


def test_what_fires_while_the_database_is_away_is_written_when_it_is_back(
    here: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus, clock = MemoryBus(), HandClock()
    create(here, ABOVE)
    with watching(here, bus, clock) as watch:
        is_away = True
        write = here.write

        def refuse(*args: Any, **kwargs: Any) -> Any:
            if is_away:
                raise Busy("The database is away.")
            return write(*args, **kwargs)

        monkeypatch.setattr(here, "write", refuse)
        for second, value in enumerate((101, 90, 101, 90, 101)):
            say_price(bus, value, START + timedelta(seconds=second))
        wait_for(lambda: watch.figures.heard == 5 and watch.figures.failures >= 2)
        assert list_fired(here) == []
        is_away = False
        wait_for(lambda: len(list_fired(here)) == 3)
    seconds = [(event.fired_at - START).total_seconds() for event in list_fired(here)]
    assert seconds == [0, 2, 4]


def test_expired_rules_and_those_that_were_to_fire_once_are_over(here: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    once = create(here, ABOVE, repeat=False)
    until = (START + timedelta(hours=1)).isoformat()
    late = create(here, ABOVE, expires_at=until)
    with watching(here, bus, clock):
        say_price(bus, 101, START)
        wait_for(lambda: len(list_fired(here)) == 2)
    clock.at += timedelta(hours=2)
    with watching(here, bus, clock) as watch:
        assert watch.figures.rules == 0
    assert alerts.get_rule(here, clock, "acc_1", once).status == "over"
    assert alerts.get_rule(here, clock, "acc_1", late).status == "expired"


def test_quiet_hours_and_digests_hold_what_fires(here: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    channel = add_channel(here)
    quiet = {"start": "11:00", "end": "14:00"}
    create(here, ABOVE, quiet_hours=quiet, time_zone="Europe/Berlin", channels=[channel])
    create(here, ABOVE | {"value": 90}, digest="hourly", channels=[channel])
    create(here, ABOVE, quiet_hours=quiet | {"then": "drop"}, channels=[channel])
    now = create(here, ABOVE, channels=[channel])
    with watching(here, bus, clock):
        say_price(bus, 101, START)
        wait_for(lambda: len(list_fired(here)) == 4)
    told = sorted(event.told.value for event in list_fired(here))
    assert told == ["dropped", "held", "held", "now"]
    messages = list_messages(here)
    assert [row.rule_id for row in messages] == [now]
    assert send_digests(here, clock) == 0
    clock.at = START + timedelta(hours=1)
    assert send_digests(here, clock) == 1
    assert send_digests(here, clock) == 0
    told = sorted(event.told.value for event in list_fired(here))
    assert told == ["digest", "digest", "dropped", "now"]
    (digest,) = [row for row in list_messages(here) if row.rule_id != now]
    assert digest.title == "2 alerts until 2026-01-05T13:00:00Z"
    assert digest.body.count("BTC price: 101 USD") == 2


def list_messages(database: Database) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(text("SELECT * FROM alerts_messages ORDER BY at_us")))


def test_the_log_is_told_of_firings_by_salted_hashes(here: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    create(here, ABOVE)
    with watching(here, bus, clock):
        for second, value in enumerate((101.5, 90, 101)):
            say_price(bus, value, START + timedelta(seconds=second))
        wait_for(lambda: len(list_fired(here)) == 2)
    assert seal_events(here, SystemClock()) == 2
    assert seal_events(here, SystemClock()) == 0
    event = list_fired(here)[0]
    with here.read() as connection:
        told = ledger.load_private(connection, "acc_1", event.commitment or "")
    said = orjson.loads(told.statement)
    assert said["event_id"] == event.event_id
    assert said["readings"][0]["value"] == "101.5"
    with here.write() as connection:
        alerts.erase_rules(connection, "acc_1")
    assert list_fired(here) == []
    assert alerts.list_rules(here, clock, "acc_1") == []


def test_rules_are_their_owners_alone(database: Database) -> None:
    clock = HandClock()
    mine, theirs = create(database, ABOVE), create(database, ABOVE, "acc_2")
    assert [view.rule.rule_id for view in alerts.list_rules(database, clock, "acc_1")] == [mine]
    for look in (
        lambda: alerts.get_rule(database, clock, "acc_1", theirs),
        lambda: alerts.update_rule(database, clock, "acc_1", theirs, is_paused=True),
        lambda: alerts.delete_rule(database, "acc_1", theirs),
        lambda: alerts.load_score(database, clock, "acc_1", theirs),
    ):
        with pytest.raises(NotFound):
            look()
    with pytest.raises(Conflict, match="You have 1 rules already"):
        alerts.create_rule(database, clock, "acc_1", {"when": ABOVE}, limit=1)
    with database.write() as connection:
        exported = alerts.list_rules_for_export(connection, "acc_1")
        assert [rule["rule_id"] for rule in exported["rules"]] == [mine]
        alerts.erase_rules(connection, "acc_1")
    assert alerts.list_rules(database, clock, "acc_1") == []
    assert len(alerts.list_rules(database, clock, "acc_2")) == 1


def test_rules_are_listed_newest_first_page_by_page(here: Database) -> None:
    clock, made = HandClock(), []
    for _ in range(5):
        clock.at += timedelta(seconds=1)
        made.append(alerts.create_rule(here, clock, "acc_1", {"when": ABOVE}).rule)
    seen: list[str] = []
    before = None
    while page := alerts.list_rules(here, clock, "acc_1", before=before, limit=2):
        seen += [view.rule.rule_id for view in page]
        last = page[-1].rule
        before = (round(last.created_at.timestamp() * 1_000_000), last.rule_id)
    assert seen == [rule.rule_id for rule in reversed(made)]


def test_a_replayed_price_says_so(here: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    create(here, ABOVE)
    with watching(here, bus, clock):
        say_price(bus, 101, START, is_replay=True)
        wait_for(lambda: list_fired(here))
    (event,) = list_fired(here)
    assert event.is_replay
    assert event.title.startswith("[replay] ")
    assert date(2026, 1, 5) == event.fired_at.date()


def test_a_title_is_one_line_and_old_events_are_forgotten(here: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    create(here, ABOVE, name="Sell!\r\nBcc: everybody@example.org")
    with watching(here, bus, clock):
        say_price(bus, 101, START)
        wait_for(lambda: list_fired(here))
    (event,) = list_fired(here)
    assert event.title == "Sell! Bcc: everybody@example.org"
    assert alerts.delete_old_events(here, clock) == 0
    clock.at += timedelta(days=401)
    assert alerts.delete_old_events(here, clock) == 1
    assert list_fired(here) == []
