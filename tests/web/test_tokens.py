"""The token page: what is said of a coin, why, and what came of what was said before."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from tests.web.conftest import Site

pytestmark = pytest.mark.slow

DAY = "2023-12-29"
BEFORE = "2023-12-28"
PARTS = [("spread_30", "liquidity", "8.56", "0.0202"), ("return_7", "momentum", "-2.04", "0.8")]


def read(site: Site, page: Page, path: str) -> Any:
    """What the API says, to compare the page with."""
    answer = page.request.get(site.url + path)
    assert answer.ok, answer.text()
    return answer.json()


def explain(route: Route, **changed: Any) -> None:
    """An explanation as the models give it; the made-up world has only a hint of one."""
    contributions = [
        {"feature": feature, "family": family, "points": points, "rank": rank}
        for feature, family, points, rank in PARTS
    ]
    data = {
        "as_of": DAY,
        "publication": "grades.trader-x",
        "origin": "backfilled",
        "grade": "55.10",
        "base": "50.00",
        "raw_score": "56.52",
        "no_view": None,
        "contributions": contributions,
    }
    body = json.dumps({"data": data | changed, "as_of": DAY, "publication": None, "origin": None})
    route.fulfill(status=200, content_type="application/json", body=body)


def test_a_token_shows_its_grades_as_the_api_says_them(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens/BTC")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bitcoin")
    for kind in ("trader", "investor"):
        said = read(site, page, f"/v1/grades/{kind}?symbol=BTC")
        [row] = said["data"]
        card = page.get_by_role("region", name=f"{kind.title()} grade")
        expect(card).to_contain_text(row["label"])
        expect(card).to_contain_text(f"{float(row['probability']) * 100:.1f} %")
        expect(card).to_contain_text("−11.6 % to +26.4 %")
        expect(card).to_contain_text("Backfilled: computed later")
        link = card.get_by_role("link", name=said["publication"])
        expect(link).to_have_attribute("href", f"/v1/publications/{said['publication']}")


def test_no_view_is_said_with_its_reason(site: Site, page: Page) -> None:
    rows = read(site, page, "/v1/grades/trader?limit=1000")["data"]
    silent = next(row for row in rows if row["no_view"])
    without: dict[str, Any] = {"grade": None, "raw_score": None, "contributions": []}
    page.route(
        "**/explanation*", lambda route: explain(route, no_view=silent["no_view"], **without)
    )
    page.goto(f"{site.url}/tokens/{silent['symbol']}")
    card = page.get_by_role("region", name="Trader grade")
    expect(card).to_contain_text("No view. Fewer than 30 days of history.")
    why = page.get_by_role("region", name="Why this grade")
    expect(why).to_contain_text("No view. Fewer than 30 days of history.")


def test_the_contributions_add_up(site: Site, page: Page) -> None:
    page.route("**/explanation*", explain)
    page.goto(f"{site.url}/tokens/BTC")
    why = page.get_by_role("region", name="Why this grade")
    expect(why).to_contain_text("starts at 50.0; what is known of this one moves it by +6.52")
    expect(why).to_contain_text("to a score of 56.52")
    expect(why.get_by_role("row", name="Spread, estimated, 30 days")).to_contain_text("+8.56")
    expect(why.get_by_role("row", name="Price change, 7 days")).to_contain_text("−2.04")
    expect(why.get_by_role("row", name="All together")).to_contain_text("+6.52")
    why.get_by_role("button", name="Investor grade").click()
    expect(page).to_have_url(f"{site.url}/tokens/BTC?why=investor")


def test_candles_are_drawn_and_there_as_numbers(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens/BTC")
    chart = page.get_by_role("region", name="Price, signals, levels")
    expect(chart.locator("canvas").first).to_be_visible()
    expect(
        chart.get_by_role("img", name="Daily candles from 2022-12-29 to 2023-12-29")
    ).to_be_visible()
    expect(chart.get_by_role("link", name="TradingView")).to_have_attribute(
        "href", "https://www.tradingview.com/"
    )
    expect(chart.get_by_role("row", name="support").first).to_be_visible()
    chart.get_by_text("candles as a table").click()
    table = chart.get_by_role("region", name="Daily candles, numbers")
    expect(table.get_by_role("row", name=BEFORE)).to_be_visible()
    chart.get_by_role("button", name="3 months").click()
    expect(chart.get_by_role("button", name="3 months")).to_have_attribute("aria-pressed", "true")


def test_a_past_day_says_what_was_said_and_what_came(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens/BTC")
    page.get_by_label("What was said on").fill(BEFORE)
    expect(page).to_have_url(f"{site.url}/tokens/BTC?as_of={BEFORE}")
    said = read(site, page, f"/v1/grades/trader?symbol=BTC&as_of={BEFORE}")
    card = page.get_by_role("region", name="Trader grade")
    expect(card.get_by_role("link", name=said["publication"])).to_be_visible()
    [then, now] = [
        read(site, page, f"/v1/candles/BTC?limit=1&to={day}")["data"][0] for day in (BEFORE, DAY)
    ]
    since = page.get_by_role("region", name="what happened since")
    expect(since).to_contain_text(f"From the close of that day, {float(then['close']):.4f} USD")
    expect(since).to_contain_text(f"{float(now['close']):.4f} USD")
    expect(since.get_by_role("row", name="90 days")).to_contain_text("not over yet")
    page.get_by_role("button", name="Newest day").click()
    expect(page).to_have_url(f"{site.url}/tokens/BTC")
    expect(since).to_have_count(0)


def test_a_symbol_is_read_on_its_day(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens/LUNA?as_of=2022-05-01")
    expect(page.get_by_role("heading", level=1)).to_have_text("Terra Classic")
    expect(page.get_by_text("Its names: LUNA (Terra)")).to_be_visible()
    page.goto(f"{site.url}/tokens/LUNA")
    expect(page.get_by_role("heading", level=1)).to_have_text("Terra 2.0")


def test_without_a_symbol_the_market_is_named(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens")
    link = page.get_by_role("main").get_by_role("link", name="Choose one on the market page.")
    expect(link).to_have_attribute("href", "/market")


def test_a_token_fits_a_phone(site: Site, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.url}/tokens/BTC?as_of={BEFORE}")
    expect(page.get_by_role("region", name="what happened since")).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
