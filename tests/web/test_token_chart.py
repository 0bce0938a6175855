"""The chart of the token page: drawn from the design's colours, and all of it in words."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.api.serving import running
from tests.web.conftest import PATIENCE_MS, Site
from tests.web.token_page import BEFORE, TURNED, make_past, read

pytestmark = pytest.mark.slow

DRAWN = "[...document.querySelectorAll('.chart canvas')].map(one => one.toDataURL()).join()"
HAS_COLOUR = """name => {
    const probe = document.body.appendChild(document.createElement("span"));
    probe.style.color = `var(--${name})`;
    const [red, green, blue] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    return [...document.querySelectorAll(".chart canvas")].some(one => {
        if (!one.width || !one.height) return false;
        const copy = Object.assign(document.createElement("canvas"), { width: one.width });
        copy.height = one.height;
        const context = copy.getContext("2d", { willReadFrequently: true });
        context.drawImage(one, 0, 0);
        const { data } = context.getImageData(0, 0, one.width, one.height);
        for (let i = 0; i < data.length; i += 4)
            if ([red, green, blue, 255].every((part, at) => data[i + at] === part)) return true;
        return false;
    });
}"""


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    world = make_past(tmp_path_factory.mktemp("past"))
    with running(world.app) as url:
        yield Site(world, url)


def open_chart(site: Site, page: Page, query: str = "") -> Locator:
    page.goto(f"{site.url}/tokens/BTC{query}")
    chart = page.get_by_role("region", name="Price, and what was said")
    expect(chart.locator("canvas").first).to_be_visible()
    expect(chart.locator(".read")).to_contain_text("Trader grade")
    page.wait_for_function(HAS_COLOUR, arg="up", timeout=PATIENCE_MS)
    return chart


def test_candles_are_there_as_words_and_numbers(past: Site, page: Page) -> None:
    chart = open_chart(past, page)
    [candle] = read(past, page, "/v1/candles/BTC?limit=1")["data"]
    shown = chart.locator(".read")
    expect(shown).to_contain_text(f"29 Dec 2023 open {float(candle['open']):.4f}")
    expect(shown).to_contain_text("volume 10.0 tn BTC")
    words = chart.get_by_text("Daily candles from 2022-12-29 to 2023-12-29: from ")
    expect(words).to_have_count(1)
    chart.get_by_text("The 366 candles as a table").click()
    table = chart.get_by_role("region", name="Daily candles, numbers")
    expect(table.locator("tbody tr")).to_have_count(366)
    row = table.get_by_role("row", name="29 Dec 2023")
    expect(row).to_contain_text(f"{float(candle['close']):.4f}")
    expect(row).to_contain_text("Signal ▼ sell")
    chart.get_by_role("button", name="All").click()
    expect(chart.get_by_text("The 969 candles as a table")).to_be_visible()


def test_the_licence_of_the_chart_is_named(past: Site, page: Page) -> None:
    chart = open_chart(past, page)
    notice = chart.get_by_text("TradingView Lightweight Charts™, © 2026 TradingView, Inc.")
    expect(notice).to_be_visible()
    link = notice.get_by_role("link", name="TradingView")
    expect(link).to_have_attribute("href", "https://www.tradingview.com/")


def test_what_was_said_of_a_day_is_told_by_key_and_pointer(past: Site, page: Page) -> None:
    chart = open_chart(past, page)
    shown = chart.locator(".read")
    slider = chart.get_by_role("slider", name="Daily candles: day by arrow keys")
    slider.press("ArrowLeft")
    [before] = read(past, page, f"/v1/grades/trader?symbol=BTC&as_of={BEFORE}")["data"]
    said = f"Trader grade {float(before['grade']):.1f}, {before['label']}"
    expect(shown).to_contain_text("28 Dec 2023")
    expect(shown).to_contain_text(said)
    expect(shown).to_contain_text("Backfilled: computed later from what was known then.")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(re.escape(said)))
    slider.press("End")
    expect(shown).to_contain_text("29 Dec 2023")
    slider.press("Home")
    expect(shown).to_contain_text("29 Dec 2022")
    expect(shown).to_contain_text("Neither a signal nor a grade was said of this day.")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    expect(shown).not_to_contain_text("29 Dec 2022")
    page.mouse.move(0, 0)
    expect(shown).to_contain_text("29 Dec 2023")


def write_day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def test_a_change_is_told_with_what_it_was(past: Site, page: Page) -> None:
    chart = open_chart(past, page)
    history = read(past, page, "/v1/grades/trader/BTC?from=2023-12-20&sort=time")["data"]
    viewed = [row for row in history if row["label"]]
    steps = [two for two in pairwise(viewed) if two[0]["label"] != two[1]["label"]]
    assert steps
    chart.get_by_text("candles as a table").click()
    table = chart.get_by_role("region", name="Daily candles, numbers")
    for before, now in steps:
        row = table.get_by_role("row", name=write_day(date.fromisoformat(now["as_of"])))
        expect(row).to_contain_text(f"{now['label']}, was {before['label']}")
    turned = table.get_by_role("row", name=write_day(date.fromisoformat(BEFORE)))
    expect(turned).to_contain_text("Signal ▼ sell, new")
    expect(table.get_by_role("row", name=write_day(TURNED))).to_contain_text("Signal ▲ buy;")


def test_each_kind_of_mark_can_be_taken_off(past: Site, page: Page) -> None:
    chart = open_chart(past, page)
    chart.get_by_role("button", name="3 months").click()
    expect(chart.get_by_role("button", name="3 months")).to_have_attribute("aria-pressed", "true")
    marks = chart.get_by_role("group", name="Marked on the chart")
    for name in ("Signals", "Trader grade", "Investor grade", "Levels", "Volume"):
        drawn = page.evaluate(DRAWN)
        button = marks.get_by_role("button", name=name)
        expect(button).to_have_attribute("aria-pressed", "true")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "false")
        page.wait_for_function(f"before => {DRAWN} !== before", arg=drawn, timeout=PATIENCE_MS)
    drawn = page.evaluate(DRAWN)
    marks.get_by_role("button", name="Log scale").click()
    page.wait_for_function(f"before => {DRAWN} !== before", arg=drawn, timeout=PATIENCE_MS)


def test_levels_bear_the_names_of_their_lines(past: Site, page: Page) -> None:
    chart = open_chart(past, page)
    [said] = read(past, page, "/v1/forecasts/levels/BTC?limit=1")["data"]
    rows = chart.get_by_role("region", name="Levels, numbers").locator("tbody tr")
    expect(rows).to_have_count(len(said["resistances"]) + len(said["supports"]))
    nearest = rows.filter(has_text="Support 1")
    expect(nearest).to_contain_text(f"{float(said['supports'][0]['price']):,.2f}")


def test_the_chart_follows_the_theme(past: Site, page: Page) -> None:
    page.emulate_media(color_scheme="light")
    chart = open_chart(past, page)
    light = page.evaluate(DRAWN)
    for step in ("light", "dark"):
        page.get_by_role("button", name="Theme").click()
        expect(page.locator("html")).to_have_attribute("data-theme", step)
        for colour in ("up", "down", "line"):
            page.wait_for_function(HAS_COLOUR, arg=colour, timeout=PATIENCE_MS)
    assert page.evaluate(DRAWN) != light
    page.get_by_role("button", name="Theme").click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(HAS_COLOUR, arg="up", timeout=PATIENCE_MS)
    expect(chart.locator("canvas").first).to_be_visible()
