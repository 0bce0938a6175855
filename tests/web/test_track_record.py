"""The track record page: every measure, its plots with their numbers, every statement."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.api.serving import running
from tests.api.world import make_world
from tests.track_record.test_serving import score
from tests.web.axe import list_barriers
from tests.web.conftest import Site

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    world = make_world(tmp_path_factory.mktemp("record"), tokens=45, days=10)
    score(world)
    with running(world.app) as url:
        yield Site(world, url)


def list_measures(site: Site) -> list[dict[str, str]]:
    answer = httpx.get(f"{site.url}/v1/track-record?limit=1000").raise_for_status().json()
    return list(answer["data"])


def test_a_record_that_is_not_built_says_so(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/track-record")
    expect(page.get_by_text("There is no record yet.")).to_be_visible()
    expect(page.get_by_text("The record is not built yet")).to_be_visible()


def test_every_measure_is_listed_and_can_be_looked_at(scored: Site, page: Page) -> None:
    measures = list_measures(scored)
    page.goto(f"{scored.url}/track-record")
    rows = page.get_by_role("region", name="Measures").locator("tbody tr")
    expect(rows).to_have_count(len(measures))
    for place, measure in enumerate(measures):
        rows.nth(place).get_by_role("button").click()
        shown = page.get_by_role("region", name="What is measured")
        expect(shown).to_contain_text(measure["claim"])
        expect(shown).to_contain_text(measure["control"])
        expect(page.get_by_role("region", name="Statements").get_by_role("status")).to_be_visible()


def test_the_plots_have_their_numbers_in_tables(scored: Site, page: Page) -> None:
    name = "grades.trader/beats_median/backfilled"
    page.goto(f"{scored.url}/track-record?measure={name}")
    order = page.get_by_role("region", name="Order through time")
    expect(order.get_by_role("img")).to_be_visible()
    order.locator("summary").click()
    kind, measure, origin = name.split("/")
    query = {"kind": kind, "measure": measure, "origin": origin, "limit": "1000"}
    days = httpx.get(f"{scored.url}/v1/track-record/days", params=query).json()["data"]
    expect(order.locator("tbody tr")).to_have_count(sum(day["counted"] for day in days))
    plot = page.get_by_role("region", name="Calibration")
    expect(plot.get_by_role("img")).to_be_visible()
    plot.locator("summary").click()
    points = httpx.get(f"{scored.url}/v1/track-record/calibration", params=query).json()["data"]
    for by, title in (("decile", "By tenths of each day"), ("probability", "By stated chance")):
        plot.get_by_role("button", name=title).click()
        expected = [point for point in points if point["by"] == by]
        expect(plot.locator("tbody tr")).to_have_count(len(expected))


def test_every_statement_is_reached_page_by_page(scored: Site, page: Page) -> None:
    name = "grades.trader/beats_median/backfilled"
    kind, measure, origin = name.split("/")
    query = {"kind": kind, "measure": measure, "origin": origin, "limit": "1000"}
    said = httpx.get(f"{scored.url}/v1/track-record/statements", params=query).json()["data"]
    page.goto(f"{scored.url}/track-record?measure={name}")
    table = page.get_by_role("region", name="Statements")
    seen = 0
    for number in range(1, -(-len(said) // 50) + 1):
        expect(table.get_by_role("status")).to_contain_text(f"Page {number},")
        expect(table.locator("tbody tr").first).to_contain_text(said[seen]["symbol"])
        seen += table.locator("tbody tr").count()
        if seen < len(said):
            table.get_by_role("button", name="Older").click()
    assert seen == len(said)
    expect(table.get_by_role("button", name="Older")).to_be_disabled()


def test_a_statement_leads_to_its_proof(scored: Site, page: Page) -> None:
    page.goto(f"{scored.url}/track-record")
    page.get_by_role("region", name="Statements").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()


def test_the_page_is_narrow_enough_for_a_telephone(scored: Site, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{scored.url}/track-record")
    expect(page.get_by_role("region", name="Statements").get_by_role("status")).to_be_visible()
    assert list_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
