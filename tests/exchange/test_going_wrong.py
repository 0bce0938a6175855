"""Faults on demand over real sockets: what the client sees, and that the venue keeps the truth."""

import json
from itertools import pairwise
from typing import Any

import httpx
import pytest
from tests.exchange.clients import WAIT_S, Client, Socket, open_socket
from tests.exchange.conftest import PAIRS
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, WebSocketException

from assay.exchange import MAX, ReplayServer
from assay.kit.errors import BadInput

pytestmark = pytest.mark.slow

DEPTH = "/ws/btcusdt@depth@100ms"
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
CHEAP = {**ORDER, "quantity": "0.01", "price": "15000.00"}


def read_deltas(reader: Socket, exchange: ReplayServer) -> list[dict[str, Any]]:
    """Every change up to the newest one."""
    last_id = exchange.book("BTCUSDT", 1)[0]
    return reader.read_until(lambda message: message["u"] >= last_id)


def count_gaps(deltas: list[dict[str, Any]]) -> int:
    return sum(after["U"] != before["u"] + 1 for before, after in pairwise(deltas))


def test_lost_changes_leave_a_gap_and_the_next_ones_come(exchange: ReplayServer) -> None:
    with open_socket(exchange, DEPTH) as reader:
        exchange.advance(1_000)
        exchange.fault("lose_deltas:count=2,symbol=BTCUSDT")
        exchange.advance(2_000)
        deltas = read_deltas(reader, exchange)
    assert count_gaps(deltas) == 1
    assert exchange.counts["lost_deltas"] == 2


def test_a_plan_strikes_at_its_moments(exchange: ReplayServer) -> None:
    exchange.fault("lose_deltas:at=1s,every=1s")
    with open_socket(exchange, DEPTH) as reader:
        exchange.advance(5_500)
        deltas = read_deltas(reader, exchange)
    assert exchange.counts["lost_deltas"] == 5
    assert count_gaps(deltas) == 5


def test_reordered_changes_come_after_the_next_one(exchange: ReplayServer) -> None:
    with open_socket(exchange, DEPTH) as reader:
        exchange.advance(1_000)
        exchange.fault("reorder_deltas")
        exchange.advance(1_000)
        deltas = read_deltas(reader, exchange)
    firsts = [delta["U"] for delta in deltas]
    assert firsts != sorted(firsts)
    assert count_gaps(sorted(deltas, key=lambda delta: int(delta["U"]))) == 0


def test_a_lying_change_has_numbers_from_the_future(exchange: ReplayServer) -> None:
    with open_socket(exchange, DEPTH) as reader:
        exchange.advance(500)
        exchange.fault("wrong_ids")
        exchange.advance(100)
        deltas = reader.read_until(lambda message: message["u"] > exchange.book("BTCUSDT")[0])
    assert deltas[-1]["U"] > deltas[-2]["u"] + 1


def test_a_broken_message_is_no_json(exchange: ReplayServer) -> None:
    with open_socket(exchange, DEPTH) as reader:
        exchange.fault("malformed")
        exchange.advance(200)
        with pytest.raises(json.JSONDecodeError):
            reader.read()
        assert reader.read()["e"] == "depthUpdate"


def test_a_stale_venue_answers_and_is_silent(exchange: ReplayServer, client: Client) -> None:
    with open_socket(exchange, DEPTH) as reader:
        exchange.advance(1_000)
        exchange.fault("stale:for=2s")
        sent = exchange.counts["messages"]
        exchange.advance(1_900)
        assert exchange.counts["messages"] == sent
        assert client.get("/api/v3/ping") == {}
        exchange.advance(1_000)
        assert exchange.counts["messages"] > sent
        assert count_gaps(read_deltas(reader, exchange)) == 1


def test_connections_are_cut_without_a_word(exchange: ReplayServer) -> None:
    with open_socket(exchange, DEPTH) as reader:
        exchange.disconnect_all()
        with pytest.raises(ConnectionClosedError):
            reader.read()
    assert exchange.counts["disconnects"] == 1
    with open_socket(exchange, DEPTH) as reader:
        exchange.advance(200)
        assert reader.read()["e"] == "depthUpdate"


def test_a_venue_that_is_down_answers_nobody_until_it_is_back(
    exchange: ReplayServer, client: Client
) -> None:
    with open_socket(exchange, DEPTH) as reader:
        exchange.fault("down:for=1s")
        with pytest.raises(ConnectionClosed):
            reader.read()
    with pytest.raises(httpx.TransportError):
        client.get("/api/v3/ping")
    with pytest.raises((WebSocketException, OSError)), open_socket(exchange, DEPTH):
        pass
    exchange.advance(1_000)
    assert client.get("/api/v3/ping") == {}


def test_orders_are_refused_on_demand_and_nothing_is_locked(client: Client) -> None:
    client.server.fault("refuse_orders:count=1,code=-1015")
    refused = client.ask("POST", "/api/v3/order", **CHEAP)
    assert (refused.status_code, refused.json()["code"]) == (429, -1015)
    assert client.balance("USDT")[1] == "0.00000000"
    assert client.do("POST", "/api/v3/order", **CHEAP)["status"] == "NEW"


def test_an_order_whose_answer_was_lost_stands(client: Client) -> None:
    client.server.fault("lose_replies")
    with pytest.raises(httpx.TransportError):
        client.ask("POST", "/api/v3/order", **CHEAP, newClientOrderId="where-is-it")
    found = client.do("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="where-is-it")
    assert found["status"] == "NEW"
    assert client.server.counts["lost_replies"] == 1


def test_an_order_over_a_socket_whose_answer_was_lost_stands(
    exchange: ReplayServer, client: Client
) -> None:
    exchange.fault("lose_replies")
    with open_socket(exchange, "/ws-api/v3") as socket:
        socket.ask_signed(exchange, "userDataStream.subscribe.signature")
        lost = socket.send_signed(exchange, "order.place", **CHEAP, newClientOrderId="lost")
        messages = socket.read_until(lambda message: "event" in message)
        assert messages[-1]["event"]["c"] == "lost"
        ping = socket.send("ping")
        messages += socket.read_until(lambda message: message.get("id") == ping)
        assert lost not in [message.get("id") for message in messages]
    assert len(client.do("GET", "/api/v3/openOrders")) == 1


def test_a_slow_venue_sends_the_same_later(exchange: ReplayServer, client: Client) -> None:
    exchange.fault("slow:delay=40ms")
    with open_socket(exchange, DEPTH) as reader:
        exchange.advance(1_000)
        deltas = read_deltas(reader, exchange)
    assert count_gaps(deltas) == 0
    answer = client.http.get(exchange.url + "/api/v3/ping")
    # Timers may be early by a tick.
    assert answer.elapsed.total_seconds() >= 0.035


def test_faults_by_the_control_route(exchange: ReplayServer, client: Client) -> None:
    url = exchange.url + "/assay/faults"
    wanted = {"faults": ["slow:delay=1ms,for=10s", "stale:at=5s"]}
    answer = client.http.post(url, json=wanted)
    assert answer.json() == {
        "live": ["slow:for=10000ms,delay=1ms"],
        "planned": ["stale:at=5000ms"],
    }
    assert client.http.get(url).json() == answer.json()
    assert client.http.delete(url).json() == {"live": [], "planned": []}


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"faults": "slow"}', b'{"faults": ["explode"]}', b"\xff"]
)
def test_a_control_that_cannot_be_read_says_how(shared: Client, body: bytes) -> None:
    answer = shared.http.post(shared.server.url + "/assay/faults", content=body)
    assert answer.status_code == 422
    assert answer.json()["hint"]
    assert shared.http.get(shared.server.url + "/assay/else").status_code == 404


def test_a_page_of_somebody_else_cannot_make_things_go_wrong(shared: Client) -> None:
    url = shared.server.url + "/assay/faults"
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        answer = shared.http.post(url, json={"faults": ["down"]}, headers=headers)
        assert answer.status_code == 403
    assert shared.http.get(url).json() == {"live": [], "planned": []}


LAST_MS = 1_668_006_600_000


def test_the_end_is_said_and_the_exchange_stays() -> None:
    said: list[str] = []
    with (
        ReplayServer(speed=MAX, pairs=PAIRS, start_ms=LAST_MS, say=said.append) as server,
        httpx.Client(timeout=WAIT_S) as http,
    ):
        client = Client(server, http)
        # At full speed nothing moves until somebody listens.
        assert client.get("/api/v3/time") == {"serverTime": LAST_MS}
        with open_socket(server, "/ws/btcusdt@kline_1m") as reader:
            reader.read_until(lambda message: message["k"]["x"])
            while not client.get("/assay/status")["ended"]:
                pass
            at = client.get("/api/v3/time")
            # A fault with a time would never end.
            for fault in ("stale:for=1s", "disconnect:every=1s"):
                with pytest.raises(BadInput):
                    server.fault(fault)
            assert client.buy("0.01")["status"] == "FILLED"
            assert client.get("/api/v3/time") == at == {"serverTime": LAST_MS + 60_000}
        assert client.get("/api/v3/exchangeInfo")["assay"]["ended"] is True
    assert any("over" in text for text in said)


def test_a_loop_begins_anew_and_everybody_connects_again() -> None:
    with (
        ReplayServer(speed=0, pairs=PAIRS, start_ms=LAST_MS, loop=True) as server,
        httpx.Client(timeout=WAIT_S) as http,
    ):
        client = Client(server, http)
        client.buy("0.01")
        with open_socket(server, DEPTH) as reader:
            server.advance(60_000)
            assert server.now_ms == LAST_MS + 60_000
            server.advance(1_000)
            assert server.now_ms == LAST_MS + 1_000
            with pytest.raises(ConnectionClosed):
                reader.read_until(lambda message: False)
        assert client.balance("BTC") == ("10.00000000", "0.00000000")
        with open_socket(server, DEPTH) as reader:
            server.advance(1_000)
            assert count_gaps(read_deltas(reader, server)) == 0
