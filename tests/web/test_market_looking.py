"""The market in a real browser: sectors, the heat map, columns and their order."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import sqrt
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import Page, ViewportSize, expect
from tests.api.serving import running
from tests.api.world import NEWEST, OPTIONAL, FakeMarkets, make_world
from tests.web.axe import list_barriers
from tests.web.conftest import Complaints, Site

from assay.markets import Order
from assay.markets.types import AsOf, Interval

pytestmark = pytest.mark.slow

ROWS = "tbody tr:not(.room)"
TALL: ViewportSize = {"width": 1280, "height": 4_000}
"""Rows beyond the window are not drawn."""
COLUMNS = (
    *("sector", "price", "day", "week", "trader", "trader_change"),
    *("investor", "investor_change", "signal", "volume"),
)
LITECOIN = 3377


class PricedMarkets(FakeMarkets):
    """Eight closes of every token; some rise, some fall. Litecoin has the last alone."""

    def stream_candles(
        self,
        home: Any,
        interval: Interval,
        token_ids: Sequence[int] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        as_of: AsOf | None = None,
        order: Order = Order.STORED,
    ) -> Iterator[Any]:
        opened = datetime(NEWEST.year, NEWEST.month, NEWEST.day, tzinfo=UTC)
        rows = [
            {
                "token_id": int(record.token_id),
                "time": opened - timedelta(days=7 - i),
                **dict.fromkeys(("open", "high", "low", "close"), close_of(record.token_id, i)),
                **dict.fromkeys(("volume", *OPTIONAL)),
            }
            for i in range(8)
            for record in self.registry.records
            if i == 7 or record.token_id != LITECOIN
        ]
        times = {"time": pl.Datetime("us", "UTC")}
        empty = dict.fromkeys(("volume", *OPTIONAL), pl.Float64)
        yield from pl.DataFrame(rows, schema_overrides={**times, **empty}).to_arrow().to_batches()


def close_of(token_id: int, i: int) -> float:
    """A close of the day `i` of eight: it moves by -3 % to 3 % a day."""
    return 10.0 * (1.0 + (token_id % 7 - 3) / 100.0) ** i


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    world = make_world(tmp_path_factory.mktemp("priced"))
    world.app.state.markets = PricedMarkets(world.markets.registry)
    with running(world.app) as url:
        yield Site(world, url)


def open_table(page: Page, site: Site, query: str = "") -> None:
    page.goto(f"{site.url}/market{query}")
    expect(page.locator(ROWS).first).to_be_visible()
    expect(page.get_by_text("Loading the prices")).to_be_hidden()


def open_map(page: Page, site: Site, query: str = "") -> None:
    page.goto(f"{site.url}/market?form=map{query}")
    expect(page.get_by_role("heading", name="Layer 1")).to_be_visible()
    expect(page.get_by_text("Loading the prices")).to_be_hidden()


def list_symbols(page: Page) -> list[str]:
    return page.locator(f"{ROWS} th a").all_inner_texts()


def test_a_sector_is_a_filter_and_says_how_it_came_about(page: Page, priced: Site) -> None:
    page.set_viewport_size(TALL)
    open_table(page, priced, "?view=all")
    everybody = set(list_symbols(page))
    page.get_by_role("combobox", name="Sector").select_option("Layer 1")
    expect(page).to_have_url(re.compile("sector=layer-1"))
    assert set(list_symbols(page)) == {"ETH", "LUNC", "LUNA"}
    assert page.locator(f"{ROWS} td.sector").all_inner_texts() == ["Layer 1"] * 3
    expect(page.get_by_text("Sectors: Sorted by hand afterwards")).to_be_visible()
    page.reload()
    expect(page.locator(ROWS)).to_have_count(3)
    page.get_by_role("combobox", name="Sector").select_option("No sector known")
    assert set(list_symbols(page)) == everybody - {"ETH", "LUNC", "LUNA"}


TILES = """section => [...section.querySelectorAll("li")].map(tile => ({
    symbol: tile.querySelector("b").textContent,
    figure: tile.querySelector("b + span").textContent,
    ...tile.getBoundingClientRect().toJSON(),
}))"""


def read_map(page: Page) -> dict[str, list[dict[str, Any]]]:
    """Tiles by sector: symbol, figure and where they are."""
    sections = page.locator(".map section").all()
    return {
        section.locator("h3").inner_text().split("\n")[0].strip(): section.evaluate(TILES)
        for section in sections
    }


def test_the_map_shows_every_token_in_its_sector_with_its_figure(page: Page, priced: Site) -> None:
    open_map(page, priced, "&view=all")
    found = read_map(page)
    sectors = {
        next(name for name in ("Layer 1", "No sector known") if name in title): tiles
        for title, tiles in found.items()
    }
    assert {tile["symbol"] for tile in sectors["Layer 1"]} == {"ETH", "LUNC", "LUNA"}
    said = page.request.get(f"{priced.url}/v1/grades/trader?limit=1000").json()["data"]
    ids = {row["symbol"]: row["token_id"] for row in said}
    figures = {tile["symbol"]: tile["figure"] for tiles in sectors.values() for tile in tiles}
    assert figures.keys() == ids.keys()
    for symbol, token_id in ids.items():
        moved = token_id % 7 - 3
        sign = {-1: "−", 0: "", 1: "+"}[(moved > 0) - (moved < 0)]
        known = f"{sign}{abs(moved)}.0 %"
        assert figures[symbol] == ("–" if token_id == LITECOIN else known)


@pytest.mark.parametrize("width", [1280, 390])
def test_tiles_follow_the_volume_fill_their_place_and_hold_their_text(
    page: Page, priced: Site, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_map(page, priced, "&view=all")
    said = page.request.get(f"{priced.url}/v1/grades/trader?limit=1000").json()["data"]
    volumes = {row["symbol"]: float(row["volume_usd"]) for row in said}
    for tiles in read_map(page).values():
        areas = [tile["width"] * tile["height"] for tile in tiles]
        traded = [volumes[tile["symbol"]] for tile in tiles]
        assert traded[0] == max(traded)
        assert areas[0] / areas[1] == pytest.approx(sqrt(traded[0] / traded[1]), rel=0.02)
        assert all(a >= 0.99 * b for a, b in pairwise(areas))
        assert min(areas) > 1_500
        wide = max(t["right"] for t in tiles) - min(t["left"] for t in tiles)
        high = max(t["bottom"] for t in tiles) - min(t["top"] for t in tiles)
        assert sum(areas) == pytest.approx(wide * high, rel=0.01), "they fill it, so none overlap"
    spilt = page.locator(".map a").evaluate_all(
        """tiles => tiles.filter(tile => [...tile.children].some(text => {
            const [inner, outer] = [text.getBoundingClientRect(), tile.getBoundingClientRect()];
            return ["left", "top"].some(side => inner[side] < outer[side])
                || ["right", "bottom"].some(side => inner[side] > outer[side]);
        })).map(tile => tile.textContent)"""
    )
    assert spilt == []


def test_form_and_colour_stand_in_the_address(page: Page, priced: Site) -> None:
    open_table(page, priced)
    page.get_by_role("button", name="Heat map").click()
    expect(page).to_have_url(re.compile("form=map"))
    colours = page.get_by_role("group", name="Colour")
    for name, word in (("7 days", "week"), ("Trader grade", "trader")):
        colours.get_by_role("button", name=name).click()
        expect(page).to_have_url(re.compile(f"colour={word}"))
    page.reload()
    expect(colours.get_by_role("button", name="Trader grade")).to_have_attribute(
        "aria-pressed", "true"
    )
    said = page.request.get(f"{priced.url}/v1/grades/trader?symbol=ETH").json()["data"][0]
    ether = page.get_by_role("link", name="ETH")
    expect(ether).to_contain_text(f"{float(said['grade']):.1f}")
    expect(ether).to_have_attribute("title", re.compile("^Ethereum: .* in 24 h$"))
    page.get_by_role("button", name="Table").click()
    expect(page.locator(ROWS).first).to_be_visible()
    assert "form=" not in page.url


def test_what_is_searched_is_what_the_map_shows(page: Page, priced: Site) -> None:
    open_map(page, priced, "&view=all&q=terra")
    assert sorted(page.locator(".map b").all_inner_texts()) == ["LUNA", "LUNC"]
    page.get_by_role("searchbox").fill("no such token")
    expect(page.get_by_text("No token is like that.")).to_be_visible()


def test_the_map_is_a_list_of_links_by_sector_for_the_keyboard(page: Page, priced: Site) -> None:
    open_map(page, priced, "&view=all")
    sector = page.get_by_role("region", name=re.compile("^Layer 1"))
    tiles = sector.get_by_role("listitem")
    expect(tiles).to_have_count(3)
    symbol = tiles.first.locator("b").inner_text()
    tiles.first.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/tokens/{symbol}$"))


@pytest.mark.parametrize("measure", ["day", "trader", "investor"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_map_keeps_nobody_out(
    page: Page, priced: Site, scheme: str, width: int, measure: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    open_map(page, priced, f"&view=all&colour={measure}")
    assert list_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_columns_are_chosen_with_the_keyboard_and_kept(page: Page, priced: Site) -> None:
    open_table(page, priced)
    heads = page.locator("thead th")
    expect(heads.filter(has_text="Trader ±")).to_have_count(0)
    chooser = page.get_by_text("Columns", exact=True)
    chooser.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Change of the Trader grade").focus()
    page.keyboard.press("Space")
    expect(heads.filter(has_text="Trader ±")).to_be_visible()
    page.get_by_label("Volume, 24 h").uncheck()
    expect(heads.filter(has_text="Volume")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(chooser).to_be_focused()
    expect(page.get_by_label("Volume, 24 h")).to_be_hidden()
    page.reload()
    expect(heads.filter(has_text="Trader ±")).to_be_visible()
    expect(heads.filter(has_text="Volume")).to_have_count(0)
    chooser.click()
    page.get_by_role("button", name="As many as fit").click()
    expect(heads.filter(has_text="Volume")).to_be_visible()
    expect(heads.filter(has_text="Trader ±")).to_have_count(0)


def choose_all(page: Page) -> None:
    page.add_init_script(f"localStorage.setItem('assay-columns', '{','.join(COLUMNS)}')")


def test_all_columns_on_a_phone_move_sideways_within_the_page(page: Page, priced: Site) -> None:
    choose_all(page)
    page.set_viewport_size({"width": 390, "height": 900})
    open_table(page, priced)
    expect(page.locator("thead th")).to_have_count(len(COLUMNS) + 1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("thead th.volume").scroll_into_view_if_needed()
    expect(page.locator("thead th.volume")).to_be_in_viewport()
    assert list_barriers(page) == []


SIGNALS = {"▲ buy": 1.0, "● out": 0.0, "▼ sell": -1.0}


def read_number(text: str) -> float | None:
    """What a cell says as a number; None where it says that nothing is known."""
    text = text.strip().split("\n")[0]
    if text in SIGNALS:
        return SIGNALS[text]
    found = re.search(r"[−+]?\d[\d,]*(\.\d+)?", text)
    return float(found[0].replace("−", "-").replace(",", "")) if found else None


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "sector"])
def test_every_column_orders_the_rows_both_ways(page: Page, priced: Site, column: str) -> None:
    choose_all(page)
    page.set_viewport_size(TALL)
    open_table(page, priced, "?sort=symbol")
    place = COLUMNS.index(column) + 2
    head = page.locator(f"thead th:nth-child({place})")
    for direction in ("descending", "ascending"):
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", direction)
        expect(page).to_have_url(re.compile(f"sort={'-' * (direction == 'descending')}{column}$"))
        cells = page.locator(f"{ROWS} > :nth-child({place})").all_inner_texts()
        values = [read_number(text) for text in cells]
        known = [value for value in values if value is not None]
        assert len(set(known)) > 1 or column == "price"
        assert known == sorted(known, reverse=direction == "descending")
        assert values == known + [None] * (len(values) - len(known)), "what is unknown comes last"


def test_rows_are_ordered_by_sector_with_the_unknown_last(page: Page, priced: Site) -> None:
    page.set_viewport_size(TALL)
    open_table(page, priced, "?view=all")
    page.get_by_role("button", name="Sector").click()
    sectors = page.locator(f"{ROWS} td.sector").all_inner_texts()
    assert sectors[:3] == ["Layer 1"] * 3
    assert set(sectors[3:]) == {"–"}


def test_an_order_by_a_column_that_is_not_shown_is_said(page: Page, priced: Site) -> None:
    open_table(page, priced, "?sort=-trader_change")
    expect(page.get_by_role("status").filter(has_text="tokens")).to_contain_text(
        "by Change of the Trader grade"
    )


def test_what_moved_most_stands_above(page: Page, priced: Site) -> None:
    open_table(page, priced)
    said = page.request.get(f"{priced.url}/v1/grades/trader?limit=1000").json()["data"]
    moved = sorted(row["token_id"] % 7 - 3 for row in said if row["token_id"] != LITECOIN)
    for title, most in (("rose", moved[::-1][:5]), ("fell", moved[:5])):
        board = page.locator("section").filter(has_text=f"Prices that {title} most")
        shown = board.get_by_role("listitem").all_inner_texts()
        assert [read_number(text.split()[1]) for text in shown] == most
    expect(page.get_by_text("Grades that rose most")).to_be_visible()


def test_prices_that_cannot_be_read_are_said_to_be_missing(
    page: Page, priced: Site, complaints: Complaints
) -> None:
    page.route("**/v1/candles*", lambda route: route.abort())
    page.goto(f"{priced.url}/market?form=map&view=all")
    expect(page.get_by_text("The prices of the last days are missing")).to_be_visible()
    expect(page.get_by_role("link", name="ETH")).to_contain_text("–")
    page.unroute("**/v1/candles*")
    expect(page.get_by_text("The prices of the last days are missing")).to_be_hidden()
    expect(page.get_by_role("link", name="ETH")).to_contain_text("−1.0 %")
    assert all("ERR_FAILED" in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()
