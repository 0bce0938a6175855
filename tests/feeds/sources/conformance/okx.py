"""OKX's examples: the API guide v5, with symbols and numbers made consistent."""

from collections.abc import Sequence

import msgspec
from tests.feeds.sources.conformance.cases import Venue, candle, delta, snapshot, ticker

from assay.feeds.sources.okx.protocol import Okx
from assay.feeds.types import Instrument, Topic, Trade

TRADES = (
    b'{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT",'
    b'"tradeId":"130639474","px":"42219.9","sz":"0.12060306","side":"buy","ts":"1630048897897",'
    b'"count":"3","source":"0","seqId":1234}]}'
)
TICKERS = (
    b'{"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[{"instType":"SPOT",'
    b'"instId":"BTC-USDT","last":"9999.99","lastSz":"0.1","askPx":"9999.98","askSz":"11",'
    b'"bidPx":"","bidSz":"","open24h":"9000","high24h":"10000","low24h":"8888.88",'
    b'"volCcy24h":"2222000","vol24h":"2222","sodUtc0":"2222","sodUtc8":"2222",'
    b'"ts":"1597026383085"}]}'
)
CANDLE = (
    b'{"arg":{"channel":"candle1m","instId":"BTC-USDT"},"data":[["1597026360000","8533.02",'
    b'"8553.74","8527.17","8548.26","45247","386000000.5","386000000.5","1"]]}'
)
BOOK = (
    b'{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{'
    b'"asks":[["8476.98","415","0","13"],["8477","7","0","2"]],'
    b'"bids":[["8476.97","256","0","12"]],"ts":"1597026383085","checksum":0,'
    b'"prevSeqId":-1,"seqId":123456}]}'
)
CHANGE = (
    b'{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{'
    b'"asks":[["8477","0","0","0"]],"bids":[["8475.55","101","0","1"]],"ts":"1597026383185",'
    b'"checksum":0,"prevSeqId":123456,"seqId":123460}]}'
)
STILL = (
    b'{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[],'
    b'"bids":[],"ts":"1597026443185","checksum":0,"prevSeqId":123460,"seqId":123460}]}'
)
TOPICS = [
    {"channel": "trades", "instId": "BTC-USDT"},
    {"channel": "tickers", "instId": "BTC-USDT"},
    {"channel": "candle1m", "instId": "BTC-USDT"},
    {"channel": "books", "instId": "BTC-USDT"},
]


def take(requests: Sequence[bytes]) -> Sequence[bytes]:
    return [
        msgspec.json.encode(
            {"id": sent["id"], "event": sent["op"], "arg": topic, "connId": "a4d3ae55"}
        )
        for sent in map(msgspec.json.decode, requests)
        for topic in sent["args"]
    ]


VENUE = Venue(
    make=Okx,
    symbol="BTC-USDT",
    frames={
        Topic.TRADES: [(TRADES, [Trade("BTC-USDT", -1, 42219.9, 0.12060306, True, 1630048897897)])],
        Topic.TICKER: [
            (
                TICKERS,
                [
                    ticker(
                        "BTC-USDT",
                        9999.99,
                        (float("nan"), 9999.98),
                        (2222.0, 2222000.0),
                        1597026383085,
                        9000.0,
                    )
                ],
            )
        ],
        Topic.CANDLES: [
            (
                CANDLE,
                [
                    candle(
                        "BTC-USDT",
                        1597026360000,
                        (8533.02, 8553.74, 8527.17, 8548.26),
                        (45247.0, 386000000.5),
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
                        "BTC-USDT",
                        123456,
                        [("8476.97", "256")],
                        [("8476.98", "415"), ("8477", "7")],
                        1597026383085,
                    )
                ],
            ),
            (
                CHANGE,
                [
                    delta(
                        "BTC-USDT",
                        (123460, 123460),
                        ([("8475.55", "101")], [("8477", "0")]),
                        1597026383185,
                        123456,
                    )
                ],
            ),
            (STILL, [delta("BTC-USDT", (123460, 123460), ([], []), 1597026443185, 123460)]),
        ],
    },
    requests={
        "subscribe": [{"id": "1", "op": "subscribe", "args": TOPICS}],
        "unsubscribe": [{"id": "1", "op": "unsubscribe", "args": TOPICS}],
    },
    taken=take,
    refusals=[
        (
            b'{"id":"1","event":"error","code":"60018","msg":"channel:trades,instId:NO-USDT'
            b' doesn\'t exist","connId":"a4d3ae55"}',
            "60018",
        ),
        (
            b'{"event":"notice","code":"64008","msg":"The connection will soon be closed for a'
            b' service upgrade. Please reconnect.","connId":"a4d3ae55"}',
            "service upgrade",
        ),
    ],
    alive=[(b"pong", 0)],
    unheard=[
        b'{"event":"channel-conn-count","channel":"books","connCount":"2","connId":"abcd1234"}'
    ],
    listing=(
        b'{"code":"0","msg":"","data":[{"instId":"BTC-USDT","instType":"SPOT","baseCcy":"BTC",'
        b'"quoteCcy":"USDT","tickSz":"0.1","lotSz":"0.00000001","state":"live"},'
        b'{"instId":"OLD-USDT","instType":"SPOT","baseCcy":"OLD","quoteCcy":"USDT","tickSz":"0.1",'
        b'"lotSz":"1","state":"suspend"},{"instId":null}]}'
    ),
    instruments=[Instrument("okx", "BTC-USDT", "BTC", "USDT", 0.1, 1e-08)],
    clock=(b'{"code":"0","msg":"","data":[{"ts":"1597026383085"}]}', 1597026383085),
    numbers=["42219.9", "0.12060306", "8533.02", "8548.26"],
    last_price="9999.99",
)
