"""Market streams over real sockets: what they carry agrees with what REST shows."""

import json
import socket
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from tests.exchange.clients import Client, Socket, open_socket
from websockets.exceptions import ConnectionClosed, InvalidStatus

from assay.exchange import ReplayServer

pytestmark = pytest.mark.slow

START_MS = 1_667_946_660_000
Levels = dict[str, str]


class Book:
    """A book kept as Binance says a client should keep one."""

    def __init__(self, snapshot: dict[str, Any]) -> None:
        self.last_id = int(snapshot["lastUpdateId"])
        self.sides: dict[str, Levels] = {"b": dict(snapshot["bids"]), "a": dict(snapshot["asks"])}

    def apply(self, delta: dict[str, Any]) -> None:
        """Raises AssertionError for a gap."""
        if delta["u"] <= self.last_id:
            return
        assert delta["U"] <= self.last_id + 1, "a gap"
        for side, levels in self.sides.items():
            for price, size in delta[side]:
                levels[price] = size
                if Decimal(size) == 0:
                    del levels[price]
        self.last_id = delta["u"]

    def best(self, side: str, count: int) -> list[tuple[str, str]]:
        found = sorted(self.sides[side].items(), key=lambda level: Decimal(level[0]))
        return (found[::-1] if side == "b" else found)[:count]


def drain(reader: Socket, upto: int) -> list[dict[str, Any]]:
    """Depth messages of a stream up to the change `upto`."""
    return reader.read_until(lambda message: message.get("u", 0) >= upto)


@pytest.mark.parametrize("stream", ["btcusdt@depth@100ms", "btcusdt@depth"])
def test_a_book_kept_from_changes_is_the_venues(
    exchange: ReplayServer, client: Client, stream: str
) -> None:
    with open_socket(exchange, "/ws") as reader:
        reader.subscribe(stream)
        exchange.advance(1_000)
        book = Book(client.get("/api/v3/depth", symbol="BTCUSDT", limit=5_000))
        exchange.advance(5_000)
        last_id, bids, asks = exchange.book("BTCUSDT")
        deltas = drain(reader, last_id)
    for before, after in pairwise(deltas):
        assert after["U"] == before["u"] + 1
    for delta in deltas:
        book.apply(delta)
    assert book.last_id == last_id
    assert book.best("b", 500) == bids[:500]
    assert book.best("a", 500) == asks[:500]
    speed = 10 if stream.endswith("100ms") else 1
    assert len(deltas) > 3 * speed


def test_keys_of_a_change_come_in_binances_order(exchange: ReplayServer) -> None:
    with open_socket(exchange, "/ws/btcusdt@depth@100ms") as reader:
        exchange.advance(500)
        text = reader.connection.recv(timeout=60)
    assert isinstance(text, str)
    assert text.startswith('{"e":"depthUpdate","E":')
    assert list(json.loads(text)) == ["e", "E", "s", "U", "u", "b", "a"]
    assert " " not in text


def test_the_best_levels_are_those_of_the_book(exchange: ReplayServer) -> None:
    with open_socket(exchange, "/ws/btcusdt@depth5@100ms/btcusdt@bookTicker") as reader:
        exchange.advance(2_000)
        last_id, bids, asks = exchange.book("BTCUSDT", 5)
        messages = reader.read_until(lambda message: message.get("lastUpdateId") == last_id)
    partial = messages[-1]
    assert [tuple(level) for level in partial["bids"]] == bids
    assert [tuple(level) for level in partial["asks"]] == asks
    top = [message for message in messages if "B" in message][-1]
    assert (top["b"], top["a"]) == (bids[0][0], asks[0][0])
    assert set(top) == {"u", "s", "b", "B", "a", "A"}


def test_trades_make_the_candle(exchange: ReplayServer, client: Client) -> None:
    names = "btcusdt@trade/btcusdt@aggTrade/btcusdt@kline_1m"
    with open_socket(exchange, f"/stream?streams={names}") as reader:
        exchange.advance(61_000)
        messages = reader.read_until(
            lambda message: message["stream"].endswith("kline_1m") and message["data"]["k"]["x"]
        )
    by_stream = defaultdict(list)
    for message in messages:
        by_stream[message["stream"]].append(message["data"])
    trades = [one for one in by_stream["btcusdt@trade"] if one["T"] < START_MS + 60_000]
    bar = by_stream["btcusdt@kline_1m"][-1]["k"]
    prices = [Decimal(trade["p"]) for trade in trades]
    assert (bar["t"], bar["T"], bar["i"]) == (START_MS, START_MS + 59_999, "1m")
    assert Decimal(bar["o"]) == prices[0]
    assert Decimal(bar["c"]) == prices[-1]
    assert Decimal(bar["h"]) == max(prices)
    assert Decimal(bar["l"]) == min(prices)
    assert Decimal(bar["v"]) == sum(Decimal(trade["q"]) for trade in trades)
    assert bar["n"] == len(trades)
    assert (bar["f"], bar["L"]) == (trades[0]["t"], trades[-1]["t"])
    [first, *_] = client.get("/api/v3/klines", symbol="BTCUSDT", interval="1m")
    assert [first[1], first[2], first[3], first[4], first[5]] == [bar[key] for key in "ohlcv"]
    assert [one["a"] for one in by_stream["btcusdt@aggTrade"]][:9] == [
        one["t"] for one in by_stream["btcusdt@trade"]
    ][:9]


def test_tickers_of_one_and_of_all(exchange: ReplayServer, client: Client) -> None:
    with open_socket(exchange, "/stream") as reader:
        reader.subscribe("ethusdt@ticker", "ethusdt@miniTicker", "!miniTicker@arr", "!ticker@arr")
        exchange.advance(2_000)
        figures = client.get("/api/v3/ticker/24hr", symbol="ETHUSDT")
        wanted = {"ethusdt@ticker", "ethusdt@miniTicker", "!miniTicker@arr", "!ticker@arr"}
        last: dict[str, Any] = {}

        def is_complete(message: Any) -> bool:
            found = message["data"] if isinstance(message["data"], list) else [message["data"]]
            if found[0]["E"] == START_MS + 2_000:
                last[message["stream"]] = found
            return set(last) == wanted

        reader.read_until(is_complete)
    [ticker], [mini] = last["ethusdt@ticker"], last["ethusdt@miniTicker"]
    assert (ticker["e"], mini["e"]) == ("24hrTicker", "24hrMiniTicker")
    assert ticker["c"] == mini["c"] == figures["lastPrice"]
    assert ticker["q"] == figures["quoteVolume"]
    assert (ticker["b"], ticker["a"]) == (figures["bidPrice"], figures["askPrice"])
    assert mini in last["!miniTicker@arr"]
    assert ticker in last["!ticker@arr"]
    assert len(last["!miniTicker@arr"]) == 3


def test_what_nobody_listens_to_is_not_made(exchange: ReplayServer) -> None:
    with open_socket(exchange, "/ws") as reader:
        reader.subscribe("btcusdt@trade")
        reader.say("UNSUBSCRIBE", ["btcusdt@trade"])
        exchange.advance(10_000)
        assert exchange.counts["messages"] == 0
        assert reader.say("LIST_SUBSCRIPTIONS")["result"] == []


def test_unknown_streams_are_taken_and_bring_nothing(exchange: ReplayServer) -> None:
    with open_socket(exchange, "/ws/0") as reader:
        reader.subscribe("dogeusdt@trade", "what")
        exchange.advance(1_000)
        assert reader.say("LIST_SUBSCRIPTIONS")["result"] == ["0", "dogeusdt@trade", "what"]
        assert exchange.counts["messages"] == 0


@pytest.mark.parametrize("path", ["/", "/wss", "/stream/elsewhere", "/ws-api/v2"])
def test_there_are_no_other_sockets(shared: Client, path: str) -> None:
    with pytest.raises(InvalidStatus) as caught, open_socket(shared.server, path):
        pass
    assert caught.value.response.status_code == 403


def test_a_reader_that_never_reads_is_cut_and_others_lose_nothing(
    exchange: ReplayServer,
) -> None:
    host, port = exchange.url.removeprefix("http://").split(":")
    names = "/".join(f"{pair}@depth@100ms" for pair in ("btcusdt", "ethusdt", "ethbtc"))
    deaf = socket.create_connection((host, int(port)))
    with deaf, open_socket(exchange, "/ws") as reader:
        deaf.sendall(
            f"GET /ws/{names} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert deaf.recv(12) == b"HTTP/1.1 101"
        reader.subscribe("btcusdt@kline_1m")
        exchange.limit_waiting(64 * 1024)
        for _ in range(600):
            exchange.advance(1_000)
            if exchange.counts["slow_readers"]:
                break
        assert exchange.counts["slow_readers"] == 1
        exchange.advance(60_000)
        assert reader.read_until(lambda message: message["k"]["x"])[-1]["k"]["t"] == START_MS


def test_a_message_that_is_too_long_ends_the_connection(exchange: ReplayServer) -> None:
    with open_socket(exchange, "/ws") as reader, pytest.raises(ConnectionClosed):
        reader.say("SUBSCRIBE", ["x" * 2_000_000])
    with open_socket(exchange, "/ws") as reader:
        reader.subscribe("btcusdt@trade")
