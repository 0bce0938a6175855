"""Coinbase's examples: docs.cdp.coinbase.com, Advanced Trade, with numbers made consistent."""

from collections.abc import Sequence

import msgspec
from tests.feeds.sources.conformance.cases import NAN, Venue, delta, snapshot, ticker

from assay.feeds.sources.coinbase.protocol import Coinbase
from assay.feeds.types import Instrument, Topic, Trade

HEAD = b'"client_id":"","timestamp":"2023-02-09T20:32:50.714964855Z","sequence_num":'
TRADES = (
    b'{"channel":"market_trades",' + HEAD + b'0,"events":[{"type":"update","trades":['
    b'{"trade_id":"1001","product_id":"BTC-USD","price":"21921.74","size":"0.06","side":"BUY",'
    b'"time":"2023-02-09T20:32:50.265Z"},'
    b'{"trade_id":"1000","product_id":"BTC-USD","price":"21921.73","size":"0.3","side":"SELL",'
    b'"time":"2023-02-09T20:32:50.264Z"}]}]}'
)
PAST = TRADES.replace(b'"update"', b'"snapshot"').replace(b'_num":0', b'_num":1')
TICKER = (
    b'{"channel":"ticker",' + HEAD + b'0,"events":[{"type":"snapshot","tickers":[{'
    b'"type":"ticker","product_id":"BTC-USD","price":"21932.98","volume_24_h":"16038.28770938",'
    b'"low_24_h":"21835.29","high_24_h":"23011.18","low_52_w":"15460","high_52_w":"48240",'
    b'"price_percent_chg_24_h":"-50","best_bid":"21931.98","best_bid_quantity":"8000.21",'
    b'"best_ask":"21933.98","best_ask_quantity":"8038.07770938"}]}]}'
)
BOOK = (
    b'{"channel":"l2_data",' + HEAD + b'0,"events":[{"type":"snapshot","product_id":"BTC-USD",'
    b'"updates":[{"side":"bid","event_time":"1970-01-01T00:00:00Z","price_level":"21921.73",'
    b'"new_quantity":"0.06317902"},{"side":"bid","event_time":"1970-01-01T00:00:00Z",'
    b'"price_level":"21921.3","new_quantity":"0.02"},{"side":"offer",'
    b'"event_time":"1970-01-01T00:00:00Z","price_level":"21921.74","new_quantity":"1.5"}]}]}'
)
CHANGE = (
    b'{"channel":"l2_data",' + HEAD + b'%d,"events":[{"type":"update","product_id":"BTC-USD",'
    b'"updates":[{"side":"bid","event_time":"2023-02-09T20:32:50.714Z","price_level":"21921.3",'
    b'"new_quantity":"0"},{"side":"offer","event_time":"2023-02-09T20:32:50.714Z",'
    b'"price_level":"21922.00","new_quantity":"2"}]}]}'
)
BEAT = (
    b'{"channel":"heartbeats",' + HEAD + b'0,"events":[{"current_time":"2023-06-23 20:31:56.121961'
    b'769 +0000 UTC m=+91717.525857105","heartbeat_counter":"3049"}]}'
)
MOMENT = 1675974770714


def take(requests: Sequence[bytes]) -> Sequence[bytes]:
    taken: dict[str, list[str]] = {}
    answers = []
    for number, request in enumerate(requests):
        sent = msgspec.json.decode(request)
        taken[sent["channel"]] = sent.get("product_ids", ["heartbeats"])
        answers.append(
            msgspec.json.encode(
                {
                    "channel": "subscriptions",
                    "client_id": "",
                    "timestamp": "2023-02-09T20:32:50.714964855Z",
                    "sequence_num": number,
                    "events": [{"subscriptions": taken}],
                }
            )
        )
    return answers


def ask(kind: str) -> list[dict[str, object]]:
    wanted: list[dict[str, object]] = [
        {"type": kind, "product_ids": ["BTC-USD"], "channel": channel}
        for channel in ("market_trades", "ticker", "level2")
    ]
    beats: dict[str, object] = {"type": "subscribe", "channel": "heartbeats"}
    return [*wanted, beats] if kind == "subscribe" else wanted


_SIDES = ([("21921.3", "0")], [("21922.00", "2")])
VENUE = Venue(
    make=Coinbase,
    symbol="BTC-USD",
    frames={
        Topic.TRADES: [
            (
                TRADES,
                [
                    Trade("BTC-USD", 1000, 21921.73, 0.3, True, 1675974770264),
                    Trade("BTC-USD", 1001, 21921.74, 0.06, False, 1675974770265),
                ],
            ),
            (PAST, []),
        ],
        Topic.TICKER: [
            (
                TICKER,
                [
                    ticker(
                        "BTC-USD",
                        21932.98,
                        (21931.98, 21933.98),
                        (16038.28770938, NAN),
                        MOMENT,
                        43865.96,
                    )
                ],
            )
        ],
        Topic.BOOK: [
            (
                BOOK,
                [
                    snapshot(
                        "BTC-USD",
                        0,
                        [("21921.73", "0.06317902"), ("21921.3", "0.02")],
                        [("21921.74", "1.5")],
                        MOMENT,
                    )
                ],
            ),
            (CHANGE % 1, [delta("BTC-USD", (1, 1), _SIDES, MOMENT, 0)]),
            # Number 2 was lost: this change follows on nothing.
            (CHANGE % 3, [delta("BTC-USD", (3, 3), _SIDES, MOMENT, -1)]),
        ],
    },
    requests={"subscribe": ask("subscribe"), "unsubscribe": ask("unsubscribe")},
    taken=take,
    refusals=[(b'{"type":"error","message":"channel not supported"}', "not supported")],
    alive=[(BEAT, MOMENT)],
    unheard=[],
    listing=(
        b'{"products":[{"product_id":"BTC-USD","base_currency_id":"BTC","quote_currency_id":"USD",'
        b'"base_increment":"0.00000001","quote_increment":"0.01","price_increment":"0.01",'
        b'"status":"online","trading_disabled":false,"is_disabled":false,"view_only":false,'
        b'"alias":""},{"product_id":"BTC-USDC","base_currency_id":"BTC",'
        b'"quote_currency_id":"USDC","base_increment":"0.00000001","quote_increment":"0.01",'
        b'"price_increment":"0.01","status":"online","alias":"BTC-USD"},{"product_id":"X"}],'
        b'"num_products":3}'
    ),
    instruments=[Instrument("coinbase", "BTC-USD", "BTC", "USD", 0.01, 1e-08)],
    clock=(
        b'{"iso":"2024-02-27T03:37:14Z","epochSeconds":"1709005034","epochMillis":"1709005034333"}',
        1709005034333,
    ),
    numbers=["21921.74", "0.06"],
    last_price="21932.98",
)
