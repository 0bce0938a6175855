"""Messages as bytes: exact digits, Binance's keys, and JSON that reads back."""

import json

from hypothesis import given
from hypothesis import strategies as st

from assay.exchange.shapes import events, market, orders
from assay.exchange.types import (
    BookTop,
    DepthDelta,
    DepthSnapshot,
    Fill,
    Kline,
    KlineUpdate,
    Order,
    OrderStatus,
    OrderType,
    PublicTrade,
    Side,
    Ticker,
    TimeInForce,
    format_e8,
)

amounts = st.integers(0, 10**18)
levels = st.lists(st.tuples(amounts, amounts), max_size=5)
TOP = BookTop("BTCUSDT", 9, 1, 2, 3, 4, 1_000)


@given(levels, levels)
def test_levels_keep_every_digit(bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> None:
    expected = [[[format_e8(one) for one in level] for level in side] for side in (bids, asks)]
    delta = json.loads(events.write_depth(DepthDelta("BTCUSDT", 1, 2, bids, asks, 5)))
    assert [delta["b"], delta["a"]] == expected
    book = json.loads(events.write_partial_depth(DepthSnapshot("BTCUSDT", 2, bids, asks, 5)))
    assert [book["bids"], book["asks"]] == expected


@given(amounts, amounts, st.booleans())
def test_a_trade_reads_back(price: int, size: int, is_maker: bool) -> None:
    trade = PublicTrade("BTCUSDT", 7, price, size, 5, is_maker)
    assert json.loads(events.write_trade(trade)) == {
        **{"e": "trade", "E": 5, "s": "BTCUSDT", "t": 7, "T": 5, "m": is_maker, "M": True},
        "p": format_e8(price),
        "q": format_e8(size),
    }
    assert json.loads(events.write_aggregate_trade(trade))["a"] == 7


@given(amounts, amounts, amounts, amounts)
def test_figures_of_the_day_read_back(last: int, first: int, volume: int, quote: int) -> None:
    ticker = Ticker(
        *("BTCUSDT", last, 1, first, 4, 1, volume, quote),
        *(0, 86_400_000, 1, 2, 2, TOP),
    )
    read = json.loads(events.write_ticker(ticker))
    assert read["c"] == format_e8(last)
    assert read["p"] == format_e8(last - first)
    assert float(read["P"]) * first == 0 or first > 0
    shown = market.describe_ticker(ticker)
    assert (shown["priceChangePercent"], shown["weightedAvgPrice"]) == (read["P"], read["w"])
    assert json.loads(events.write_mini_ticker(ticker))["o"] == format_e8(first)


def test_a_bar_reads_back() -> None:
    bar = Kline("BTCUSDT", "1m", 0, 59_999, 1, 4, 1, 2, 5, 6, 7, 8, 9, 3, 9, True)
    read = json.loads(events.write_kline(KlineUpdate("BTCUSDT", 60_000, bar)))["k"]
    assert [read[key] for key in ("t", "T", "n", "x", "f", "L")] == [0, 59_999, 7, True, 3, 9]
    shown = market.describe_kline(bar)
    assert len(shown) == 12
    assert shown[1:6] == [read[key] for key in "ohlcv"]


def test_an_answer_to_an_order_is_as_long_as_was_asked() -> None:
    fill = Fill("BTCUSDT", 5, 1, Side.BUY, 10, 2, 20, 1, "BTC", 3, is_maker=False)
    order = Order(
        order_id=1,
        account="a",
        symbol="BTCUSDT",
        client_order_id="mine",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=10,
        quantity=2,
        quote_quantity=0,
        executed=2,
        executed_quote=20,
        status=OrderStatus.FILLED,
        time_ms=3,
        update_ms=3,
        fills=(fill,),
    )
    sizes = [len(orders.describe_placed(order, kind)) for kind in ("ACK", "RESULT", "FULL")]
    assert sizes == sorted(set(sizes))
    assert orders.describe_placed(order, "") == orders.describe_placed(order, "FULL")
    assert orders.describe_placed(order, "FULL")["fills"] == [
        {
            "price": "0.00000010",
            "qty": "0.00000002",
            "commission": "0.00000001",
            "commissionAsset": "BTC",
            "tradeId": 5,
        }
    ]
