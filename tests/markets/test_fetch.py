"""Fetching through the real ccxt from a venue on loopback: resumable, patient, never half."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pytest

from assay.kit.clock import FixedClock
from assay.kit.errors import BadInput, NotFound, SourceMalformed, SourceUnavailable
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.kit.upstream import Patience
from assay.markets import fetch_candles, load_candles, load_panel
from assay.markets.reports import ImportReport
from assay.markets.sources.ccxt.fetch import open_exchange
from assay.markets.sources.ccxt.parse import parse_ohlcv
from assay.markets.types import Interval

from .conftest import Importer, bar
from .venue import LocalVenue, serving, utc

pytestmark = pytest.mark.slow

NOW = utc(2024, 6, 1, 12)
SINCE = date(2024, 1, 1)


class Pauses:
    """Stands for sleeping: keeps how long each pause would have been."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
def venue() -> Iterator[LocalVenue]:
    with serving(LocalVenue(["BTC", "ETH", "FOO"], utc(2020, 1, 1), NOW)) as running:
        yield running


def fetch(
    home: Home,
    venue: LocalVenue,
    symbols: list[str],
    since: date = SINCE,
    *,
    pauses: Pauses | None = None,
    interval: Interval = Interval.DAY,
    name: str = "binance",
) -> ImportReport:
    random = np.random.default_rng(5)
    patience = Patience(random=random, attempts=4, sleep=pauses or Pauses())
    return asyncio.run(
        fetch_candles(
            home,
            name,
            symbols,
            since,
            interval,
            FixedClock(NOW),
            SilentProgress(),
            random,
            base_url=venue.url,
            patience=patience,
        )
    )


def test_candles_are_fetched_and_can_be_read(home: Home, venue: LocalVenue) -> None:
    report = fetch(home, venue, ["BTC", "ETH/USDT", "FOOUSDT"])
    days = (NOW.date() - SINCE).days
    assert report.accepted == 3 * days
    assert report.new_tokens == ("FOO",)
    candles = load_candles(home, "BTC", Interval.DAY)
    assert candles["time"][0] == utc(2024, 1, 1)
    assert candles["time"][-1] == utc(2024, 5, 31), "the running bar is left out"
    assert candles.row(0, named=True)["volume"] == 5.0
    assert load_panel(home).n_tokens == 3


def test_a_second_fetch_asks_only_for_what_is_missing(home: Home, venue: LocalVenue) -> None:
    fetch(home, venue, ["BTC"], date(2024, 3, 1))
    venue.requests.clear()
    assert fetch(home, venue, ["BTC"], date(2024, 3, 1)).rows == 0
    assert venue.requests == []
    earlier = fetch(home, venue, ["BTC"], date(2024, 2, 1))
    assert earlier.accepted == 29
    assert len(venue.requests) == 1


def test_long_series_come_in_pages(home: Home, venue: LocalVenue) -> None:
    report = fetch(home, venue, ["BTC"], date(2024, 2, 1), interval=Interval.HOUR)
    hours = int((NOW - utc(2024, 2, 1)) / timedelta(hours=1))
    assert report.accepted == hours
    assert len(venue.requests) == -(-hours // 1000)


@pytest.mark.parametrize("status", [503, 429, 500])
def test_a_venue_that_fails_and_recovers_is_waited_for(
    home: Home, venue: LocalVenue, status: int
) -> None:
    venue.failures, venue.status = 3, status
    pauses = Pauses()
    report = fetch(home, venue, ["BTC"], pauses=pauses)
    assert report.accepted > 100
    assert [0.0 <= p <= 2**k for k, p in enumerate(pauses.taken)] == [True] * 3


def test_a_venue_that_stays_away_is_named(home: Home, venue: LocalVenue) -> None:
    venue.failures = 99
    with pytest.raises(SourceUnavailable, match="4 attempts") as caught:
        fetch(home, venue, ["BTC"])
    assert caught.value.retryable
    assert "Run the command again" in caught.value.hint


def test_what_came_before_a_venue_died_is_kept_and_continued(home: Home, venue: LocalVenue) -> None:
    venue.dies_after = 2
    with pytest.raises(SourceUnavailable):
        fetch(home, venue, ["BTC"], date(2024, 1, 1), interval=Interval.HOUR)
    assert load_candles(home, "BTC", Interval.HOUR).height == 2000
    venue.dies_after = None
    venue.requests.clear()
    fetch(home, venue, ["BTC"], date(2024, 1, 1), interval=Interval.HOUR)
    candles = load_candles(home, "BTC", Interval.HOUR)
    assert candles["time"].diff().drop_nulls().unique().to_list() == [timedelta(hours=1)]
    assert int(venue.requests[0]["startTime"]) == int(
        (utc(2024, 1, 1) + timedelta(hours=2000)).timestamp() * 1000
    )


def test_unknown_venues_and_symbols_say_so(home: Home, venue: LocalVenue) -> None:
    with pytest.raises(NotFound, match="no venue"):
        fetch(home, venue, ["BTC"], name="nowhere")
    with pytest.raises(NotFound, match="does not trade XYZ"):
        fetch(home, venue, ["XYZ"])
    with pytest.raises(BadInput):
        fetch(home, venue, [])


def test_stored_values_that_differ_are_left_to_corrections(
    home: Home, venue: LocalVenue, take: Importer
) -> None:
    """A fetch goes on after the last stored bar; it does not question what is stored."""
    take([bar("BTC", day, 10.0) for day in range(10)], now=NOW)
    report = fetch(home, venue, ["BTC"])
    assert report.corrections == 0
    assert load_candles(home, "BTC", Interval.DAY)["close"][:10].to_list() == [10.0] * 10


def test_no_address_of_the_venue_is_left_when_a_base_is_given() -> None:
    async def addresses() -> list[str]:
        async with open_exchange("binance", "http://127.0.0.1:9") as exchange:
            listed: list[str] = []
            stack = [exchange.urls["api"]]  # type: ignore[attr-defined]
            while stack:
                item = stack.pop()
                if isinstance(item, dict):
                    stack += item.values()
                else:
                    listed.append(item)
            return listed

    found = asyncio.run(addresses())
    assert len(found) > 10
    assert all(url.startswith("http://127.0.0.1:9") for url in found)


def test_pages_of_another_shape_are_refused() -> None:
    for page in ([[1, 2]], [["x", 1, 1, 1, 1, 1]], [[None, 1, 1, 1, 1, 1]]):
        with pytest.raises(SourceMalformed):
            parse_ohlcv(page, "BTC/USDT", timedelta(days=1), NOW)  # type: ignore[arg-type]
    empty = parse_ohlcv([], "BTC/USDT", timedelta(days=1), NOW)
    assert empty.is_empty()
