"""WebSocket market streams: `/ws`, `/stream` and what is said on them.

Source: Binance's "WebSocket Streams for Binance"; ccxt decides by `/stream` in the path that a
stream is of the spot market, so `/stream/ws` is the same as `/ws`.
"""

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qs

import orjson

from assay.exchange.service.hub import MAX_STREAMS, Hub, Listener

Request = dict[str, object]

METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


class Unreadable(Exception):
    """A request that is answered with an error of the streams' own kind."""

    def __init__(self, code: int, message: str, request_id: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.request_id = request_id


def read_path(path: str, query: str) -> tuple[bool, Sequence[str]] | None:
    """(combined, streams to begin with) of a path, None where there are no streams."""
    head, *rest = [part for part in path.split("/") if part] or [""]
    if head == "stream" and rest[:1] == ["ws"]:
        head, rest = "ws", rest[1:]
    if head == "ws":
        return False, rest
    if head == "stream" and not rest:
        return True, list(_split(parse_qs(query).get("streams", [])))
    return None


def _split(values: Sequence[str]) -> Iterator[str]:
    for value in values:
        yield from filter(None, value.split("/"))


def answer_request(hub: Hub, listener: Listener, text: str | bytes) -> bytes:
    """What one message of the client is answered with."""
    try:
        request = _parse(text)
        result = _carry_out(hub, listener, request)
    except Unreadable as error:
        shape = {"error": {"code": error.code, "msg": error.message}, "id": error.request_id}
        return orjson.dumps(shape)
    return orjson.dumps({"result": result, "id": request.get("id")})


def _parse(text: str | bytes) -> Request:
    try:
        request = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        place = f"at line {error.lineno} column {error.colno}"
        raise Unreadable(3, f"Invalid JSON: expected value {place}") from None
    if not isinstance(request, dict):
        raise Unreadable(2, "Invalid request: expected an object")
    request_id = request.get("id")
    is_number = isinstance(request_id, int) and not isinstance(request_id, bool)
    if not (request_id is None or is_number or isinstance(request_id, str)):
        raise Unreadable(2, "Invalid request: request ID must be an unsigned integer")
    return request


def _carry_out(hub: Hub, listener: Listener, request: Request) -> object:
    method, request_id = request.get("method"), request.get("id")
    if method is None:
        raise Unreadable(2, "Invalid request: missing field `method`", request_id)
    if method == "LIST_SUBSCRIPTIONS":
        return list(listener.names)
    params = request.get("params", [])
    if not isinstance(params, list):
        raise Unreadable(2, "Invalid request: params must be a list", request_id)
    match method:
        case "SUBSCRIBE" | "UNSUBSCRIBE":
            _change(hub, listener, method, params, request_id)
            return None
        case "GET_PROPERTY":
            _check_property(params[:1], request_id)
            return listener.is_combined
        case "SET_PROPERTY":
            _check_property(params[:1], request_id)
            if len(params) != 2 or not isinstance(params[1], bool):
                raise Unreadable(1, "Invalid value type: expected Boolean", request_id)
            listener.is_combined = params[1]
            return None
    wanted = ", ".join(f"`{name}`" for name in METHODS)
    message = f"Invalid request: unknown variant `{method}`, expected one of {wanted}"
    raise Unreadable(2, message, request_id)


def _change(
    hub: Hub, listener: Listener, method: str, names: Sequence[object], request_id: object
) -> None:
    chosen = [name for name in names if isinstance(name, str)]
    if len(chosen) < len(names) or not chosen:
        raise Unreadable(2, "Invalid request: params must be names of streams", request_id)
    if method == "UNSUBSCRIBE":
        hub.unsubscribe(listener, chosen)
    elif not hub.subscribe(listener, chosen):
        raise Unreadable(2, f"Invalid request: more than {MAX_STREAMS} streams", request_id)


def _check_property(names: Sequence[object], request_id: object) -> None:
    if not names or not isinstance(names[0], str):
        raise Unreadable(2, "Invalid request: property name must be a string", request_id)
    if names[0] != "combined":
        raise Unreadable(0, "Unknown property", request_id)
