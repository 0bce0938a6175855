"""What can be asked, once for REST and for the WebSocket API.

A method takes the venue and parameters and gives what is shown: JSON-ready, or bytes that are JSON
already.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeVar

from assay.exchange.compute.requests import read_order
from assay.exchange.routes.beside import (
    show_coins,
    show_commission,
    show_fees,
    show_no_derivatives,
    show_nothing,
)
from assay.exchange.routes.params import Params
from assay.exchange.service.refusals import illegal
from assay.exchange.service.venue import ACCOUNT, Venue, name_cancel
from assay.exchange.shapes import market, orders
from assay.exchange.shapes.events import write_partial_depth
from assay.exchange.types import (
    Fill,
    Order,
    OrderRequest,
    Pair,
    Refusal,
    format_e8,
)

Shape = object
Handler = Callable[[Venue, Params], Shape]
Own = TypeVar("Own", Order, Fill)
AVERAGE_MINUTES: Final = 5
EVERY: Final = 10**9


class Access(Enum):
    """Who may ask."""

    ANYBODY = "none"
    KEY = "key"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Method:
    """One thing that can be asked. `weight` counts against the limit that headers tell."""

    name: str
    http: str
    path: str
    handler: Handler
    access: Access = Access.ANYBODY
    weight: int = 1
    is_order: bool = False
    needs_engine: bool = True


def show_ping(venue: Venue, params: Params) -> Shape:
    """Nothing: the venue is there."""
    return {}


def show_time(venue: Venue, params: Params) -> Shape:
    """The moment of the replay."""
    return {"serverTime": venue.now_ms}


def show_exchange(venue: Venue, params: Params) -> Shape:
    """Pairs and their filters, and that this is a replay."""
    chosen = params.read_symbols()
    pairs: Sequence[Pair] = list(venue.engine.pairs.values())
    if chosen is not None:
        pairs = [venue.find_pair(symbol) for symbol in chosen]
    if _excludes(params, "permissions", "SPOT") or _excludes(params, "symbolStatus", "TRADING"):
        pairs = []
    return {
        "timezone": "UTC",
        "serverTime": venue.now_ms,
        "rateLimits": market.RATE_LIMITS,
        "exchangeFilters": [],
        "symbols": [market.describe_pair(pair) for pair in pairs],
        "assay": venue.describe_replay(),
    }


def _excludes(params: Params, name: str, ours: str) -> bool:
    """True if only others are wanted than what every pair here is. `permissions` may be a list."""
    wanted = params.get(name)
    if wanted is None:
        return False
    if "symbol" in params or "symbols" in params:
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    return ours not in wanted.strip("[]").replace('"', "").split(",")


def show_depth(venue: Venue, params: Params) -> Shape:
    """A book as it is now."""
    symbol = params.need("symbol")
    return write_partial_depth(venue.engine.get_depth(symbol, params.read_limit(100, 5_000)))


def show_trades(venue: Venue, params: Params) -> Shape:
    """The newest trades, or those from `fromId` on."""
    symbol, limit = params.need("symbol"), params.read_limit(500, 1_000)
    trades = venue.engine.list_trades(symbol, limit, params.read_whole("fromId"))
    return [market.describe_trade(trade) for trade in trades]


def show_aggregate_trades(venue: Venue, params: Params) -> Shape:
    """The same as aggregates: the newest, those from `fromId` on, or those of a span of time."""
    symbol, limit = params.need("symbol"), params.read_limit(500, 1_000)
    start_ms, end_ms = params.read_time("startTime"), params.read_time("endTime")
    from_id = params.read_whole("fromId")
    if from_id is None and start_ms is not None:
        from_id = _find_trade(venue, symbol, start_ms)
    trades = venue.engine.list_trades(symbol, limit, from_id)
    return [
        market.describe_aggregate_trade(trade)
        for trade in trades
        if end_ms is None or trade.time_ms <= end_ms
    ]


def _find_trade(venue: Venue, symbol: str, time_ms: int) -> int:
    """The id of the first trade at or after a moment; one past the last if there is none."""
    newest = venue.engine.list_trades(symbol, 1)
    ids = range(1, newest[0].trade_id + 1 if newest else 1)
    place = bisect_left(
        ids, time_ms, key=lambda number: venue.engine.list_trades(symbol, 1, number)[0].time_ms
    )
    return place + 1


def show_klines(venue: Venue, params: Params) -> Shape:
    """Candles, the last one as it stands."""
    bars = venue.engine.list_klines(
        params.need("symbol"),
        params.need("interval"),
        params.read_time("startTime"),
        params.read_time("endTime"),
        params.read_limit(500, 1_000),
    )
    return [market.describe_kline(bar) for bar in bars]


def show_average_price(venue: Venue, params: Params) -> Shape:
    """The volume-weighted price of five minutes."""
    symbol = params.need("symbol")
    bars = venue.engine.list_klines(symbol, "1m", limit=AVERAGE_MINUTES)
    volume = sum(bar.volume for bar in bars)
    quote = sum(bar.quote_volume for bar in bars)
    price = quote * 10**8 // volume if volume else venue.engine.get_price(symbol)
    now_ms = venue.now_ms
    return {"mins": AVERAGE_MINUTES, "price": format_e8(price), "closeTime": now_ms}


def _each(venue: Venue, params: Params, show: Callable[[str], Shape]) -> Shape:
    """One object for `symbol`, a list for `symbols` or for all."""
    chosen = params.read_symbols()
    if params.get("symbol"):
        return show(params["symbol"])
    return [show(symbol) for symbol in (venue.engine.pairs if chosen is None else chosen)]


def show_ticker(venue: Venue, params: Params) -> Shape:
    """Figures of 24 hours, or of what was replayed of them."""
    kind = params.get("type", "FULL")
    if kind not in ("FULL", "MINI"):
        raise Refusal(-1139, "Invalid ticker type.")
    describe = market.describe_ticker if kind == "FULL" else market.describe_mini_ticker
    return _each(venue, params, lambda symbol: describe(venue.engine.get_ticker(symbol)))


def show_price(venue: Venue, params: Params) -> Shape:
    """Last prices."""
    return _each(
        venue,
        params,
        lambda symbol: {"symbol": symbol, "price": format_e8(venue.engine.get_price(symbol))},
    )


def show_top(venue: Venue, params: Params) -> Shape:
    """Best bids and asks."""
    return _each(venue, params, lambda symbol: market.describe_top(venue.engine.get_top(symbol)))


def show_account(venue: Venue, params: Params) -> Shape:
    """Balances and fees."""
    return orders.describe_account(
        venue.engine.list_balances(ACCOUNT),
        venue.options,
        venue.now_ms,
        omit_zero=params.read_flag("omitZeroBalances"),
    )


def place_order(venue: Venue, params: Params) -> Shape:
    """A new order."""
    request = read_order(params)
    response = _read_response(params)
    return orders.describe_placed(venue.place(request).order, response)


def _read_response(params: Params) -> str:
    response = params.get("newOrderRespType", "")
    if response not in ("", "ACK", "RESULT", "FULL"):
        raise illegal("newOrderRespType", "^(ACK|RESULT|FULL)$")
    return response


def test_order(venue: Venue, params: Params) -> Shape:
    """What a new order would be refused for; nothing is placed."""
    request: OrderRequest = read_order(params)
    _read_response(params)
    venue.engine.check(ACCOUNT, request)
    return {}


def _read_order_id(params: Params) -> tuple[int | None, str]:
    order_id, client_id = params.read_whole("orderId"), params.get("origClientOrderId", "")
    if order_id is None and not client_id:
        raise Refusal(
            -1102,
            "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
        )
    return order_id, client_id


def cancel_order(venue: Venue, params: Params) -> Shape:
    """Cancel an order."""
    symbol, (order_id, client_id) = params.need("symbol"), _read_order_id(params)
    cancel_id = params.get("newClientOrderId") or name_cancel()
    outcome = venue.cancel(symbol, order_id, client_id, cancel_id)
    return orders.describe_cancelled(outcome.order, cancel_id)


def cancel_orders(venue: Venue, params: Params) -> Shape:
    """Cancel every open order of a pair."""
    cancelled = venue.cancel_all(params.need("symbol"))
    return [orders.describe_cancelled(order, name_cancel()) for order in cancelled]


def show_order(venue: Venue, params: Params) -> Shape:
    """An order in any state."""
    symbol, (order_id, client_id) = params.need("symbol"), _read_order_id(params)
    return orders.describe_order(venue.engine.get_order(ACCOUNT, symbol, order_id, client_id))


def show_open_orders(venue: Venue, params: Params) -> Shape:
    """Open orders, of a pair or of all."""
    found = venue.engine.list_open_orders(ACCOUNT, params.get("symbol"))
    return [orders.describe_order(order) for order in found]


def show_orders(venue: Venue, params: Params) -> Shape:
    """Orders of a pair in any state; from `orderId` on, or between two moments."""

    def list_all(symbol: str) -> Sequence[Order]:
        return venue.engine.list_orders(ACCOUNT, symbol, EVERY)

    chosen = _choose(params, "orderId", list_all, lambda order: order.order_id)
    return [orders.describe_order(order) for order in chosen]


def show_fills(venue: Venue, params: Params) -> Shape:
    """Trades of the account in a pair."""

    def list_all(symbol: str) -> Sequence[Fill]:
        return venue.engine.list_fills(ACCOUNT, symbol, EVERY, params.read_whole("orderId"))

    chosen = _choose(params, "fromId", list_all, lambda fill: fill.trade_id)
    return [orders.describe_fill(fill) for fill in chosen]


def _choose(
    params: Params,
    first_name: str,
    list_all: Callable[[str], Sequence[Own]],
    number_of: Callable[[Own], int],
) -> Sequence[Own]:
    """Of a pair, oldest first: from a number or a moment on the first, else the newest."""
    symbol, limit = params.need("symbol"), params.read_limit(500, 1_000)
    first = params.read_whole(first_name) or 0
    start_ms, end_ms = params.read_time("startTime"), params.read_time("endTime")
    chosen = [
        item
        for item in list_all(symbol)
        if number_of(item) >= first
        and (start_ms is None or item.time_ms >= start_ms)
        and (end_ms is None or item.time_ms <= end_ms)
    ]
    is_forward = first or start_ms is not None
    return chosen[:limit] if is_forward else chosen[-limit:]


SIGNED: Final = Access.SIGNED
METHODS: Final = (
    Method("ping", "GET", "/api/v3/ping", show_ping, needs_engine=False),
    Method("time", "GET", "/api/v3/time", show_time, needs_engine=False),
    Method(
        "exchangeInfo", "GET", "/api/v3/exchangeInfo", show_exchange, weight=20, needs_engine=False
    ),
    Method("depth", "GET", "/api/v3/depth", show_depth, weight=5),
    Method("trades.recent", "GET", "/api/v3/trades", show_trades, weight=25),
    Method("trades.historical", "GET", "/api/v3/historicalTrades", show_trades, weight=25),
    Method("trades.aggregate", "GET", "/api/v3/aggTrades", show_aggregate_trades, weight=4),
    Method("klines", "GET", "/api/v3/klines", show_klines, weight=2),
    Method("uiKlines", "GET", "/api/v3/uiKlines", show_klines, weight=2),
    Method("avgPrice", "GET", "/api/v3/avgPrice", show_average_price, weight=2),
    Method("ticker.24hr", "GET", "/api/v3/ticker/24hr", show_ticker, weight=80),
    Method("ticker.price", "GET", "/api/v3/ticker/price", show_price, weight=4),
    Method("ticker.book", "GET", "/api/v3/ticker/bookTicker", show_top, weight=4),
    Method("account.status", "GET", "/api/v3/account", show_account, SIGNED, 20),
    Method("account.commission", "GET", "/api/v3/account/commission", show_commission, SIGNED, 20),
    Method("order.place", "POST", "/api/v3/order", place_order, SIGNED, 1, is_order=True),
    Method("order.test", "POST", "/api/v3/order/test", test_order, SIGNED),
    Method("order.status", "GET", "/api/v3/order", show_order, SIGNED, 4),
    Method("order.cancel", "DELETE", "/api/v3/order", cancel_order, SIGNED),
    Method("openOrders.status", "GET", "/api/v3/openOrders", show_open_orders, SIGNED, 6),
    Method("openOrders.cancelAll", "DELETE", "/api/v3/openOrders", cancel_orders, SIGNED),
    Method("allOrders", "GET", "/api/v3/allOrders", show_orders, SIGNED, 20),
    Method("myTrades", "GET", "/api/v3/myTrades", show_fills, SIGNED, 20),
    Method("", "GET", "/sapi/v1/asset/tradeFee", show_fees, SIGNED),
    Method("", "GET", "/sapi/v1/capital/config/getall", show_coins, SIGNED),
    Method("", "GET", "/sapi/v1/margin/allPairs", show_nothing, Access.KEY, needs_engine=False),
    Method("", "GET", "/sapi/v1/margin/isolated/allPairs", show_nothing, SIGNED),
    Method("", "GET", "/fapi/v1/exchangeInfo", show_no_derivatives, needs_engine=False),
    Method("", "GET", "/dapi/v1/exchangeInfo", show_no_derivatives, needs_engine=False),
)
