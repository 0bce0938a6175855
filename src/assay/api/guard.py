"""Who may ask: the pure-ASGI guard of open local mode, in front of every route.

Host allow-list (against DNS rebinding), Origin on writes and WebSockets (against foreign pages),
key: none, empty or `local` is the local user, any other is unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.accounts.types import LOCAL
from assay.api.faces import Face, find_face
from assay.api.problems import (
    BadHost,
    ForbiddenOrigin,
    Misdirected,
    describe_problem,
)
from assay.api.routing import ROUTE
from assay.kit.errors import AssayError, Unauthorized

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
EVENT_ROUTES = frozenset({"/v1/stream/events", "/v1/jobs/{job_id}/events"})
LOCAL_KEYS = frozenset({b"", b"local"})


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names under which this server answers, each with any port."""

    names: frozenset[str] = LOOPBACK_NAMES

    def allows(self, host: bytes) -> bool:
        """True if a Host value is one of the names, with or without a port."""
        name, port = split_port(host.decode("latin-1"))
        return name.lower() in self.names and (port is None or port.isdecimal())


def split_port(authority: str) -> tuple[str, str | None]:
    """`host:port` apart; an IPv6 address keeps its brackets."""
    if authority.startswith("["):
        name, bracket, rest = authority.partition("]")
        return name + bracket, rest[1:] if rest.startswith(":") else (rest or None)
    name, colon, port = authority.partition(":")
    return name, port if colon else None


def is_local_user(authorization: bytes | None, api_key: bytes | None) -> bool:
    """True if the keys sent are those of the local user: none, empty, or `local`."""
    if api_key is not None and api_key.strip() not in LOCAL_KEYS:
        return False
    if authorization is None or not authorization.strip():
        return True
    scheme, _, token = authorization.strip().partition(b" ")
    return scheme.lower() == b"bearer" and token.strip() in LOCAL_KEYS


class Guard:
    """Answers 400, 401, 403 or 421 itself; everything else goes on to the declared routes.

    Pages of `origins` may write too if they show a key.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Hosts,
        faces: Sequence[Face] = (),
        origins: frozenset[bytes] = frozenset(),
    ) -> None:
        self.app = app
        self.hosts = hosts
        self.faces = tuple(faces)
        self.origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or say why not."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = self.check(scope)
        if refusal is None:
            scope["assay.principal"] = LOCAL
            await self.app(scope, receive, send)
        else:
            await refuse(refusal, self.faces, scope, receive, send)

    def check(self, scope: Scope) -> AssayError | None:
        """Why a request may not pass, or None."""
        headers = collect(scope)
        hosts = headers.get(b"host", [])
        if len(hosts) != 1:
            return BadHost(f"The request has {len(hosts)} Host headers instead of one.")
        if not self.hosts.allows(hosts[0]):
            return Misdirected("This server answers only to its own local names.")
        keys = headers.get(b"x-api-key", [])
        if find_face(self.faces, scope["path"]) is not None:
            keys = keys + headers.get(b"api_key", [])
        bearers = headers.get(b"authorization", [])
        if asks_origin(scope):
            allowed = self.origins if any(keys) or any(bearers) else frozenset()
            refusal = check_origin(headers.get(b"origin", []), hosts[0], allowed)
            if refusal is not None:
                return refusal
        shown = [*((bearer, None) for bearer in bearers), *((None, key) for key in keys)]
        if not all(is_local_user(bearer, key) for bearer, key in shown):
            return Unauthorized("The key is not known here.")
        return None


def asks_origin(scope: Scope) -> bool:
    """True for what a page of another origin may not ask: writes, WebSockets, event streams."""
    if scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS:
        return True
    return scope.get(ROUTE) in EVENT_ROUTES


def collect(scope: Scope) -> dict[bytes, list[bytes]]:
    """The headers by name, each with every value that was sent."""
    headers: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name, []).append(value)
    return headers


async def refuse(
    refusal: AssayError, faces: Sequence[Face], scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a refusal in the words of the face that was asked; close a WebSocket."""
    if scope["type"] == "websocket":
        await receive()
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.code})
            return
    face = find_face(tuple(faces), scope["path"])
    document = describe_problem(refusal) if face is None else face.describe_error(refusal)
    await document(scope, receive, send)


def check_origin(
    origins: Sequence[bytes], host: bytes, allowed: frozenset[bytes] = frozenset()
) -> AssayError | None:
    """Why a page of these origins may not write, or None: its own host's pages may."""
    own = {b"http://" + host.lower(), b"https://" + host.lower()} | allowed
    if all(origin.lower() in own for origin in origins):
        return None
    return ForbiddenOrigin("A page of another origin may not write here.")


class Heads:
    """Answers HEAD as GET without the body, so that every readable page has both (RFC 9110)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run GET and drop its body."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        inner = {**scope, "method": "GET", "assay.head": True}
        try:
            await self.app(inner, receive, send_head)
        finally:
            scope["route"] = inner.get("route")
