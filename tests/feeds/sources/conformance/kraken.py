"""Kraken's examples: docs.kraken.com, WebSocket v2; the book and its checksum are those of the
guide to checksums.
"""

from collections.abc import Sequence
from zlib import crc32

import msgspec
from tests.feeds.sources.conformance.cases import (
    RECEIVED_MS,
    Levels,
    Venue,
    candle,
    delta,
    snapshot,
    ticker,
)

from assay.feeds.sources.kraken.protocol import Kraken
from assay.feeds.types import Instrument, Topic, Trade

ASKS: Levels = [
    ("45285.2", "0.00100000"),
    ("45286.4", "1.54571953"),
    ("45286.6", "1.54571109"),
    ("45289.6", "1.54560911"),
    ("45290.2", "0.15890660"),
    ("45291.8", "1.54553491"),
    ("45294.7", "0.04454749"),
    ("45296.1", "0.35380000"),
    ("45297.5", "0.09945542"),
    ("45299.5", "0.18772827"),
]
BIDS: Levels = [
    ("45283.5", "0.10000000"),
    ("45283.4", "1.54582015"),
    ("45282.1", "0.10000000"),
    ("45281.0", "0.10000000"),
    ("45280.3", "1.54592586"),
    ("45279.0", "0.07990000"),
    ("45277.6", "0.03310103"),
    ("45277.5", "0.30000000"),
    ("45277.3", "1.54602737"),
    ("45276.6", "0.15445238"),
]
CHECKSUM = 3310070434


def sum_digits(asks: Levels, bids: Levels) -> int:
    """The documented sum: digits without points and leading zeros, asks first, best first."""
    texts = [text.replace(".", "").lstrip("0") for pair in [*asks, *bids] for text in pair]
    return crc32("".join(texts).encode())


assert sum_digits(ASKS, BIDS) == CHECKSUM
CHANGED_CHECKSUM = sum_digits(ASKS[1:], BIDS)

TRADES = (
    b'{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"sell","price":45283.5,'
    b'"qty":0.02000000,"ord_type":"market","trade_id":4665906,'
    b'"timestamp":"2023-09-25T07:49:37.708706Z"}]}'
)
TICKER = (
    b'{"channel":"ticker","type":"snapshot","data":[{"symbol":"BTC/USD","bid":45283.5,'
    b'"bid_qty":0.10000000,"ask":45285.2,"ask_qty":0.00100000,"last":45284.5,"volume":2000.5,'
    b'"vwap":45000.0,"low":44000.1,"high":46000.9,"change":284.5,"change_pct":0.63}]}'
)
BAR = (
    b'{"channel":"ohlc","type":"update","timestamp":"2023-10-04T16:25:30.524394914Z","data":[{'
    b'"symbol":"BTC/USD","open":45280.0,"high":45290.5,"low":45270.1,"close":45284.0,"trades":12,'
    b'"volume":3.5,"vwap":45282.0,"interval_begin":"2023-10-04T16:25:00.000000000Z","interval":1,'
    b'"timestamp":"2023-10-04T16:26:00.000000Z"}]}'
)
NEXT_BAR = BAR.replace(b"16:25:00.0", b"16:26:00.0").replace(b'"trades":12', b'"trades":1')


def write(levels: Levels) -> bytes:
    return b",".join(b'{"price":%b,"qty":%b}' % (p.encode(), s.encode()) for p, s in levels)


BOOK = (
    b'{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":[%b],"asks":[%b],'
    % (
        write(BIDS),
        write(ASKS),
    )
    + b'"checksum":%d}]}' % CHECKSUM
)
CHANGE = (
    b'{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],'
    b'"asks":[{"price":45285.2,"qty":0.00000000}],"checksum":%d,'
    b'"timestamp":"2023-10-06T17:35:55.440295Z"}]}' % CHANGED_CHECKSUM
)


def take(requests: Sequence[bytes]) -> Sequence[bytes]:
    return [
        msgspec.json.encode(
            {
                "method": sent["method"],
                "req_id": sent["req_id"],
                "result": {"channel": sent["params"]["channel"], "symbol": symbol},
                "success": True,
                "time_in": "2023-09-25T09:04:31.742599Z",
                "time_out": "2023-09-25T09:04:31.742648Z",
            }
        )
        for sent in map(msgspec.json.decode, requests)
        for symbol in sent["params"]["symbol"]
    ]


def ask(method: str) -> list[dict[str, object]]:
    wanted: list[dict[str, object]] = [
        {"channel": "trade", "snapshot": False},
        {"channel": "ticker", "event_trigger": "bbo", "snapshot": True},
        {"channel": "ohlc", "interval": 1, "snapshot": False},
        {"channel": "book", "depth": 100, "snapshot": True},
    ]
    if method == "unsubscribe":
        for params in wanted:
            del params["snapshot"]
    return [
        {"method": method, "params": params | {"symbol": ["BTC/USD"]}, "req_id": number}
        for number, params in enumerate(wanted, 1)
    ]


_PRICES = (45280.0, 45290.5, 45270.1, 45284.0)
_VOLUMES = (3.5, 3.5 * 45282.0)
VENUE = Venue(
    make=Kraken,
    symbol="BTC/USD",
    frames={
        Topic.TRADES: [(TRADES, [Trade("BTC/USD", 4665906, 45283.5, 0.02, False, 1695628177708)])],
        Topic.TICKER: [
            (
                TICKER,
                [
                    ticker(
                        "BTC/USD",
                        45284.5,
                        (45283.5, 45285.2),
                        (2000.5, 2000.5 * 45000.0),
                        RECEIVED_MS,
                        45000.0,
                    )
                ],
            )
        ],
        Topic.CANDLES: [
            (BAR, [candle("BTC/USD", 1696436700000, _PRICES, _VOLUMES, 12, is_closed=False)]),
            (
                NEXT_BAR,
                [
                    candle("BTC/USD", 1696436700000, _PRICES, _VOLUMES, 12, is_closed=True),
                    candle("BTC/USD", 1696436760000, _PRICES, _VOLUMES, 1, is_closed=False),
                ],
            ),
        ],
        Topic.BOOK: [
            (BOOK, [snapshot("BTC/USD", 0, BIDS, ASKS, 0, CHECKSUM)]),
            (
                CHANGE,
                [
                    delta(
                        "BTC/USD",
                        (0, 0),
                        ([], [("45285.2", "0.00000000")]),
                        1696613755440,
                        crc=CHANGED_CHECKSUM,
                    )
                ],
            ),
        ],
    },
    requests={"subscribe": ask("subscribe"), "unsubscribe": ask("unsubscribe")},
    taken=take,
    refusals=[
        (
            b'{"error":"Currency pair not supported NO/USD","method":"subscribe","req_id":1,'
            b'"success":false,"symbol":"NO/USD","time_in":"2023-09-25T09:04:31.742599Z",'
            b'"time_out":"2023-09-25T09:04:31.742648Z"}',
            "not supported",
        ),
        (b'{"error":"Malformed request","success":false,"time_in":"2023-09-25T09:04:31Z"}', "Malf"),
    ],
    alive=[
        (b'{"channel":"heartbeat"}', 0),
        (
            b'{"channel":"status","type":"update","data":[{"version":"2.0.0","system":"online",'
            b'"api_version":"v2","connection_id":12393906104898154338}]}',
            0,
        ),
        (
            b'{"method":"pong","req_id":101,"time_in":"2023-09-24T14:10:23.799685Z",'
            b'"time_out":"2023-09-24T14:10:23.799703Z"}',
            1695564623799,
        ),
    ],
    unheard=[b'{"method":"subscribe","success":true,"req_id":77}'],
    listing=(
        b'{"error":[],"result":{"XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD","base":"XXBT",'
        b'"quote":"ZUSD","pair_decimals":1,"lot_decimals":8,"tick_size":"0.1","status":"online"},'
        b'"XDGEUR":{"altname":"XDGEUR","wsname":"XDG/EUR","pair_decimals":7,"lot_decimals":8,'
        b'"status":"online"},"OLD":{"wsname":"OLD/USD","pair_decimals":1,"lot_decimals":8,'
        b'"status":"cancel_only"},"DARK":{"altname":"DARK","pair_decimals":1,"lot_decimals":8}}}'
    ),
    instruments=[
        Instrument("kraken", "BTC/USD", "BTC", "USD", 0.1, 1e-08),
        Instrument("kraken", "DOGE/EUR", "DOGE", "EUR", 1e-07, 1e-08),
    ],
    clock=None,
    numbers=["0.02000000", "45280.0", "45284.0"],
    last_price="45284.5",
)
