"""Channels and deliveries of alerts in a real browser, with a real receiver behind them."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, WebSocketRoute, expect
from tests.alerts.receivers import Taken, wait_until
from tests.web.alerting import HOSTILE, Guest, find_region, make_event, receiving
from tests.web.axe import list_barriers

from assay.alerts.store import outbox
from assay.alerts.types import Message

pytestmark = pytest.mark.slow


@pytest.fixture
def guest(browser: Browser, tmp_path: Path) -> Iterator[Guest]:
    with receiving(browser, tmp_path / "home") as guest:
        yield guest


def is_signed(secret: str, taken: Taken) -> bool:
    """True if the message was signed with the secret, as docs/alerts.md says."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{taken.headers['webhook-id']}.{taken.headers['webhook-timestamp']}.".encode()
    digest = hmac.digest(key, signed + taken.body, hashlib.sha256)
    wanted = "v1," + base64.b64encode(digest).decode()
    return wanted in taken.headers["webhook-signature"].split()


def add_channel(page: Page, name: str, url: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Address", exact=True).fill(url)
    page.get_by_role("button", name="Add it").click()


def list_channels(page: Page) -> Locator:
    return find_region(page, "Channels").get_by_role("listitem")


def post(guest: Guest, channel_id: str, count: int) -> None:
    """Messages that are due now, the last of them newest."""
    account_id, now = guest.account.account_id, guest.site.clock.now()
    with guest.site.app.state.database.write() as connection:
        for number in range(count):
            title = f"{HOSTILE} {number}"
            message = Message(f"msg_{number}", "", account_id, title, "Text", now)
            outbox.save_due(connection, message, [channel_id], now)


# --- channels -----------------------------------------------------------------------------------


def test_a_channel_is_added_tried_and_its_secret_shown_once(guest: Guest) -> None:
    page = guest.page
    guest.open("/alerts/channels")
    expect(page.get_by_text("There is no channel yet")).to_be_visible()
    assert not list_barriers(page)
    add_channel(page, HOSTILE, guest.sink.url)
    made = page.get_by_role("status").filter(has_text="Copy it now")
    secret = made.locator("code").inner_text()
    assert secret.startswith("whsec_")
    expect(made.get_by_role("button", name="Copy the secret")).to_be_visible()
    channel = list_channels(page)
    expect(channel).to_contain_text(HOSTILE)
    expect(channel).to_contain_text(f"http://127.0.0.1:{guest.sink.port}/***")
    expect(channel).to_contain_text("has not taken a message yet")
    page.get_by_role("button", name="Send a test message").click()
    expect(channel).to_contain_text("Delivered: it took the test message.")
    expect(channel).to_contain_text("first took a message on")
    (taken,) = guest.sink.taken
    assert is_signed(secret, taken)
    assert orjson.loads(taken.body)["data"]["is_test"]
    assert "of-somebody" not in page.content()
    assert not list_barriers(page)
    page.reload()
    expect(channel).to_contain_text(HOSTILE)
    assert secret not in page.content()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://10.1.2.3/hook", "The address leads into a private network."),
        ("nowhere", "The address is no URL."),
        ("gopher://example.com/x", "Channels of the scheme 'gopher' are not allowed here."),
    ],
)
def test_an_address_that_is_refused_is_said_beside_its_field(
    guest: Guest, url: str, why: str
) -> None:
    page = guest.page
    guest.open("/alerts/channels")
    add_channel(page, "mine", url)
    address = page.get_by_label("Address", exact=True)
    expect(address).to_have_attribute("aria-invalid", "true")
    refused = page.get_by_role("alert").filter(has_text=why)
    expect(address).to_have_accessible_description(refused.inner_text())
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "false")
    assert not list_barriers(page)


def test_a_refusal_is_beside_its_field_whatever_its_words(guest: Guest) -> None:
    def reword(route: Route) -> None:
        if route.request.method == "POST":
            answer = route.fetch()
            route.fulfill(response=answer, json={**answer.json(), "detail": "In other words."})
        else:
            route.continue_()

    page = guest.page
    page.route("**/v1/alerts/channels", reword)
    guest.open("/alerts/channels")
    add_channel(page, "mine\u200b", guest.sink.url)
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    address = page.get_by_label("Address", exact=True)
    expect(address).to_have_attribute("aria-invalid", "false")
    add_channel(page, "mine", "nowhere")
    expect(address).to_have_attribute("aria-invalid", "true")


def test_a_channel_too_many_is_refused(guest: Guest) -> None:
    for number in range(50):
        guest.add_channel(f"channel {number}")
    guest.open("/alerts/channels")
    expect(list_channels(guest.page)).to_have_count(50)
    add_channel(guest.page, "one more", guest.sink.url)
    expect(guest.page.get_by_role("alert").filter(has_text="50 channels at most")).to_be_visible()
    expect(list_channels(guest.page)).to_have_count(50)


def test_a_channel_is_renamed_switched_off_and_removed(guest: Guest) -> None:
    page = guest.page
    rule_id = guest.add_rule(guest.add_channel("old name"))
    guest.open("/alerts/channels")
    channel = list_channels(page)
    page.get_by_role("button", name="Rename: old name").click()
    page.get_by_label("New name").fill("new\u0007name")
    channel.get_by_role("button", name="Save").click()
    expect(channel.get_by_role("alert")).to_contain_text("printable characters")
    page.get_by_label("New name").fill("other name")
    channel.get_by_role("button", name="Save").click()
    expect(channel).to_contain_text("other name")
    expect(page.get_by_label("New name")).to_be_hidden()
    channel.get_by_role("button", name="Switch off").click()
    expect(channel).to_contain_text("○ switched off")
    channel.get_by_role("button", name="Switch on").click()
    expect(channel).to_contain_text("● on")
    channel.get_by_role("button", name="Remove").click()
    expect(channel).to_contain_text("1 rule sends there. What waits for it becomes dead letters.")
    assert not list_barriers(page)
    channel.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_text("There is no channel yet")).to_be_visible()
    guest.open(f"/alerts/{rule_id}")
    page.get_by_role("button", name="Change it", exact=True).click()
    page.get_by_role("button", name="Save it").click()
    recipients = page.get_by_role("group", name="Send it to")
    expect(recipients.get_by_role("alert")).to_contain_text("you have no channel")
    recipients.get_by_label("was removed: take it out").click()
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_role("button", name="Save it")).to_be_hidden()


def test_a_test_that_fails_says_why_and_tests_are_rationed(guest: Guest) -> None:
    page = guest.page
    guest.add_channel()
    guest.open("/alerts/channels")
    channel = list_channels(page)
    guest.sink.answers.append((418, {}))
    test = channel.get_by_role("button", name="Send a test message")
    test.click()
    expect(channel.get_by_role("status")).to_contain_text(["", "Dead: It answered 418."])
    for number in range(2, 21):
        test.click()
        wait_until(lambda count=number: len(guest.sink.taken) == count)
        expect(channel).to_contain_text("Delivered")
    test.click()
    expect(channel.get_by_role("alert")).to_contain_text("20 test messages an hour at most")


def test_a_list_that_cannot_be_loaded_says_so(guest: Guest) -> None:
    page = guest.page
    body = '{"code": "busy", "detail": "The store is being restored.", "hint": "Wait a little."}'
    page.route("**/v1/alerts/channels?*", lambda route: route.fulfill(status=503, body=body))
    guest.open("/alerts/channels")
    expect(find_region(page, "Channels")).to_contain_text("The store is being restored.")
    expect(find_region(page, "Channels")).to_contain_text("Wait a little.")
    assert not list_barriers(page)


# --- deliveries ---------------------------------------------------------------------------------


def test_a_dead_letter_is_sent_again_with_its_id(guest: Guest) -> None:
    page = guest.page
    channel_id = guest.add_channel()
    guest.open("/alerts/deliveries")
    expect(page.get_by_text("Nothing has been sent yet.")).to_be_visible()
    assert not list_barriers(page)
    guest.sink.answers.append((410, {}))
    post(guest, channel_id, 1)
    with guest.watching():
        wait_until(lambda: guest.sink.taken)
        page.reload()
        row = page.get_by_role("row").filter(has_text=HOSTILE)
        expect(row).to_contain_text("✕ dead")
        expect(row.get_by_role("cell").last).to_have_text("1")
        row.get_by_role("button", name="Send again").click()
        expect(row.get_by_role("alert")).to_contain_text("Its channel is gone or switched off.")
        row.get_by_text("Message and tries").click()
        expect(row.get_by_role("listitem")).to_contain_text("failed")
        assert not list_barriers(page)
        guest.open("/alerts/channels")
        page.get_by_role("button", name="Switch on").click()
        expect(list_channels(page)).to_contain_text("● on")
        page.get_by_role("link", name="Deliveries").last.click()
        expect(page).to_have_url(f"{guest.site.url}/alerts/deliveries?channel={channel_id}")
        row.get_by_role("button", name="Send again").click()
        expect(row).to_contain_text("● delivered")
        expect(row.get_by_role("cell").last).to_have_text("2")
        expect(row).to_contain_text("msg_0")
    assert guest.sink.ids == ["msg_0", "msg_0"]


def test_the_ledger_is_filtered_and_paged(guest: Guest) -> None:
    page = guest.page
    first, second = guest.add_channel("first"), guest.add_channel("second")
    post(guest, first, 30)
    guest.open("/alerts/deliveries")
    rows = find_region(page, "Deliveries").locator("tbody tr")
    expect(rows).to_have_count(25)
    page.get_by_role("button", name="Older").click()
    expect(rows).to_have_count(5)
    page.get_by_role("button", name="Newest").click()
    expect(rows).to_have_count(25)
    page.get_by_role("button", name="dead").click()
    expect(page.get_by_text("No delivery is like that.")).to_be_visible()
    page.get_by_role("button", name="◌ due").click()
    expect(rows).to_have_count(25)
    page.get_by_label("Channel").select_option(label="second")
    expect(page.get_by_text("No delivery is like that.")).to_be_visible()
    expect(page).to_have_url(f"{guest.site.url}/alerts/deliveries?state=due&channel={second}")
    page.reload()
    expect(page.get_by_text("No delivery is like that.")).to_be_visible()


# --- all of it ----------------------------------------------------------------------------------


def test_what_fires_is_heard_live_and_arrives_at_its_channel(guest: Guest) -> None:
    page = guest.page
    channel_id = guest.add_channel()
    rule_id = guest.add_rule(channel_id, name=HOSTILE)
    guest.open()
    expect(page.get_by_text("Nothing has fired yet.")).to_be_visible()

    def is_told() -> bool:
        guest.say("down")
        return bool(guest.sink.taken)

    with guest.watching():
        # Feeds repeat themselves, too: whoever began to listen late hears it then.
        guest.say("live")
        wait_until(is_told, every_s=0.2)
        news = page.get_by_role("status", name="New alerts")
        expect(news).to_contain_text(f"An alert fired: {HOSTILE}")
        event = find_region(page, "History").get_by_role("listitem")
        expect(event).to_contain_text("webhook: ● delivered")
        expect(find_region(page, "Rules")).to_contain_text("fired once")
    (taken,) = guest.sink.taken
    assert orjson.loads(taken.body)["data"]["title"] == HOSTILE
    assert not list_barriers(page)
    news.get_by_role("link").click()
    expect(page).to_have_url(f"{guest.site.url}/alerts/{rule_id}")
    expect(find_region(page, "History")).to_contain_text(HOSTILE)
    page.get_by_role("button", name="Seen").click()
    expect(news).to_be_empty()
    page.get_by_role("link", name="Deliveries").click()
    row = find_region(page, "Deliveries").locator("tbody tr")
    expect(row).to_contain_text("● delivered")
    expect(row).to_contain_text(taken.headers["webhook-id"])
    expect(row.get_by_role("link", name=HOSTILE)).to_be_visible()


def test_what_fired_while_the_connection_was_lost_is_shown_after_it(guest: Guest) -> None:
    page = guest.page
    sockets: list[WebSocketRoute] = []

    def join(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    page.route_web_socket("**/v1/stream", join)
    rule_id = guest.add_rule()
    guest.open()
    history = find_region(page, "History")
    expect(history).to_contain_text("Nothing has fired yet.")
    wait_until(lambda: page.evaluate("0") == 0 and sockets)
    guest.record(make_event(1, rule_id, guest.account.account_id, guest.site.clock.now()))
    sockets[-1].close()
    expect(history).to_contain_text(f"{HOSTILE} 1")
