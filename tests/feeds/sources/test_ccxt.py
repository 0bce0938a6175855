"""Venues through ccxt: what it hands over is read or refused; a real server is watched."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from decimal import ROUND_HALF_EVEN, getcontext
from typing import Any

import pytest
from ccxt.base.decimal_to_precision import DECIMAL_PLACES, ROUND, decimal_to_precision

from assay.exchange import ReplayServer
from assay.feeds.compute.book import Book
from assay.feeds.sources.ccxt import parse
from assay.feeds.sources.ccxt.watching import CcxtSource
from assay.feeds.types import (
    Applied,
    BookSnapshot,
    Candle,
    Event,
    Instrument,
    Refused,
    SequenceRule,
    Subscription,
    Ticker,
    Topic,
    Trade,
    Verified,
)
from assay.kit.clock import SystemClock
from assay.kit.errors import BadInput, SourceMalformed, SourceUnavailable

NAN = float("nan")
TRADE = {"side": "sell", "price": 2.5, "amount": 4, "timestamp": 1_700_000_000_000, "id": "x7"}
BAR = [1_700_000_000_000, 2.0, 3.0, 1.0, 2.5, 10.0]
BOOK = {
    "bids": [[2.5, 1e-07], [2.4, 3.0, 1_700_000_000]],
    "asks": [[2.6, 0.5]],
    "nonce": 17,
    "timestamp": None,
}
PATIENCE_S = 120.0
"""A wait of this length fails the test; none of what is waited for takes a tenth of it."""


def test_trades() -> None:
    expected = Trade("A/B", -1, 2.5, 4.0, False, 1_700_000_000_000)
    assert parse.parse_trades("A/B", [TRADE]) == [expected]


@pytest.mark.parametrize(
    "wrong",
    [
        {"side": None},
        {"price": None},
        {"price": NAN},
        {"price": -1.0},
        {"price": "2.5"},
        {"price": 0},
        {"amount": float("inf")},
        {"amount": True},
        {"timestamp": None},
        {"timestamp": -5},
        {"timestamp": 1e18},
    ],
)
def test_trades_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(SourceMalformed):
        parse.parse_trades("A/B", [TRADE | wrong])


def test_tickers_may_lack_what_the_venue_does_not_say() -> None:
    ticker = parse.parse_ticker("A/B", {"last": 2.5, "bid": 0, "baseVolume": 0.0}, 1_234)
    assert repr(ticker) == repr(Ticker("A/B", 2.5, NAN, NAN, 0.0, NAN, 1_234, NAN))
    new = parse.parse_ticker("A/B", {"last": None, "bid": 2.0, "timestamp": 5}, 1_234)
    assert repr(new) == repr(Ticker("A/B", NAN, 2.0, NAN, NAN, NAN, 5, NAN))


@pytest.mark.parametrize("wrong", [{"last": "2.5"}, {"last": -1.0}, {"bid": NAN}, {"ask": True}])
def test_tickers_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(SourceMalformed):
        parse.parse_ticker("A/B", {"last": 2.5} | wrong, 1_234)


def test_bars() -> None:
    (bar,) = parse.parse_candles("A/B", "1m", [BAR])
    expected = Candle("A/B", "1m", BAR[0], 2.0, 3.0, 1.0, 2.5, 10.0, NAN, -1, is_closed=False)  # type: ignore[arg-type]
    assert repr(bar) == repr(expected)


@pytest.mark.parametrize(
    "row",
    [
        [],
        BAR[:5],
        [None, *BAR[1:]],
        [*BAR[:5], None],
        [*BAR[:5], -1.0],
        [BAR[0], 9.0, *BAR[2:]],
        [BAR[0], NAN, *BAR[2:]],
        [BAR[0], 0.0, 3.0, 0.0, 2.5, 10.0],
    ],
)
def test_bars_that_are_none(row: list[Any]) -> None:
    with pytest.raises(SourceMalformed):
        parse.parse_candles("A/B", "1m", [row])


def test_books_are_cut_and_exact() -> None:
    book = parse.parse_book("A/B", BOOK)
    assert book == BookSnapshot("A/B", 17, [("2.5", "1e-07"), ("2.4", "3.0")], [("2.6", "0.5")])
    deep = parse.parse_book("A/B", BOOK | {"bids": [[1.0 + n, 1.0] for n in range(500)]})
    assert len(deep.bids) == parse.LEVELS


@pytest.mark.parametrize(
    "wrong",
    [
        {"bids": None},
        {"bids": "text"},
        {"bids": [[1.0]]},
        {"bids": [[None, 1.0]]},
        {"bids": [[NAN, 1.0]]},
        {"asks": [[1.0, -2.0]]},
        {"asks": [7]},
        {"timestamp": "now"},
    ],
)
def test_books_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(SourceMalformed):
        parse.parse_book("A/B", BOOK | wrong)


def test_instruments_are_spot_pairs_on_their_grid() -> None:
    pair = {"symbol": "A/B", "base": "A", "quote": "B", "spot": True, "active": True}
    markets = {
        "A/B": pair | {"precision": {"price": 0.05, "amount": 0.001}},
        "A/B:B": pair | {"spot": False},
        "C/B": pair | {"active": False},
    }
    assert parse.parse_instruments("v", markets, parse.TICK_SIZE) == [
        Instrument("v", "A/B", "A", "B", 0.05, 0.001)
    ]
    digits = {"A/B": pair | {"precision": {"price": 2, "amount": None}}}
    assert parse.parse_instruments("v", digits, parse.DECIMAL_PLACES) == [
        Instrument("v", "A/B", "A", "B", 0.01, 1e-08)
    ]


@pytest.mark.slow  # ccxt takes seconds to load
def test_a_list_of_pairs_that_is_none() -> None:
    class Strange(CcxtSource):
        async def _ask(self, ask: object, what: str) -> object:
            return {"A/B": {"spot": True, "base": "A"}}

    with pytest.raises(SourceMalformed, match="list of pairs"):
        asyncio.run(Strange("kraken", "http://127.0.0.1:9", SystemClock()).fetch_instruments())


@pytest.mark.slow
def test_a_venue_that_ccxt_does_not_know() -> None:
    with pytest.raises(BadInput, match="nowhere"):
        CcxtSource("nowhere", None, SystemClock())


def list_addresses(urls: object) -> Iterator[str]:
    if isinstance(urls, dict):
        for inner in urls.values():
            yield from list_addresses(inner)
    elif isinstance(urls, str):
        yield urls


@pytest.mark.slow
@pytest.mark.parametrize("venue", ["binance", "kraken", "okx", "gate"])
def test_every_address_is_put_elsewhere(venue: str) -> None:
    source = CcxtSource(venue, "http://127.0.0.1:9/", SystemClock())
    found = list(list_addresses(source._rest.urls["api"]))
    assert found
    assert all(
        address.startswith(("http://127.0.0.1:9", "ws://127.0.0.1:9")) for address in found
    ), found
    assert source.verified is Verified.DOCUMENTS_ONLY
    assert source.topics == frozenset(Topic)


class Heard:
    """A sink that keeps everything and wakes whoever waits for something."""

    is_behind = False

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.refusals: list[str] = []
        self.opened = 0
        self._news = asyncio.Event()

    def open(self) -> None:
        self.opened += 1

    def heard(self, event: Event, received_ms: int) -> None:
        assert received_ms > 1_700_000_000_000
        self.events.append(event)
        self._news.set()

    def refuse(self, reason: str, sample: bytes) -> None:
        self.refusals.append(reason)
        self._news.set()

    async def until(self, is_enough: Callable[[list[Event]], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_enough(self.events):
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def watching(
    server: ReplayServer, wishes: list[Subscription]
) -> AsyncIterator[tuple[CcxtSource, Heard, asyncio.Task[None]]]:
    source = CcxtSource("binance", server.url, SystemClock())
    heard = Heard()
    try:
        await source.fetch_instruments()
        task = asyncio.create_task(source.watch(wishes, heard))
        try:
            yield source, heard, task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    finally:
        await source.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, left


async def watch_everything(server: ReplayServer) -> None:
    wishes = [Subscription(topic, "BTC/USDT") for topic in Topic]
    wishes.append(Subscription(Topic.TRADES, "NOT/THERE"))
    async with watching(server, wishes) as (source, heard, task):
        assert source.is_replay
        moment = await source.fetch_time()
        assert moment is not None
        assert abs(moment - server.now_ms) < 3_600_000
        kinds = {Trade, Ticker, Candle, BookSnapshot, Refused}
        await heard.until(lambda events: {type(event) for event in events} >= kinds)
        await heard.until(
            lambda events: any(event.is_closed for event in events if isinstance(event, Candle))
        )
        assert heard.opened == 1
        assert heard.refusals == []
        (refused,) = [event for event in heard.events if isinstance(event, Refused)]
        assert "NOT/THERE" in refused.reason
        assert not task.done()
        ticker = next(event for event in heard.events if isinstance(event, Ticker))
        assert ticker.bid < ticker.ask
        check_books([event for event in heard.events if isinstance(event, BookSnapshot)])
        server.disconnect_all()
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(SourceUnavailable, match="binance"):
                await task


def check_books(books: list[BookSnapshot]) -> None:
    pair = Instrument("binance", "BTC/USDT", "BTC", "USDT", 0.01)
    book = Book(pair, SequenceRule.WHOLE, compiled=False)
    for snapshot in books[:20]:
        assert book.load(snapshot) is Applied.APPLIED, book.reason
    assert book.top().bid < book.top().ask


@pytest.mark.slow
def test_a_real_server_is_watched_through_ccxt() -> None:
    with ReplayServer(speed=120.0, pairs=["BTCUSDT"]) as server:
        asyncio.run(watch_everything(server))


@pytest.mark.slow
def test_a_watch_that_is_cancelled_leaves_nothing() -> None:
    async def run(server: ReplayServer) -> None:
        wishes = [Subscription(Topic.BOOK, "BTC/USDT")]
        async with watching(server, wishes) as (_, heard, _):
            await heard.until(bool)

    with ReplayServer(speed=60.0, pairs=["BTCUSDT"]) as server:
        asyncio.run(run(server))


@pytest.mark.slow
def test_a_server_that_is_not_there() -> None:
    async def run(url: str) -> None:
        source = CcxtSource("binance", url, SystemClock())
        try:
            with pytest.raises(SourceUnavailable, match="list of pairs"):
                await source.fetch_instruments()
        finally:
            await source.close()

    with ReplayServer(pairs=["BTCUSDT"]) as server:
        url = server.url
    asyncio.run(run(url))


def test_the_rounding_of_others_stays_as_it_is() -> None:
    class Rounding:
        async def watch_trades(self, symbol: str) -> str:
            decimal_to_precision("1.5", ROUND, 0, DECIMAL_PLACES)
            return symbol

    async def follow() -> None:
        source = CcxtSource("binance", "http://127.0.0.1:9", SystemClock())
        try:
            assert await source._hear(Rounding(), Subscription(Topic.TRADES, "A/B")) == "A/B"
        finally:
            await source.close()
        assert getcontext().rounding == ROUND_HALF_EVEN

    asyncio.run(follow())
