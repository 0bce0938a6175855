"""Alerts over HTTP in keyed mode, on a real socket: who sees and changes what."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.alerts.receivers import Sink, find_port, open_sink
from tests.api.people import Browser, Site, open_site

from assay import alerts
from assay.accounts.types import Role, Verb
from assay.alerts.store import outbox
from assay.alerts.types import Message

pytestmark = pytest.mark.slow

RULE = {"when": {"metric": "venue", "subject": "binance", "op": "one_of", "values": ["down"]}}
HIDDEN_PATH = "hook/of-somebody"


@dataclass
class Asker:
    """One account with its key."""

    browser: Browser
    account_id: str
    key: str

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        asked = {"x-api-key": self.key, **(headers or {})}
        return self.browser.ask(method, f"/v1/alerts{path}", body, asked)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()["data"]

    def make(self, path: str, body: Any) -> Any:
        answer = self.ask("POST", path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]


@dataclass
class Works:
    """A keyed installation with two users, and a receiver."""

    site: Site
    ada: Asker
    ben: Asker
    sink: Sink

    def post(self, asker: Asker, *channel_ids: str, count: int = 1) -> list[str]:
        """Messages due to channels; the ids of their deliveries."""
        now = self.site.clock.now()
        made = []
        with self.site.app.state.database.write() as connection:
            for number in range(count):
                name = f"msg_{asker.account_id}_{now.timestamp()}_{number}"
                message = Message(name, "rul_x", asker.account_id, "Title", "Text", now)
                made += outbox.save_due(connection, message, channel_ids, now)
        return made


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Works]:
    path = tmp_path_factory.mktemp("alerts")
    with (
        open_site(path, alert_networks="127.0.0.0/8") as site,
        site.browser() as browser,
        open_sink() as sink,
    ):

        def hire(name: str) -> Asker:
            account = site.create(f"{name}@example.org", Role.USER)
            return Asker(browser, account.account_id, site.create_key(account))

        yield Works(site, hire("ada"), hire("ben"), sink)


def test_a_rule_is_made_shown_changed_and_removed(works: Works) -> None:
    rule = works.ada.make("/rules", {**RULE, "name": "Binance is gone"})
    assert rule["status"] == "watching"
    assert "binance" in rule["description"].lower()
    path = f"/rules/{rule['rule_id']}"
    assert works.ada.get(path) == rule
    assert works.ada.get("/rules") == [rule]
    paused = works.ada.ask("PATCH", path, {"is_paused": True}).json()["data"]
    assert (paused["status"], paused["rule"]) == ("paused", rule["rule"])
    changed = works.ada.ask("PATCH", path, {"rule": RULE, "is_paused": False}).json()["data"]
    assert (changed["status"], changed["revision"]) == ("watching", 3)
    assert "name" not in changed["rule"]
    assert works.ada.get(f"{path}/score")["fired"] == 0
    for asker, status in ((works.ben, 404), (works.ada, 204)):
        assert asker.ask("DELETE", path).status_code == status
    assert works.ada.get("/rules") == []


def test_a_rule_that_cannot_be_is_refused_by_the_field_at_fault(works: Works) -> None:
    unknown = {"when": {"metric": "nix", "op": "above", "value": 1}}
    answer = works.ada.ask("POST", "/rules", unknown)
    assert answer.status_code == 422
    assert "nix" in answer.text
    (error,) = answer.json()["errors"]
    assert (error["where"], error["parameter"]) == ("body", "when.metric")
    foreign = works.ben.make("/channels", {"name": "mine", "url": works.sink.url})
    answer = works.ada.ask("POST", "/rules", {**RULE, "channels": [foreign["channel_id"]]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "channels"


def test_a_rule_whose_channel_was_removed_can_be_paused(works: Works) -> None:
    channel = works.ada.make("/channels", {"name": "short-lived", "url": works.sink.url})
    wanted = {**RULE, "channels": [channel["channel_id"]]}
    rule = works.ada.make("/rules", wanted)
    path = f"/rules/{rule['rule_id']}"
    works.ada.ask("DELETE", f"/channels/{channel['channel_id']}")
    assert works.ada.ask("PATCH", path, {"is_paused": True}).json()["data"]["status"] == "paused"
    assert works.ada.ask("PATCH", path, {"rule": wanted}).status_code == 422
    assert works.ada.ask("DELETE", path).status_code == 204


def test_words_templates_and_metrics(works: Works) -> None:
    answer = works.ada.ask("POST", "/words", {"text": "venue binance is down"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["rule"]["when"]["metric"] == "venue"
    assert {item["name"] for item in works.ada.get("/templates")} >= {"price-above", "fast-fall"}
    metrics = {item["name"]: item for item in works.ada.get("/metrics")}
    assert "falls" in metrics["price"]["ops"]
    assert works.ada.get("/record") == []


def test_a_channel_is_tried_out_and_its_address_never_shown(works: Works) -> None:
    made = works.ada.make("/channels", {"name": "my hook", "url": works.sink.url})
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    path = f"/channels/{made['channel_id']}"
    assert made["address"] == f"http://127.0.0.1:{works.sink.port}/***"
    assert made["verified_at"] is None
    before = len(works.sink.taken)
    sent = works.ada.ask("POST", f"{path}/test").json()["data"]
    assert (sent["state"], sent["is_test"], sent["rule_id"]) == ("delivered", True, None)
    (taken,) = works.sink.taken[before:]
    assert taken.headers["webhook-id"] == sent["message_id"]
    assert works.ada.get(path)["verified_at"] is not None
    assert works.ada.get(f"/deliveries/{sent['delivery_id']}") == sent
    renamed = works.ada.ask("PATCH", path, {"name": "another", "is_enabled": False})
    assert (renamed.json()["data"]["name"], renamed.json()["data"]["is_enabled"]) == (
        "another",
        False,
    )
    for asker in (works.ada, works.ben):
        for place in ("/channels", "/deliveries", "/events"):
            text = asker.ask("GET", place).text
            assert HIDDEN_PATH not in text
            assert secret not in text
    for method, place in (("GET", path), ("DELETE", path), ("POST", f"{path}/test")):
        assert works.ben.ask(method, place).status_code == 404
    assert works.ada.ask("DELETE", path).status_code == 204
    assert works.ada.ask("GET", path).status_code == 404


def test_a_channel_that_does_not_answer_says_why(works: Works) -> None:
    url = f"http://127.0.0.1:{find_port()}/{HIDDEN_PATH}"
    made = works.ada.make("/channels", {"name": "away", "url": url})
    path = f"/channels/{made['channel_id']}"
    sent = works.ada.ask("POST", f"{path}/test").json()["data"]
    assert (sent["state"], sent["reason"]) == ("dead", "It cannot be reached.")
    assert works.ada.get(path)["problem"] == "It cannot be reached."


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "https://10.0.0.1/", "file:///etc/passwd", "x" * 3_000]
)
def test_addresses_that_are_not_sent_to_are_refused(works: Works, url: str) -> None:
    answer = works.ada.ask("POST", "/channels", {"name": "x", "url": url})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "url"
    assert url[:60] not in answer.text


def test_a_request_that_is_sent_again_makes_one_channel_with_one_secret(works: Works) -> None:
    key = {"idempotency-key": "0b53aef5-9c3f-4a37-a4b4-0a5d4aa3a1c1"}
    body = {"name": "once", "url": works.sink.url}
    first, again = (works.ben.ask("POST", "/channels", body, key) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert sum(channel["name"] == "once" for channel in works.ben.get("/channels")) == 1


def test_lists_are_paged_and_filtered(works: Works) -> None:
    made = works.ben.make("/channels", {"name": "pages", "url": works.sink.url})
    channel_id = made["channel_id"]
    sent = works.post(works.ben, channel_id, count=5)
    works.site.clock.wait(minutes=1)
    sent += works.post(works.ben, channel_id, count=2)
    found: list[str] = []
    cursor = ""
    while True:
        path = f"/deliveries?limit=3&channel_id={channel_id}{cursor}"
        page = works.ben.ask("GET", path).json()
        found += [item["delivery_id"] for item in page["data"]]
        if page["next_cursor"] is None:
            break
        assert len(page["data"]) == 3
        cursor = f"&cursor={page['next_cursor']}"
    assert set(found[:2]) == set(sent[5:])
    assert set(found[2:]) == set(sent[:5])
    assert len(found) == 7
    assert works.ben.get(f"/deliveries?state=delivered&channel_id={channel_id}") == []
    wrong = works.ben.ask("GET", f"/deliveries?limit=3{cursor}")
    assert wrong.status_code == 422


def test_a_dead_letter_is_put_back_by_its_owner(works: Works) -> None:
    made = works.ada.make("/channels", {"name": "off", "url": works.sink.url})
    path = f"/channels/{made['channel_id']}"
    assert works.ada.ask("PATCH", path, {"is_enabled": False}).status_code == 200
    (delivery_id,) = works.post(works.ada, made["channel_id"])
    place = f"/deliveries/{delivery_id}"
    assert works.ada.get(place)["reason"] == "The channel is switched off."
    assert works.ada.ask("POST", f"{place}/requeue").status_code == 409
    works.ada.ask("PATCH", path, {"is_enabled": True})
    assert works.ben.ask("POST", f"{place}/requeue").status_code == 404
    assert works.ada.ask("POST", f"{place}/requeue").json()["data"]["state"] == "due"
    database, settings, clock = (
        works.site.app.state.database,
        works.site.app.state.settings,
        works.site.clock,
    )
    deliverer = alerts.Deliverer(database, settings, clock)
    deliverer.start()
    try:
        while works.ada.get(place)["state"] != "delivered":
            deliverer.wake()
    finally:
        deliverer.stop()


def test_tests_are_rationed(works: Works) -> None:
    account = works.site.create("eve@example.org", Role.USER)
    eve = Asker(works.ada.browser, account.account_id, works.site.create_key(account))
    made = eve.make("/channels", {"name": "hook", "url": works.sink.url})
    path = f"/channels/{made['channel_id']}/test"
    statuses = [eve.ask("POST", path).status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]


def test_a_reader_may_look_at_what_is_public_only(works: Works) -> None:
    account = works.site.create("rita@example.org", Role.USER)
    rita = Asker(works.ada.browser, "", works.site.create_key(account, Verb.READ))
    for path, status in (("/metrics", 200), ("/templates", 200), ("/record", 200), ("/rules", 403)):
        assert rita.ask("GET", path).status_code == status


def test_an_account_takes_its_alerts_with_it(works: Works) -> None:
    account = works.site.create("zoe@example.org", Role.USER)
    zoe = Asker(works.ada.browser, account.account_id, works.site.create_key(account))
    zoe.make("/rules", RULE)
    made = zoe.make("/channels", {"name": "hook", "url": works.sink.url})
    works.post(zoe, made["channel_id"])
    state = works.site.app.state
    with state.database.read() as connection:
        exported: Any = state.desk.collectors["alerts"](connection, account.account_id)
        assert set(exported) == {"rules", "events", "channels", "deliveries"}
        assert exported["rules"]
        assert exported["channels"][0]["address"].endswith("/***")
        assert len(exported["deliveries"]) == 1
        assert HIDDEN_PATH not in str(exported)
    with state.database.write() as connection:
        for erase in state.desk.erasers:
            erase(connection, account.account_id)
        left = state.desk.collectors["alerts"](connection, account.account_id)
        assert left == {"rules": [], "events": [], "channels": [], "deliveries": []}
