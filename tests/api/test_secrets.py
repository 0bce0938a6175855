"""A whole journey in keyed mode at the loudest level, and no secret of it in anything we write.

Looked through: every log line (of libraries too), /metrics, the traces sent, and each refusal.
"""

import io
import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
from tests.accounts.people import EMAIL, PASSWORD
from tests.api.people import Browser, Site, open_site
from tests.api.receiver import Receiver, receiving

from assay import accounts
from assay.accounts.types import Role, Verb
from assay.kit.telemetry import start_logs, start_traces, stop_traces

pytestmark = pytest.mark.slow

NEW = "another quite long password"
WRONG = "a password that is not the right one"
LIVING = "a password of the defect inside"


@dataclass
class Book:
    """Every secret that was used, and every refusal that was read."""

    secrets: set[str] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)

    def add(self, *texts: str) -> None:
        """A token `ak_id_secret` is as bad without its beginning."""
        for text in texts:
            assert len(text) >= 16, "too short to be told from chance"
            self.secrets.add(text)
            prefix, _, rest = text.partition("_")
            if len(prefix) == 2 and "_" in rest:
                self.secrets.add(rest.partition("_")[2])

    def read(self, answer: httpx.Response) -> httpx.Response:
        """Take what an answer makes secret; keep refusals."""
        self.add(*answer.cookies.values())
        if answer.is_error:
            self.refusals.append(answer.text)
        elif answer.headers.get("content-type") == "application/json":
            self._search(answer.json())
        return answer

    def _search(self, item: Any) -> None:
        if isinstance(item, dict):
            for name, value in item.items():
                if name in ("csrf_token", "key", "access_token") and isinstance(value, str):
                    self.add(value)
                self._search(value)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = list(root.handlers), root.level
    start_logs("debug", "json", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        start_traces(found.url, "assay-api")
        yield found
        stop_traces()


def walk(site: Site, browser: Browser, book: Book) -> str:
    """Everything that people do with secrets, right and wrong; the owner's key."""

    def ask(method: str, path: str, body: Any) -> httpx.Response:
        return book.read(browser.ask(method, path, body))

    book.add(PASSWORD, NEW, WRONG)
    assert ask("POST", "/v1/accounts", {"email": EMAIL, "password": PASSWORD}).status_code == 201
    assert ask("POST", "/v1/session", {"email": EMAIL, "password": WRONG}).status_code == 401
    assert ask("POST", "/v1/session", {"email": EMAIL, "password": PASSWORD}).status_code == 200
    assert ask("POST", "/v1/session/refresh", {}).is_success
    made = ask("POST", "/v1/keys", {"name": "mine", "scopes": ["read"]})
    assert made.status_code == 201, made.text
    key, key_id = made.json()["data"]["key"], made.json()["data"]["key_id"]
    owner = site.create_key(site.create("owner@example.org", Role.OWNER), *Verb)
    book.add(owner)
    wait_until_known(site, owner)
    use_keys(site, book, key, key_id)
    change_password(site, book, browser)
    wrong = {"email": EMAIL, "password": {"nested": WRONG}, "extra": WRONG}
    assert ask("POST", "/v1/accounts", wrong).status_code == 422
    assert ask("POST", "/v1/session", {"email": EMAIL, "password": NEW}).status_code == 200
    return owner


def wait_until_known(site: Site, key: str) -> None:
    """Processes look for new keys twice a second."""
    until = monotonic() + 30.0
    while httpx.get(f"{site.url}/metrics", headers={"x-api-key": key}).status_code != 200:
        assert monotonic() < until
        sleep(0.05)


def use_keys(site: Site, book: Book, key: str, key_id: str) -> None:
    """Right and wrong keys in every place, an access token, a smuggled query."""
    forged = f"ak_{key_id}_{secrets.token_urlsafe(32)}"
    book.add(forged)
    with httpx.Client(base_url=site.url, trust_env=False, timeout=30.0) as client:
        for text in (key, forged, key + "x", "Basic nonsense"):
            for headers in (
                {"x-api-key": text},
                {"authorization": f"Bearer {text}"},
                {"authorization": text, "x-request-id": text[:64]},
                {"cookie": f"assay_session={text}", "traceparent": text},
            ):
                book.read(client.get("/v1/tokens?limit=1", headers=headers))
        book.read(
            client.get(
                f"/v1/tokens?symbol={key}&api_key={key}&x={forged}", headers={"x-api-key": key}
            )
        )
        book.read(client.get(f"/v1/tokens/{forged}", headers={"x-api-key": key}))
        form = {"grant_type": "client_credentials", "client_id": key_id, "client_secret": key}
        token = book.read(client.post("/v1/token", data=form))
        assert token.status_code == 200, token.text
        bearer = {"authorization": f"Bearer {token.json()['access_token']}"}
        assert book.read(client.get("/v1/tokens", headers=bearer)).status_code == 200
        book.read(client.post("/v1/token", data={**form, "client_secret": forged}))


def change_password(site: Site, book: Book, browser: Browser) -> None:
    """A reset by the owner's token, used once rightly and twice wrongly."""
    account = browser.ask("GET", "/v1/account").json()["data"]
    reset = accounts.create_reset(site.app.state.database, site.clock, account["account_id"])
    book.add(reset.token)
    body = {"token": reset.token, "new_password": NEW}
    for sent in ({**body, "token": reset.token + "x"}, body, body):
        book.read(browser.ask("POST", "/v1/session/reset", sent))


def break_things(site: Site, book: Book, owner: str) -> str:
    """A defect whose message repeats a secret; the log line of it."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError(f"password={LIVING!r} key {owner}")

    book.add(LIVING)
    site.app.state.grades.load_grade_history = fail  # type: ignore[assignment]
    answer = httpx.get(
        f"{site.url}/v1/grades/trader/BTC", headers={"x-api-key": owner}, trust_env=False
    )
    assert answer.status_code == 500
    return book.read(answer).text


def test_no_secret_of_a_whole_journey_is_written_anywhere(
    tmp_path: Path, log: io.StringIO, receiver: Receiver
) -> None:
    book = Book()
    with open_site(tmp_path, log_level="debug") as site:
        with site.browser() as browser:
            owner = walk(site, browser, book)
        break_things(site, book, owner)
        metrics = httpx.get(f"{site.url}/metrics", headers={"x-api-key": owner}, trust_env=False)
        assert metrics.status_code == 200
    stop_traces()
    written = {
        "log": log.getvalue(),
        "metrics": metrics.text,
        "traces": b"".join(receiver.raw).decode("latin-1"),
        "refusals": "\n".join(book.refusals),
    }
    assert len(book.secrets) > 20
    assert len(book.refusals) > 10
    assert "ZeroDivisionError" in written["log"]
    assert "/v1/session" in written["log"]
    assert "assay_requests_total" in written["metrics"]
    assert "POST /v1/session" in written["traces"]
    found = [(where, s) for where, text in written.items() for s in book.secrets if s in text]
    assert found == []
    assert EMAIL not in written["log"]
