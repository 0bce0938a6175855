"""The track record page: every measure, its plots with their numbers, every statement."""

import re
from collections.abc import Iterator
from datetime import date

import httpx
import pytest
from playwright.sync_api import Page, Route, expect
from tests.api.serving import running
from tests.api.world import make_world
from tests.track_record.test_serving import score
from tests.web.axe import list_barriers
from tests.web.conftest import Complaints, Site

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
    expect(page.get_by_role("code")).to_have_text("assay track-record")
    expect(page.get_by_role("main")).not_to_contain_text("`")


def test_every_measure_is_listed_and_can_be_looked_at(scored: Site, page: Page) -> None:
    measures = list_measures(scored)
    page.goto(f"{scored.url}/track-record")
    rows = page.get_by_role("region", name="Measures").locator("tbody tr")
    expect(rows).to_have_count(len(measures))
    for place, measure in enumerate(measures):
        rows.nth(place).get_by_role("button").click()
        shown = page.get_by_role("region", name="What is measured")
        expect(shown).to_contain_text(measure["claim"])
        if measure["rate"] is not None:
            expect(shown).to_contain_text(measure["control"])
        expect(
            page.get_by_role("region", name="Statements", exact=True).get_by_role("status")
        ).to_be_visible()


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
    table = page.get_by_role("region", name="Statements", exact=True)
    seen = 0
    for number in range(1, -(-len(said) // 50) + 1):
        expect(table.get_by_role("status")).to_contain_text(f"Page {number},")
        expect(table.locator("tbody tr").first).to_contain_text(said[seen]["symbol"])
        seen += table.locator("tbody tr").count()
        if seen < len(said):
            table.get_by_role("button", name="Older").click()
    assert seen == len(said)
    expect(table.get_by_role("button", name="Older")).to_be_disabled()


def test_a_page_of_statements_has_an_address(scored: Site, page: Page) -> None:
    name = "grades.trader/beats_median/backfilled"
    page.goto(f"{scored.url}/track-record?measure={name}")
    table = page.get_by_role("region", name="Statements", exact=True)
    table.get_by_role("button", name="Older").click()
    expect(table.get_by_role("status")).to_contain_text("Page 2,")
    shown = table.locator("tbody tr").all_inner_texts()
    page.reload()
    expect(table.get_by_role("status")).to_contain_text("Page 2,")
    assert table.locator("tbody tr").all_inner_texts() == shown
    table.get_by_role("button", name="Newest").click()  # what lay between is not known here
    expect(table.get_by_role("status")).to_contain_text("Page 1,")
    table.get_by_role("button", name="Older").click()
    expect(table.get_by_role("status")).to_contain_text("Page 2,")
    table.get_by_role("button", name="Newer").click()
    expect(table.get_by_role("status")).to_contain_text("Page 1,")
    expect(page).not_to_have_url(re.compile("after="))


def test_statements_of_one_token_up_to_a_day(scored: Site, page: Page) -> None:
    page.goto(f"{scored.url}/track-record?measure=grades.trader/beats_median/backfilled")
    table = page.get_by_role("region", name="Statements", exact=True)
    table.get_by_label("Only of").fill("eth")
    table.get_by_label("Only of").press("Tab")
    table.get_by_label("Judged up to").fill("2023-12-26")
    expect(page).to_have_url(re.compile("of=eth.*until=2023-12-26"))
    query = {"kind": "grades.trader", "measure": "beats_median", "origin": "backfilled"}
    query |= {"symbol": "ETH", "to": "2023-12-26"}
    answer = httpx.get(f"{scored.url}/v1/track-record/statements", params=query)
    said = answer.raise_for_status().json()["data"]
    assert said
    expect(table.locator("tbody tr")).to_have_count(len(said))
    newest = date.fromisoformat(said[0]["as_of"])
    expect(table.locator("tbody tr").first).to_contain_text(f"{newest:%-d %b %Y}")
    expect(table).to_contain_text("no way to choose by outcome")
    table.get_by_role("button", name="All of them").click()
    expect(page).not_to_have_url(re.compile("of="))


def test_an_unknown_token_is_told(scored: Site, page: Page, complaints: Complaints) -> None:
    page.goto(f"{scored.url}/track-record?of=NOSUCH")
    table = page.get_by_role("region", name="Statements", exact=True)
    expect(table).to_contain_text("NOSUCH")
    expect(table.get_by_label("Only of")).to_have_value("NOSUCH")
    assert all("404" in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()


def test_every_statement_is_counted_and_beside_its_control(scored: Site, page: Page) -> None:
    page.goto(f"{scored.url}/track-record")
    measures = [row for row in list_measures(scored) if row["kind"] == "grades.trader"]
    page.get_by_label("Kind").select_option("grades.trader")
    expect(page.get_by_role("region", name="Measures").locator("tbody tr")).to_have_count(
        len(measures)
    )
    total = page.get_by_role("region", name="All statements")
    whole = sum(int(row["statements"]) for row in measures)
    judged = sum(int(row[name]) for row in measures for name in ("hits", "misses", "undecided"))
    expect(total).to_contain_text(f"{whole:,} statements, of which {judged:,}")
    names = ("hits", "misses", "undecided", "open", "no_call", "no_view")
    assert whole == sum(int(row[name]) for row in measures for name in names)
    page.reload()
    expect(page.get_by_label("Kind")).to_have_value("grades.trader")
    control = page.get_by_role("region", name="Beside the control")
    rate = next(row for row in measures if row["measure"] == "beats_median")["control_rate"]
    expect(control).to_contain_text(f"{100 * float(rate):.1f} %")
    expect(page.get_by_role("region", name="Order through time")).to_contain_text("95 of 100 cases")


@pytest.mark.parametrize(
    ("kind", "title", "shown"),
    [
        ("grades.trader", "Return against the median coin", "−9.5 %"),
        ("forecasts.quantiles", "Return", "−9.5 %"),
        ("indices", "Growth against all coins equally", "−9.5 %"),
        ("moonshots", "return", "−10.0 %"),
        ("market_state", "Return of the market", "−10.0 %"),
    ],
)
def test_an_outcome_is_written_as_its_kind_records_it(
    scored: Site, page: Page, kind: str, title: str, shown: str
) -> None:
    """Log returns as the change that they are; plain returns as they stand."""

    def answer(route: Route) -> None:
        found = route.fetch()
        body = found.json()
        body["data"][0]["outcome"] = "-0.1"
        route.fulfill(response=found, json=body)

    page.route("**/v1/track-record/statements?*", answer)
    one = next(row for row in list_measures(scored) if row["kind"] == kind)
    page.goto(f"{scored.url}/track-record?measure={kind}/{one['measure']}/{one['origin']}")
    table = page.get_by_role("region", name="Statements, rows")
    expect(table.locator("thead th").first).to_be_visible()
    heads = table.locator("thead th").all_inner_texts()
    place = next(at for at, head in enumerate(heads) if title in head)
    cells = table.locator("tbody tr").first.locator("td, th")
    expect(cells.nth(place)).to_have_text(shown)


def test_a_statement_leads_to_its_proof(scored: Site, page: Page) -> None:
    page.goto(f"{scored.url}/track-record")
    page.get_by_role("region", name="Statements", exact=True).get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()


def test_the_page_is_narrow_enough_for_a_telephone(scored: Site, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{scored.url}/track-record")
    expect(
        page.get_by_role("region", name="Statements", exact=True).get_by_role("status")
    ).to_be_visible()
    assert list_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
