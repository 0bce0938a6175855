"""Headers that every answer carries, and pages of other origins that may read (CORS).

CORS is off by default: browsers then keep other origins' pages from reading. No answer ever allows
credentials, so that a page of an allowed origin needs a key of its own and can use no cookie.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.kit.errors import BadInput

Header = tuple[bytes, bytes]

HSTS: Final[Header] = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
BASE_HEADERS: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Pages add their content policy; anything else is data that no page may run or frame."""
DATA_POLICY: Final[Header] = (
    b"content-security-policy",
    b"default-src 'none'; frame-ancestors 'none'",
)

_METHODS: Final = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_ASKABLE: Final = (
    b"accept, api_key, authorization, content-type, idempotency-key, if-match, if-none-match, "
    b"traceparent, x-api-key, x-request-id"
)
_READABLE: Final = (
    b"etag, location, ratelimit, ratelimit-limit, ratelimit-policy, ratelimit-remaining, "
    b"ratelimit-reset, retry-after, x-request-id"
)
_MAX_AGE_S: Final = b"600"


def complete_headers(headers: Sequence[Header], scheme: str = "http") -> list[Header]:
    """`headers` and those of ours that are missing among them."""
    present = {name for name, _ in headers}
    wanted = (*BASE_HEADERS, DATA_POLICY)
    completed = [*headers, *(pair for pair in wanted if pair[0] not in present)]
    if scheme == "https" and HSTS[0] not in present:
        completed.append(HSTS)
    return completed


def read_origins(text: str) -> frozenset[bytes]:
    """The origins of a comma-separated list, lower case. Raises BadInput for what is none.

    `*` stands for every origin.
    """
    origins = [part.strip().lower() for part in text.split(",") if part.strip()]
    for origin in origins:
        scheme, mark, host = origin.partition("://")
        if origin != "*" and (scheme not in ("http", "https") or not mark or "/" in host):
            raise BadInput(
                f"ASSAY_CORS_ORIGINS: {origin[:100]!r} is no origin.",
                hint="Write origins such as https://app.example.com, separated by commas.",
            )
    return frozenset(origin.encode() for origin in origins)


class Cors:
    """Lets pages of the listed origins read answers; answers their preflight requests itself."""

    def __init__(self, app: ASGIApp, origins: Iterable[bytes]) -> None:
        self.app = app
        self.origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add what the browser wants to see."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        granted = self._grant(origin)
        if granted and scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            await self._answer_preflight(granted, scope["scheme"], send)
            return

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _mark(message["headers"], granted)}
            await send(message)

        await self.app(scope, receive, send_marked)

    def _grant(self, origin: bytes | None) -> bytes | None:
        if origin is None:
            return None
        if b"*" in self.origins:
            return b"*"
        return origin if origin.lower() in self.origins else None

    async def _answer_preflight(self, granted: bytes, scheme: str, send: Send) -> None:
        headers = [
            (b"access-control-allow-origin", granted),
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _ASKABLE),
            (b"access-control-max-age", _MAX_AGE_S),
            (b"vary", b"origin, access-control-request-method, access-control-request-headers"),
        ]
        start = {"type": "http.response.start", "status": 204}
        await send({**start, "headers": complete_headers(headers, scheme)})
        await send({"type": "http.response.body", "body": b""})


def _mark(headers: Iterable[Header], granted: bytes | None) -> list[Header]:
    """Answers differ by origin, also for those that are not allowed: caches must know."""
    kept = [pair for pair in headers if pair[0] not in (b"vary", b"cross-origin-resource-policy")]
    vary = [value for name, value in headers if name == b"vary"]
    policy = b"cross-origin" if granted else b"same-origin"
    kept += [(b"vary", b", ".join([*vary, b"origin"])), (b"cross-origin-resource-policy", policy)]
    if granted:
        kept.append((b"access-control-allow-origin", granted))
        kept.append((b"access-control-expose-headers", _READABLE))
    return kept
