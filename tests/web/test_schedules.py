"""Schedules in a real browser: switched, run out of turn, looked at again."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.api.serving import running
from tests.api.world import make_world
from tests.web.axe import list_barriers
from tests.web.conftest import Complaints
from tests.web.keyed import visit

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def open_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An open server with facts, whose jobs nobody carries out."""
    with running(make_world(tmp_path_factory.mktemp("open")).app) as url:
        yield url


def test_schedules_are_switched_and_run(page: Page, open_url: str, complaints: Complaints) -> None:
    page.goto(f"{open_url}/jobs")
    page.get_by_role("link", name="Schedules").click()
    turn = page.get_by_role("article", name="judgements")
    expect(turn).to_contain_text("every day, next")
    expect(turn).to_contain_text("none yet")
    switch = turn.get_by_role("switch")
    expect(switch).to_be_checked()
    switch.click()
    expect(turn).to_contain_text("switched off")
    expect(switch).not_to_be_checked()
    switch.click()
    expect(turn).to_contain_text("every day, next")
    turn.get_by_role("button", name="Run now").click()
    expect(turn.get_by_role("link", name=re.compile("^job_"))).to_be_visible()
    expect(turn).to_contain_text("waiting")
    assert not list_barriers(page)
    turn.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("The last job of judgements has not ended.")).to_be_visible()
    assert all("503" in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()


def test_slow_schedules_are_not_asked_for_twice(page: Page, open_url: str) -> None:
    page.clock.install()
    page.goto(f"{open_url}/jobs/schedules")
    expect(page.get_by_role("article", name="judgements")).to_be_visible()
    held: list[Route] = []
    page.route("**/v1/schedules", lambda route: held.append(route))
    with page.expect_request("**/v1/schedules"):
        page.clock.run_for(70_000)
    page.wait_for_timeout(500)
    assert len(held) == 1
    page.goto("about:blank")


def test_schedules_fit_a_phone(page: Page, open_url: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{open_url}/jobs/schedules")
    expect(page.get_by_role("article", name="judgements")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_schedules_are_the_owners(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, tmp_path / "home") as guest:
        guest.site.create()
        guest.sign_in()
        guest.open("/jobs/schedules")
        said = guest.page.get_by_text("Schedules are in the hands of the owner.")
        expect(said).to_be_visible()
        expect(guest.page.get_by_role("link", name="Schedules")).to_have_count(0)
