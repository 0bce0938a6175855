"""A real browser over a real server."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from tests.api.serving import running
from tests.api.world import World, make_world
from tests.conftest import require
from tests.web.axe import AXE

PATIENCE_MS = 60_000
"""No test is decided by it: what comes, comes sooner."""

expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Site:
    world: World
    url: str


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    world = make_world(tmp_path_factory.mktemp("web"))
    with running(world.app) as url:
        yield Site(world, url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not AXE.is_file():
        if os.environ.get("ASSAY_REQUIRE") == "all":
            pytest.fail("web/node_modules is missing and ASSAY_REQUIRE=all")
        pytest.skip("axe-core is not installed: run tools/node.sh")
    # Not for longer: while Playwright stands, its event loop runs in this thread, and the tests of
    # other modules could not run theirs.
    with sync_playwright() as playwright:
        # As root, as in CI, Chromium starts only without its sandbox; it sees our pages alone.
        browser = playwright.chromium.launch(
            executable_path=require("chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@dataclass
class Complaints:
    """What the browser held against a page: errors, warnings, breaches of the content policy."""

    heard: list[str] = field(default_factory=list)

    def note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(message.text)


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def page(browser: Browser, complaints: Complaints) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", complaints.note)
    page.on("pageerror", lambda error: complaints.heard.append(str(error)))
    yield page
    page.close()
    assert not complaints.heard
