"""Keyed mode: who opens a stream and by what, how long it stays open, and how many there may be."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.accounts.people import EMAIL
from tests.api.people import Browser, Site, open_site
from tests.api.streams.ears import Ear, fire, listening
from websockets.exceptions import ConnectionClosed, InvalidStatus

from assay import accounts
from assay.accounts.types import Account, Role, Verb
from assay.api.streams import websocket

pytestmark = pytest.mark.slow

MOST_MESSAGES = 20
"""A connection that stays open fails the test instead of holding it for ever."""

PLANS = """
[narrow]
requests_per_minute = 100_000
streams = 2
stream_subscriptions = 3
[spent]
requests_per_minute = 1
[wide]
requests_per_minute = 100_000
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    path = tmp_path_factory.mktemp("auth")
    (path / "plans.toml").write_text(PLANS)
    with open_site(path) as site:
        yield site


@pytest.fixture(scope="module")
def ada(site: Site) -> Account:
    return create(site, EMAIL, "wide")


@pytest.fixture(scope="module")
def key(site: Site, ada: Account) -> str:
    return site.create_key(ada)


def create(site: Site, email: str, plan: str, role: Role = Role.USER) -> Account:
    account = site.create(email, role)
    accounts.change_account(site.app.state.database, site.clock, account.account_id, plan=plan)
    return account


def end_of(ear: Ear) -> tuple[int, str]:
    """(close code, code of the last error) once the server has closed."""
    with pytest.raises(ConnectionClosed) as ended:
        for _ in range(MOST_MESSAGES):
            ear.read()
    assert ended.value.rcvd is not None
    errors = [message["code"] for message in ear.heard if message["type"] == "error"]
    return ended.value.rcvd.code, errors[-1] if errors else ""


def buy(site: Site, key: str) -> str:
    """A ticket."""
    answer = httpx.post(f"{site.url}/v1/stream/tickets", headers={"x-api-key": key}, timeout=60)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["data"]["ticket"])


# --- WebSockets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
def test_a_key_in_a_header_opens(site: Site, ada: Account, key: str, header: str) -> None:
    shown = f"Bearer {key}" if header == "authorization" else key
    with listening(site.url, additional_headers={header: shown}) as ear:
        assert ear.next()["account_id"] == ada.account_id


def test_a_key_in_the_first_message_opens(site: Site, ada: Account, key: str) -> None:
    with listening(site.url) as ear:
        welcome = ear.ask("auth", key=key)
        assert (welcome["type"], welcome["account_id"]) == ("welcome", ada.account_id)
        assert ear.ask("auth", key=key)["code"] == "unknown-type"


@pytest.mark.parametrize("bad", ["", "local", "ak_0123456789abcdef_" + "A" * 43, "x", "as_x"])
def test_a_wrong_key_in_the_first_message_ends_it(site: Site, bad: str) -> None:
    with listening(site.url) as ear:
        ear.say("auth", key=bad)
        assert end_of(ear) == (4401, "unauthorized")


@pytest.mark.parametrize("first", ['{"type":"ping"}', "{", '{"type":"subscribe"}'])
def test_whatever_else_comes_first_ends_it(site: Site, first: str) -> None:
    with listening(site.url) as ear:
        ear.connection.send(first)
        code, error = end_of(ear)
        assert code in (4401, 4429)
        assert error in ("unauthorized", "malformed", "unknown-channel")


def test_who_says_nothing_is_sent_away(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "AUTH_S", 0.2)
    with listening(site.url) as ear:
        assert end_of(ear) == (4401, "unauthorized")


def test_a_session_opens_from_a_page_of_our_own_only(site: Site, ada: Account) -> None:
    with site.browser() as browser:
        assert browser.sign_in().status_code in (200, 201)
        cookie = f"assay_session={browser.cookie('assay_session')}"
        own = {"Cookie": cookie, "Origin": site.url}
        with listening(site.url, additional_headers=own) as ear:
            assert ear.next()["account_id"] == ada.account_id
        foreign = {"Cookie": cookie, "Origin": "http://evil.example"}
        with (
            pytest.raises(InvalidStatus) as refused,
            listening(site.url, additional_headers=foreign),
        ):
            pass
        assert refused.value.response.status_code == 403
        # Without an Origin no page asks: the cookie is as if not there.
        with listening(site.url, additional_headers={"Cookie": cookie}) as ear:
            ear.say("ping")
            assert end_of(ear) == (4401, "unauthorized")


def test_a_session_is_no_key(site: Site, ada: Account) -> None:
    with site.browser() as browser:
        browser.sign_in()
        with listening(site.url) as ear:
            ear.say("auth", key=browser.cookie("assay_session"))
            assert end_of(ear) == (4401, "unauthorized")


def test_a_foreign_page_opens_nothing_even_with_a_ticket(
    site: Site, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        listening(
            site.url,
            f"?ticket={buy(site, key)}",
            additional_headers={"Origin": "http://evil.example"},
        ),
    ):
        pass
    assert refused.value.response.status_code == 403
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_listed_page_opens_with_a_ticket_and_never_with_a_cookie(tmp_path: Path) -> None:
    page = "https://app.example"
    with open_site(tmp_path, cors_origins=page) as site, site.browser() as browser:
        account = site.create()
        browser.sign_in()
        cookie = {"Cookie": f"assay_session={browser.cookie('assay_session')}", "Origin": page}
        with listening(site.url, additional_headers=cookie) as ear:
            ear.say("ping")
            assert end_of(ear) == (4401, "unauthorized")
        ticket = buy(site, site.create_key(account))
        with listening(site.url, f"?ticket={ticket}", additional_headers={"Origin": page}) as ear:
            assert ear.next()["account_id"] == account.account_id


# --- tickets ------------------------------------------------------------------------------------


def test_a_ticket_opens_once(site: Site, ada: Account, key: str) -> None:
    ticket = buy(site, key)
    with listening(site.url, f"?ticket={ticket}") as ear:
        assert ear.next()["account_id"] == ada.account_id
    with listening(site.url, f"?ticket={ticket}") as ear:
        assert end_of(ear) == (4401, "unauthorized")


def test_a_ticket_is_over_after_30_seconds(site: Site, key: str) -> None:
    ticket = buy(site, key)
    site.clock.wait(seconds=30)
    with listening(site.url, f"?ticket={ticket}") as ear:
        assert end_of(ear) == (4401, "unauthorized")


def test_only_the_digest_of_a_ticket_is_kept_and_a_wrong_secret_uses_nothing_up(
    site: Site, key: str
) -> None:
    ticket = buy(site, key)
    wrong = ticket[:-1] + ("A" if ticket[-1] != "A" else "B")
    with listening(site.url, f"?ticket={wrong}") as ear:
        assert end_of(ear) == (4401, "unauthorized")
    with site.app.state.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM accounts_tickets").all()
    assert len(rows) >= 1
    assert ticket.rpartition("_")[2] not in str(rows)
    with listening(site.url, f"?ticket={ticket}") as ear:
        assert ear.next()["type"] == "welcome"


def test_of_many_who_take_a_ticket_at_once_one_gets_it(site: Site, key: str) -> None:
    ticket = buy(site, key)
    state = site.app.state

    async def take_all() -> list[str | None]:
        takes = [
            asyncio.to_thread(accounts.redeem_ticket, state.database, site.clock, ticket)
            for _ in range(8)
        ]
        return await asyncio.gather(*takes)

    assert sum(found is not None for found in asyncio.run(take_all())) == 1


def test_tickets_do_not_pile_up(site: Site) -> None:
    account = create(site, "hoarder@example.org", "wide")
    state = site.app.state
    for _ in range(100):
        accounts.create_ticket(state.database, site.clock, account.account_id, "ak_x")
    key = site.create_key(account)
    answer = httpx.post(f"{site.url}/v1/stream/tickets", headers={"x-api-key": key}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate-limited")
    site.clock.wait(seconds=31)
    buy(site, key)


def test_a_browser_buys_a_ticket_with_its_csrf_token_only(site: Site, ada: Account) -> None:
    with site.browser() as browser:
        browser.sign_in()
        assert browser.ask("POST", "/v1/stream/tickets", {}).status_code == 201
        browser.csrf = "wrong"
        assert browser.ask("POST", "/v1/stream/tickets", {}).status_code == 403


# --- what it may hear, and how much -------------------------------------------------------------


def test_alerts_reach_their_account_alone(site: Site, ada: Account, key: str) -> None:
    other = create(site, "bob@example.org", "wide")
    with (
        listening(site.url, additional_headers={"x-api-key": key}) as one,
        listening(site.url, additional_headers={"x-api-key": site.create_key(other)}) as two,
    ):
        for ear in (one, two):
            ear.next()
            ear.subscribe("alerts")
        fire(site.app, ada.account_id, title="of ada")
        fire(site.app, other.account_id, title="of bob")
        assert one.wait("update")["data"]["title"] == "of ada"
        assert two.wait("update")["data"]["title"] == "of bob"
        assert one.subscribe("alerts")["events"][-1]["data"]["title"] == "of ada"
        assert "of bob" not in str(one.heard)
        assert "of ada" not in str(two.heard)


def test_a_key_hears_what_its_scopes_allow(site: Site, ada: Account) -> None:
    reads = site.create_key(ada, Verb.READ)
    uses = site.create_key(ada, Verb.USE)
    with listening(site.url, additional_headers={"x-api-key": reads}) as ear:
        assert "alerts" not in ear.next()["channels"]
        assert ear.ask("subscribe", channel="alerts")["code"] == "forbidden"
        after = ear.ask("resume", after="x", subscriptions=[{"channel": "alerts"}])
        assert after["code"] == "forbidden"
        ear.subscribe("prices")
    with listening(site.url, additional_headers={"x-api-key": uses}) as ear:
        assert ear.next()["channels"] == ["alerts"]
        assert ear.ask("subscribe", channel="prices")["code"] == "forbidden"


def test_a_plan_bounds_streams_and_subscriptions(site: Site) -> None:
    account = create(site, "narrow@example.org", "narrow")
    shown: dict[str, Any] = {"additional_headers": {"x-api-key": site.create_key(account)}}
    with listening(site.url, **shown) as one, listening(site.url, **shown) as two:
        assert one.next()["most_subscriptions"] == 3
        two.next()
        with listening(site.url, **shown) as three:
            assert end_of(three) == (4429, "too-many-connections")
        refused = httpx.get(
            f"{site.url}/v1/stream/events?channels=prices",
            headers={"x-api-key": shown["additional_headers"]["x-api-key"]},
            timeout=60,
        )
        assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
        one.subscribe("books", "okx/A", "okx/B")
        one.subscribe("books", "okx/A")
        refusal = one.ask("subscribe", channel="books", keys=["okx/B", "okx/C", "okx/D"])
        assert refusal["code"] == "too-many-subscriptions"
        one.subscribe("books", "okx/C")
        assert one.ask("subscribe", channel="prices")["code"] == "too-many-subscriptions"
        one.subscribe("books")
        assert one.ask("ping")["type"] == "pong"
    with listening(site.url, **shown) as again:
        assert again.next()["type"] == "welcome"


def test_opening_a_stream_costs_a_request(site: Site) -> None:
    account = create(site, "spent@example.org", "spent")
    shown: dict[str, Any] = {"additional_headers": {"x-api-key": site.create_key(account)}}
    with listening(site.url, **shown) as ear:
        assert ear.next()["type"] == "welcome"
    with listening(site.url, **shown) as ear:
        assert end_of(ear) == (4429, "rate-limited")


# --- how long -----------------------------------------------------------------------------------


def test_a_revoked_key_ends_its_streams_and_no_others(site: Site, ada: Account, key: str) -> None:
    doomed = site.create_key(ada)
    key_id = doomed.split("_")[1]
    ticket = buy(site, doomed)
    with (
        listening(site.url, additional_headers={"x-api-key": doomed}) as first,
        listening(site.url, f"?ticket={ticket}") as second,
        listening(site.url, additional_headers={"x-api-key": key}) as other,
        httpx.stream(
            "GET",
            f"{site.url}/v1/stream/events?channels=prices",
            headers={"x-api-key": doomed},
            timeout=60,
        ) as events,
    ):
        for ear in (first, second, other):
            ear.next()
        answer = httpx.delete(
            f"{site.url}/v1/keys/{key_id}", headers={"x-api-key": key}, timeout=60
        )
        assert answer.status_code in (200, 204)
        assert end_of(first) == (4401, "ended")
        assert end_of(second) == (4401, "ended")
        text = "".join(events.iter_text())
        assert "event: end\ndata: " in text
        assert '"code":"ended"' in text
        assert other.ask("ping")["type"] == "pong"


def test_signing_out_ends_the_streams_of_the_session(site: Site, ada: Account) -> None:
    with site.browser() as browser:
        browser.sign_in()
        cookie = f"assay_session={browser.cookie('assay_session')}"
        with listening(site.url, additional_headers={"Cookie": cookie, "Origin": site.url}) as ear:
            ear.next()
            assert browser.ask("DELETE", "/v1/session").status_code == 204
            assert end_of(ear) == (4401, "ended")


def test_who_may_do_less_now_hears_no_more(site: Site) -> None:
    account = create(site, "lowered@example.org", "wide")
    with listening(site.url, additional_headers={"x-api-key": site.create_key(account)}) as ear:
        ear.next()
        ear.subscribe("alerts")
        accounts.change_account(
            site.app.state.database, site.clock, account.account_id, role=Role.READ_ONLY
        )
        assert ear.wait("unsubscribed")["channel"] == "alerts"
        assert ear.ask("subscribe", channel="alerts")["code"] == "forbidden"
        assert ear.ask("ping")["type"] == "pong"


def test_a_ticket_of_a_revoked_key_opens_nothing(site: Site, ada: Account, key: str) -> None:
    doomed = site.create_key(ada)
    ticket = buy(site, doomed)
    path = f"{site.url}/v1/keys/{doomed.split('_')[1]}"
    httpx.delete(path, headers={"x-api-key": key}, timeout=60)
    with listening(site.url, f"?ticket={ticket}") as ear:
        assert end_of(ear) == (4401, "unauthorized")


# --- server-sent events -------------------------------------------------------------------------


def test_events_ask_for_a_key_and_for_a_page_of_our_own(site: Site, key: str) -> None:
    url = f"{site.url}/v1/stream/events?channels=prices"
    assert httpx.get(url, timeout=60).status_code == 401
    with site.browser() as browser:
        browser.sign_in()
        assert open_events(browser, url, {}) == 200
        assert open_events(browser, url, {"origin": site.url}) == 200
        assert open_events(browser, url, {"origin": "http://evil.example"}) == 403


def open_events(browser: Browser, url: str, headers: dict[str, str]) -> int:
    with browser.client.stream("GET", url, headers=headers) as answer:
        return answer.status_code
