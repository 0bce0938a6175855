"""Market data as Binance's REST and WebSocket API show it.

Source: Binance's "Public Rest API for Binance", general and market data endpoints.
"""

from collections.abc import Sequence

from assay.exchange.shapes.events import average_price, write_percent
from assay.exchange.types import BookTop, Kline, Pair, PublicTrade, Ticker, format_e8

Shape = dict[str, object]

RATE_LIMITS: Sequence[Shape] = (
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6_000},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
    {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200_000},
    {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61_000},
)


def describe_pair(pair: Pair) -> Shape:
    """An entry of `symbols` of the exchange's information."""
    return {
        "symbol": pair.symbol,
        "status": "TRADING",
        "baseAsset": pair.base,
        "baseAssetPrecision": 8,
        "quoteAsset": pair.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "amendAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _describe_filters(pair),
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }


def _describe_filters(pair: Pair) -> list[Shape]:
    lots = {
        "minQty": format_e8(pair.min_quantity),
        "maxQty": format_e8(pair.max_quantity),
        "stepSize": format_e8(pair.step),
    }
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": format_e8(pair.min_price),
            "maxPrice": format_e8(pair.max_price),
            "tickSize": format_e8(pair.tick),
        },
        {"filterType": "LOT_SIZE", **lots},
        {"filterType": "MARKET_LOT_SIZE", **lots},
        {
            "filterType": "NOTIONAL",
            "minNotional": format_e8(pair.min_notional),
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": pair.max_orders},
    ]


def describe_trade(trade: PublicTrade) -> Shape:
    """A trade of the tape."""
    return {
        "id": trade.trade_id,
        "price": format_e8(trade.price),
        "qty": format_e8(trade.quantity),
        "quoteQty": format_e8(trade.price * trade.quantity // 10**8),
        "time": trade.time_ms,
        "isBuyerMaker": trade.is_buyer_maker,
        "isBestMatch": True,
    }


def describe_aggregate_trade(trade: PublicTrade) -> Shape:
    """The same as what one taker took at one price: in the replay always one trade."""
    return {
        "a": trade.trade_id,
        "p": format_e8(trade.price),
        "q": format_e8(trade.quantity),
        "f": trade.trade_id,
        "l": trade.trade_id,
        "T": trade.time_ms,
        "m": trade.is_buyer_maker,
        "M": True,
    }


def describe_kline(bar: Kline) -> list[object]:
    """A bar as a list of twelve."""
    return [
        bar.open_ms,
        format_e8(bar.open),
        format_e8(bar.high),
        format_e8(bar.low),
        format_e8(bar.close),
        format_e8(bar.volume),
        bar.close_ms,
        format_e8(bar.quote_volume),
        bar.trades,
        format_e8(bar.taker_volume),
        format_e8(bar.taker_quote_volume),
        "0",
    ]


def describe_mini_ticker(ticker: Ticker) -> Shape:
    """`ticker/24hr` with `type=MINI`."""
    return {
        "symbol": ticker.symbol,
        "openPrice": format_e8(ticker.open),
        "highPrice": format_e8(ticker.high),
        "lowPrice": format_e8(ticker.low),
        "lastPrice": format_e8(ticker.last),
        "volume": format_e8(ticker.volume),
        "quoteVolume": format_e8(ticker.quote_volume),
        "openTime": ticker.open_ms,
        "closeTime": ticker.close_ms,
        "firstId": ticker.first_id,
        "lastId": ticker.last_id,
        "count": ticker.trades,
    }


def describe_ticker(ticker: Ticker) -> Shape:
    """`ticker/24hr`."""
    return {
        **describe_mini_ticker(ticker),
        "priceChange": format_e8(ticker.last - ticker.open),
        "priceChangePercent": write_percent(ticker),
        "weightedAvgPrice": format_e8(average_price(ticker)),
        "prevClosePrice": format_e8(ticker.open),
        "lastQty": format_e8(ticker.last_quantity),
        **_describe_best(ticker.top),
    }


def describe_top(top: BookTop) -> Shape:
    """`ticker/bookTicker`."""
    return {"symbol": top.symbol, **_describe_best(top)}


def _describe_best(top: BookTop) -> Shape:
    return {
        "bidPrice": format_e8(top.bid),
        "bidQty": format_e8(top.bid_quantity),
        "askPrice": format_e8(top.ask),
        "askQty": format_e8(top.ask_quantity),
    }
