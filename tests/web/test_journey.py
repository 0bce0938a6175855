"""One newcomer's way through it all: sign up, a key, a token, why its grade, an alert, a proof."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from tests.accounts.people import PASSWORD, QUICK, SetClock
from tests.api.serving import running
from tests.api.world import make_world
from tests.web.conftest import PATIENCE_MS

from assay.kit.clock import SystemClock

pytestmark = pytest.mark.slow


def test_a_newcomer_gets_from_the_door_to_a_checked_proof(browser: Browser, tmp_path: Path) -> None:
    # Cookies end by the clock of the browser.
    world = make_world(tmp_path, clock=SetClock(SystemClock().now()), keys=True)
    world.app.state.desk.passwords = QUICK
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    heard: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # What is asked for before anybody signed in is refused, and browsers say so by themselves.
        if message.type in ("error", "warning") and "status of 401" not in message.text:
            heard.append(message.text + message.location["url"])

    page.on("console", note)
    page.on("pageerror", lambda error: heard.append(str(error)))
    with running(world.app) as url:
        page.goto(url)
        sign_up(page)
        said = ask(url, make_key(page))
        understand_grade(page, float(said["data"][0]["grade"]))
        make_alert(page)
        check_proof(page, said["publication"])
    page.close()
    assert not heard


def sign_up(page: Page) -> None:
    page.get_by_role("link", name="Sign in").first.click()
    page.get_by_role("button", name="Sign up").click()
    page.get_by_label("E-mail").fill("newcomer@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("heading", name="Signed in")).to_be_visible()


def make_key(page: Page) -> str:
    page.get_by_label("Name").fill("first key")
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_text("Copy this key now.")).to_be_visible()
    return page.locator(".shown code").inner_text()


def ask(url: str, key: str) -> Any:
    answer = httpx.get(f"{url}/v1/grades/trader?symbol=BTC", headers={"x-api-key": key})
    return answer.raise_for_status().json()


def find_bitcoin(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("bitcoin")
    expect(
        page.get_by_role("listbox", name="Found").get_by_role("option", selected=True)
    ).to_contain_text("BTC")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bitcoin")


def understand_grade(page: Page, grade: float) -> None:
    find_bitcoin(page)
    expect(page.get_by_role("region", name="Trader grade")).to_contain_text(f"{grade:.1f}")
    expect(page.get_by_role("region", name="Why this grade")).to_contain_text("All together")


def make_alert(page: Page) -> None:
    page.get_by_role("link", name="Alerts", exact=True).click()
    page.get_by_label("Tell me when").fill("BTC falls by 5 % within 1 hour")
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_text("BTC price falls by 5 % within 1 hour.")).to_be_visible()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("region", name="Rules")).to_contain_text("watching")


def check_proof(page: Page, publication: str) -> None:
    find_bitcoin(page)
    card = page.get_by_role("region", name="Trader grade")
    card.get_by_role("link", name="Verify it").click()
    page.wait_for_url(f"**/verify/{publication}")
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()
