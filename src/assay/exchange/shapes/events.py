"""Messages of the streams, as bytes, with the keys in Binance's order and no spaces.

Source: Binance's "WebSocket Streams for Binance" and "User Data Streams for Binance".
"""

from collections.abc import Iterable

import orjson

from assay.exchange.types import (
    SCALE,
    AccountPosition,
    BookTop,
    DepthDelta,
    DepthSnapshot,
    ExecutionReport,
    ExecutionType,
    KlineUpdate,
    Level,
    OrderStatus,
    PublicTrade,
    Ticker,
    format_e8,
)


def write_levels(levels: Iterable[Level]) -> bytes:
    """`["0.00240000","10.00000000"],["0.00230000","5.00000000"]`, without the outer brackets.

    As `format_e8` writes what is not negative, twice as fast: most of what is sent is this.
    """
    return b",".join(
        [
            b'["%d.%08d","%d.%08d"]' % (price // SCALE, price % SCALE, size // SCALE, size % SCALE)
            for price, size in levels
        ]
    )


def write_trade(event: PublicTrade) -> bytes:
    """`<symbol>@trade`."""
    maker = "true" if event.is_buyer_maker else "false"
    return (
        f'{{"e":"trade","E":{event.time_ms},"s":"{event.symbol}","t":{event.trade_id},'
        f'"p":"{format_e8(event.price)}","q":"{format_e8(event.quantity)}","T":{event.time_ms},'
        f'"m":{maker},"M":true}}'
    ).encode()


def write_aggregate_trade(event: PublicTrade) -> bytes:
    """`<symbol>@aggTrade`: every taker of the replay takes in one trade."""
    maker = "true" if event.is_buyer_maker else "false"
    return (
        f'{{"e":"aggTrade","E":{event.time_ms},"s":"{event.symbol}","a":{event.trade_id},'
        f'"p":"{format_e8(event.price)}","q":"{format_e8(event.quantity)}","f":{event.trade_id},'
        f'"l":{event.trade_id},"T":{event.time_ms},"m":{maker},"M":true}}'
    ).encode()


def write_depth(event: DepthDelta) -> bytes:
    """`<symbol>@depth` and `@depth@100ms`."""
    return b'{"e":"depthUpdate","E":%d,"s":"%b","U":%d,"u":%d,"b":[%b],"a":[%b]}' % (
        event.time_ms,
        event.symbol.encode(),
        event.first_id,
        event.last_id,
        write_levels(event.bids),
        write_levels(event.asks),
    )


def write_partial_depth(event: DepthSnapshot) -> bytes:
    """`<symbol>@depth<levels>` and the answer of `GET /api/v3/depth`."""
    return b'{"lastUpdateId":%d,"bids":[%b],"asks":[%b]}' % (
        event.last_id,
        write_levels(event.bids),
        write_levels(event.asks),
    )


def write_book_ticker(event: BookTop) -> bytes:
    """`<symbol>@bookTicker`."""
    return (
        f'{{"u":{event.update_id},"s":"{event.symbol}","b":"{format_e8(event.bid)}",'
        f'"B":"{format_e8(event.bid_quantity)}","a":"{format_e8(event.ask)}",'
        f'"A":"{format_e8(event.ask_quantity)}"}}'
    ).encode()


def write_kline(event: KlineUpdate) -> bytes:
    """`<symbol>@kline_<interval>`."""
    bar = event.kline
    closed = "true" if bar.is_closed else "false"
    return (
        f'{{"e":"kline","E":{event.time_ms},"s":"{event.symbol}","k":{{"t":{bar.open_ms},'
        f'"T":{bar.close_ms},"s":"{event.symbol}","i":"{bar.interval}","f":{bar.first_id},'
        f'"L":{bar.last_id},"o":"{format_e8(bar.open)}","c":"{format_e8(bar.close)}",'
        f'"h":"{format_e8(bar.high)}","l":"{format_e8(bar.low)}","v":"{format_e8(bar.volume)}",'
        f'"n":{bar.trades},"x":{closed},"q":"{format_e8(bar.quote_volume)}",'
        f'"V":"{format_e8(bar.taker_volume)}","Q":"{format_e8(bar.taker_quote_volume)}",'
        f'"B":"0"}}}}'
    ).encode()


def write_mini_ticker(event: Ticker) -> bytes:
    """`<symbol>@miniTicker`."""
    return (
        f'{{"e":"24hrMiniTicker","E":{event.close_ms},"s":"{event.symbol}",'
        f'"c":"{format_e8(event.last)}","o":"{format_e8(event.open)}",'
        f'"h":"{format_e8(event.high)}","l":"{format_e8(event.low)}",'
        f'"v":"{format_e8(event.volume)}","q":"{format_e8(event.quote_volume)}"}}'
    ).encode()


def write_ticker(event: Ticker) -> bytes:
    """`<symbol>@ticker`."""
    top = event.top
    return (
        f'{{"e":"24hrTicker","E":{event.close_ms},"s":"{event.symbol}",'
        f'"p":"{format_e8(event.last - event.open)}","P":"{write_percent(event)}",'
        f'"w":"{format_e8(average_price(event))}","x":"{format_e8(event.open)}",'
        f'"c":"{format_e8(event.last)}","Q":"{format_e8(event.last_quantity)}",'
        f'"b":"{format_e8(top.bid)}","B":"{format_e8(top.bid_quantity)}",'
        f'"a":"{format_e8(top.ask)}","A":"{format_e8(top.ask_quantity)}",'
        f'"o":"{format_e8(event.open)}","h":"{format_e8(event.high)}",'
        f'"l":"{format_e8(event.low)}","v":"{format_e8(event.volume)}",'
        f'"q":"{format_e8(event.quote_volume)}","O":{event.open_ms},"C":{event.close_ms},'
        f'"F":{event.first_id},"L":{event.last_id},"n":{event.trades}}}'
    ).encode()


def write_percent(ticker: Ticker) -> str:
    """Change of the window in percent, three decimals."""
    if not ticker.open:
        return "0.000"
    return f"{100 * (ticker.last - ticker.open) / ticker.open:.3f}"


def average_price(ticker: Ticker) -> int:
    """The window's volume-weighted price; the last one where nothing traded."""
    if not ticker.volume:
        return ticker.last
    return ticker.quote_volume * 10**8 // ticker.volume


def write_user_event(event: ExecutionReport | AccountPosition) -> bytes:
    """What a user stream carries as `event`."""
    if isinstance(event, AccountPosition):
        return orjson.dumps(
            {
                "e": "outboundAccountPosition",
                "E": event.time_ms,
                "u": event.time_ms,
                "B": [
                    {"a": one.asset, "f": format_e8(one.free), "l": format_e8(one.locked)}
                    for one in event.balances
                ],
            }
        )
    return orjson.dumps(_describe_execution(event))


def _describe_execution(event: ExecutionReport) -> dict[str, object]:
    order, fill = event.order, event.fill
    is_cancel = event.execution is ExecutionType.CANCELED
    is_new = event.execution is ExecutionType.NEW
    return {
        "e": "executionReport",
        "E": event.time_ms,
        "s": order.symbol,
        "c": event.cancel_id if is_cancel else order.client_order_id,
        "S": order.side.value,
        "o": order.type.value,
        "f": order.time_in_force.value,
        "q": format_e8(order.quantity),
        "p": format_e8(order.price),
        "P": "0.00000000",
        "F": "0.00000000",
        "g": -1,
        "C": order.client_order_id if is_cancel else "",
        "x": event.execution.value,
        "X": order.status.value,
        "r": "NONE",
        "i": order.order_id,
        "l": format_e8(fill.quantity if fill else 0),
        "z": format_e8(order.executed),
        "L": format_e8(fill.price if fill else 0),
        "n": format_e8(fill.commission) if fill else "0",
        "N": fill.commission_asset if fill else None,
        "T": event.time_ms,
        "t": fill.trade_id if fill else -1,
        "I": event.execution_id,
        "w": is_new or order.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED),
        "m": bool(fill and fill.is_maker),
        "M": False,
        "O": order.time_ms,
        "Z": format_e8(order.executed_quote),
        "Y": format_e8(fill.quote_quantity if fill else 0),
        "Q": format_e8(order.quote_quantity),
        "W": order.time_ms,
        "V": "NONE",
    }
