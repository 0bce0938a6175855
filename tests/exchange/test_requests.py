"""Names of streams, parameters and the talk on a stream's connection."""

import json
from collections.abc import Callable

import pytest
from tests.exchange.wires import Wire

from assay.exchange.routes.params import Params, parse_object, parse_pairs
from assay.exchange.routes.streams import answer_request, read_path
from assay.exchange.service.hub import MAX_STREAMS, Hub, Listener
from assay.exchange.service.names import Kind, Stream, parse_stream
from assay.exchange.types import Refusal

PAIRS = {"BTCUSDT": 1, "ETHBTC": 1}


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("btcusdt@trade", Stream("btcusdt@trade", Kind.TRADE, "BTCUSDT")),
        ("btcusdt@aggTrade", Stream("btcusdt@aggTrade", Kind.AGGREGATE_TRADE, "BTCUSDT")),
        ("ethbtc@kline_1h", Stream("ethbtc@kline_1h", Kind.KLINE, "ETHBTC", "1h")),
        ("btcusdt@depth", Stream("btcusdt@depth", Kind.DEPTH, "BTCUSDT")),
        (
            "btcusdt@depth@100ms",
            Stream("btcusdt@depth@100ms", Kind.DEPTH, "BTCUSDT", every_ms=100),
        ),
        (
            "btcusdt@depth20@100ms",
            Stream("btcusdt@depth20@100ms", Kind.PARTIAL_DEPTH, "BTCUSDT", "1m", 20, 100),
        ),
        ("btcusdt@depth5", Stream("btcusdt@depth5", Kind.PARTIAL_DEPTH, "BTCUSDT", "1m", 5)),
        ("!miniTicker@arr", Stream("!miniTicker@arr", Kind.ALL_MINI_TICKERS)),
        ("!bookTicker", Stream("!bookTicker", Kind.ALL_BOOK_TICKERS)),
        ("btcusdt@bookTicker", Stream("btcusdt@bookTicker", Kind.BOOK_TICKER, "BTCUSDT")),
    ],
)
def test_a_name_says_what_it_asks_for(name: str, stream: Stream) -> None:
    assert parse_stream(name, PAIRS) == stream


@pytest.mark.parametrize(
    "name",
    [
        "",
        "0",
        "btcusdt",
        "BTCUSDT@trade",
        "dogeusdt@trade",
        "btcusdt@kline",
        "btcusdt@kline_7m",
        "btcusdt@depth7",
        "btcusdt@depth@50ms",
        "btcusdt@depthx",
        "btcusdt@!ticker@arr",
        "btcusdt@partial depth",
        "btcusdt@kline_1m@+08:00",
    ],
)
def test_what_is_no_stream_is_none(name: str) -> None:
    assert parse_stream(name, PAIRS) is None


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/ws", "", (False, [])),
        ("/ws/btcusdt@trade/btcusdt@depth", "", (False, ["btcusdt@trade", "btcusdt@depth"])),
        ("/stream/ws/3", "", (False, ["3"])),
        ("/stream", "streams=a@trade/b@trade", (True, ["a@trade", "b@trade"])),
        ("/stream", "", (True, [])),
        ("/stream/other", "", None),
        ("/", "", None),
        ("/api/v3/ping", "", None),
    ],
)
def test_paths_of_streams(path: str, query: str, expected: object) -> None:
    assert read_path(path, query) == expected


class Talk:
    """A connection to talk on."""

    def __init__(self) -> None:
        self.hub = Hub(lambda name: None, lambda name: None)
        self.listener = Listener(Wire(), is_combined=False)
        self.hub.add(self.listener)

    def say(self, request: object) -> dict[str, object]:
        text = request if isinstance(request, str) else json.dumps(request)
        answer: dict[str, object] = json.loads(answer_request(self.hub, self.listener, text))
        return answer


def test_streams_come_go_and_are_listed() -> None:
    talk = Talk()
    wanted = ["btcusdt@trade", "btcusdt@depth"]
    assert talk.say({"method": "SUBSCRIBE", "params": wanted, "id": 1}) == {"result": None, "id": 1}
    assert talk.say({"method": "LIST_SUBSCRIPTIONS", "id": "x"}) == {"result": wanted, "id": "x"}
    talk.say({"method": "UNSUBSCRIBE", "params": wanted[:1], "id": 2})
    assert talk.say({"method": "LIST_SUBSCRIPTIONS"}) == {"result": wanted[1:], "id": None}


def test_combined_can_be_set_and_read() -> None:
    talk = Talk()
    talk.say({"method": "SET_PROPERTY", "params": ["combined", True], "id": 1})
    asked = {"method": "GET_PROPERTY", "params": ["combined"], "id": 2}
    assert talk.say(asked) == {"result": True, "id": 2}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ("not json", 3),
        ("[1]", 2),
        ({"method": "SUBSCRIBE", "params": [], "id": 1}, 2),
        ({"method": "SUBSCRIBE", "params": [1], "id": 1}, 2),
        ({"method": "SUBSCRIBE", "params": "btcusdt@trade", "id": 1}, 2),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": 1.5}, 2),
        ({"method": "JUMP", "params": [], "id": 1}, 2),
        ({"params": ["a"], "id": 1}, 2),
        ({"method": "GET_PROPERTY", "params": ["colour"], "id": 1}, 0),
        ({"method": "GET_PROPERTY", "params": [], "id": 1}, 2),
        ({"method": "SET_PROPERTY", "params": ["combined", "yes"], "id": 1}, 1),
        (
            {
                "method": "SUBSCRIBE",
                "params": [f"s{number}" for number in range(MAX_STREAMS + 1)],
                "id": 1,
            },
            2,
        ),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_code(request_: object, code: int) -> None:
    answer = Talk().say(request_)
    assert answer["error"]["code"] == code  # type: ignore[index]


def test_parameters_of_query_and_form() -> None:
    params = parse_pairs("symbol=BTCUSDT&limit=5", "limit=7&note=a%20b+c")
    assert params == {"symbol": "BTCUSDT", "limit": "5", "note": "a b c"}
    with pytest.raises(Refusal) as caught:
        parse_pairs("a=1&a=2")
    assert caught.value.venue_code == -1101


def test_numbers_of_json_keep_the_digits_that_were_signed() -> None:
    values = {"quantity": "0.00001", "flag": False, "orderId": 12, "nothing": None}
    assert parse_object(values) == {"quantity": "0.00001", "flag": "false", "orderId": "12"}


@pytest.mark.parametrize(
    ("sent", "name", "code"),
    [
        ({}, "need", -1102),
        ({"symbol": ""}, "need", -1102),
        ({"x": "-1"}, "whole", -1100),
        ({"x": "1e3"}, "whole", -1100),
        ({"x": "²"}, "whole", -1100),
        ({"limit": "0"}, "limit", -1130),
        ({"symbols": "BTCUSDT"}, "symbols", -1100),
        ({"symbols": '["A","A"]'}, "symbols", -1151),
        ({"symbols": '["A"]', "symbol": "A"}, "symbols", -1128),
        ({"x": "maybe"}, "flag", -1100),
    ],
)
def test_bad_parameters_are_refused_in_binances_words(
    sent: dict[str, str], name: str, code: int
) -> None:
    params = Params(sent)
    asks: dict[str, Callable[[], object]] = {
        "need": lambda: params.need("symbol"),
        "whole": lambda: params.read_whole("x"),
        "limit": lambda: params.read_limit(500, 1_000),
        "symbols": params.read_symbols,
        "flag": lambda: params.read_flag("x"),
    }
    with pytest.raises(Refusal) as caught:
        asks[name]()
    assert caught.value.venue_code == code
