"""The moonshots and what became of them in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import Site

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


@pytest.mark.parametrize("view", ["", "?view=outcomes"])
def test_the_page_does_not_scroll_sideways_on_a_phone(site: Site, page: Page, view: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.url}/moonshots{view}")
    expect(page.get_by_role("row").filter(has_text="BTC").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
