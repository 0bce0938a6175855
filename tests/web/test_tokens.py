"""The token page: what is said of a coin, why, and what came of what was said before."""

import math
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from tests.api.serving import running
from tests.web.axe import list_barriers
from tests.web.conftest import Site
from tests.web.live import tell_price
from tests.web.token_page import (
    BEFORE,
    DAY,
    FAMILIES,
    GONE,
    LAST_OF_GONE,
    TURNED,
    explain,
    make_past,
    read,
)

pytestmark = pytest.mark.slow

LITECOIN = 3377


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    world = make_past(tmp_path_factory.mktemp("past"))
    with running(world.app) as url:
        yield Site(world, url)


def read_points(texts: list[str]) -> list[float]:
    """The numbers at the ends of rows, as the page writes them."""
    return [float(text.split()[-1].replace("−", "-")) for text in texts]


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
        link = card.get_by_title(said["publication"])
        expect(link).to_have_attribute("href", f"/v1/publications/{said['publication']}")


def test_the_signal_stands_beside_its_control(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens/LTC")
    [row] = read(site, page, "/v1/signals/daily/LTC?limit=1")["data"]
    card = page.get_by_role("region", name="Signal")
    expect(card).to_contain_text("▲ buy")
    expect(card).to_contain_text("since the close of 16 Oct 2023")
    expect(card).to_contain_text(row["reason"])
    for member in ("signal_return", "constant_return", "holding_return"):
        expect(card).to_contain_text(f"{float(row[member]) * 100:+.1f} %".replace("-", "−"))
    link = card.get_by_title(row["publication"])
    expect(link).to_have_attribute("href", f"/v1/publications/{row['publication']}")


def test_the_contributions_add_up_to_the_grade(site: Site, page: Page) -> None:
    page.route("**/explanation*", explain)
    page.goto(f"{site.url}/tokens/BTC")
    why = page.get_by_role("region", name="Why this grade")
    families, parts = why.get_by_role("table").nth(0), why.get_by_role("table").nth(1)
    expect(families.locator("tbody tr")).to_have_count(len(FAMILIES))
    expect(parts.get_by_role("row", name="Price change, 1 day ")).to_contain_text("+8.56")
    told = re.search(
        r"starts at (\S+); .* moves it by (\S+) to a score of (\S+)\. .* the grade (\S+)\.",
        why.inner_text().replace("\n", " "),
    )
    assert told is not None
    base, moved, raw, grade = (float(text.replace("−", "-")) for text in told.groups())
    for rows in (families.locator("tbody tr"), parts.locator("tbody tr")):
        assert sum(read_points(rows.all_inner_texts())) == pytest.approx(moved, abs=1e-9)
    assert read_points(parts.locator("tfoot tr").all_inner_texts()) == [moved]
    assert base + moved == pytest.approx(raw, abs=1e-9)
    assert 100 / (1 + math.exp(-1.2 * (raw - 50) / 30)) == pytest.approx(grade, abs=0.01)

    expect(parts.locator("tbody tr")).to_have_count(11)  # ten, and the others together
    why.get_by_role("button", name="Show all 12").click()
    expect(parts.locator("tbody tr")).to_have_count(12)
    assert sum(read_points(parts.locator("tbody tr").all_inner_texts())) == pytest.approx(moved)
    why.get_by_role("button", name="Investor grade").click()
    expect(page).to_have_url(f"{site.url}/tokens/BTC?why=investor")


def test_a_grade_that_was_held_down_says_so(site: Site, page: Page) -> None:
    page.route("**/explanation*", lambda route: explain(route, raw_score="97.53", grade="75.00"))
    page.goto(f"{site.url}/tokens/BTC")
    why = page.get_by_role("region", name="Why this grade")
    expect(why).to_contain_text("that is 87.00; a rule of safety holds the grade at 75.00.")


def test_a_past_day_says_what_was_said_and_what_came(past: Site, page: Page) -> None:
    day = past.world.days[2].isoformat()
    page.goto(f"{past.url}/tokens/BTC")
    page.get_by_label("What was said on").fill(day)
    expect(page).to_have_url(f"{past.url}/tokens/BTC?as_of={day}")
    said = read(past, page, f"/v1/grades/trader?symbol=BTC&as_of={day}")
    card = page.get_by_role("region", name="Trader grade")
    expect(card.get_by_title(said["publication"])).to_be_visible()
    expect(card).to_contain_text("Backfilled: computed later")
    [then, now] = [
        read(past, page, f"/v1/candles/BTC?limit=1&to={day}")["data"][0] for day in (day, DAY)
    ]
    since = page.get_by_role("region", name="what happened since")
    expect(since).to_contain_text(f"From the close of that day, {float(then['close']):.4f} USD")
    expect(since).to_contain_text(f"{float(now['close']):.4f} USD")
    asked = f"/v1/track-record/statements?kind=grades.trader&symbol=BTC&from={day}&to={day}"
    claims = {row["measure"]: row for row in read(past, page, asked)["data"]}
    beats = claims["beats_median"]
    row = since.get_by_role("row", name=f"Trader grade {float(beats['said']):.1f}")
    expect(row).to_contain_text(f"{float(beats['stated']) * 100:.1f} % that it")
    expect(row).to_contain_text({"hit": "✓ true", "miss": "✗ not true"}[beats["result"]])
    came = math.expm1(float(beats["outcome"])) * 100
    expect(row).to_contain_text(f"{came:+.1f} %".replace("-", "−"))
    longer = since.get_by_role("row", name="Investor grade").first
    expect(longer).to_contain_text("open until ")
    page.get_by_role("button", name="Newest day").click()
    expect(page).to_have_url(f"{past.url}/tokens/BTC")
    expect(since).to_have_count(0)


@pytest.mark.parametrize(("symbol", "came"), [("BTC", "✓ inside"), ("LTC", "✗ outside")])
def test_ranges_of_a_past_day_stand_beside_the_closes(
    past: Site, page: Page, symbol: str, came: str
) -> None:
    page.goto(f"{past.url}/tokens/{symbol}?as_of={TURNED}")
    since = page.get_by_role("region", name="Ranges and closes")
    after = TURNED + timedelta(days=1)
    [close] = read(past, page, f"/v1/candles/{symbol}?from={after}&to={after}")["data"]
    row = since.get_by_role("row", name="1 day ")
    expect(row).to_contain_text(f"{float(close['close']):.4f}")
    expect(row).to_contain_text(came)
    expect(since.get_by_role("row", name="90 days")).to_contain_text("not over yet")


def test_a_day_without_a_record_says_so(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens/BTC?as_of={BEFORE}")
    since = page.get_by_role("region", name="what happened since")
    expect(since).to_contain_text("No claim of that day is judged. The record is not built yet")


def test_the_slider_of_days_is_moved_by_keys(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens/BTC")
    slider = page.get_by_role("slider", name="Day looked at")
    expect(slider).to_have_attribute("aria-valuetext", "29 Dec 2023")
    card = page.get_by_role("region", name="Trader grade")
    since = page.get_by_role("region", name="what happened since")

    days = page.get_by_role("region", name="Day looked at")

    def expect_said(day: str) -> None:
        said = read(site, page, f"/v1/grades/trader?symbol=BTC&as_of={day}")
        expect(card.get_by_title(said["publication"])).to_be_visible()
        expect(card).to_contain_text(said["data"][0]["label"])
        for place in (card, days):
            expect(place).to_contain_text("Backfilled: computed later from what was known then.")
        expect(days).to_contain_text(f"Trader grade {float(said['data'][0]['grade']):.1f}")

    expect_said(DAY)
    slider.press("ArrowLeft")
    expect(page).to_have_url(f"{site.url}/tokens/BTC?as_of={BEFORE}")
    expect(slider).to_have_attribute("aria-valuetext", "28 Dec 2023")
    expect_said(BEFORE)
    expect(since.get_by_role("heading")).to_have_text("28 Dec 2023, and what happened since")
    slider.press("Home")
    first = site.world.days[0].isoformat()
    expect(page).to_have_url(f"{site.url}/tokens/BTC?as_of={first}")
    expect_said(first)
    slider.press("End")
    expect(page).to_have_url(f"{site.url}/tokens/BTC")
    expect_said(DAY)
    expect(since).to_have_count(0)


def test_the_slider_of_scenarios_changes_the_figures(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens/BTC")
    [row] = read(site, page, "/v1/forecasts/scenarios/BTC?limit=1")["data"]
    card = page.get_by_role("region", name="What if the market …")
    slider = card.get_by_role("slider", name="Scenario")

    def read_prices() -> list[float]:
        cells = card.locator("tbody tr td:nth-of-type(2)")
        return [float(text.replace(",", "")) for text in cells.all_inner_texts()]

    for key, name in (("", "base"), ("ArrowRight", "bull"), ("Home", "bear")):
        if key:
            slider.press(key)
        expect(slider).to_have_attribute("aria-valuetext", name)
        place = row["scenarios"].index(name)
        expected = [float(horizon["prices"][place]) for horizon in row["horizons"]]
        assert read_prices() == pytest.approx(expected, rel=1e-3)


def test_a_live_price_arrives_with_its_change(past: Site, page: Page) -> None:
    page.goto(f"{past.url}/tokens/LTC")
    head = page.locator("article header")
    # The change is a fraction of the price of 24 hours before.
    for price, change, shown in ((71.25, 0.0123, "+1.23 %"), (70.5, -0.25, "−25.00 %")):
        tell_price(past.world.app, LITECOIN, price=price, change_24h=change)
        expect(head).to_contain_text(f"Live price {price:.2f} USD {shown} in 24 hours")
    tell_price(past.world.app, LITECOIN, price=70.75, is_replay=True)
    expect(head).to_contain_text("Recorded price, replayed 70.75 USD")
    expect(head).to_contain_text("Change in 24 hours: no venue says")
    tell_price(past.world.app, LITECOIN, price=None, reason="No venue is heard.")
    expect(head).to_contain_text("Live price No venue is heard.")
    expect(head).to_contain_text("Close of 29 Dec 2023")


def test_the_coins_it_moves_with_lead_to_their_pages(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens/BTC")
    card = page.get_by_role("region", name="Moves with, and apart from")
    most = card.get_by_role("table", name="Moves most with")
    expect(most.get_by_role("row", name="ETH Ethereum")).to_contain_text("0.64")
    most.get_by_role("link", name="ETH").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ethereum")


def test_a_symbol_is_read_on_its_day(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens/LUNA?as_of=2022-05-01")
    expect(page.get_by_role("heading", level=1)).to_have_text("Terra Classic")
    expect(page.get_by_text("Its names: LUNA (Terra)")).to_be_visible()
    page.goto(f"{site.url}/tokens/LUNA")
    expect(page.get_by_role("heading", level=1)).to_have_text("Terra 2.0")


def test_a_token_that_ended_shows_its_last_day(past: Site, page: Page) -> None:
    page.goto(f"{past.url}/tokens/GONE")
    told = "It collapsed; its last day of trading was 14 Nov 2022."
    expect(page.get_by_text(told)).to_be_visible()
    said = read(past, page, f"/v1/grades/trader?symbol={GONE}&as_of={LAST_OF_GONE}")
    card = page.get_by_role("region", name="Trader grade")
    expect(card).to_contain_text(said["data"][0]["label"])
    expect(card).to_contain_text("Said for the close of 14 Nov 2022.")
    signal = page.get_by_role("region", name="Signal")
    expect(signal).to_contain_text("No view. No daily signals are of the days asked")
    expect(page.get_by_label("What was said on")).to_have_value(LAST_OF_GONE.isoformat())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nobody_is_kept_out(past: Site, page: Page, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    page.route("**/explanation*", explain)
    page.goto(f"{past.url}/tokens/BTC?as_of={BEFORE}")
    expect(page.get_by_role("region", name="what happened since")).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.get_by_text("Loading …")).to_have_count(0)
    assert list_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
