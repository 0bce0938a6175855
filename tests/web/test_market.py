"""The market page in a real browser: what it shows, how it is used, and that it stays live."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from tests.api.serving import running
from tests.api.spoken import make_kind_rows, say
from tests.api.world import NEWEST, make_rows, make_world, publish
from tests.web.axe import list_barriers
from tests.web.conftest import Site
from tests.web.live import tell_price

from assay.grades import GradeKind

pytestmark = pytest.mark.slow

ROWS = "tbody tr:not(.room)"
TALL: ViewportSize = {"width": 1280, "height": 4_000}
"""Rows beyond the window are not drawn."""


def open_market(page: Page, site: Site, query: str = "") -> None:
    page.goto(f"{site.url}/market{query}")
    expect(page.locator(ROWS).first).to_be_visible()


def list_symbols(page: Page) -> list[str]:
    return page.locator(f"{ROWS} th a").all_inner_texts()


def test_every_token_is_there_with_both_grades_and_what_it_rests_on(page: Page, site: Site) -> None:
    page.set_viewport_size(TALL)
    open_market(page, site, "?view=all")
    said = page.request.get(f"{site.url}/v1/grades/trader?limit=1000").json()["data"]
    grades = {row["symbol"]: row for row in said}
    assert set(list_symbols(page)) >= set(grades)
    best = page.locator(ROWS).first
    symbol = best.locator("th a").inner_text()
    assert f"{float(grades[symbol]['grade']):.1f}" in best.inner_text()
    expect(page.get_by_text("computed later from what was known then")).to_be_visible()
    expect(page.get_by_text("Recorded data: the newest day is 29 Dec 2023")).to_be_visible()


def test_what_was_said_of_another_day_says_so(page: Page, tmp_path: Path) -> None:
    world = make_world(tmp_path, days=0)
    before = NEWEST - timedelta(days=1)
    at = datetime(2023, 12, 30, 6, tzinfo=UTC)
    rows = make_rows(world.markets.registry, NEWEST)
    publish(world.database, GradeKind.TRADER, NEWEST, rows, at)
    publish(world.database, GradeKind.INVESTOR, before, rows, at)
    for kind, day in (("signals.daily", before), ("market_state", NEWEST), ("briefing", NEWEST)):
        say(world.database, kind, day, make_kind_rows(kind, day), at)
    with running(world.app) as url:
        page.goto(f"{url}/market")
        head = page.locator(".head")
        expect(head).to_contain_text("At the close of 29 Dec 2023, said before the outcome")
        for what in ("Investor Grades", "Signals"):
            expect(head).to_contain_text(f"{what}: at the close of 28 Dec 2023, computed later")
        expect(head).not_to_contain_text("The state of the market")
        assert not list_barriers(page)
        page.goto("about:blank")


def test_what_has_no_view_says_why(page: Page, site: Site) -> None:
    page.set_viewport_size(TALL)
    open_market(page, site, "?view=all&sort=trader")
    silent = page.locator(f"{ROWS} td.silent")
    expect(silent.first).to_contain_text("No view: ")


def test_search_filter_and_order_stand_in_the_address(page: Page, site: Site) -> None:
    page.set_viewport_size(TALL)
    open_market(page, site)
    page.get_by_role("searchbox").fill("bitc")
    expect(page.locator(ROWS)).to_have_count(1)
    assert "q=bitc" in page.url
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="Token", exact=True).click()
    expect(page.locator("thead th").first).to_have_attribute("aria-sort", "ascending")
    symbols = list_symbols(page)
    assert symbols == sorted(symbols)
    page.reload()
    expect(page.locator(ROWS).first).to_be_visible()
    assert list_symbols(page) == symbols
    page.get_by_role("searchbox").fill("no such token")
    expect(page.get_by_text("No token is like that.")).to_be_visible()


def test_a_live_price_arrives_and_shows_which_way_it_went(page: Page, site: Site) -> None:
    open_market(page, site, "?q=bitcoin&view=all")
    price = page.locator(f"{ROWS} td.price .price")
    row = page.locator(ROWS).first
    expect(row.locator("th a")).to_have_text("BTC")
    for value, shown in ((17_500.5, "17,500.50"), (17_600.25, "17,600.25")):
        tell_price(
            site.world.app, price=value, is_replay=True
        )  # before the stream is open it comes with its snapshot
        expect(price).to_have_text(shown)
    expect(page.get_by_text("Prices are recorded ones, replayed")).to_be_visible()


WATCH = """price => {
    window.flashes = [];
    const note = () => window.flashes.push([
        getComputedStyle(price, "::before").content[1] ?? "",
        getComputedStyle(price).backgroundColor,
    ]);
    new MutationObserver(note).observe(price, { attributeFilter: ["class"] });
}"""
"""Remembers the arrow and the ground of a price whenever either changes."""
CLEAR = "rgba(0, 0, 0, 0)"


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_price_that_moves_flashes_with_an_arrow_or_only_shows_the_arrow(
    page: Page, site: Site, motion: str
) -> None:
    page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
    open_market(page, site, "?q=bitcoin&view=all")
    price = page.locator(f"{ROWS} td.price .price")
    tell_price(site.world.app, price=20_000.0)
    expect(price).to_have_text("20,000.00")
    expect(price).to_have_attribute("data-moved", "")
    price.evaluate(WATCH)
    for value, shown, arrow in ((20_001.0, "20,001.00", "▲"), (19_999.0, "19,999.00", "▼")):
        tell_price(site.world.app, price=value, is_replay=True)
        expect(price).to_have_text(shown)
        grounds = [ground for sign, ground in page.evaluate("flashes") if sign == arrow]
        assert grounds, f"no {arrow} was seen"
        assert (grounds[0] == CLEAR) == (motion == "reduce")
    expect(price).to_have_attribute("data-moved", "")


def test_it_comes_back_by_itself_when_the_server_was_started_anew(
    browser: Browser, tmp_path: Path
) -> None:
    world = make_world(tmp_path)
    page = browser.new_page()
    with running(world.app) as url:
        port = int(url.rpartition(":")[2])
        page.goto(f"{url}/market")
        expect(page.locator(ROWS).first).to_be_visible()
    expect(page.get_by_text("The live connection is lost")).to_be_visible()
    with running(make_world(tmp_path / "again").app, port):
        expect(page.get_by_text("The live connection is lost")).to_be_hidden()
    page.close()


def test_names_from_outside_are_text(browser: Browser, tmp_path: Path) -> None:
    world = make_world(tmp_path, days=0)
    rows = make_rows(world.markets.registry, NEWEST)
    for row in rows:
        row["name"] = '<img src=x onerror="document.title=1"><script>alert(1)</script>'
    rows[0]["symbol"] = '"><img src=x onerror="document.title=1">'
    publish(world.database, GradeKind.TRADER, NEWEST, rows, datetime(2024, 1, 1, tzinfo=UTC))
    page = browser.new_page()
    with running(world.app) as url:
        page.goto(f"{url}/market?view=all")
        expect(page.locator(ROWS).first).to_contain_text("<script>")
        expect(page.get_by_text("None has been written yet.")).to_be_visible()
        assert page.locator("main img, main script").count() == 0
        page.get_by_role("button", name="Heat map").click()
        tile = page.locator(".map").get_by_role("link", name='"><img src=x')
        expect(tile).to_have_attribute("title", re.compile("^<img src=x onerror=.*<script>"))
        assert page.locator("main img, main script").count() == 0
        assert page.title() == "Market · Assay"
    page.close()


def test_the_briefing_of_the_day_is_begun_here(page: Page, site: Site) -> None:
    open_market(page, site)
    briefing = page.get_by_role("region", name="Briefing, 29 Dec 2023")
    expect(briefing).to_contain_text("Bitcoin fell 1.0 % to $29,029.75.")
    briefing.get_by_role("link", name="Read the briefing").click()
    expect(page.get_by_role("heading", name="Briefing, 29 Dec 2023")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nobody_is_kept_out(page: Page, site: Site, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    open_market(page, site)
    assert list_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_is_enough(page: Page, site: Site) -> None:
    open_market(page, site)
    page.keyboard.press("Tab")
    expect(page.get_by_text("To the content")).to_be_focused()
    page.get_by_role("button", name="Investor grade").focus()
    page.keyboard.press("Enter")
    expect(page.locator("th.investor").first).to_have_attribute("aria-sort", "descending")
