"""The unmodified ccxt, async and pro, against the replay exchange; nothing else is called."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal, localcontext
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

from assay.exchange import ReplayServer

pytestmark = pytest.mark.slow

BTC = "BTC/USDT"
PAIRS = ("BTCUSDT", "ETHUSDT", "ETHBTC")
PATIENT: dict[str, Any] = {
    "enableRateLimit": False,
    "timeout": 60_000,
    "options": {"recvWindow": 60_000},
}
"""No test passes or fails by how long an answer takes."""
Exchange = Any
Talk = Callable[[Exchange], Awaitable[None]]


@pytest.fixture(scope="module")
def moving() -> Iterator[ReplayServer]:
    """An exchange whose time moves on its own, as ccxt waits for messages."""
    with ReplayServer(speed=10, pairs=PAIRS, loop=True) as server:
        yield server


@pytest.fixture(autouse=True)
def own_decimals() -> Iterator[None]:
    """ccxt sets the rounding of the context that it is called in: other tests keep theirs."""
    with localcontext():
        yield


@asynccontextmanager
async def open_client(
    server: ReplayServer, kind: Callable[[Any], Exchange], **options: object
) -> AsyncIterator[Exchange]:
    exchange = kind(server.ccxt_config(**PATIENT, **options))
    try:
        yield exchange
    finally:
        await exchange.close()


def talk(server: ReplayServer, say: Talk, kind: Any = ccxt.pro.binance, **options: object) -> None:
    async def run() -> None:
        async with open_client(server, kind, **options) as exchange:
            await say(exchange)

    asyncio.run(run())


def list_urls(urls: Any) -> Iterator[str]:
    for value in urls.values() if isinstance(urls, dict) else [urls]:
        if isinstance(value, dict):
            yield from list_urls(value)
        else:
            yield value


def test_no_address_is_left_that_points_outside(moving: ReplayServer) -> None:
    """Also those of the kinds of markets that the replay has not, and of the test networks."""

    async def check(exchange: Exchange) -> None:
        urls = [url for name in ("api", "test", "demo") for url in list_urls(exchange.urls[name])]
        assert len(urls) > 40
        assert [url for url in urls if "//127.0.0.1:" not in url] == []
        assert "/stream" in exchange.urls["api"]["ws"]["spot"]
        plain = type(exchange)().urls
        assert set(list_urls(plain["api"])) & set(urls) == set()

    talk(moving, check)
    talk(moving, check, ccxt.async_support.binance)


def test_markets_load_with_the_usual_options(moving: ReplayServer) -> None:
    async def check(exchange: Exchange) -> None:
        markets = await exchange.load_markets()
        assert set(markets) == {"BTC/USDT", "ETH/USDT", "ETH/BTC"}
        market = markets[BTC]
        assert (market["precision"]["price"], market["precision"]["amount"]) == (0.01, 0.00001)
        assert market["limits"]["cost"]["min"] > 0
        assert market["spot"]
        assert market["active"]
        fees = await exchange.fetch_trading_fees()
        assert fees[BTC]["taker"] == 0.001

    talk(moving, check, ccxt.async_support.binance)
    talk(moving, check)


def test_market_data_is_fetched(moving: ReplayServer) -> None:
    async def check(exchange: Exchange) -> None:
        ticker = await exchange.fetch_ticker(BTC)
        assert 15_000 < ticker["last"] < 20_000
        assert ticker["bid"] < ticker["ask"]
        book = await exchange.fetch_order_book(BTC, 20)
        assert len(book["bids"]) == len(book["asks"]) == 20
        assert len(await exchange.fetch_tickers()) == 3
        assert len(await exchange.fetch_ohlcv(BTC, "1m", limit=5)) >= 1
        assert await exchange.fetch_trades(BTC, limit=5)
        assert (await exchange.fetch_bids_asks([BTC]))[BTC]["bid"] > 0
        assert await exchange.fetch_time() > 1_667_000_000_000

    talk(moving, check, ccxt.async_support.binance)


def test_market_data_is_watched(moving: ReplayServer) -> None:
    async def check(exchange: Exchange) -> None:
        ticker = await exchange.watch_ticker(BTC)
        assert 15_000 < ticker["last"] < 20_000
        top = (await exchange.watch_bids_asks([BTC]))[BTC]
        assert top["bid"] < top["ask"]
        assert set(await exchange.watch_tickers([BTC, "ETH/USDT"])) <= {BTC, "ETH/USDT"}
        trades = await exchange.watch_trades(BTC)
        assert trades[-1]["price"] > 0
        bars = await exchange.watch_ohlcv(BTC, "1m")
        assert bars[-1][2] >= bars[-1][3]
        book = await exchange.watch_order_book(BTC)
        nonce = book["nonce"]
        for _ in range(20):
            book = await exchange.watch_order_book(BTC)
        assert book["nonce"] > nonce
        assert book["bids"][0][0] < book["asks"][0][0]
        many = await exchange.watch_order_book_for_symbols([BTC, "ETH/BTC"])
        assert many["bids"]

    talk(moving, check)


def test_orders_live_by_rest_and_the_user_is_told(moving: ReplayServer) -> None:
    async def check(exchange: Exchange) -> None:
        await exchange.load_markets()
        orders = asyncio.ensure_future(exchange.watch_orders(BTC))
        balance = asyncio.ensure_future(exchange.watch_balance())
        # Nobody is told of what happened before a user's stream was open.
        while not moving.status["users"]:  # noqa: ASYNC110 - another thread's count
            await asyncio.sleep(0.02)
        placed = await exchange.create_order(BTC, "limit", "buy", 0.01, 10_000)
        assert placed["status"] == "open"
        assert (await orders)[-1]["id"] == placed["id"]
        assert (await balance)["USDT"]["used"] == 100
        [still] = await exchange.fetch_open_orders(BTC)
        assert still["id"] == placed["id"]
        assert (await exchange.fetch_balance())["USDT"]["used"] == 100
        gone = await exchange.cancel_order(placed["id"], BTC)
        assert gone["status"] == "canceled"
        assert (await exchange.fetch_balance())["USDT"]["used"] == 0

    talk(moving, check)


def test_a_market_order_fills_and_shows_in_trades_and_balances(moving: ReplayServer) -> None:
    async def check(exchange: Exchange) -> None:
        before = (await exchange.fetch_balance())["BTC"]["total"]
        bought = await exchange.create_order(BTC, "market", "buy", 0.05)
        assert (bought["status"], bought["filled"]) == ("closed", 0.05)
        assert bought["fee"]["currency"] == "BTC"
        assert Decimal(str(bought["fee"]["cost"])) == Decimal("0.00005")
        trades = await exchange.fetch_my_trades(BTC)
        assert sum(one["amount"] for one in trades if one["order"] == bought["id"]) == (
            pytest.approx(0.05)
        )
        after = (await exchange.fetch_balance())["BTC"]["total"]
        assert after - before == pytest.approx(0.05 - 0.00005, abs=1e-9)
        found = await exchange.fetch_order(bought["id"], BTC)
        assert found["status"] == "closed"
        assert bought["id"] in [one["id"] for one in await exchange.fetch_orders(BTC)]
        spent = await exchange.create_market_buy_order_with_cost(BTC, 100)
        assert 0 < spent["cost"] <= 100

    talk(moving, check, ccxt.async_support.binance)


def test_orders_live_over_the_socket(moving: ReplayServer) -> None:
    async def check(exchange: Exchange) -> None:
        placed = await exchange.create_order_ws(BTC, "limit", "buy", 0.01, 10_000)
        assert placed["status"] == "open"
        assert (await exchange.fetch_order_ws(placed["id"], BTC))["status"] == "open"
        assert placed["id"] in [one["id"] for one in await exchange.fetch_open_orders_ws(BTC)]
        # ccxt 4.5.90 reads a spot balance over the socket as one of futures: its `info` is right.
        answer = (await exchange.fetch_balance_ws())["info"]["balances"]
        assert {one["asset"]: one["locked"] for one in answer}["USDT"] == "100.00000000"
        gone = await exchange.cancel_order_ws(placed["id"], BTC)
        assert gone["status"] == "canceled"
        assert await exchange.fetch_trades_ws(BTC, limit=1)
        assert await exchange.fetch_ohlcv_ws(BTC, "1m", limit=1)

    talk(moving, check)


def test_refusals_become_ccxts_own_errors(moving: ReplayServer) -> None:
    async def check(exchange: Exchange) -> None:
        with pytest.raises(ccxt.InvalidOrder):
            await exchange.create_order(BTC, "limit", "buy", 0.0000001, 10_000)
        with pytest.raises(ccxt.InsufficientFunds):
            await exchange.create_order(BTC, "limit", "buy", 1_000, 15_000)
        with pytest.raises(ccxt.OrderNotFound):
            await exchange.cancel_order("999999", BTC)
        with pytest.raises(ccxt.OrderNotFound):
            await exchange.fetch_order("999999", BTC)
        exchange.secret = "wrong" * 8
        with pytest.raises(ccxt.AuthenticationError):
            await exchange.fetch_balance()

    talk(moving, check, ccxt.async_support.binance)


def test_the_synchronous_ccxt_trades_too(moving: ReplayServer) -> None:
    exchange = ccxt.binance(moving.ccxt_config(**PATIENT))
    try:
        assert exchange.fetch_ticker(BTC)["last"] > 0
        placed = exchange.create_order(BTC, "limit", "buy", 0.01, 10_000)
        assert exchange.cancel_order(placed["id"], BTC)["status"] == "canceled"
    finally:
        exchange.session.close()


def test_a_gap_makes_ccxt_complain_and_watching_again_heals(moving: ReplayServer) -> None:
    async def heal(exchange: Exchange) -> Any:
        # ccxt repeats an error that came while nobody waited until the next good message.
        while True:
            try:
                return await exchange.watch_order_book(BTC)
            except ccxt.ChecksumError:
                await asyncio.sleep(0.02)

    async def check(exchange: Exchange) -> None:
        await exchange.watch_order_book(BTC)
        await asyncio.to_thread(moving.fault, "lose_deltas:symbol=BTCUSDT")
        with pytest.raises(ccxt.ChecksumError):
            while True:
                await exchange.watch_order_book(BTC)
        book = await heal(exchange)
        assert book["bids"][0][0] < book["asks"][0][0]

    talk(moving, check)
