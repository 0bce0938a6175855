"""REST over plain ASGI: read, check, ask the method, answer as Binance does."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from assay.exchange.routes.control import answer_control
from assay.exchange.routes.methods import METHODS, Access, Method
from assay.exchange.routes.params import Params, parse_pairs
from assay.exchange.service.refusals import find_status
from assay.exchange.service.signing import split_signature
from assay.exchange.service.venue import Venue
from assay.exchange.sockets import SELF
from assay.exchange.types import Refusal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY_BYTES: Final = 64 * 1024
CONTROL: Final = "/assay/"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
ROUTES: Final = {(method.http, method.path): method for method in METHODS}
PATHS: Final = frozenset(method.path for method in METHODS)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON."""

    status: int
    body: bytes


FORBIDDEN: Final = Answer(403, orjson.dumps({"error": "Only this machine may do that."}))


class Rest:
    """The REST side of one exchange."""

    def __init__(self, venue: Venue, ready: asyncio.Event) -> None:
        self._venue = venue
        self._ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a request that finds nobody has its connection closed."""
        venue = self._venue
        body = await _read_body(receive)
        if body is None:
            return await self._send(send, _refuse(Refusal(-1020, "The body is too long."), 413), 1)
        path = scope["path"]
        if path.startswith(CONTROL):
            if not _is_own(scope):
                return await self._send(send, FORBIDDEN, 0)
            status, shape = answer_control(venue, scope["method"], path, body)
            return await self._send(send, Answer(status, orjson.dumps(shape)), 0)
        if venue.is_down:
            return await _hang_up(scope, receive)
        venue.hub.counts.requests += 1
        method = ROUTES.get((scope["method"], path))
        if method is None:
            return await self._send(send, _find_nothing(path), 1)
        if method.needs_engine:
            await self._ready.wait()
        await _wait(venue.delay_ms / 2)
        answer, is_lost = self._answer(method, scope, body)
        venue.flush()
        if is_lost:
            return await _hang_up(scope, receive)
        await _wait(venue.delay_ms / 2)
        await self._send(send, answer, method.weight)

    def _answer(self, method: Method, scope: Scope, body: bytes) -> tuple[Answer, bool]:
        """(answer, whether a fault keeps it)."""
        try:
            params = self._check(method, scope, body)
            shape = method.handler(self._venue, params)
        except Refusal as refusal:
            return _refuse(refusal, find_status(refusal.venue_code)), False
        is_lost = method.is_order and self._venue.loses_reply(params["symbol"])
        payload = shape if isinstance(shape, bytes) else orjson.dumps(shape)
        return Answer(200, payload), is_lost

    def _check(self, method: Method, scope: Scope, body: bytes) -> Params:
        """The parameters of a request that may be made. Raises Refusal."""
        try:
            query, form = scope["query_string"].decode("ascii"), body.decode("ascii")
        except UnicodeDecodeError:
            raise Refusal(-1100, "Illegal characters found in a parameter.") from None
        params = parse_pairs(query, form)
        if method.access is Access.ANYBODY:
            return params
        self._venue.keys.check_key(_read_header(scope, b"x-mbx-apikey"))
        if method.access is Access.SIGNED:
            payload, signature = split_signature(query, form)
            self._venue.keys.check_signed(payload, signature, params)
        return params

    async def _send(self, send: Send, answer: Answer, weight: int) -> None:
        used = b"%d" % self._venue.weights.add(weight)
        headers = [
            (b"content-type", b"application/json;charset=UTF-8"),
            (b"content-length", b"%d" % len(answer.body)),
            (b"x-mbx-used-weight", used),
            (b"x-mbx-used-weight-1m", used),
            (b"x-assay-replay", b"speed=%b; synthetic=depth" % str(self._venue.speed).encode()),
        ]
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": answer.body})


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, None if it is too long."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection without an answer, as a fault wants it."""
    scope["extensions"][SELF].cut()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _wait(delay_ms: float) -> None:
    if delay_ms:
        await asyncio.sleep(delay_ms / 1_000)


def _read_header(scope: Mapping[str, Any], name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def _is_own(scope: Scope) -> bool:
    """False for what a page of somebody else's makes a browser ask (it says where it comes from,
    or calls this machine by a name of its own).
    """
    host = urlsplit(f"//{_read_header(scope, b'host') or ''}").hostname
    return host in LOOPBACK and _read_header(scope, b"origin") is None


def _refuse(refusal: Refusal, status: int) -> Answer:
    shape = {"code": refusal.venue_code, "msg": refusal.message}
    return Answer(status, orjson.dumps(shape))


def _find_nothing(path: str) -> Answer:
    """A path, or a way to use it, that there is not."""
    if path in PATHS:
        return Answer(405, orjson.dumps({"code": -1020, "msg": "This operation is not supported."}))
    shape = {"code": -1020, "msg": "The replay exchange has no such endpoint."}
    return Answer(404, orjson.dumps(shape))
