"""Watching every request that the fast front does not replay: id, time, log line, trace, headers.

Pure ASGI, around the guard and the limits: what they refuse is seen too. The route is named by its
template; neither paths nor query strings are written anywhere.
"""

import logging
import re
import secrets
from asyncio import CancelledError, current_task
from time import perf_counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.api.faces import find_face
from assay.api.problems import describe_problem
from assay.api.security import complete_headers
from assay.api.state import ApiState
from assay.kit.errors import AssayError
from assay.kit.telemetry import REQUEST_ID, Span, read_traceparent, redact, span

REQUEST_ID_KEY: Final = "assay.request_id"
UNMATCHED: Final = "unmatched"
CLIENT_LEFT: Final = 499
NOT_MODIFIED: Final = 304

_STREAM: Final = b"text/event-stream"
_GOODBYE: Final = b'event: reconnect\nretry: 1000\ndata: {"reason": "the server restarts"}\n\n'
_WELL_FORMED: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")

log = logging.getLogger("assay.api.requests")


class Observed:
    """Outermost of what is declared."""

    def __init__(self, app: ASGIApp, state: ApiState) -> None:
        self.app = app
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request and say how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        headers = dict(scope["headers"])
        request_id = choose_request_id(headers.get(b"x-request-id"))
        scope[REQUEST_ID_KEY] = request_id
        token = REQUEST_ID.set(request_id)
        answer = Answer(scope, send, self.state, request_id)
        parent = read_traceparent(headers.get(b"traceparent", b"").decode("latin-1"))
        stats = self.state.stats
        stats.in_flight += 1
        try:
            with span(scope["method"], parent=parent, server=True) as step:
                await self._run(scope, receive, answer)
                self._describe(scope, answer, step)
        finally:
            stats.in_flight -= 1
            seconds = perf_counter() - began
            stats.observe(name_route(scope), scope["method"], answer.status, seconds)
            write_line(scope, answer.status, seconds)
            REQUEST_ID.reset(token)

    async def _run(self, scope: Scope, receive: Receive, answer: "Answer") -> None:
        """Run the application; a defect of ours is logged once and answered if it still can be."""
        try:
            await self.app(scope, receive, answer.send)
        except CancelledError:
            if not await answer.end_stream():
                raise
        except Exception:
            log.exception("a defect of ours", extra={"route": name_route(scope)})
            if not answer.started:
                error = AssayError(
                    "Something went wrong inside the server.",
                    hint="The server's log has the cause.",
                )
                face = find_face(self.state.faces, scope["path"])
                document = face.describe_error(error) if face else describe_problem(error)
                await document(scope, receive, answer.send)

    def _describe(self, scope: Scope, answer: "Answer", step: Span) -> None:
        route = name_route(scope)
        step.rename(f"{scope['method']} {route}")
        step.set(
            {
                "http.request.method": scope["method"],
                "http.route": route,
                "http.response.status_code": answer.status,
                "assay.request_id": scope[REQUEST_ID_KEY],
            }
        )
        if answer.status >= 500:
            step.fail(str(answer.status))


class Answer:
    """What is sent of one answer: completes its headers and remembers how far it got."""

    __slots__ = (
        "_request_id",
        "_scope",
        "_send",
        "_state",
        "_task",
        "complete",
        "is_stream",
        "status",
    )

    def __init__(self, scope: Scope, send: Send, state: ApiState, request_id: str) -> None:
        self._scope = scope
        self._send = send
        self._state = state
        self._request_id = request_id
        # The whole request's: what answers may run in tasks of its own.
        self._task = current_task()
        self.status = CLIENT_LEFT
        self.complete = False
        self.is_stream = False

    @property
    def started(self) -> bool:
        """True once the status is out."""
        return self.status != CLIENT_LEFT

    async def send(self, message: Message) -> None:
        """Pass a message on; the first one with all headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message["headers"])
            if self.status != NOT_MODIFIED:
                headers = complete_headers(headers, self._scope["scheme"])
            headers.append((b"x-request-id", self._request_id.encode()))
            message = {**message, "headers": headers}
            self._watch_stream(headers)
        elif not message.get("more_body", False):
            self.complete = True
        await self._send(message)

    def _watch_stream(self, headers: list[tuple[bytes, bytes]]) -> None:
        kind = next((value for name, value in headers if name == b"content-type"), b"")
        if kind.startswith(_STREAM) and self._task is not None:
            self.is_stream = True
            self._state.draining.add_stream(self._task)

    async def end_stream(self) -> bool:
        """True if an endless answer was cancelled because the server stops; its reader is told."""
        if not (self.is_stream and self._state.draining.closing_streams) or self.complete:
            return False
        task = current_task()
        if task is not None:
            task.uncancel()
        await self.send({"type": "http.response.body", "body": _GOODBYE, "more_body": False})
        return True


def choose_request_id(given: bytes | None) -> str:
    """The caller's own id if it is well-formed and no key of ours, else a new one."""
    if given is not None and _WELL_FORMED.fullmatch(given):
        text = given.decode("ascii")
        if redact(text) == text:
            return text
    return secrets.token_hex(8)


def name_route(scope: Scope) -> str:
    """The path template that a request was answered by; `unmatched` where there is none."""
    name = scope.get("assay.route") or getattr(scope.get("route"), "path", None)
    return name if isinstance(name, str) else UNMATCHED


def write_line(scope: Scope, status: int, seconds: float) -> None:
    """One log line: info, or warning where we failed."""
    level = logging.WARNING if status >= 500 else logging.INFO
    if not log.isEnabledFor(level):
        return
    principal = scope.get("assay.principal")
    log.log(
        level,
        "answered",
        extra={
            "method": scope["method"],
            "route": name_route(scope),
            "status": status,
            "seconds": round(seconds, 6),
            "account_id": getattr(principal, "account_id", None),
            "key_id": getattr(principal, "key_id", None),
        },
    )
