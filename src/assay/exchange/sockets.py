"""uvicorn as the exchange runs it: connections that take whole frames, and that can be cut.

An application finds its connection in `scope["extensions"]`.
"""

import socket
from collections.abc import Sequence
from typing import Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

SELF: Final = "assay.connection"


class Server(uvicorn.Server):
    """Ends in order when it is told to; a signal that was heeded does not end the process too."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up."""
        await super().shutdown(sockets)
        self._captured_signals.clear()


class CutProtocol(HttpToolsProtocol):
    """One HTTP connection."""

    def on_headers_complete(self) -> None:
        """Let the application that is about to run find this connection."""
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.scope["extensions"] = {SELF: self}  # type: ignore[dict-item]

    def cut(self) -> None:
        """Hang up without an answer."""
        self.transport.abort()


class FramedProtocol(WebSocketsSansIOProtocol):
    """One WebSocket."""

    def handle_connect(self, event: Request) -> None:
        """Let the application that is about to run find this connection."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"][SELF] = self  # type: ignore[assignment]

    @property
    def waiting_bytes(self) -> int:
        """What was written and not yet taken by the other side."""
        return self.transport.get_write_buffer_size()

    def write(self, frames: Sequence[bytes]) -> None:
        """Hand whole text frames to the socket, unless the connection is ending."""
        if self.handshake_complete and not self.close_sent and not self.transport.is_closing():
            self.transport.writelines(frames)

    def cut(self) -> None:
        """Hang up without a closing handshake."""
        self.transport.abort()
