"""A keyed installation on a real socket, and browsers that visit it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.accounts.people import EMAIL, NOON, PASSWORD, QUICK, SetClock
from tests.api.serving import running
from tests.api.world import FakeGrades, FakeMarkets

from assay import accounts
from assay.accounts.types import Account, Role, Verb
from assay.api import Application, create_app
from assay.kit.home import Home
from assay.kit.settings import Settings


@dataclass
class Browser:
    """Keeps cookies and the CSRF token as a page of the site would, and says its origin."""

    url: str
    csrf: str = ""
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, timeout=60.0)

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        sent = {"origin": self.url, "x-csrf-token": self.csrf} if method != "GET" else {}
        answer = self.client.request(method, path, json=body, headers={**sent, **(headers or {})})
        if answer.headers.get("content-type") == "application/json":
            data = answer.json().get("data")
            if isinstance(data, dict) and data.get("csrf_token"):
                self.csrf = data["csrf_token"]
        return answer

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> httpx.Response:
        return self.ask("POST", "/v1/session", {"email": email, "password": password})

    def cookie(self, name: str) -> str:
        return next((one.value or "" for one in self.client.cookies.jar if one.name == name), "")


@dataclass
class Site:
    """The running installation: its application, its address, its clock."""

    app: Application
    url: str
    clock: SetClock

    def create(self, email: str = EMAIL, role: Role = Role.USER) -> Account:
        return accounts.create_account(
            self.app.state.database,
            self.clock,
            email=email,
            password=PASSWORD,
            role=role,
            passwords=QUICK,
        )

    def create_key(self, account: Account, *scopes: Verb) -> str:
        _, text = accounts.create_key(
            self.app.state.database,
            self.clock,
            account.account_id,
            name="test",
            scopes=frozenset(scopes or Verb),
            expires_at=None,
        )
        return text

    @contextlib.contextmanager
    def browser(self) -> Iterator[Browser]:
        browser = Browser(self.url)
        with browser.client:
            yield browser


@contextlib.contextmanager
def open_site(path: Path | Home, **settings: Any) -> Iterator[Site]:
    """A keyed installation for the time of a block."""
    clock = SetClock(NOON)
    home = path if isinstance(path, Home) else Home(path)
    app = create_app(
        home,
        clock,
        Settings(**{"home": home.path, "keys": True, **settings}),
        grades=FakeGrades(),
        markets=FakeMarkets(),
    )
    app.state.desk.passwords = QUICK
    with running(app) as url:
        yield Site(app, url, clock)
