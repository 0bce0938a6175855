"""A keyed site and somebody who visits it with a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
    site: Site
    page: Page

    def open(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> None:
        self.open("/account")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Go on").click()
        expect(self.page.get_by_role("heading", name="Signed in")).to_be_visible()


@contextmanager
def visit(browser: Browser, path: Path) -> Iterator[Visit]:
    """A page over a keyed installation of the present time; fails where the browser complains."""
    heard: list[str] = []

    def note(message: ConsoleMessage) -> None:
        told = message.text + message.location["url"]
        if message.type in ("error", "warning") and not any(word in told for word in REFUSED):
            heard.append(told)

    path.mkdir()
    (path / "plans.toml").write_text(PLANS)
    with open_site(path) as site:
        site.clock.at = SystemClock().now()
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", note)
        page.on("pageerror", lambda error: heard.append(str(error)))
        yield Visit(site, page)
        context.close()
    assert not heard
