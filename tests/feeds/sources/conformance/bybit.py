"""Bybit's examples: bybit-exchange/docs v5, with symbols and numbers made consistent."""

from collections.abc import Sequence

import msgspec
from tests.feeds.sources.conformance.cases import NAN, Venue, candle, delta, snapshot, ticker

from assay.feeds.sources.bybit.protocol import Bybit
from assay.feeds.types import Instrument, Topic, Trade

TRADES = (
    b'{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1672304486868,"data":[{'
    b'"T":1672304486865,"s":"BTCUSDT","S":"Buy","v":"0.001","p":"16578.50",'
    b'"i":"20f43950-d8dd-5b31-9112-a178eb6023af","BT":false}]}'
)
TICKER = (
    b'{"topic":"tickers.BTCUSDT","ts":1673853746003,"type":"snapshot","cs":2588407389,"data":{'
    b'"symbol":"BTCUSDT","lastPrice":"21109.77","highPrice24h":"21426.99","lowPrice24h":"20575",'
    b'"prevPrice24h":"20704.93","volume24h":"6780.866843","turnover24h":"141946527.22907118",'
    b'"price24hPcnt":"0.0196","usdIndexPrice":""}}'
)
KLINE = (
    b'{"topic":"kline.1.BTCUSDT","data":[{"start":1672324800000,"end":1672324859999,"interval":"1",'
    b'"open":"16649.5","close":"16677","high":"16677.5","low":"16608","volume":"2.081",'
    b'"turnover":"34666.4005","confirm":true,"timestamp":1672324858882}],"ts":1672324858882,'
    b'"type":"snapshot"}'
)
BOOK = (
    b'{"topic":"orderbook.200.BTCUSDT","type":"snapshot","ts":1672304484978,"data":{"s":"BTCUSDT",'
    b'"b":[["16493.50","0.006"],["16493.00","0.100"]],"a":[["16611.00","0.029"]],"u":18521288,'
    b'"seq":7961638724},"cts":1672304484976}'
)
CHANGE = (
    b'{"topic":"orderbook.200.BTCUSDT","type":"delta","ts":1687940967466,"data":{"s":"BTCUSDT",'
    b'"b":[["16493.50","0"]],"a":[["16610.50","0.013"]],"u":18521289,"seq":7961638725},'
    b'"cts":1687940967464}'
)
TOPICS = ["publicTrade.BTCUSDT", "tickers.BTCUSDT", "kline.1.BTCUSDT", "orderbook.200.BTCUSDT"]


def take(requests: Sequence[bytes]) -> Sequence[bytes]:
    return [
        msgspec.json.encode(
            {
                "success": True,
                "ret_msg": sent["op"],
                "conn_id": "2324d924-aa4d-45b0-a858-7b8be29ab52b",
                "req_id": sent["req_id"],
                "op": sent["op"],
            }
        )
        for sent in map(msgspec.json.decode, requests)
    ]


VENUE = Venue(
    make=Bybit,
    symbol="BTCUSDT",
    frames={
        Topic.TRADES: [(TRADES, [Trade("BTCUSDT", -1, 16578.5, 0.001, True, 1672304486865)])],
        Topic.TICKER: [
            (
                TICKER,
                [
                    ticker(
                        "BTCUSDT",
                        21109.77,
                        (NAN, NAN),
                        (6780.866843, 141946527.22907118),
                        1673853746003,
                        20704.93,
                    )
                ],
            )
        ],
        Topic.CANDLES: [
            (
                KLINE,
                [
                    candle(
                        "BTCUSDT",
                        1672324800000,
                        (16649.5, 16677.5, 16608.0, 16677.0),
                        (2.081, 34666.4005),
                        -1,
                        is_closed=True,
                    )
                ],
            )
        ],
        Topic.BOOK: [
            (
                BOOK,
                [
                    snapshot(
                        "BTCUSDT",
                        18521288,
                        [("16493.50", "0.006"), ("16493.00", "0.100")],
                        [("16611.00", "0.029")],
                        1672304484978,
                    )
                ],
            ),
            (
                CHANGE,
                [
                    delta(
                        "BTCUSDT",
                        (18521289, 18521289),
                        ([("16493.50", "0")], [("16610.50", "0.013")]),
                        1687940967466,
                    )
                ],
            ),
        ],
    },
    requests={
        "subscribe": [{"req_id": "1", "op": "subscribe", "args": TOPICS}],
        "unsubscribe": [{"req_id": "1", "op": "unsubscribe", "args": TOPICS}],
    },
    taken=take,
    refusals=[
        (
            b'{"success":false,"ret_msg":"error:handler not found,topic:orderbook.7.BTCUSDT",'
            b'"conn_id":"0970e817","req_id":"1","op":"subscribe"}',
            "handler not found",
        )
    ],
    alive=[(b'{"success":true,"ret_msg":"pong","conn_id":"0970e817","op":"ping"}', 0)],
    unheard=[b'{"success":true,"ret_msg":"","op":"auth","conn_id":"cejreaspqfh3sjdnldmg-p"}'],
    listing=(
        b'{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[{"symbol":"BTCUSDT",'
        b'"baseCoin":"BTC","quoteCoin":"USDT","innovation":"0","status":"Trading",'
        b'"lotSizeFilter":{"basePrecision":"0.000001","quotePrecision":"0.00000001"},'
        b'"priceFilter":{"tickSize":"0.01"}},{"symbol":"BAD","status":"Trading"}]},"time":1}'
    ),
    instruments=[Instrument("bybit", "BTCUSDT", "BTC", "USDT", 0.01, 1e-06)],
    clock=(
        b'{"retCode":0,"retMsg":"OK","result":{"timeSecond":"1688639403",'
        b'"timeNano":"1688639403423213947"},"retExtInfo":{},"time":1688639403423}',
        1688639403423,
    ),
    numbers=["16578.50", "0.001", "16649.5", "16677"],
    last_price="21109.77",
)
