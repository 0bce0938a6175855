"""The briefing in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.web.axe import list_barriers
from tests.web.conftest import Complaints, Site

pytestmark = pytest.mark.slow


def test_the_briefing_of_the_newest_day_is_read(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/briefing")
    expect(page.get_by_role("heading", name="Briefing, 29 Dec 2023")).to_be_visible()
    expect(page.get_by_text("Bitcoin fell 1.0 % to $29,029.75.")).to_be_visible()
    expect(page.get_by_text("Backfilled: computed later")).to_be_visible()
    market = page.get_by_role("region", name="The market")
    expect(market.get_by_role("row").filter(has_text="Ethereum")).to_contain_text("−1.9 %")
    grades = page.get_by_role("region", name="Trader Grade, 7 days ahead", exact=True)
    expect(grades).to_contain_text("309 coins graded, 118 at Buy or better (129 the day before).")
    fell = grades.get_by_role("row").filter(has_text="REEF")
    expect(fell).to_contain_text("−66.8")
    expect(fell).to_contain_text("volatility 87 → 25")
    signals = page.get_by_role("region", name="Signals")
    expect(signals).to_contain_text("From short to long: 16 coins, the most traded 2")
    picks = page.get_by_role("region", name="Highest by Trader Grade, 7 days ahead")
    expect(picks).to_contain_text("54 (42 %) rose")


def test_each_section_names_what_it_was_read_from(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/briefing")
    market = page.get_by_role("region", name="The market")
    source = market.get_by_role("link", name="Market state of 12 May 2022")
    expect(source).to_have_attribute("href", re.compile(r"kind=market_state&from=2022-05-12"))


def test_another_day_is_a_link_away(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/briefing")
    expect(page.get_by_text("None is later yet")).to_be_visible()
    assert not list_barriers(page)
    page.get_by_role("link", name="Earlier: 28 Dec 2023").click()
    expect(page.get_by_role("heading", name="Briefing, 28 Dec 2023")).to_be_visible()
    expect(page).to_have_url(f"{site.url}/briefing/2023-12-28")
    page.get_by_role("link", name="Later: 29 Dec 2023").click()
    expect(page.get_by_role("heading", name="Briefing, 29 Dec 2023")).to_be_visible()
    page.get_by_role("button", name="Newest day").click()
    expect(page).to_have_url(f"{site.url}/briefing")


def test_a_day_is_chosen_in_the_calendar_and_stands_in_the_path(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/briefing?as_of=2023-12-29")
    day = page.get_by_label("Close of")
    expect(day).to_have_value("2023-12-29")
    day.fill("2023-12-28")
    expect(page.get_by_role("heading", name="Briefing, 28 Dec 2023")).to_be_visible()
    expect(page).to_have_url(f"{site.url}/briefing/2023-12-28")


@pytest.mark.parametrize(
    ("day", "why", "near"),
    [
        ("2022-01-01", "There are no briefings for 2022-01-01.", "Later: "),
        ("2024-02-03", "2024-02-03 has not happened", "Earlier: 29 Dec 2023"),
    ],
)
def test_a_day_without_a_briefing_says_why(
    site: Site, page: Page, complaints: Complaints, day: str, why: str, near: str
) -> None:
    page.goto(f"{site.url}/briefing/{day}")
    expect(page.locator(".missing")).to_contain_text(why)
    expect(page.get_by_role("link", name=near)).to_be_visible()
    assert not list_barriers(page)
    page.get_by_role("link", name="The newest").click()
    expect(page.get_by_role("heading", name="Briefing, 29 Dec 2023")).to_be_visible()
    assert all(re.search("404|422", heard) for heard in complaints.heard), complaints.heard
    complaints.heard.clear()


def test_what_is_no_day_is_said(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/briefing/%3Cb%3Eyesterday")
    expect(page.get_by_text("“<b>yesterday” is no day.")).to_be_visible()
    assert not list_barriers(page)
    page.get_by_role("link", name="The newest briefing").click()
    expect(page.get_by_role("heading", name="Briefing, 29 Dec 2023")).to_be_visible()


def test_the_page_does_not_scroll_sideways_on_a_phone(site: Site, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.url}/briefing")
    expect(page.get_by_role("region", name="The market")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
