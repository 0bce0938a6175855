"""uvicorn's HTTP/1.1 with limits on the headers it reads, and answers of ours where it refuses.

uvicorn bounds neither the size of a request's headers nor the time that they take: a few hundred
clients that send a byte now and then would hold as many connections and any amount of memory.
"""

import asyncio
from typing import Final

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from assay.api.draining import Draining
from assay.api.problems import describe_problem
from assay.api.refusals import BadRequest, HeadersTooLarge
from assay.api.security import complete_headers
from assay.api.whole import offer_whole
from assay.kit.errors import AssayError

LIMIT_HEAD_BYTES: Final = 64 * 1024
HEAD_S: Final = 10.0


def create_protocol(
    draining: Draining, head_s: float = HEAD_S, head_bytes: int = LIMIT_HEAD_BYTES
) -> type[HttpToolsProtocol]:
    """The protocol class of one server, as uvicorn wants it."""

    class Protocol(LimitedProtocol):
        pass

    Protocol.draining = draining
    Protocol.head_s = head_s
    Protocol.limit_head_bytes = head_bytes
    return Protocol


class LimitedProtocol(HttpToolsProtocol):
    """One connection. A head is a request line and its headers."""

    draining: Draining
    head_s: float
    limit_head_bytes: int

    _head_bytes = 0
    _in_head = True
    _new_head = False
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the first head its time."""
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(self.head_s, self._close_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; a head that is not yet whole is weighed and timed."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        # What ends one request may begin the next: only later reads count in full.
        self._head_bytes = 0 if self._new_head else self._head_bytes + len(data)
        self._new_head = False
        if self._head_bytes > self.limit_head_bytes:
            self._refuse(HeadersTooLarge(f"The headers exceed {self.limit_head_bytes} bytes."))
        elif self._head_timer is None and not self._is_answering():
            self._head_timer = self.loop.call_later(self.head_s, self._close_late)

    def on_headers_complete(self) -> None:
        """Hand the request on."""
        self._in_head = False
        self._head_bytes = 0
        self._stop_timer()
        super().on_headers_complete()
        if self.cycle is None:
            return
        offer_whole(self.cycle)
        if self.draining.began:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """The next byte begins another head."""
        self._in_head = self._new_head = True
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over: no further head comes on it."""
        super().handle_websocket_upgrade()
        self._in_head = False
        self._stop_timer()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(BadRequest("This is no HTTP/1.1 request that can be read."))

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: an Upgrade that we do not know is ignored, as RFC 9110 7.8 allows."""

    @property
    def is_silent(self) -> bool:
        """True until the first request of a connection has come."""
        return self.cycle is None and not self.transport.is_closing()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _close_late(self) -> None:
        self._head_timer = None
        if self._in_head and not self._is_answering() and not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, error: AssayError) -> None:
        """Answer before there is a request, and close."""
        if not self._is_answering():
            self.transport.write(write_answer(describe_problem(error)))
        self.transport.close()


def write_answer(answer: Response) -> bytes:
    """An answer as bytes of HTTP/1.1 that close the connection."""
    headers = complete_headers(answer.raw_headers)
    lines = [name + b": " + value + b"\r\n" for name, value in headers]
    status = STATUS_LINE[answer.status_code]
    return b"".join([status, *lines, b"connection: close\r\n\r\n", bytes(answer.body)])
