"""Order parameters, and what is said about bad ones."""

import pytest

from assay.exchange.compute.requests import read_client_order_id, read_e8, read_order
from assay.exchange.types import OrderRequest, OrderType, Refusal, Side, TimeInForce

LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.5",
    "price": "17000.01",
    "newClientOrderId": "x-1",
}
MARKET = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "1"}


def test_orders_are_read() -> None:
    assert read_order(LIMIT) == OrderRequest(
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=50_000_000,
        price=1_700_001_000_000,
        client_order_id="x-1",
    )
    by_worth = {name: MARKET[name] for name in ("symbol", "side", "type")}
    request = read_order(by_worth | {"quoteOrderQty": "25"})
    assert (request.quantity, request.quote_quantity, request.price) == (None, 25 * 10**8, None)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1", 10**8),
        ("0.00000001", 1),
        ("0.000000010000", 1),
        (".5", 5 * 10**7),
        ("12.", 12 * 10**8),
        ("00.10", 10**7),
    ],
)
def test_decimals_are_exact(text: str, amount: int) -> None:
    assert read_e8("price", text) == amount


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", -1100),
        ("-1", -1100),
        ("+1", -1100),
        ("1e-5", -1100),
        ("1,5", -1100),
        ("nan", -1100),
        ("٣", -1100),
        ("1\n", -1100),
        (".", -1100),
        ("1" * 21, -1100),
        ("0.000000001", -1111),
    ],
)
def test_what_is_no_amount(text: str, code: int) -> None:
    with pytest.raises(Refusal) as refused:
        read_e8("price", text)
    assert refused.value.venue_code == code


@pytest.mark.parametrize(
    ("base", "changes", "code", "word"),
    [
        (LIMIT, {"symbol": None}, -1102, "symbol"),
        (LIMIT, {"side": None}, -1102, "side"),
        (LIMIT, {"type": ""}, -1102, "type"),
        (LIMIT, {"timeInForce": None}, -1102, "timeInForce"),
        (LIMIT, {"quantity": None}, -1102, "quantity"),
        (LIMIT, {"price": None}, -1102, "price"),
        (MARKET, {"quantity": None}, -1102, "quantity"),
        (LIMIT, {"side": "HOLD"}, -1117, "side"),
        (LIMIT, {"type": "STOP_LOSS"}, -1116, "orderType"),
        (LIMIT, {"timeInForce": "DAY"}, -1115, "timeInForce"),
        (LIMIT, {"quoteOrderQty": "5"}, -1106, "quoteOrderQty"),
        (LIMIT, {"type": "LIMIT_MAKER"}, -1106, "timeInForce"),
        (MARKET, {"price": "5"}, -1106, "price"),
        (MARKET, {"timeInForce": "GTC"}, -1106, "timeInForce"),
        (MARKET, {"quoteOrderQty": "5"}, -1106, "quoteOrderQty"),
        (LIMIT, {"price": "abc"}, -1100, "price"),
        (LIMIT, {"quantity": "0.123456789"}, -1111, "quantity"),
        (LIMIT, {"quantity": "0.0"}, -1013, "quantity"),
        (LIMIT, {"newClientOrderId": "a b"}, -1100, "newClientOrderId"),
        (LIMIT, {"newClientOrderId": "x" * 37}, -1100, "newClientOrderId"),
    ],
)
def test_what_is_no_order(
    base: dict[str, str], changes: dict[str, str | None], code: int, word: str
) -> None:
    params = {name: text for name, text in (base | changes).items() if text is not None}
    with pytest.raises(Refusal) as refused:
        read_order(params)
    assert refused.value.venue_code == code
    assert word in refused.value.message


def test_ids_of_clients_may_be_left_out() -> None:
    assert read_client_order_id("origClientOrderId", {}) == ""
