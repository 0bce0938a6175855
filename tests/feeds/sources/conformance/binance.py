"""Binance's examples: binance-spot-api-docs, with symbols and numbers made consistent."""

from collections.abc import Sequence

import msgspec
from tests.feeds.sources.conformance.cases import Venue, candle, delta, ticker

from assay.feeds.sources.binance.protocol import Binance
from assay.feeds.types import BookSnapshot, Instrument, RawDelta, Topic, Trade

TRADE = (
    b'{"stream":"bnbbtc@trade","data":{"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,'
    b'"p":"0.001","q":"100.5","T":1672515782130,"m":true,"M":true}}'
)
TICKER = (
    b'{"stream":"bnbbtc@ticker","data":{"e":"24hrTicker","E":1672515782136,"s":"BNBBTC",'
    b'"p":"0.0015","P":"250.00","w":"0.0018","x":"0.0009","c":"0.0025","Q":"10","b":"0.0024",'
    b'"B":"10","a":"0.0026","A":"100","o":"0.0010","h":"0.0025","l":"0.0010","v":"10000","q":"18",'
    b'"O":0,"C":86400000,"F":0,"L":18150,"n":18151}}'
)
KLINE = (
    b'{"stream":"bnbbtc@kline_1m","data":{"e":"kline","E":1672515782136,"s":"BNBBTC","k":{'
    b'"t":1672515780000,"T":1672515839999,"s":"BNBBTC","i":"1m","f":100,"L":200,"o":"0.0015",'
    b'"c":"0.0020","h":"0.0025","l":"0.0010","v":"1000","n":100,"x":false,"q":"1.5000","V":"500",'
    b'"Q":"0.500","B":"123456"}}}'
)
DEPTH = (
    b'{"stream":"bnbbtc@depth@100ms","data":{"e":"depthUpdate","E":1672515782136,"s":"BNBBTC",'
    b'"U":157,"u":160,"b":[["0.0024","10"]],"a":[["0.0026","100"],["0.0027","0.00000000"]]}}'
)
TURNED = (
    b'{"data":{"s":"BNBBTC","u":161,"U":161,"e":"depthUpdate","E":1672515782236,"a":[],'
    b'"b":[["0.0023","1"]]},"stream":"bnbbtc@depth@100ms"}'
)


def take(requests: Sequence[bytes]) -> Sequence[bytes]:
    return [b'{"result":null,"id":%d}' % msgspec.json.decode(request)["id"] for request in requests]


VENUE = Venue(
    make=Binance,
    symbol="BNBBTC",
    frames={
        Topic.TRADES: [(TRADE, [Trade("BNBBTC", 12345, 0.001, 100.5, False, 1672515782130)])],
        Topic.TICKER: [
            (
                TICKER,
                [ticker("BNBBTC", 0.0025, (0.0024, 0.0026), (1e4, 18.0), 1672515782136, 0.0010)],
            )
        ],
        Topic.CANDLES: [
            (
                KLINE,
                [
                    candle(
                        "BNBBTC",
                        1672515780000,
                        (0.0015, 0.0025, 0.0010, 0.0020),
                        (1000.0, 1.5),
                        100,
                        is_closed=False,
                    )
                ],
            )
        ],
        Topic.BOOK: [
            (DEPTH, [RawDelta("BNBBTC", DEPTH)]),
            # Keys in another order: read here, not in the kernel.
            (TURNED, [delta("BNBBTC", (161, 161), ([("0.0023", "1")], []), 1672515782236)]),
        ],
    },
    requests={
        "subscribe": [
            {
                "method": "SUBSCRIBE",
                "params": [
                    "bnbbtc@trade",
                    "bnbbtc@ticker",
                    "bnbbtc@kline_1m",
                    "bnbbtc@depth@100ms",
                ],
                "id": 1,
            }
        ],
        "unsubscribe": [
            {
                "method": "UNSUBSCRIBE",
                "params": [
                    "bnbbtc@trade",
                    "bnbbtc@ticker",
                    "bnbbtc@kline_1m",
                    "bnbbtc@depth@100ms",
                ],
                "id": 1,
            }
        ],
    },
    taken=take,
    refusals=[
        (b'{"code":2,"msg":"Invalid request: too many parameters","id":1}', "too many"),
        (b'{"error":{"code":3,"msg":"Invalid JSON: expected value"},"id":null}', "Invalid JSON"),
        (
            b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}',
            "shut down",
        ),
    ],
    alive=[],
    unheard=[b"{}"],
    listing=(
        b'{"timezone":"UTC","serverTime":1672515782136,"rateLimits":[],"symbols":['
        b'{"symbol":"ETHBTC","status":"TRADING","baseAsset":"ETH","quoteAsset":"BTC",'
        b'"isSpotTradingAllowed":true,"filters":['
        b'{"filterType":"PRICE_FILTER","minPrice":"0.00001","maxPrice":"9","tickSize":"0.00001"},'
        b'{"filterType":"LOT_SIZE","minQty":"0.0001","maxQty":"9000","stepSize":"0.0001"}]},'
        b'{"symbol":"LUNABTC","status":"BREAK","baseAsset":"LUNA","quoteAsset":"BTC",'
        b'"isSpotTradingAllowed":true,"filters":[]},'
        b'{"symbol":7},"text"]}'
    ),
    instruments=[Instrument("binance", "ETHBTC", "ETH", "BTC", 1e-05, 0.0001)],
    clock=(b'{"serverTime":1499827319559}', 1499827319559),
    numbers=["0.001", "100.5", "0.0015", "0.0020"],
    last_price="0.0025",
    snapshot=(
        b'{"lastUpdateId":160,"bids":[["0.0024","10"]],"asks":[["0.0026","100"]]}',
        BookSnapshot("BNBBTC", 160, [("0.0024", "10")], [("0.0026", "100")]),
    ),
)
