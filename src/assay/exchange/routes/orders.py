"""The WebSocket API, `/ws-api/v3`: every method of REST, and the user's own stream.

Source: Binance's "WebSocket API for Binance". Sessions (`session.logon`) need Ed25519 keys there;
the account here has an HMAC key, so requests are signed one by one.
"""

import json
from dataclasses import dataclass
from itertools import count
from typing import Final

import orjson

from assay.exchange.routes.methods import METHODS, Access, Method
from assay.exchange.routes.params import Params, parse_object
from assay.exchange.service.hub import Listener
from assay.exchange.service.refusals import find_status, missing
from assay.exchange.service.signing import join_params
from assay.exchange.service.venue import Venue
from assay.exchange.shapes.market import RATE_LIMITS
from assay.exchange.types import Refusal

BY_NAME: Final = {method.name: method for method in METHODS if method.name}
SUBSCRIBE: Final = "userDataStream.subscribe.signature"
UNSUBSCRIBE: Final = "userDataStream.unsubscribe"
LARGEST_ID: Final = 1 << 63
NEEDS_SESSION: Final = frozenset({"session.logon", "session.logout", "userDataStream.subscribe"})


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; `is_lost` if a fault keeps it."""

    payload: bytes
    is_lost: bool = False


class Orders:
    """The requests of one connection."""

    def __init__(self, venue: Venue, listener: Listener) -> None:
        self._venue = venue
        self._listener = listener
        self._numbers = count()

    def answer(self, text: str | bytes) -> Reply:
        """Carry out one request; what is refused is answered, too."""
        self._venue.hub.counts.requests += 1
        request_id: object = None
        try:
            request = _parse(text)
            request_id = request["id"]
            name, params = str(request["method"]), _read_params(request)
            shape = self._carry_out(name, params)
        except Refusal as refusal:
            error = {"code": refusal.venue_code, "msg": refusal.message}
            shape = {"id": request_id, "status": find_status(refusal.venue_code), "error": error}
            return Reply(orjson.dumps({**shape, "rateLimits": self._count_limits(1)}))
        method = BY_NAME.get(name)
        is_lost = bool(method and method.is_order and self._venue.loses_reply(params["symbol"]))
        payload = shape if isinstance(shape, bytes) else orjson.dumps(shape)
        used = self._count_limits(method.weight if method else 2)
        limits = b""
        if params.get("returnRateLimits") != "false":
            limits = b',"rateLimits":' + orjson.dumps(used)
        head = orjson.dumps(request_id)
        return Reply(b'{"id":%b,"status":200,"result":%b%b}' % (head, payload, limits), is_lost)

    def _count_limits(self, weight: int) -> list[dict[str, object]]:
        """The limit that counts here, and what was used of it."""
        return [{**RATE_LIMITS[0], "count": self._venue.weights.add(weight)}]

    def _carry_out(self, name: str, params: Params) -> object:
        if name in NEEDS_SESSION:
            raise Refusal(-4056, "HMAC_SHA256 API key is not supported.")
        if name == SUBSCRIBE:
            return self._subscribe(params)
        if name == UNSUBSCRIBE:
            return self._unsubscribe(params)
        method = BY_NAME.get(name)
        if method is None:
            raise Refusal(-1020, f"This operation is not supported: {name[:64]}.")
        self._check(method, params)
        return method.handler(self._venue, params)

    def _check(self, method: Method, params: Params) -> None:
        if method.access is Access.ANYBODY:
            return
        self._venue.keys.check_key(params.get("apiKey"))
        if method.access is Access.SIGNED:
            self._check_signed(params)

    def _check_signed(self, params: Params) -> None:
        self._venue.keys.check_signed(join_params(params), params.get("signature"), params)

    def _subscribe(self, params: Params) -> object:
        self._venue.keys.check_key(params.get("apiKey"))
        self._check_signed(params)
        number = next(self._numbers)
        self._venue.users.setdefault(self._listener, []).append(number)
        return {"subscriptionId": number}

    def _unsubscribe(self, params: Params) -> object:
        numbers = self._venue.users.get(self._listener, [])
        number = params.read_whole("subscriptionId")
        if number is None:
            numbers.clear()
        elif number in numbers:
            numbers.remove(number)
        else:
            raise Refusal(-1130, "Data sent for parameter 'subscriptionId' is not valid.")
        return {}


def _parse(text: str | bytes) -> dict[str, object]:
    """A request. Numbers keep their digits: they were signed as they were written."""
    try:
        text = text if isinstance(text, str) else text.decode()
        request = json.loads(text, parse_float=str)
        if "\\u" in text:
            # Halves of characters can neither be signed nor be answered with.
            json.dumps(request, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Refusal(-1135, "Invalid JSON Request") from None
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        raise missing("method")
    request_id = request.get("id")
    is_number = type(request_id) is int and abs(request_id) < LARGEST_ID
    if not (request_id is None or isinstance(request_id, str) or is_number):
        raise missing("id")
    request.setdefault("id", None)
    return request


def _read_params(request: dict[str, object]) -> Params:
    params = request.get("params") or {}
    if not isinstance(params, dict):
        raise missing("params")
    return parse_object(params)
