"""The pages of the indices in a real browser."""

import json
import re
import tomllib
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect
from tests.web.axe import list_barriers
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
    expect(chart).to_have_attribute("aria-valuetext", re.compile("29 Dec 2023: .*Bitcoin 512"))
    chart.focus()
    page.keyboard.press("ArrowLeft")
    expect(chart).to_have_attribute("aria-valuetext", re.compile("28 Dec 2023: "))
    page.keyboard.press("End")
    expect(chart).to_have_attribute("aria-valuetext", re.compile("29 Dec 2023: "))
    page.get_by_role("button", name="As a table").first.click()
    numbers = page.get_by_role(
        "region", name="Level of Top 10 by volume and its benchmarks, numbers"
    )
    expect(numbers.get_by_role("row").nth(1)).to_contain_text("29 Dec 2023")
    expect(numbers.get_by_role("row").nth(1)).to_contain_text("430")


def test_performance_is_told_beside_its_benchmarks(site: Site, page: Page) -> None:
    path = "/v1/indices/top-10/performance?limit=1000"
    rows = httpx.get(site.url + path).raise_for_status().json()["data"]  # the newest first
    page.goto(f"{site.url}/indices/top-10")
    beside = page.get_by_role("region", name="Beside its benchmarks")
    for name, first, last in (
        ("Top 10 by volume", rows[-1]["level"], rows[0]["level"]),
        ("Bitcoin", rows[-1]["benchmarks"]["bitcoin"], rows[0]["benchmarks"]["bitcoin"]),
    ):
        change = 100 * (float(last) / float(first) - 1)
        row = beside.get_by_role("row").filter(has_text=name)
        shown = f"{abs(change):.1f} %"
        expect(row.get_by_role("cell").first).to_contain_text(shown)
    expect(beside.get_by_role("row")).to_have_count(4)


def test_an_index_leads_to_its_proof(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/indices/top-10")
    page.get_by_role("link", name="Verify it").click()
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()


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


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/indices", "Top 10 by volume"),
        ("/indices/top-10", "Beside its benchmarks"),
        ("/indices?view=own", "Build your own"),
    ],
)
def test_the_page_fits_a_phone_and_every_reader(
    site: Site, page: Page, path: str, shown: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site.url + path)
    seen = page.get_by_text(shown).or_(page.get_by_role("region", name=shown))
    expect(seen.first).to_be_visible()
    assert list_barriers(page) == []
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
        "newest": {"benchmarks": {"bitcoin": "1200", "equal_weight": "950"}},
        "metrics": {},
    }
    result |= {"from": "2023-12-27", "to": "2023-12-29", "levels": ["1000", "1100", "990"]}
    page.route("**/v1/backtests", end)
    asked: list[str] = []

    def answer_result(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(json=result)

    page.route("**/v1/jobs/*/result", answer_result)
    page.goto(f"{site.url}/indices?view=own")
    page.get_by_role("button", name="Back-test it").click()
    shown = page.get_by_role("region", name="Result")
    expect(shown).to_contain_text("A back-test is hindsight.")
    expect(shown).to_contain_text("990.00")
    expect(shown).to_contain_text("Return −1.0 %")
    expect(shown).to_contain_text("Bitcoin +20.0 %")
    expect(shown).to_contain_text("All coins equally −5.0 %")
    expect(shown).to_contain_text("−10.0 %")
    expect(shown.get_by_role("slider").first).to_have_attribute(
        "aria-valuetext", "29 Dec 2023: My index 990"
    )
    assert len(asked) == 1
    page.route(re.compile(r"/v1/jobs/[^/]+$"), end)
    page.reload()  # the address finds it again
    expect(shown).to_contain_text("990.00")
    assert len(asked) == 2
    page.unroute("**/v1/backtests")
    page.get_by_role("button", name="Back-test it").click()
    expect(page.get_by_role("region", name="Back-test")).to_contain_text("waiting")
    expect(shown).to_have_count(0)  # what came of other rules is gone


def fail_jobs(page: Page, detail: str, code: str = "bad-input") -> None:
    """Every back-test that is asked for ends so."""

    def end(route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        answer = route.fetch()
        body = answer.json()
        error = {"type": f"/errors#{code}", "title": "Refused", "code": code, "status": 422}
        error |= {"detail": detail, "hint": "Choose another.", "retryable": False}
        body["data"] |= {"state": "failed", "error": error}
        route.fulfill(response=answer, json=body)

    page.route("**/v1/backtests", end)


def test_a_refusal_stands_beside_its_field(site: Site, page: Page, complaints: Complaints) -> None:
    page.goto(f"{site.url}/indices?view=own")
    cap = page.get_by_label("None above")
    cap.fill("1")
    page.get_by_role("button", name="Back-test it").click()
    expect(cap).to_have_attribute("aria-invalid", "true")
    expect(cap).to_have_accessible_description(re.compile("cap of 0.01 cannot hold"))
    expect(page.get_by_text("cannot hold")).to_have_count(1)
    assert list_barriers(page) == []
    assert all("422" in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()


@pytest.mark.parametrize(
    ("label", "value", "words"),
    [
        ("Only of these", "BTC <b>NOPE</b>", "Nothing was ever called <B>NOPE</B>."),
        ("From", "2035-01-01", "The index starts on 2035-01-01, the newest complete day is"),
    ],
)
def test_what_can_never_work_is_said_beside_its_field_before_anything_runs(
    site: Site, page: Page, label: str, value: str, words: str, complaints: Complaints
) -> None:
    page.goto(f"{site.url}/indices?view=own")
    field = page.get_by_label(label)
    field.fill(value)
    page.get_by_role("button", name="Back-test it").click()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(re.escape(words)))
    expect(page.get_by_role("region", name="Back-test")).to_have_count(0)
    complaints.heard.clear()


def test_why_a_back_test_failed_stands_with_it(site: Site, page: Page) -> None:
    fail_jobs(page, "own would not have held a coin <b>at all</b>.")
    page.goto(f"{site.url}/indices?view=own")
    page.get_by_role("button", name="Back-test it").click()
    shown = page.get_by_role("region", name="Back-test")
    expect(shown).to_contain_text("failed")
    expect(shown).to_contain_text("own would not have held a coin <b>at all</b>.")


def test_a_back_test_is_found_again_and_cancelled(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/indices?view=own")
    page.get_by_role("button", name="Back-test it").click()
    expect(page).to_have_url(re.compile("job=job_"))
    page.reload()
    shown = page.get_by_role("region", name="Back-test")
    expect(shown).to_contain_text("waiting")
    shown.get_by_role("button", name="Cancel it").click()
    expect(shown).to_contain_text("cancelled")
    expect(shown.get_by_role("button", name="Cancel it")).to_have_count(0)
    expect(page.get_by_role("button", name="Back-test it")).to_be_enabled()


def test_a_back_test_shows_how_far_it_is(site: Site, page: Page) -> None:
    def run(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["data"] |= {"state": "running", "percent": 40.0, "done": 292, "total": 730}
        route.fulfill(response=answer, json=body)

    page.route("**/v1/backtests", run)
    page.route("**/v1/jobs/*/events", lambda route: route.fulfill(content_type="text/event-stream"))
    page.goto(f"{site.url}/indices?view=own")
    page.get_by_role("button", name="Back-test it").click()
    bar = page.get_by_role("progressbar", name="Progress")
    expect(bar).to_have_attribute("value", "40")
    expect(page.get_by_role("region", name="Back-test")).to_contain_text("292 of 730")


def test_a_rule_book_is_written_by_hand(site: Site, page: Page, complaints: Complaints) -> None:
    page.goto(f"{site.url}/indices?view=own")
    page.locator("summary").click()
    page.get_by_role("button", name="Write it yourself").click()
    book = page.get_by_label("Rule book, TOML")
    expect(page.get_by_label("How many")).to_be_disabled()
    text = book.input_value()
    book.fill(text.replace("count = 10", "count = ten"))
    page.get_by_role("button", name="Back-test it").click()
    expect(page.get_by_text("at line 8")).to_be_visible()
    book.fill(text.replace("count = 10", "count = 7"))
    with page.expect_request("**/v1/backtests") as asked:
        page.get_by_role("button", name="Back-test it").click()
    rules = tomllib.loads(json.loads(asked.value.post_data or "")["rules"])
    assert rules["basket"]["count"] == 7
    expect(page.get_by_role("region", name="Back-test")).to_contain_text("waiting")
    page.get_by_role("button", name="Back to the fields").click()
    expect(page.get_by_label("How many")).to_have_value("10")
    assert all("422" in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()
