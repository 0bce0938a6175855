"""Accounts take turns: who has much to be told keeps nobody else waiting."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.alerts.office import ME, Office, open_office
from tests.alerts.receivers import open_sink, wait_until

from assay.alerts.store import lanes
from assay.alerts.store.channels import mark_failed
from assay.kit.home import Home

pytestmark = pytest.mark.slow
URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def office(each_home: Home) -> Iterator[Office]:
    office = open_office(each_home)
    yield office
    office.database.close()


def take_all(office: Office, *, is_prompt: bool = True) -> list[str]:
    """Whose deliveries a lane takes, in this order; each stays as if it were being sent."""
    order = [""]
    with office.database.write() as connection:
        now = office.clock.now()
        while work := lanes.take(connection, now, "me", is_prompt=is_prompt, after=order[-1]):
            order.append(work.message.account_id)
        assert not lanes.is_waiting(connection, now, is_prompt=is_prompt)
    return order[1:]


def test_accounts_take_turns_however_much_one_has_to_be_told(office: Office) -> None:
    channels = {name: office.add(URL, account_id=name) for name in ("acc_a", "acc_b", "acc_c")}
    second = office.add(URL, account_id="acc_b")
    office.post(6, channels["acc_b"], second, account_id="acc_b")
    office.clock.advance(timedelta(seconds=1))
    office.post(1, channels["acc_a"], account_id="acc_a")
    office.post(2, channels["acc_c"], account_id="acc_c")
    assert take_all(office) == ["acc_a", "acc_b", "acc_c", "acc_b", "acc_c"] + 10 * ["acc_b"]


def test_only_who_has_something_due_in_the_lane_gets_a_turn(office: Office) -> None:
    channel, slow = office.add(URL), office.add(URL, is_prompt=False)
    held = office.add(URL, account_id="acc_held")
    office.post(3, held, account_id="acc_held")
    office.post(2, channel)
    office.post(1, slow)
    with office.database.write() as connection:
        until = office.clock.now() + timedelta(hours=1)
        mark_failed(connection, held, "It is away.", until, is_prompt=True, is_gone=False)
    assert take_all(office) == [ME, ME]
    assert take_all(office, is_prompt=False) == [ME]


def test_a_flood_of_one_account_is_overtaken_by_the_message_of_another(office: Office) -> None:
    with open_sink() as sink:
        mine, theirs = office.add(sink.url), office.add(sink.url, account_id="acc_other")
        office.post(30, mine)
        office.clock.advance(timedelta(seconds=1))
        other = office.post(2, theirs, account_id="acc_other")
        with office.delivering():
            wait_until(lambda: office.count_delivered() == 32, office.describe)
        assert set(sink.ids[:4]) >= set(other)
