"""The token page where something is missing, odd or hostile: each state says what it is."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from tests.api.serving import running
from tests.api.spoken import SAID_AT, make_kind_rows, say
from tests.api.world import NEWEST, make_registry, make_rows, make_world, publish
from tests.web.axe import list_barriers
from tests.web.conftest import Complaints, Site
from tests.web.live import tell_price
from tests.web.token_page import BITCOIN, explain, read

from assay.grades import GradeKind
from assay.markets.types import Registry

pytestmark = pytest.mark.slow

HOSTILE = '<img src=x onerror="document.title=1"><script>alert(1)</script>'


def forgive(complaints: Complaints, status: int) -> None:
    """A browser says by itself that something it asked for was refused."""
    refused = f"status of {status}"
    complaints.heard[:] = [told for told in complaints.heard if refused not in told]


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


def test_what_is_no_coin_shows_only_its_price(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens/USDC")
    expect(page.get_by_text("A stablecoin: only coins are judged")).to_be_visible()
    expect(page.get_by_role("region", name="Price", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Trader grade")).to_have_count(0)


def test_an_unknown_token_is_answered_with_close_ones(
    site: Site, page: Page, complaints: Complaints
) -> None:
    page.goto(f"{site.url}/tokens/BTCC")
    expect(page.get_by_role("heading", level=1)).to_have_text("No such token")
    expect(page.get_by_text("No token has the symbol 'BTCC'.")).to_be_visible()
    assert list_barriers(page) == []
    market = page.get_by_role("link", name="Look for it among the names")
    expect(market).to_have_attribute("href", "/market?q=BTCC")
    page.get_by_role("main").get_by_role("link", name="BTC", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bitcoin")
    forgive(complaints, 404)


@pytest.mark.parametrize("symbol", ["<img src=x onerror=alert(1)>", "%E0%A4%A", "🦄", "a b+c?d#e"])
def test_odd_symbols_are_answered_as_they_stand(
    site: Site, page: Page, complaints: Complaints, symbol: str
) -> None:
    page.goto(f"{site.url}/tokens/{quote(symbol, safe='%')}")
    expect(page.get_by_role("heading", level=1)).to_have_text("No such token")
    expect(page.get_by_role("main")).to_contain_text(symbol)
    assert page.locator("main img, main script").count() == 0
    assert page.title() == "Token · Assay"
    forgive(complaints, 404)


def test_a_day_that_is_none_of_its_days_is_said(
    site: Site, page: Page, complaints: Complaints
) -> None:
    for day in ("2031-01-01", "2023-02-31", "yesterday"):
        page.goto(f"{site.url}/tokens/BTC?as_of={day}")
        told = page.get_by_role("status").filter(has_text=f"The address asks for {day}.")
        expect(told).to_contain_text("Its days are 5 May 2021 to 29 Dec 2023")
        expect(page.get_by_role("region", name="Trader grade")).to_contain_text("29 Dec 2023")
    told.get_by_role("button", name="Newest day").click()
    expect(page).to_have_url(f"{site.url}/tokens/BTC")
    forgive(complaints, 422)


def test_without_a_symbol_the_market_is_named(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/tokens")
    link = page.get_by_role("main").get_by_role("link", name="Choose one on the market page.")
    expect(link).to_have_attribute("href", "/market")


def taint(rows: list[dict[str, Any]], *members: str) -> list[dict[str, Any]]:
    return [row | dict.fromkeys(members, HOSTILE) for row in rows]


def name_hostilely(extra: int = 20) -> Registry:
    records = [
        replace(record, tickers=tuple(replace(one, name=HOSTILE) for one in record.tickers))
        for record in make_registry(extra).records
    ]
    return Registry(tuple(records))


def test_words_from_outside_are_text(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.api.world.make_registry", name_hostilely)
    world = make_world(tmp_path, days=0)
    rows = taint(make_rows(world.markets.registry, NEWEST), "label")
    for kind in GradeKind:
        publish(world.database, kind, NEWEST, rows, SAID_AT)
    for name in ("signals.daily", "market_state.correlations"):
        told = taint(make_kind_rows(name, NEWEST), "name", *(["reason"] * (name[0] == "s")))
        say(world.database, name, NEWEST, told)
    page.route("**/explanation*", lambda route: explain(route, no_view={"reason": HOSTILE}))
    with running(world.app) as url:
        page.goto(f"{url}/tokens/BTC")
        expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
        tell_price(world.app, BITCOIN, price=None, reason=HOSTILE)
        expect(page.locator("article header dl")).to_contain_text(HOSTILE)
        for name in ("Trader grade", "Signal", "Price, and what was said", "Why this grade"):
            region = page.get_by_role("region", name=re.compile(f"^{name}"))
            expect(region).to_contain_text(HOSTILE)
        assert page.locator("main img, main script").count() == 0
        assert page.title() == f"BTC, {HOSTILE} · Assay"
        page.goto("about:blank")
