"""Who may ask: the pure-ASGI guard of open local mode, in front of every route.

Host allow-list (against DNS rebinding), Origin on writes and WebSockets (against foreign pages),
key: none, empty or `local` is the local user, any other is unknown.
"""

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.api.problems import (
    BadHost,
    ForbiddenOrigin,
    Misdirected,
    Unauthorized,
    describe_problem,
)
from assay.kit.errors import AssayError

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
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
    """Answers 400, 401, 403 or 421 itself; everything else goes on to the declared routes."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or say why not."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = self.check(scope)
        if refusal is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.code})
        else:
            await describe_problem(refusal)(scope, receive, send)

    def check(self, scope: Scope) -> AssayError | None:
        """Why a request may not pass, or None."""
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, []).append(value)
        hosts = headers.get(b"host", [])
        if len(hosts) != 1:
            return BadHost(f"The request has {len(hosts)} Host headers instead of one.")
        if not self.hosts.allows(hosts[0]):
            return Misdirected("This server answers only to its own local names.")
        if scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS:
            refusal = _check_origin(headers.get(b"origin", []), hosts[0])
            if refusal is not None:
                return refusal
        keys = [(a, None) for a in headers.get(b"authorization", [])]
        api_keys = [(None, k) for k in headers.get(b"x-api-key", [])]
        if not all(is_local_user(a, k) for a, k in [*keys, *api_keys]):
            return Unauthorized("The key is not known here.")
        return None


def _check_origin(origins: list[bytes], host: bytes) -> AssayError | None:
    own = {b"http://" + host.lower(), b"https://" + host.lower()}
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

        await self.app({**scope, "method": "GET"}, receive, send_head)
