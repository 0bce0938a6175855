"""The WebSocket API: orders, accounts, and the user's own stream."""

import json
from decimal import Decimal

import pytest
from tests.exchange.clients import Client, open_socket

from assay.exchange import ReplayServer

pytestmark = pytest.mark.slow

LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01000",
    "price": "15000.00",
}


def test_an_order_lives_over_a_socket(exchange: ReplayServer) -> None:
    with open_socket(exchange, "/ws-api/v3") as socket:
        assert socket.say("ping")["result"] == {}
        placed = socket.ask_signed(exchange, "order.place", **LIMIT, newClientOrderId="mine")
        assert (placed["status"], placed["result"]["status"]) == (200, "NEW")
        assert placed["rateLimits"][0]["rateLimitType"] == "REQUEST_WEIGHT"
        order_id = placed["result"]["orderId"]
        asked = {"symbol": "BTCUSDT", "orderId": order_id}
        assert socket.ask_signed(exchange, "order.status", **asked)["result"]["clientOrderId"] == (
            "mine"
        )
        [still] = socket.ask_signed(exchange, "openOrders.status")["result"]
        assert still["orderId"] == order_id
        gone = socket.ask_signed(exchange, "order.cancel", **asked)["result"]
        assert gone["status"] == "CANCELED"
        balances = socket.ask_signed(exchange, "account.status")["result"]["balances"]
        assert {one["locked"] for one in balances} == {"0.00000000"}
        again = socket.ask_signed(exchange, "order.cancel", **asked)
        assert (again["status"], again["error"]["code"]) == (400, -2011)


def test_the_same_answers_as_rest(exchange: ReplayServer, client: Client) -> None:
    exchange.advance(2_000)
    with open_socket(exchange, "/ws-api/v3") as socket:
        for method, path, params in (
            ("time", "/api/v3/time", {}),
            ("exchangeInfo", "/api/v3/exchangeInfo", {"symbol": "BTCUSDT"}),
            ("depth", "/api/v3/depth", {"symbol": "BTCUSDT", "limit": 5}),
            ("klines", "/api/v3/klines", {"symbol": "BTCUSDT", "interval": "1m"}),
            ("ticker.24hr", "/api/v3/ticker/24hr", {"symbol": "BTCUSDT"}),
            ("ticker.book", "/api/v3/ticker/bookTicker", {"symbol": "BTCUSDT"}),
            ("trades.recent", "/api/v3/trades", {"symbol": "BTCUSDT", "limit": 3}),
        ):
            assert socket.say(method, params)["result"] == client.get(path, **params)


@pytest.mark.parametrize(
    ("method", "params", "status", "code"),
    [
        ("order.place", LIMIT, 401, -2014),
        ("order.place", {**LIMIT, "apiKey": "x" * 30}, 401, -2015),
        ("depth", {}, 400, -1102),
        ("depth", {"symbol": "NOPE"}, 400, -1121),
        ("depth", [], 400, -1102),
        ("fly", {}, 400, -1020),
        ("session.logon", {}, 400, -4056),
        ("userDataStream.subscribe", {}, 400, -4056),
        ("userDataStream.subscribe.signature", {}, 401, -2014),
        ("userDataStream.unsubscribe", {"subscriptionId": 7}, 400, -1130),
    ],
)
def test_refused_with_a_code(
    shared: Client, method: str, params: object, status: int, code: int
) -> None:
    with open_socket(shared.server, "/ws-api/v3") as socket:
        answer = socket.say(method, params)
        if params == []:
            assert answer["error"]["code"] == code
            return
        assert (answer["status"], answer["error"]["code"]) == (status, code)


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"method":1}', "[" * 50_000])
def test_what_is_no_request_is_answered_and_the_connection_stands(
    shared: Client, text: str
) -> None:
    with open_socket(shared.server, "/ws-api/v3") as socket:
        socket.connection.send(text)
        answer = socket.read()
        assert answer["id"] is None
        assert answer["error"]["code"] in (-1135, -1102)
        assert socket.say("ping")["status"] == 200


def test_numbers_are_signed_as_they_are_written(exchange: ReplayServer) -> None:
    with open_socket(exchange, "/ws-api/v3") as socket:
        order = {**LIMIT, "quantity": 0.01, "price": 15000.5, "returnRateLimits": "false"}
        placed = socket.ask_signed(exchange, "order.place", **order)
        assert placed["result"]["price"] == "15000.50000000"
        assert "rateLimits" not in placed


def test_the_user_is_told_what_happens_to_orders_and_balances(
    exchange: ReplayServer, client: Client
) -> None:
    with open_socket(exchange, "/ws-api/v3") as socket:
        answer = socket.ask_signed(exchange, "userDataStream.subscribe.signature")
        assert answer["result"] == {"subscriptionId": 0}
        exchange.advance(1_000)
        resting = client.buy("0.00100", "18550.00", newClientOrderId="mine")
        new, locked = socket.read(), socket.read()
        assert {new["subscriptionId"], locked["subscriptionId"]} == {0}
        report = new["event"]
        assert (report["e"], report["x"], report["X"]) == ("executionReport", "NEW", "NEW")
        assert (report["c"], report["i"], report["p"]) == (
            "mine",
            resting["orderId"],
            "18550.00000000",
        )
        position = locked["event"]
        assert position["e"] == "outboundAccountPosition"
        assert {"a": "USDT", "f": "999981.45000000", "l": "18.55000000"} in position["B"]
        exchange.advance(60_000)
        traded = socket.read_until(lambda message: message["event"].get("X") == "FILLED")[-1]
        report = traded["event"]
        assert (report["x"], report["m"], report["L"]) == ("TRADE", True, "18550.00000000")
        assert report["N"] == "BTC"
        assert Decimal(report["n"]) == Decimal(report["l"]) * Decimal("0.001")
        assert socket.read()["event"]["e"] == "outboundAccountPosition"
        other = client.buy("0.00100", "15000.00")
        client.do("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=other["orderId"])
        found = socket.read_until(lambda message: message["event"].get("x") == "CANCELED")[-1]
        assert found["event"]["C"] == other["clientOrderId"]


@pytest.mark.parametrize(
    "request_",
    [
        r'{"id":1,"method":"order.place","params":{"apiKey":"\ud800"}}',
        r'{"id":1,"method":"account.status","params":{"apiKey":"KEY","x":"\udfff"}}',
        r'{"id":"\ud800","method":"ping"}',
        r'{"id":1,"method":"\uD83D"}',
        '{"id":99999999999999999999,"method":"ping"}',
        '{"id":[1],"method":"ping"}',
    ],
)
def test_what_can_neither_be_signed_nor_answered_with_is_refused(
    shared: Client, request_: str
) -> None:
    with open_socket(shared.server, "/ws-api/v3") as socket:
        socket.connection.send(request_.replace("KEY", shared.server.api_key))
        assert socket.read()["status"] == 400
        socket.connection.send(r'{"id":"\ud83d\ude00","method":"ping"}')
        assert socket.read()["id"] == "\U0001f600"


def test_two_subscriptions_are_told_apart_and_one_can_end(
    exchange: ReplayServer, client: Client
) -> None:
    with open_socket(exchange, "/ws-api/v3") as socket:
        for number in range(2):
            answer = socket.ask_signed(exchange, "userDataStream.subscribe.signature")
            assert answer["result"]["subscriptionId"] == number
        client.buy("0.00100", "15000.00")
        assert [socket.read()["subscriptionId"] for _ in range(4)] == [0, 1, 0, 1]
        socket.say("userDataStream.unsubscribe", {"subscriptionId": 0})
        client.buy("0.00100", "15000.00")
        assert [socket.read()["subscriptionId"] for _ in range(2)] == [1, 1]


def test_answers_come_in_the_order_of_requests_also_when_the_venue_is_slow(
    exchange: ReplayServer,
) -> None:
    exchange.fault("slow:delay=20ms")
    with open_socket(exchange, "/ws-api/v3") as socket:
        for number in range(20):
            socket.connection.send(json.dumps({"id": number, "method": "time"}))
        assert [socket.read()["id"] for _ in range(20)] == list(range(20))
