"""REST over a real socket, against Binance's shapes, codes and statuses."""

from decimal import Decimal

import httpx
import pytest
from tests.exchange.clients import Client, now_ms

from assay.exchange import ReplayServer

pytestmark = pytest.mark.slow

START_MS = 1_667_946_660_000
BTC = "/api/v3/depth?symbol=BTCUSDT"


def test_it_says_that_it_is_a_replay(shared: Client) -> None:
    info = shared.get("/api/v3/exchangeInfo")
    assert info["assay"]["replay"] is True
    assert "depth" in info["assay"]["synthetic"]
    assert info["assay"]["speed"] == 0
    answer = shared.http.get(shared.server.url + "/api/v3/ping")
    assert answer.json() == {}
    assert "synthetic=depth" in answer.headers["x-assay-replay"]


def test_time_is_that_of_the_recording_and_moves_with_it(client: Client) -> None:
    assert client.get("/api/v3/time") == {"serverTime": START_MS}
    client.server.advance(1_500)
    assert client.get("/api/v3/time") == {"serverTime": START_MS + 1_500}


def test_pairs_carry_the_filters_that_clients_round_by(shared: Client) -> None:
    [pair] = shared.get("/api/v3/exchangeInfo", symbol="BTCUSDT")["symbols"]
    filters = {one["filterType"]: one for one in pair["filters"]}
    assert Decimal(filters["PRICE_FILTER"]["tickSize"]) == Decimal("0.01")
    assert Decimal(filters["LOT_SIZE"]["stepSize"]) == Decimal("0.00001")
    assert Decimal(filters["NOTIONAL"]["minNotional"]) > 0
    names = [one["symbol"] for one in shared.get("/api/v3/exchangeInfo")["symbols"]]
    assert names == ["BTCUSDT", "ETHBTC", "ETHUSDT"]
    for permissions, count in (("SPOT", 3), ('["MARGIN","SPOT"]', 3), ("LEVERAGED", 0)):
        found = shared.get("/api/v3/exchangeInfo", permissions=permissions)["symbols"]
        assert len(found) == count
    chosen = shared.get("/api/v3/exchangeInfo", symbols='["ETHBTC"]')["symbols"]
    assert [one["symbol"] for one in chosen] == ["ETHBTC"]


def test_the_book_is_sorted_and_not_crossed(client: Client) -> None:
    client.server.advance(5_000)
    book = client.get("/api/v3/depth", symbol="BTCUSDT", limit=50)
    bids, asks = ([Decimal(price) for price, _ in book[side]] for side in ("bids", "asks"))
    assert len(bids) == len(asks) == 50
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    top = client.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT")
    assert [top["bidPrice"], top["bidQty"]] == book["bids"][0]
    assert [top["askPrice"], top["askQty"]] == book["asks"][0]


def test_candles_are_the_recorded_ones_and_add_up_from_trades(client: Client) -> None:
    client.server.advance(61_000)
    first, second = client.get("/api/v3/klines", symbol="BTCUSDT", interval="1m")
    # The recorded first minute (samples/candles_1m_20221108*.parquet).
    assert [Decimal(value) for value in first[1:5]] == [
        Decimal(text) for text in ("18560.7", "18582.63", "18549.56", "18551.26")
    ]
    assert (first[0], first[6], second[0]) == (START_MS, START_MS + 59_999, START_MS + 60_000)
    trades = client.get("/api/v3/trades", symbol="BTCUSDT", limit=1_000)
    inside = [one for one in trades if one["time"] < START_MS + 60_000]
    assert Decimal(first[5]) == sum(Decimal(one["qty"]) for one in inside)
    assert first[8] == len(inside)


def test_trades_have_ids_one_by_one_and_aggregates_are_the_same(client: Client) -> None:
    client.server.advance(60_000)
    trades = client.get("/api/v3/trades", symbol="BTCUSDT", limit=1_000)
    ids = [trade["id"] for trade in trades]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    aggregates = client.get("/api/v3/aggTrades", symbol="BTCUSDT", limit=1_000)
    assert [one["p"] for one in aggregates] == [one["price"] for one in trades]
    late = client.get("/api/v3/aggTrades", symbol="BTCUSDT", startTime=trades[3]["time"])
    assert [one["T"] for one in late] == [one["time"] for one in trades[3:]]
    span = {"startTime": trades[3]["time"], "endTime": trades[5]["time"]}
    assert [one["a"] for one in client.get("/api/v3/aggTrades", symbol="BTCUSDT", **span)] == (
        ids[3:6]
    )
    assert client.get("/api/v3/aggTrades", symbol="BTCUSDT", startTime=START_MS * 2) == []
    again = client.get("/api/v3/historicalTrades", symbol="BTCUSDT", fromId=ids[1], limit=2)
    assert [one["id"] for one in again] == ids[1:3]
    few = client.get("/api/v3/trades", symbol="BTCUSDT", limit=2)
    assert [one["id"] for one in few] == ids[-2:]


def test_figures_of_one_of_some_and_of_all(client: Client) -> None:
    client.server.advance(2_000)
    for path in ("/api/v3/ticker/24hr", "/api/v3/ticker/price", "/api/v3/ticker/bookTicker"):
        one = client.get(path, symbol="ETHBTC")
        [same] = client.get(path, symbols='["ETHBTC"]')
        every = client.get(path)
        assert one == same
        assert [entry["symbol"] for entry in every] == ["BTCUSDT", "ETHBTC", "ETHUSDT"]
    mini = client.get("/api/v3/ticker/24hr", symbol="ETHBTC", type="MINI")
    assert "bidPrice" not in mini
    assert Decimal(client.get("/api/v3/avgPrice", symbol="BTCUSDT")["price"]) > 0


def test_what_clients_ask_with_their_usual_options_is_empty_but_valid(shared: Client) -> None:
    for path in ("/fapi/v1/exchangeInfo", "/dapi/v1/exchangeInfo"):
        assert shared.get(path)["symbols"] == []
    for path in ("/sapi/v1/margin/allPairs", "/sapi/v1/margin/isolated/allPairs"):
        assert shared.do("GET", path) == []
    coins = shared.do("GET", "/sapi/v1/capital/config/getall")
    assert {coin["coin"] for coin in coins} == {"BTC", "ETH", "USDT"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v3/depth", 400, -1102),
        ("GET", "/api/v3/depth?symbol=DOGEUSDT", 400, -1121),
        ("GET", "/api/v3/depth?symbol=BTCUSDT&limit=x", 400, -1100),
        ("GET", "/api/v3/depth?symbol=BTCUSDT&symbol=ETHBTC", 400, -1101),
        ("GET", "/api/v3/klines?symbol=BTCUSDT&interval=7m", 400, -1120),
        ("GET", "/api/v3/klines?symbol=BTCUSDT", 400, -1102),
        ("GET", "/api/v3/exchangeInfo?symbol=NOPE", 400, -1121),
        ("GET", "/api/v3/exchangeInfo?symbols=NOPE", 400, -1100),
        ("GET", "/api/v3/ticker/24hr?type=HUGE", 400, -1139),
        ("GET", "/sapi/v1/margin/allPairs", 401, -2014),
        ("GET", "/api/v3/account", 401, -2014),
        ("GET", "/api/v3/nothing", 404, -1020),
        ("POST", "/api/v3/depth?symbol=BTCUSDT", 405, -1020),
        ("GET", "/", 404, -1020),
    ],
)
def test_refused_as_binance_refuses(
    shared: Client, method: str, path: str, status: int, code: int
) -> None:
    answer = shared.http.request(method, shared.server.url + path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"api_key": "x" * 32}, 401, -2015),
        ({"timestamp": now_ms() - 10**9}, 400, -1021),
        ({"timestamp": now_ms() + 10**9}, 400, -1021),
        ({"timestamp": "x"}, 400, -1102),
        ({"recvWindow": 60_001}, 400, -1131),
        ({"secret": "0" * 64}, 400, -1022),
    ],
)
def test_who_may_not_is_turned_away(
    shared: Client, change: dict[str, object], status: int, code: int
) -> None:
    answer = shared.ask("GET", "/api/v3/account", **change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_client_that_follows_our_time_may_sign_with_it(shared: Client) -> None:
    at = shared.get("/api/v3/time")["serverTime"]
    assert shared.do("GET", "/api/v3/account", timestamp=at)["canTrade"] is True


def test_a_limit_order_locks_what_it_needs_and_a_cancel_frees_it(client: Client) -> None:
    client.server.advance(1_000)
    placed = client.buy("0.01000", "15000.00", newClientOrderId="mine")
    assert (placed["status"], placed["clientOrderId"], placed["fills"]) == ("NEW", "mine", [])
    assert client.balance("USDT") == ("999850.00000000", "150.00000000")
    [still] = client.do("GET", "/api/v3/openOrders", symbol="BTCUSDT")
    assert still["orderId"] == placed["orderId"]
    asked = client.do("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
    assert (asked["status"], asked["executedQty"]) == ("NEW", "0.00000000")
    gone = client.do("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"])
    assert (gone["status"], gone["origClientOrderId"]) == ("CANCELED", "mine")
    assert client.balance("USDT") == ("1000000.00000000", "0.00000000")
    assert client.do("GET", "/api/v3/openOrders") == []
    [kept] = client.do("GET", "/api/v3/allOrders", symbol="BTCUSDT")
    assert kept["status"] == "CANCELED"


def test_a_market_order_takes_from_the_book_and_pays_the_fee(client: Client) -> None:
    client.server.advance(1_000)
    best = Decimal(client.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT")["askPrice"])
    placed = client.buy("0.00500")
    assert placed["status"] == "FILLED"
    spent = sum(Decimal(one["price"]) * Decimal(one["qty"]) for one in placed["fills"])
    fee = sum(Decimal(one["commission"]) for one in placed["fills"])
    assert Decimal(placed["fills"][0]["price"]) == best
    assert {one["commissionAsset"] for one in placed["fills"]} == {"BTC"}
    assert fee == Decimal("0.005") * Decimal("0.001")
    assert Decimal(placed["cummulativeQuoteQty"]) == spent
    assert Decimal(client.balance("USDT")[0]) == 1_000_000 - spent
    assert Decimal(client.balance("BTC")[0]) == 10 + Decimal("0.005") - fee
    trades = client.do("GET", "/api/v3/myTrades", symbol="BTCUSDT")
    assert sum(Decimal(trade["qty"]) for trade in trades) == Decimal("0.005")
    assert not any(trade["isMaker"] for trade in trades)


def test_a_resting_order_is_filled_when_the_path_comes_to_it(client: Client) -> None:
    client.server.advance(1_000)
    # The first recorded minute falls to 18549.56.
    placed = client.buy("0.00100", "18550.00")
    assert placed["status"] == "NEW"
    client.server.advance(60_000)
    asked = client.do("GET", "/api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"])
    assert asked["status"] == "FILLED"
    assert asked["cummulativeQuoteQty"] == "18.55000000"
    [trade] = client.do("GET", "/api/v3/myTrades", symbol="BTCUSDT", orderId=placed["orderId"])
    assert (trade["isMaker"], trade["price"]) == (True, "18550.00000000")


def test_a_test_order_is_checked_and_not_placed(client: Client) -> None:
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    assert client.do("POST", "/api/v3/order/test", **order) == {}
    answer = client.ask("POST", "/api/v3/order/test", **{**order, "quantity": "100000"})
    assert answer.json()["code"] == -2010
    assert client.do("GET", "/api/v3/allOrders", symbol="BTCUSDT") == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": "0.000001"}, -1013),
        ({"quantity": "0.0000000001"}, -1111),
        ({"quantity": "x"}, -1100),
        ({"price": "15000.001"}, -1013),
        ({"price": "1"}, -1013),
        ({"quantity": "70"}, -2010),
        ({"symbol": "DOGEUSDT"}, -1121),
        ({"side": "HOLD"}, -1117),
        ({"type": "STOP"}, -1116),
        ({"timeInForce": "SOON"}, -1115),
        ({"newOrderRespType": "LOUD"}, -1100),
    ],
)
def test_a_bad_order_is_refused_with_its_code(
    shared: Client, change: dict[str, str], code: int
) -> None:
    order = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "price": "15000.00",
        "quantity": "0.01",
        **change,
    }
    answer = shared.ask("POST", "/api/v3/order", **order)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert shared.balance("USDT") == ("1000000.00000000", "0.00000000")


def test_cancelling_what_is_not_there(shared: Client) -> None:
    gone = shared.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=99)
    assert gone.json() == {"code": -2011, "msg": "Unknown order sent."}
    nothing = shared.ask("DELETE", "/api/v3/order", symbol="BTCUSDT")
    assert nothing.json()["code"] == -1102
    unknown = shared.ask("GET", "/api/v3/order", symbol="BTCUSDT", orderId=99)
    assert unknown.json()["code"] == -2013


def test_all_open_orders_of_a_pair_go_at_once(client: Client) -> None:
    orders = [client.buy("0.01", price)["orderId"] for price in ("15000", "15001", "15002")]
    gone = client.do("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")
    assert sorted(one["orderId"] for one in gone) == orders
    assert client.balance("USDT") == ("1000000.00000000", "0.00000000")


def test_weights_add_up_in_the_headers(shared: Client) -> None:
    used = [
        int(shared.http.get(shared.server.url + BTC).headers["x-mbx-used-weight-1m"])
        for _ in range(3)
    ]
    # A new minute may begin between two of them, never between all.
    assert used[1] - used[0] == 5 or used[2] - used[1] == 5


def test_a_body_that_is_too_long_is_refused(shared: Client) -> None:
    url = shared.server.url + "/api/v3/order"
    assert shared.http.post(url, content=b"x" * 70_000).status_code == 413


def test_two_exchanges_differ_in_fees_and_names(exchange: ReplayServer) -> None:
    with (
        ReplayServer(speed=0, name="dear", pairs=["BTCUSDT"], fee_taker_bps=50) as dear,
        httpx.Client() as http,
        httpx.Client() as other,
    ):
        fees = []
        for server, connection in ((exchange, http), (dear, other)):
            server.advance(1_000)
            placed = Client(server, connection).buy("0.01000")
            fees.append(sum(Decimal(one["commission"]) for one in placed["fills"]))
        assert fees[1] == 5 * fees[0]
        info = Client(dear, other).get("/api/v3/exchangeInfo")
        assert info["assay"]["name"] == "dear"
