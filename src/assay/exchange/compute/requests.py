"""Order parameters as Binance's REST and WebSocket API take them, read with its error codes."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from assay.exchange.types import SCALE, OrderRequest, OrderType, Refusal, Side, TimeInForce

Choice = TypeVar("Choice", bound=StrEnum)

DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{0,30})?|\.[0-9]{1,30}")
CLIENT_ORDER_ID = re.compile(r"[a-zA-Z0-9-_.:/|]{1,36}")
PLACES = 8


def read_e8(name: str, text: str) -> int:
    """A decimal such as `0.0150` as an E8. Refusal(-1100) if it is not one, (-1111) beyond 1e-8."""
    if not DECIMAL.fullmatch(text):
        message = f"Illegal characters found in parameter '{name}'."
        raise Refusal(-1100, f"{message} Legal range is '^([0-9]{{1,20}})(\\.[0-9]{{1,20}})?$'.")
    whole, _, part = text.partition(".")
    part = part.rstrip("0")
    if len(part) > PLACES:
        raise Refusal(-1111, f"Parameter '{name}' has too much precision.")
    return int(whole or "0") * SCALE + int(part.ljust(PLACES, "0"))


def _get_needed(params: Mapping[str, str], name: str) -> str:
    if not params.get(name):
        message = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
        raise Refusal(-1102, message)
    return params[name]


def _read_choice(kind: type[Choice], text: str, code: int, message: str) -> Choice:
    if text not in kind.__members__:
        raise Refusal(code, message)
    return kind(text)


def _read_amount(params: Mapping[str, str], name: str) -> int | None:
    if name not in params:
        return None
    amount = read_e8(name, _get_needed(params, name))
    if amount == 0:
        raise Refusal(-1013, f"Invalid {name}.")
    return amount


def _refuse_unneeded(params: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if name in params:
            raise Refusal(-1106, f"Parameter '{name}' sent when not required.")


def read_order(params: Mapping[str, str]) -> OrderRequest:
    """The order that `POST /api/v3/order` asks for. Refusal -1102 (missing), -1106 (not wanted),
    -1100 (characters), -1111 (precision), -1115 (time in force), -1116 (type), -1117 (side),
    -1013 (nought).
    """
    symbol = _get_needed(params, "symbol")
    side = _read_choice(Side, _get_needed(params, "side"), -1117, "Invalid side.")
    kind = _read_choice(OrderType, _get_needed(params, "type"), -1116, "Invalid orderType.")
    time_in_force = TimeInForce.GTC
    if kind is OrderType.LIMIT:
        text = _get_needed(params, "timeInForce")
        time_in_force = _read_choice(TimeInForce, text, -1115, "Invalid timeInForce.")
    else:
        _refuse_unneeded(params, ("timeInForce",))
    if kind is OrderType.MARKET:
        _refuse_unneeded(params, ("price",))
        if "quantity" in params and "quoteOrderQty" in params:
            raise Refusal(-1106, "Parameter 'quoteOrderQty' sent when not required.")
        if "quoteOrderQty" not in params:
            _get_needed(params, "quantity")
    else:
        _get_needed(params, "quantity")
        _get_needed(params, "price")
        _refuse_unneeded(params, ("quoteOrderQty",))
    return OrderRequest(
        symbol=symbol,
        side=side,
        type=kind,
        time_in_force=time_in_force,
        quantity=_read_amount(params, "quantity"),
        quote_quantity=_read_amount(params, "quoteOrderQty"),
        price=_read_amount(params, "price"),
        client_order_id=read_client_order_id("newClientOrderId", params),
    )


def read_client_order_id(name: str, params: Mapping[str, str]) -> str:
    """A client's own id for an order, "" if none was sent. Refusal(-1100) for other characters."""
    text = params.get(name, "")
    if text and not CLIENT_ORDER_ID.fullmatch(text):
        message = f"Illegal characters found in parameter '{name}'."
        raise Refusal(-1100, f"{message} Legal range is '^[a-zA-Z0-9-_.:/|]{{1,36}}$'.")
    return text
