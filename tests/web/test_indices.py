"""The pages of the indices in a real browser."""

import json
import re
import tomllib
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from tests.web.conftest import Complaints, Site

pytestmark = pytest.mark.slow

BASKET = "The ten largest coins, none above a quarter, set anew every 30 days."


def test_every_index_of_the_day_is_listed(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/indices")
    row = page.get_by_role("row").filter(has_text="Top 10 by volume")
    expect(row).to_contain_text("426.97")
    expect(row).to_contain_text("−57 %")
    expect(row).to_contain_text(BASKET)
    expect(page.get_by_text("Backfilled: computed later")).to_be_visible()


def test_the_type_stands_in_the_address(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/indices")
    page.get_by_role("button", name="Active").click()
    expect(page.get_by_role("link", name="Investor Index")).to_be_visible()
    expect(page.get_by_role("link", name="Top 10 by volume")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"type=active"))
    page.reload()
    expect(page.get_by_role("link", name="Investor Index")).to_be_visible()
    expect(page.get_by_role("link", name="Top 10 by volume")).to_have_count(0)


def test_one_index_shows_its_rules_holdings_and_trades(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/indices")
    page.get_by_role("link", name="Top 10 by volume").click()
    expect(page).to_have_url(f"{site.url}/indices/top-10")
    rules = page.get_by_role("region", name="Rule book")
    expect(rules).to_contain_text("10 coins by size (volume)")
    expect(rules).to_contain_text("none above 25 %")
    expect(rules).to_contain_text("every 30 days")
    holdings = page.get_by_role("region", name="Holdings")
    expect(holdings.get_by_role("row").filter(has_text="BTC")).to_contain_text("25.0 %")
    trades = page.get_by_role("region", name="Transactions")
    expect(trades.get_by_role("row").filter(has_text="ETH").first).to_contain_text("▼ sell")


def test_a_cash_rule_and_what_is_ordered_stand_in_words(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/indices/investor")
    rules = page.get_by_role("region", name="Rule book")
    expect(rules).to_contain_text("25 % always invested")
    expect(rules).to_contain_text("partly invested")
    holdings = page.get_by_role("region", name="Holdings")
    expect(holdings).to_contain_text("Decided at this close (scheduled)")
    expect(holdings.get_by_role("row").filter(has_text="Cash")).to_contain_text("26.6 %")


def test_performance_is_read_by_keyboard_and_as_a_table(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/indices/top-10")
    chart = page.get_by_role("slider", name=re.compile("Level of Top 10"))
    expect(chart).to_have_attribute("aria-valuetext", re.compile("2023-12-29: .*Bitcoin 512"))
    chart.focus()
    page.keyboard.press("ArrowLeft")
    expect(chart).to_have_attribute("aria-valuetext", re.compile("2023-12-28: "))
    page.keyboard.press("End")
    expect(chart).to_have_attribute("aria-valuetext", re.compile("2023-12-29: "))
    page.get_by_role("button", name="As a table").first.click()
    numbers = page.get_by_role(
        "region", name="Level of Top 10 by volume and its benchmarks, numbers"
    )
    expect(numbers.get_by_role("row").nth(1)).to_contain_text("2023-12-29")
    expect(numbers.get_by_role("row").nth(1)).to_contain_text("430")


def test_another_day_is_chosen_and_a_missing_one_says_so(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/indices/top-10?as_of=2023-12-28")
    expect(page.get_by_label(re.compile("Close of"))).to_have_value("2023-12-28")
    page.get_by_role("button", name="Newest day").click()
    expect(page.get_by_label(re.compile("Close of"))).to_have_value("2023-12-29")


def test_an_unknown_index_is_said_to_be_unknown(
    site: Site, page: Page, complaints: Complaints
) -> None:
    page.goto(f"{site.url}/indices/nothing")
    expect(page.locator(".missing")).to_contain_text("nothing")
    assert all("404" in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()


@pytest.mark.parametrize("path", ["/indices", "/indices/top-10"])
def test_the_page_does_not_scroll_sideways_on_a_phone(site: Site, page: Page, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site.url + path)
    expect(page.get_by_role("row").filter(has_text=re.compile("Top 10|BTC")).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_index_of_ones_own_is_asked_for_by_its_rules(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/indices")
    page.get_by_role("link", name="Build your own").click()
    page.get_by_label("How many").fill("3")
    page.get_by_label("Only of these").fill("btc, eth ltc")
    page.get_by_label("None above").fill("40")
    page.get_by_label("Go to cash").check()
    with page.expect_request("**/v1/backtests") as asked:
        page.get_by_role("button", name="Back-test it").click()
    rules = tomllib.loads(json.loads(asked.value.post_data or "")["rules"])
    assert rules["basket"] == {"rank_by": "size", "count": 3, "members": ["BTC", "ETH", "LTC"]}
    assert rules["weights"] == {"scheme": "equal", "cap": 0.4}
    assert rules["cash"]["means"] == [20, 50, 100]
    expect(page.get_by_role("region", name="Back-test")).to_contain_text("waiting")


def test_what_came_of_a_back_test_is_drawn_and_called_hindsight(site: Site, page: Page) -> None:
    def end(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["data"] |= {"state": "done", "ended_at": "2023-12-30T12:00:00Z"}
        route.fulfill(response=answer, json=body)

    result: dict[str, Any] = {
        "strategy": "index",
        "note": "",
        "slug": "own",
        "newest": {},
        "metrics": {},
    }
    result |= {"from": "2023-12-27", "to": "2023-12-29", "levels": ["1000", "1100", "990"]}
    page.route("**/v1/backtests", end)
    page.route("**/v1/jobs/*/result", lambda route: route.fulfill(json=result))
    page.goto(f"{site.url}/indices?view=own")
    page.get_by_role("button", name="Back-test it").click()
    shown = page.get_by_role("region", name="Result")
    expect(shown).to_contain_text("A back-test is hindsight.")
    expect(shown).to_contain_text("990.00")
    expect(shown).to_contain_text("−10.0 %")
    expect(shown.get_by_role("slider").first).to_have_attribute(
        "aria-valuetext", "2023-12-29: My index 990"
    )
