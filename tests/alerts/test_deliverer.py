"""The deliverer: what is due arrives once, whatever fails on the way."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select
from tests.alerts.office import ME, Office, open_office
from tests.alerts.receivers import find_port, open_mail_server, open_sink, wait_until

from assay import alerts
from assay.alerts.store import deliveries as ledger
from assay.alerts.store import lanes, outbox
from assay.alerts.types import DeliveryState, Message
from assay.kit.database import Database, metadata
from assay.kit.errors import Conflict, NotFound, StorageFull
from assay.kit.home import Home

pytestmark = pytest.mark.slow


@pytest.fixture
def office(each_home: Home) -> Iterator[Office]:
    office = open_office(each_home)
    yield office
    office.database.close()


def test_what_is_due_arrives_once_in_order_and_every_attempt_is_kept(office: Office) -> None:
    with open_sink() as sink, open_mail_server() as server:
        hook, mail = office.add(sink.url), office.add(server.url)
        with office.delivering() as deliverer:
            first = office.post(3, hook, mail)
            deliverer.wake()
            office.wait_for(DeliveryState.DELIVERED, 6)
            later = office.post(2, hook)
            office.wait_for(DeliveryState.DELIVERED, 8)
        assert sorted(sink.ids[:3]) == sorted(first)
        assert sorted(sink.ids[3:]) == sorted(later)
        assert sorted(server.ids) == sorted(first)
    for delivery in office.list():
        (attempt,) = delivery.attempts
        assert (attempt.number, attempt.outcome, attempt.reason) == (1, "accepted", "")
        assert delivery.due_at <= attempt.began_at
        assert attempt.ended_at == delivery.ended_at
        assert (delivery.next_at, delivery.reason) == (None, "")


def test_a_message_that_is_due_already_is_not_due_twice(office: Office) -> None:
    with open_sink() as sink:
        hook = office.add(sink.url)
        message = Message("msg_same", "rul_1", ME, "Title", "Text", office.clock.now())
        with office.database.write() as connection:
            now = office.clock.now()
            assert len(outbox.save_due(connection, message, [hook, hook], now)) == 1
            assert outbox.save_due(connection, message, [hook], now) == []
        assert len(office.list()) == 1


def test_what_is_due_later_waits(office: Office) -> None:
    with open_sink() as sink, office.delivering():
        hook = office.add(sink.url)
        now = office.clock.now()
        message = Message("msg_later", "rul_1", ME, "Title", "Text", now)
        with office.database.write() as connection:
            outbox.save_due(connection, message, [hook], now + timedelta(hours=8))
        (at_once,) = office.post(1, hook)
        office.wait_for(DeliveryState.DELIVERED, 1)
        assert sink.ids == [at_once]
        office.clock.advance(timedelta(hours=9))
        office.wait_for(DeliveryState.DELIVERED, 2)


def test_a_receiver_that_was_away_gets_everything_when_it_is_back(office: Office) -> None:
    port = find_port()
    with open_sink() as other:
        hook = office.add(f"http://127.0.0.1:{port}/hook")
        working = office.add(other.url)
        with office.delivering():
            ids = office.post(4, hook)
            wait_until(lambda: office.list(DeliveryState.RETRY), office.describe)
            (beside,) = office.post(1, working)
            wait_until(lambda: other.ids == [beside])
            channel = alerts.get_channel(office.database, ME, hook)
            assert (channel.failures, channel.problem) == (1, "It cannot be reached.")
            assert channel.held_until is not None
            # While a channel is held, what waits for it is not tried one by one.
            assert sum(len(delivery.attempts) for delivery in office.list()) == 2
            with open_sink(port) as sink:
                office.clock.advance(timedelta(minutes=11))
                office.wait_for(DeliveryState.DELIVERED, 5)
                assert sorted(sink.ids) == sorted(ids)
    channel = alerts.get_channel(office.database, ME, hook)
    assert (channel.failures, channel.held_until, channel.problem) == (0, None, "")


def test_one_message_that_is_refused_keeps_no_other_waiting(office: Office) -> None:
    with open_sink() as sink:
        hook = office.add(sink.url)
        sink.answers += [(422, {})]
        with office.delivering():
            ids = office.post(3, hook)
            office.wait_for(DeliveryState.DELIVERED, 2)
            (waits,) = office.list(DeliveryState.RETRY)
            assert waits.reason == "It answered 422."
            assert waits.next_at is not None
            office.clock.advance(timedelta(seconds=3))
            office.wait_for(DeliveryState.DELIVERED, 3)
        assert sorted(sink.ids) == sorted([*ids, waits.message.message_id])


def test_a_wish_to_wait_is_honoured(office: Office) -> None:
    with open_sink() as sink:
        hook = office.add(sink.url)
        sink.answers += [(503, {"retry-after": "3600"})]
        with office.delivering():
            office.post(1, hook)
            office.wait_for(DeliveryState.RETRY, 1)
            waits = office.only()
            assert waits.next_at is not None
            assert waits.next_at - waits.attempts[0].began_at >= timedelta(hours=1)
            office.clock.advance(timedelta(minutes=61))
            office.wait_for(DeliveryState.DELIVERED, 1)
    assert [attempt.outcome for attempt in office.only().attempts] == ["failed", "accepted"]


def test_what_never_arrives_is_a_dead_letter_that_can_be_put_back(office: Office) -> None:
    port = find_port()
    hook = office.add(f"http://127.0.0.1:{port}/hook")
    with office.delivering():
        (message_id,) = office.post(1, hook)
        for number in range(1, 9):
            wait_until(
                lambda number=number: (
                    len(office.only().attempts) >= number
                    and office.only().attempts[number - 1].outcome
                ),
                office.describe,
            )
            office.clock.advance(timedelta(hours=4))
        office.wait_for(DeliveryState.DEAD, 1)
        dead = office.only()
        assert len(dead.attempts) >= 8
        assert dead.reason == "It cannot be reached."
        with open_sink(port) as sink:
            alerts.requeue_delivery(office.database, office.clock, ME, dead.delivery_id)
            office.clock.advance(timedelta(minutes=11))
            office.wait_for(DeliveryState.DELIVERED, 1)
            assert sink.ids == [message_id]
    with pytest.raises(Conflict, match="is delivered, not dead"):
        alerts.requeue_delivery(office.database, office.clock, ME, dead.delivery_id)
    with pytest.raises(NotFound):
        alerts.requeue_delivery(office.database, office.clock, "acc_other", dead.delivery_id)


def test_a_channel_that_is_gone_is_switched_off(office: Office) -> None:
    with open_sink() as sink:
        hook = office.add(sink.url)
        sink.answers += [(410, {})]
        with office.delivering():
            office.post(1, hook)
            office.wait_for(DeliveryState.DEAD, 1)
        assert not alerts.get_channel(office.database, ME, hook).is_enabled
        office.post(1, hook)
        assert {delivery.reason for delivery in office.list(DeliveryState.DEAD)} == {
            "It answered 410: the address is gone.",
            "The channel is switched off.",
        }
        with pytest.raises(Conflict, match="switched off"):
            dead = office.list()[0].delivery_id
            alerts.requeue_delivery(office.database, office.clock, ME, dead)


def test_nothing_vanishes_with_a_channel(office: Office) -> None:
    with open_sink() as sink:
        hook, off = office.add(sink.url), office.add(sink.url)
        foreign = office.add(sink.url, account_id="acc_other")
        office.post(1, hook, off, foreign, "chn_0000000000000000")
        alerts.delete_channel(office.database, office.clock, ME, hook)
        alerts.update_channel(office.database, office.clock, ME, off, is_enabled=False)
        reasons = {delivery.channel_id: delivery.reason for delivery in office.list()}
        assert reasons == {
            hook: "The channel is gone.",
            off: "The channel is switched off.",
            foreign: "The channel is gone.",
            "chn_0000000000000000": "The channel is gone.",
        }
        assert {delivery.state for delivery in office.list()} == {DeliveryState.DEAD}


@pytest.mark.parametrize("is_deleted", [True, False])
def test_what_was_being_sent_when_its_channel_went_ends_too(
    office: Office, is_deleted: bool
) -> None:
    with open_sink() as sink:
        hook = office.add(sink.url)
        sink.gate.clear()
        sink.answers += [(503, {})]
        with office.delivering():
            office.post(1, hook)
            wait_until(lambda: len(sink.taken) == 1)
            if is_deleted:
                alerts.delete_channel(office.database, office.clock, ME, hook)
            else:
                alerts.update_channel(office.database, office.clock, ME, hook, is_enabled=False)
            assert office.count(DeliveryState.SENDING) == 1
            sink.gate.set()
            office.wait_for(DeliveryState.DEAD, 1)
        word = "gone" if is_deleted else "switched off"
        assert office.only().reason == f"The channel is {word}."
        assert [attempt.outcome for attempt in office.only().attempts] == ["failed"]


def test_what_waits_behind_a_channel_that_is_gone_ends_with_it(office: Office) -> None:
    with open_sink() as sink:
        hook = office.add(sink.url)
        sink.answers += [(410, {})]
        office.post(3, hook)
        with office.delivering():
            office.wait_for(DeliveryState.DEAD, 3)
        assert len(sink.taken) == 1
        alerts.update_channel(office.database, office.clock, ME, hook, is_enabled=True)
        for dead in office.list():
            alerts.requeue_delivery(office.database, office.clock, ME, dead.delivery_id)
        with office.delivering():
            office.wait_for(DeliveryState.DELIVERED, 3)


def test_what_was_interrupted_on_its_way_to_a_channel_that_went_ends_too(office: Office) -> None:
    hook, other = (office.add("http://127.0.0.1:9/hook") for _ in range(2))
    office.post(1, hook, other)
    with office.database.write() as connection:
        for delivery in office.list():
            lanes.begin(connection, delivery.delivery_id, 1, office.clock.now(), "who was killed")
    alerts.delete_channel(office.database, office.clock, ME, hook)
    assert office.count(DeliveryState.SENDING) == 2
    with office.database.write() as connection:
        assert lanes.recover(connection, office.clock.now()) == 2
    assert {one.channel_id: one.state for one in office.list()} == {
        hook: DeliveryState.DEAD,
        other: DeliveryState.RETRY,
    }


def test_slow_channels_keep_prompt_ones_waiting_for_nothing(office: Office) -> None:
    with open_sink() as slow, open_sink() as prompt:
        tarrying, quick = office.add(slow.url, is_prompt=False), office.add(prompt.url)
        slow.gate.clear()
        with office.delivering():
            office.post(1, tarrying)
            wait_until(lambda: len(slow.taken) == 1)
            office.post(5, quick)
            office.wait_for(DeliveryState.DELIVERED, 5)
            assert len(office.list(DeliveryState.SENDING)) == 1
            slow.gate.set()
            office.wait_for(DeliveryState.DELIVERED, 6)
        assert len(slow.taken) == 1


class Failing(Database):
    """A database whose disk is full for a while."""

    is_full = False
    refused = 0

    @contextlib.contextmanager
    def write(self, *, wait_s: float = 30.0) -> Iterator[Connection]:
        if self.is_full:
            self.refused += 1
            raise StorageFull("The disk is full.")
        with super().write(wait_s=wait_s) as connection:
            yield connection


def test_a_full_disk_neither_loses_nor_repeats(office: Office, each_home: Home) -> None:
    failing = Failing(each_home)
    with open_sink() as sink:
        hook = office.add(sink.url)
        sink.on_taken = lambda: setattr(failing, "is_full", len(sink.taken) == 1)
        with office.delivering(failing):
            ids = office.post(3, hook)
            wait_until(lambda: failing.refused >= 3)
            assert len(sink.taken) == 1
            failing.is_full = False
            office.wait_for(DeliveryState.DELIVERED, 3)
        assert sorted(sink.ids) == sorted(ids)
    failing.close()
    assert all(len(delivery.attempts) == 1 for delivery in office.list())


def test_of_several_deliverers_one_delivers_and_the_next_goes_on(
    office: Office, each_home: Home
) -> None:
    second = Database(each_home)
    with open_sink() as sink, contextlib.ExitStack() as both:
        hook = office.add(sink.url)
        with office.delivering() as first:
            wait_until(lambda: first.is_delivering)
            other = both.enter_context(office.delivering(second))
            ids = office.post(10, hook)
            office.wait_for(DeliveryState.DELIVERED, 10)
            assert not other.is_delivering
        wait_until(lambda: other.is_delivering)
        ids += office.post(5, hook)
        office.wait_for(DeliveryState.DELIVERED, 15)
        assert sorted(sink.ids) == sorted(ids)
    second.close()


def test_who_lost_the_lease_writes_nothing_any_more(office: Office) -> None:
    with open_sink() as sink:
        hook = office.add(sink.url)
        sink.gate.clear()
        with office.delivering():
            (message_id,) = office.post(1, hook)
            wait_until(lambda: len(sink.taken) == 1)
            with office.database.write() as connection:
                connection.exec_driver_sql(
                    "UPDATE leases SET holder = 'another', until_us = 9000000000000000"
                )
                assert lanes.recover(connection, office.clock.now(), "another") == 1
            sink.gate.set()
            wait_until(lambda: office.only().state is DeliveryState.RETRY)
        delivery = office.only()
        assert (delivery.state, sink.ids) == (DeliveryState.RETRY, [message_id])
        assert delivery.attempts[0].outcome == "interrupted"


def test_an_account_that_is_deleted_takes_everything_with_it(office: Office) -> None:
    with open_sink() as sink:
        mine, theirs = office.add(sink.url), office.add(sink.url, account_id="acc_other")
        with office.delivering():
            office.post(2, mine)
            office.post(1, theirs, account_id="acc_other")
            office.wait_for(DeliveryState.DELIVERED, 2)
        with office.database.write() as connection:
            alerts.erase_account(connection, ME)
            for table in ("alerts_channels", "alerts_messages", "alerts_deliveries"):
                left = connection.execute(select(metadata.tables[table].c.account_id)).scalars()
                assert set(left) == {"acc_other"}
            attempts = connection.exec_driver_sql("SELECT count(*) FROM alerts_attempts").scalar()
            assert attempts == 1


def test_what_ended_long_ago_is_forgotten(office: Office) -> None:
    with open_sink() as sink:
        hook = office.add(sink.url)
        with office.delivering():
            office.post(2, hook)
            office.wait_for(DeliveryState.DELIVERED, 2)
        office.clock.advance(timedelta(days=89))
        assert alerts.delete_old_deliveries(office.database, office.clock) == 0
        (waiting,) = office.post(1, hook)
        office.clock.advance(timedelta(days=91))
        assert alerts.delete_old_deliveries(office.database, office.clock) == 2
        assert office.only().message.message_id == waiting
        with office.database.read() as connection:
            assert ledger.count_states(connection) == {"due": 1}
