"""A keyed site and somebody who visits it with a browser."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from tests.accounts.people import EMAIL, PASSWORD
from tests.api.people import Site, open_site
from tests.web.conftest import PATIENCE_MS

from assay.kit.clock import SystemClock

PLANS = """
[free]
requests_per_minute = 6_000
requests_per_month = 100_000
unfinished_jobs = 10
streams = 50
stream_subscriptions = 1_000
"""
"""The clock of the site stands still, so that nothing of a spent rate would come back."""

REFUSED = ("status of 401", "/v1/stream")
"""Before anybody has signed in, what every page loads is refused; browsers say so by themselves."""


@dataclass
class Visit:
    """`refused` are parts of what the browser says of refusals that a test asks for."""

    site: Site
    page: Page
    refused: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> None:
        self.open("/account")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Go on").click()
        expect(self.page.get_by_role("heading", name="Signed in")).to_be_visible()

    def make_key(self, name: str, **fields: str) -> str:
        """Its text, as the account page shows it once; `fields` by label, blanks as underscores."""
        form = self.page.get_by_role("form", name="New key")
        form.get_by_label("Name").fill(name)
        for label, value in fields.items():
            form.get_by_label(label.replace("_", " ")).fill(value)
        form.get_by_role("button", name="Make a key").click()
        expect(self.page.get_by_text("Copy this key now.")).to_be_visible()
        return self.page.locator(".shown code").inner_text()

    def ask(self, key: str) -> int:
        """The status of what a program with this key gets."""
        address = f"{self.site.url}/v1/tokens?limit=1"
        return httpx.get(address, headers={"x-api-key": key}).status_code

    def wait_until_refused(self, key: str) -> None:
        deadline = time.monotonic() + PATIENCE_MS / 1_000
        while self.ask(key) != 401:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@contextmanager
def visit(browser: Browser, path: Path, **settings: Any) -> Iterator[Visit]:
    """A page over a keyed installation of the present time; fails where the browser complains."""
    heard: list[str] = []
    refused = list(REFUSED)

    def note(message: ConsoleMessage) -> None:
        told = message.text + message.location["url"]
        if message.type in ("error", "warning") and not any(word in told for word in refused):
            heard.append(told)

    path.mkdir()
    (path / "plans.toml").write_text(PLANS)
    with open_site(path, **settings) as site:
        site.clock.at = SystemClock().now()
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", note)
        page.on("pageerror", lambda error: heard.append(str(error)))
        yield Visit(site, page, refused)
        context.close()
    assert not heard
