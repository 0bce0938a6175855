"""uvicorn's WebSocket connection, to which frames can be written that are made already.

What goes to a thousand readers is encoded and framed once; each connection then costs a write to
its transport and nothing else. The connection tells its listener when the transport has more to
send than it takes (the reader is slow) and when that is over.
"""

import asyncio
import logging
import socket
from typing import Any, Final, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

WIRE: Final = "assay.wire"
"""The extension of the scope that holds the connection."""
ABORT_S: Final = 1.0
CLOSE_S: Final = 10.0
UNSENT_BYTES: Final = 128 * 1024
"""What the kernel takes before it has sent what it has: beyond it a reader is slow, and what waits
can still be replaced by what is newer.
"""

# The library's own logger tells URLs and, at debug, every frame: tickets and keys among them.
_quiet = logging.getLogger("assay.api.streams.protocol")
_quiet.setLevel(logging.WARNING)


class Listener(Protocol):
    """Who is told how fast the reader reads."""

    def pause(self) -> None:
        """Nothing more fits."""
        ...

    def flush(self) -> None:
        """There is room again."""
        ...


class WireProtocol(WebSocketsSansIOProtocol):
    """One connection."""

    listener: Listener | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*args, **kwargs)
        self.logger = self.conn.logger = _quiet
        self.conn.debug = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the kernel say early that a reader is slow."""
        super().connection_made(transport)
        place = transport.get_extra_info("socket")
        option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
        if place is not None and option is not None and place.family != socket.AF_UNIX:
            place.setsockopt(socket.IPPROTO_TCP, option, UNSENT_BYTES)

    def handle_connect(self, event: Request) -> None:
        """Hand the connection itself to the application."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            # The application starts with the next turn of the loop.
            self.scope["extensions"] = {**(self.scope["extensions"] or {}), WIRE: self}  # type: ignore[dict-item]

    async def send(self, message: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """Answer. A refusal by HTTP ends the handshake too; uvicorn would log it as none."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    @property
    def is_open(self) -> bool:
        """True while frames may be written."""
        return not self.close_sent and not self.transport.is_closing()

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        super().pause_writing()
        if self.listener is not None:
            self.listener.pause()

    def resume_writing(self) -> None:
        """It is nearly empty."""
        super().resume_writing()
        if self.listener is not None:
            self.listener.flush()

    def end(self, code: int, reason: str) -> None:
        """Close, from either side of the application; a reader that does not read is cut off."""
        if not self.is_open:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        if self.listener is not None:
            # Nothing may follow the close.
            self.listener.pause()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        wait_s = CLOSE_S if self.writable.is_set() else ABORT_S
        self.close_timer = self.loop.call_later(wait_s, self.transport.abort)

    def shutdown(self) -> None:
        """The server goes away: say so; a reader that does not read does not hold it up."""
        super().shutdown()
        self.loop.call_later(ABORT_S, self.transport.abort)
