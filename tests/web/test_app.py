"""What stands around every page: the start, the palette, and the states of server and line."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.accounts.people import SetClock
from tests.api.serving import running
from tests.api.world import NEWEST, NOW, make_rows, make_world, publish
from tests.web.axe import list_barriers
from tests.web.conftest import Site
from tests.web.live import tell_price

from assay.grades import GradeKind

pytestmark = pytest.mark.slow

ROWS = "tbody tr:not(.room)"


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="A token, a page")).to_be_focused()


def test_the_start_says_what_this_is_and_shows_the_market(page: Page, site: Site) -> None:
    page.goto(site.url)
    expect(page.get_by_text("Every coin graded from what was known that day")).to_be_visible()
    expect(page.locator(ROWS).first).to_be_visible()
    assert page.title() == "Assay"
    assert list_barriers(page) == []
    page.get_by_role("link", name="How right it was").click()
    expect(page.get_by_role("heading", name="Track record", level=1)).to_be_visible()
    page.get_by_role("link", name="Assay, to the start").click()
    expect(page).to_have_url(f"{site.url}/")
    expect(page.get_by_text("Every coin graded")).to_be_visible()


def test_the_palette_finds_a_token_by_keyboard(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/market")
    expect(page.locator(ROWS).first).to_be_visible()
    open_palette(page)
    page.keyboard.type("bitcoin")
    chosen = page.get_by_role("listbox", name="Found").get_by_role("option", selected=True)
    expect(chosen).to_contain_text("BTC")
    assert list_barriers(page) == []
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/tokens/BTC")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bitcoin")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_palette_goes_to_pages_and_does_things(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/market")
    page.get_by_role("button", name="Search").click()
    options = page.get_by_role("listbox", name="Found").get_by_role("option")
    expect(options.first).to_contain_text("Market")
    page.keyboard.press("ArrowDown")
    expect(
        page.get_by_role("listbox", name="Found").get_by_role("option", selected=True)
    ).to_contain_text("Briefing")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(
        page.get_by_role("listbox", name="Found").get_by_role("option", selected=True)
    ).to_contain_text("API reference")
    page.keyboard.type("theme")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Theme: light.")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("verif")
    page.get_by_role("option", name="Verify").click()
    expect(page).to_have_url(f"{site.url}/verify")
    open_palette(page)
    page.keyboard.type("nothing of that name")
    expect(page.get_by_text("Nothing is called that.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_slash_that_is_typed_opens_nothing(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/market")
    page.get_by_role("searchbox").press_sequentially("a/b")
    expect(page.get_by_role("searchbox")).to_have_value("a/b")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_who_comes_too_early_sees_how_far_it_is(browser: Browser, tmp_path: Path) -> None:
    is_ready = False
    world = make_world(tmp_path, is_ready=lambda: is_ready, progress=lambda: "grades: 64 of 998")
    page = browser.new_page()
    with running(world.app) as url:
        page.goto(url)
        expect(page.get_by_role("heading", name="Getting ready")).to_be_visible()
        expect(page.get_by_text("grades: 64 of 998")).to_be_visible()
        tell_price(world.app, price=17_500.5)
        expect(page.get_by_role("definition")).to_have_text("17,500.50 USD")
        is_ready = True
        expect(page.locator(ROWS).first).to_be_visible()
    page.close()


def test_offline_is_said_and_what_was_there_stays(browser: Browser, site: Site) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.url}/market")
    expect(page.locator(ROWS).first).to_be_visible()
    context.set_offline(True)
    expect(page.get_by_text("You are offline")).to_be_visible()
    expect(page.locator(ROWS).first).to_be_visible()
    context.set_offline(False)
    expect(page.get_by_text("You are offline")).to_be_hidden()
    context.close()


def test_a_day_that_is_graded_meanwhile_is_shown_when_asked_for(
    browser: Browser, tmp_path: Path
) -> None:
    clock = SetClock(NOW)
    world = make_world(tmp_path, clock=clock)
    day = NEWEST + timedelta(days=1)
    page = browser.new_page()
    with running(world.app) as url:
        page.goto(f"{url}/market?q=bitcoin")
        shown = page.locator(f"{ROWS} td.trader")
        expect(shown).to_be_visible()
        rows = [
            {**row, "grade": "12.34"} if row["symbol"] == "BTC" else row
            for row in make_rows(world.markets.registry, NEWEST)
        ]
        clock.wait(days=2)
        publish(world.database, GradeKind.TRADER, day, rows, clock.now())
        expect(page.get_by_text("30 Dec 2023 was graded meanwhile.")).to_be_visible()
        expect(shown).not_to_contain_text("12.3")
        page.get_by_role("button", name="Show the newest").click()
        expect(shown).to_contain_text("12.3")
        expect(page.get_by_text("was graded meanwhile")).to_be_hidden()
        clock.wait(days=1)
        publish(world.database, GradeKind.TRADER, day + timedelta(days=1), rows, clock.now())
        expect(page.get_by_text("31 Dec 2023 was graded meanwhile.")).to_be_visible()
        page.get_by_role("link", name="Track record", exact=True).click()
        expect(page.get_by_text("was graded meanwhile")).to_be_hidden()
    page.close()


def test_history_that_fills_in_is_told_until_all_of_it_stands(
    browser: Browser, tmp_path: Path
) -> None:
    history = "Publishing indices: 64 of 998"
    world = make_world(tmp_path, history=lambda: history)
    page = browser.new_page()
    with running(world.app) as url:
        page.goto(f"{url}/verify")
        expect(page.get_by_text("Publishing indices: 64 of 998")).to_be_visible()
        history = ""
        expect(page.get_by_text("History is still being filled in")).to_be_hidden()
    page.close()


def test_the_keyboard_is_taken_along(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/market")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert page.url == f"{site.url}/market#content"
    page.get_by_role("link", name="Verify", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Verify", level=1)).to_be_visible()
    expect(page.locator("main")).to_be_focused()


def test_a_page_whose_script_does_not_come_says_so(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    page.route("**/app/Verify*.js", lambda route: route.abort())
    page.goto(f"{site.url}/verify")
    expect(page.get_by_text("This page could not be loaded.")).to_be_visible()
    page.close()


def test_pages_that_fail_are_asked_for_again(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    refused = 0

    def refuse(route: Route) -> None:
        nonlocal refused
        refused += 1
        route.fulfill(
            status=503,
            content_type="application/problem+json",
            body='{"code": "busy", "detail": "Another process writes.", "hint": "Wait."}',
        )

    page.route("**/v1/grades/trader*", refuse)
    page.goto(f"{site.url}/market")
    expect(page.locator("main").get_by_text("Another process writes.")).to_be_visible()
    page.unroute("**/v1/grades/trader*")
    expect(page.locator(ROWS).first).to_be_visible()
    assert refused
    page.close()


def test_the_theme_is_kept(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/market")
    for theme in ("light", "dark"):
        page.get_by_role("button", name="Theme:").click()
        expect(page.get_by_role("button", name=f"Theme: {theme}.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Theme: dark.")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 19, 15)"
