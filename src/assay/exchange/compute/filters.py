"""What an order must be before it is matched, with Binance's codes and words."""

from assay.exchange.compute.orders import Account
from assay.exchange.types import SCALE, OrderRequest, OrderType, Pair, Refusal


def refuse_filter(name: str) -> Refusal:
    """A breach of a filter."""
    return Refusal(-1013, f"Filter failure: {name}")


def check_price(pair: Pair, price: int | None) -> int:
    """The price in ticks. Refusal(-1013) off the grid or out of range."""
    if price is None:
        raise Refusal(
            -1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed."
        )
    if price % pair.tick or not pair.min_price <= price <= pair.max_price:
        raise refuse_filter("PRICE_FILTER")
    return price // pair.tick


def check_quantity(pair: Pair, quantity: int) -> int:
    """The quantity in steps. Refusal(-1013) off the grid or out of range."""
    if quantity % pair.step or not pair.min_quantity <= quantity <= pair.max_quantity:
        raise refuse_filter("LOT_SIZE")
    return quantity // pair.step


def check_notional(pair: Pair, worth: int) -> None:
    """Refusal(-1013) if an order is worth too little."""
    if worth < pair.min_notional:
        raise refuse_filter("NOTIONAL")


def check_request(pair: Pair, request: OrderRequest, last_tick: int) -> tuple[int, int]:
    """Price in ticks (0: at market) and size in steps (0: by worth). A market order is worth what
    it would be at the last price.
    """
    if request.type is OrderType.MARKET:
        if (request.quantity is None) == (request.quote_quantity is None):
            raise Refusal(-1102, "Either 'quantity' or 'quoteOrderQty' must be sent, not both.")
        if request.quantity is None:
            check_notional(pair, request.quote_quantity or 0)
            return 0, 0
        size = check_quantity(pair, request.quantity)
        check_notional(pair, last_tick * pair.tick * request.quantity // SCALE)
        return 0, size
    tick = check_price(pair, request.price)
    size = check_quantity(pair, request.quantity or 0)
    check_notional(pair, tick * pair.tick * size * pair.step // SCALE)
    return tick, size


def check_account(account: Account, pair: Pair, request: OrderRequest) -> None:
    """Refusal for a client's id in use, or too many open orders."""
    if request.client_order_id and account.has_open(request.client_order_id):
        raise Refusal(-2010, "Duplicate order sent.")
    if account.count_open(pair.symbol) >= pair.max_orders:
        raise refuse_filter("MAX_NUM_ORDERS")
