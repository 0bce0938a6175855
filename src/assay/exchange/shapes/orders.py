"""Orders, fills and balances as Binance's REST and WebSocket API show them.

Source: Binance's "Public Rest API for Binance", trading and account endpoints.
"""

from collections.abc import Iterable

from assay.exchange.types import Balance, Fill, Options, Order, OrderType, format_e8

Shape = dict[str, object]


def _describe_state(order: Order) -> Shape:
    return {
        "price": format_e8(order.price),
        "origQty": format_e8(order.quantity),
        "executedQty": format_e8(order.executed),
        "origQuoteOrderQty": format_e8(order.quote_quantity),
        "cummulativeQuoteQty": format_e8(order.executed_quote),
        "status": order.status.value,
        "timeInForce": order.time_in_force.value,
        "type": order.type.value,
        "side": order.side.value,
        "workingTime": order.time_ms,
        "selfTradePreventionMode": "NONE",
    }


def describe_placed(order: Order, response: str) -> Shape:
    """The answer to a new order. `response` is ACK, RESULT, FULL or "" for the usual one."""
    usual = "ACK" if order.type is OrderType.LIMIT_MAKER else "FULL"
    response = response or usual
    shape: Shape = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
        "transactTime": order.update_ms,
    }
    if response in ("RESULT", "FULL"):
        shape |= _describe_state(order)
    if response == "FULL":
        shape["fills"] = [
            {
                "price": format_e8(fill.price),
                "qty": format_e8(fill.quantity),
                "commission": format_e8(fill.commission),
                "commissionAsset": fill.commission_asset,
                "tradeId": fill.trade_id,
            }
            for fill in order.fills
        ]
    return shape


def describe_cancelled(order: Order, cancel_id: str) -> Shape:
    """The answer to a cancelled order."""
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": cancel_id,
        "transactTime": order.update_ms,
        **_describe_state(order),
    }


def describe_order(order: Order) -> Shape:
    """An order that was asked for."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
        **_describe_state(order),
        "stopPrice": "0.00000000",
        "icebergQty": "0.00000000",
        "time": order.time_ms,
        "updateTime": order.update_ms,
        "isWorking": True,
    }


def describe_fill(fill: Fill) -> Shape:
    """A trade of the account."""
    is_buyer = fill.side == "BUY"
    return {
        "symbol": fill.symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "orderListId": -1,
        "price": format_e8(fill.price),
        "qty": format_e8(fill.quantity),
        "quoteQty": format_e8(fill.quote_quantity),
        "commission": format_e8(fill.commission),
        "commissionAsset": fill.commission_asset,
        "time": fill.time_ms,
        "isBuyer": is_buyer,
        "isMaker": fill.is_maker,
        "isBestMatch": True,
    }


def write_rate(ppm: int) -> str:
    """`0.00100000` for 1,000 parts per million."""
    return format_e8(ppm * 100)


def describe_account(
    balances: Iterable[Balance], options: Options, now_ms: int, *, omit_zero: bool
) -> Shape:
    """Balances and fees of the account."""
    return {
        "makerCommission": options.maker_fee_ppm // 100,
        "takerCommission": options.taker_fee_ppm // 100,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": write_rate(options.maker_fee_ppm),
            "taker": write_rate(options.taker_fee_ppm),
            "buyer": "0.00000000",
            "seller": "0.00000000",
        },
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": now_ms,
        "accountType": "SPOT",
        "balances": [
            {"asset": one.asset, "free": format_e8(one.free), "locked": format_e8(one.locked)}
            for one in balances
            if not omit_zero or one.free or one.locked
        ],
        "permissions": ["SPOT"],
        "uid": 1,
    }
