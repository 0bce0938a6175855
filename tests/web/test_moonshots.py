"""The moonshots and what became of them in a real browser."""

import re

import pytest
from playwright.sync_api import Page, Route, expect
from tests.web.axe import list_barriers
from tests.web.conftest import Complaints, Site

pytestmark = pytest.mark.slow


def test_what_is_usual_stands_before_any_coin(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/moonshots")
    usual = page.get_by_role("region", name="Base rates")
    twice = usual.get_by_role("row").filter(has_text="Twice the price")
    expect(twice).to_contain_text("13.34 %")
    expect(twice).to_contain_text("740")
    expect(twice).to_contain_text("none shown")
    expect(usual.get_by_role("row").filter(has_text="An 80 % fall")).to_contain_text("✓ shown")
    risks = page.get_by_role("region", name="What may go wrong")
    expect(risks).to_contain_text("Rises cannot be told in advance")
    expect(risks).to_contain_text("0.90 %")
    expect(page.get_by_text("Backfilled: computed later")).to_be_visible()


def test_the_list_is_searched_and_ordered_in_the_address(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/moonshots?sort=symbol")
    coins = page.get_by_role("region", name="The list").locator("tbody tr")
    expect(coins.first).to_contain_text("BTC")
    expect(coins.first).to_contain_text("3.00 %")
    page.get_by_label("Order").select_option("Lowest risk first")
    expect(page).to_have_url(re.compile(r"sort=risk"))
    page.get_by_label("Search coins").fill("lite")
    expect(coins).to_have_count(1)
    expect(coins.first).to_contain_text("5.00 %")
    page.get_by_label("Search coins").fill("nothing of the kind")
    expect(page.get_by_text("No coin is called that.")).to_be_visible()


def test_outcomes_show_all_of_them(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/moonshots")
    page.get_by_role("button", name="What became of earlier ones").click()
    said = page.get_by_role("region", name="Said on 2023-09-01")
    expect(said.get_by_role("row").filter(has_text="BTC")).to_contain_text("■ miss")
    expect(said.get_by_role("row").filter(has_text="BTC")).to_contain_text("+6.6 %")
    expect(page.get_by_text("0.0 %; said 13.0 %")).to_be_visible()
    page.get_by_role("button", name="Hits").click()
    expect(page.get_by_text("None ended like that.")).to_be_visible()
    expect(page.get_by_text("0.0 %; said 13.0 %")).to_be_visible()
    page.get_by_role("button", name="Misses").click()
    expect(said.get_by_role("row").filter(has_text="LTC")).to_be_visible()
    expect(page).to_have_url(re.compile(r"verdict=miss"))


def test_a_return_that_is_not_known_is_painted_as_none(site: Site, page: Page) -> None:
    def forget(route: Route) -> None:
        found = route.fetch()
        body = found.json()
        for row in body["data"]:
            if row["symbol"] == "BTC":
                row["return"] = None
        route.fulfill(response=found, json=body)

    page.route("**/v1/moonshots/outcomes*", forget)
    page.goto(f"{site.url}/moonshots?view=outcomes")
    said = page.get_by_role("region", name="Said on 2023-09-01")
    cells = said.get_by_role("row").filter(has_text="BTC").locator("td")
    expect(cells.nth(1)).to_have_text("–")
    expect(cells.nth(1)).not_to_have_class(re.compile(r"\b(up|down)\b"))
    expect(said.locator("td.up, td.down").first).to_be_visible()  # others have theirs


def test_one_coin_has_its_chances_beside_what_is_usual(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/moonshots?sort=symbol")
    page.get_by_role("region", name="The list").get_by_role("link", name="BTC").click()
    expect(page).to_have_url(f"{site.url}/moonshots/BTC")
    chances = page.get_by_role("region", name="Chances")
    fall = chances.get_by_role("row").filter(has_text="An 80 % fall")
    expect(fall).to_contain_text("3.00 %")
    expect(fall).to_contain_text("0.90 %")
    expect(fall).to_contain_text("✓ shown")
    twice = chances.get_by_role("row").filter(has_text="Twice the price")
    expect(twice).to_contain_text("none shown: the chance is the usual one")
    expect(page.get_by_text("Backfilled: computed later")).to_be_visible()
    assert not list_barriers(page)
    page.get_by_role("link", name="All about BTC").click()
    expect(page).to_have_url(re.compile(r"/tokens/\d+$"))


def test_one_coin_has_all_that_became_of_it(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/moonshots/BTC")
    became = page.get_by_role("region", name="What became of it")
    said = became.get_by_role("row").filter(has_text="1 Sept 2023")
    expect(said).to_contain_text("■ miss")
    expect(said).to_contain_text("+6.6 %")


def test_a_coin_that_was_not_listed_says_so(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/moonshots/GONE")
    expect(page.get_by_text("GONE was never on the list.")).to_be_visible()
    expect(page.get_by_role("link", name="All about GONE")).to_be_visible()
    assert not list_barriers(page)
    page.get_by_role("link", name="The whole list").click()
    expect(page.get_by_role("region", name="The list")).to_be_visible()


def test_an_unknown_coin_is_said(site: Site, page: Page, complaints: Complaints) -> None:
    page.goto(f"{site.url}/moonshots/%3Cb%3Enobody")
    expect(page.get_by_text("No token is called <b>nobody.")).to_be_visible()
    assert not list_barriers(page)
    assert all("404" in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()


@pytest.mark.parametrize("view", ["", "?view=outcomes"])
def test_nothing_serious_keeps_anybody_out(site: Site, page: Page, view: str) -> None:
    page.goto(f"{site.url}/moonshots{view}")
    expect(page.get_by_role("row").filter(has_text="BTC").first).to_be_visible()
    assert not list_barriers(page)


@pytest.mark.parametrize("view", ["", "?view=outcomes", "/BTC"])
def test_the_page_does_not_scroll_sideways_on_a_phone(site: Site, page: Page, view: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.url}/moonshots{view}")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
