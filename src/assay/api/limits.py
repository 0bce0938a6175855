"""How large a request may be, how long it may take, and how many run at a time.

The HTTP server has already limited the size of the headers that it reads and the time that they
take (`protocol.py`); here a whole request is weighed, so that each refusal is a problem document.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.api.faces import find_face
from assay.api.guard import refuse
from assay.api.problems import describe_problem
from assay.api.refusals import (
    BadRequest,
    BodyTimeout,
    BodyTooLarge,
    HeadersTooLarge,
    Overloaded,
    TimedOut,
    UnsupportedEncoding,
    UrlTooLong,
)
from assay.api.state import ApiState
from assay.kit.errors import AssayError
from assay.kit.settings import Settings

CLOSE: Final = (b"connection", b"close")
STREAMING: Final = "assay.streaming"
EVENTS: Final = b"text/event-stream"
UNREAD: Final = (BodyTooLarge, BodyTimeout, BadRequest, UnsupportedEncoding)


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    url_bytes: int = 32 * 1024
    headers: int = 100
    header_bytes: int = 32 * 1024
    body_bytes: int = 1024 * 1024
    larger_bodies: Mapping[str, int] = field(default_factory=dict)
    """Bytes of paths that take more, by prefix."""
    body_s: float = 20.0
    answer_s: float = 60.0
    requests: int = 1_000

    def body_limit(self, path: str) -> int:
        """The largest body that a path takes."""
        larger = (size for prefix, size in self.larger_bodies.items() if path.startswith(prefix))
        return max(larger, default=self.body_bytes)


def read_limits(settings: Settings) -> Limits:
    """The limits of this installation."""
    return Limits(
        body_bytes=settings.body_limit_bytes,
        body_s=settings.body_timeout_s,
        answer_s=settings.answer_timeout_s,
        requests=settings.max_requests,
    )


class Limited:
    """Refuses what is too large, too slow or too much; everything else goes on with its body."""

    def __init__(self, app: ASGIApp, state: ApiState, limits: Limits) -> None:
        self.app = app
        self.state = state
        self.limits = limits
        self.running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Weigh the request, read its body, and run the application within its time."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = self.check(scope)
        if refusal is not None:
            await self._refuse(refusal, scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        self.running += 1
        try:
            if has_body(scope):
                refusal = check_coding(scope)
                if refusal is not None:
                    await self._refuse(refusal, scope, receive, send)
                    return
                received = await self._read_body(scope, receive)
                if received is None:
                    return
                if isinstance(received, AssayError):
                    await self._refuse(received, scope, receive, send)
                    return
                receive = replay_body(received, receive)
            await self._run(scope, receive, send)
        finally:
            if STREAMING not in scope:
                self.running -= 1

    def check(self, scope: Scope) -> AssayError | None:
        """Why a request is refused before anything is done, or None."""
        headers = scope["headers"]
        if len(scope["query_string"]) + len(scope["raw_path"]) > self.limits.url_bytes:
            return UrlTooLong(f"The URL is longer than {self.limits.url_bytes} bytes.")
        if len(headers) > self.limits.headers:
            return HeadersTooLarge(f"The request has more than {self.limits.headers} headers.")
        if sum(len(name) + len(value) for name, value in headers) > self.limits.header_bytes:
            return HeadersTooLarge(f"The headers exceed {self.limits.header_bytes} bytes.")
        if self.running >= self.limits.requests:
            return Overloaded(f"{self.limits.requests} requests are under way.")
        return None

    async def _read_body(self, scope: Scope, receive: Receive) -> bytes | AssayError | None:
        """The whole body, why it is refused, or None when the client left meanwhile."""
        limit = self.limits.body_limit(scope["path"])
        too_large = BodyTooLarge(
            f"The body is larger than {limit} bytes.", hint="Send less at a time."
        )
        declared = next((v for k, v in scope["headers"] if k == b"content-length"), b"")
        if declared.isdigit() and int(declared) > limit:
            return too_large
        body = bytearray()
        try:
            async with asyncio.timeout(self.limits.body_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > limit:
                        return too_large
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            return BodyTimeout(f"The body did not come within {self.limits.body_s:g} s.")

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application's answer, which must begin in time; a stream then takes its own."""
        started = False
        try:
            async with asyncio.timeout(self.limits.answer_s) as timeout:

                async def send_watched(message: Message) -> None:
                    nonlocal started
                    if not started:
                        started = True
                        timeout.reschedule(None)
                        if is_stream(message):
                            # It takes no turn from others; who opens many is bounded elsewhere.
                            scope[STREAMING] = True
                            self.running -= 1
                    await send(message)

                await self.app(scope, receive, send_watched)
        except TimeoutError:
            if started or not timeout.expired():
                raise
            refusal = TimedOut(f"The answer did not begin within {self.limits.answer_s:g} s.")
            await self._refuse(refusal, scope, receive, send)

    async def _refuse(
        self, refusal: AssayError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self.state.stats.refuse(refusal.code)
        if scope["type"] == "websocket":
            await refuse(refusal, self.state.faces, scope, receive, send)
            return
        face = find_face(self.state.faces, scope["path"])
        answer = face.describe_error(refusal) if face else describe_problem(refusal)
        if isinstance(refusal, UNREAD):
            # The rest of the body may still be on its way: nobody reads it.
            answer.raw_headers = [*answer.raw_headers, CLOSE]
        await answer(scope, receive, send)


def is_stream(start: Message) -> bool:
    """True for the start of an answer without end."""
    return any(
        name == b"content-type" and value.startswith(EVENTS)
        for name, value in start.get("headers", ())
    )


def has_body(scope: Scope) -> bool:
    """True if a request announces a body (RFC 9112 6.3)."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def check_coding(scope: Scope) -> AssayError | None:
    """Why a body cannot be read: it is compressed, or framed in a way that nobody here knows."""
    for name, value in scope["headers"]:
        coding = value.strip().lower()
        if name == b"content-encoding" and coding not in (b"", b"identity"):
            return UnsupportedEncoding("Bodies are read uncompressed only.")
        if name == b"transfer-encoding" and coding != b"chunked":
            return BadRequest("The only transfer coding known here is chunked.")
    return None


def replay_body(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, then what comes after it."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
