"""uvicorn as we run it, and how it goes away: no request that was taken stays unanswered.

At SIGTERM /readyz fails and every answer closes its connection, for `drain_s`: who sends requests
here goes elsewhere. Then the socket takes no more connections, what the kernel has already taken is
still accepted, endless answers end with a word to their readers, and what is under way gets
`stop_s` to end.
"""

import asyncio
import ctypes
import signal
import socket
import struct
import sys
from time import monotonic
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from assay.api.draining import Draining
from assay.api.protocol import LimitedProtocol, create_protocol
from assay.api.streams.protocol import WireProtocol
from assay.kit.memory import short_pauses
from assay.kit.settings import Settings

BACKLOG: Final = 2_048
KEEP_ALIVE_S: Final = 30
ACCEPT_S: Final = 0.05
FIRST_REQUEST_S: Final = 0.5
TICK_S: Final = 0.02
LONGEST_FRAME: Final = 64 * 1024
PING_S: Final = 20.0
PONG_S: Final = 120.0
"""A reader that has taken nothing for so long is gone; one that is slow is not."""

_SO_ATTACH_FILTER: Final = 26


class Server(uvicorn.Server):
    """One process that answers. `is_alone` is False where other processes share its socket."""

    def __init__(
        self, config: uvicorn.Config, draining: Draining, drain_s: float, *, is_alone: bool = True
    ) -> None:
        super().__init__(config)
        self.draining = draining
        self.drain_s = drain_s
        self.is_alone = is_alone

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop."""
        with short_pauses():
            super().run(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Go away in the order that loses nothing."""
        self.draining.begin()
        await self._wait(self.draining.left_s(self.drain_s))
        if self.is_alone:
            for listener in sockets or []:
                refuse_connections(listener)
        await self._wait(ACCEPT_S)
        await self._await_first_requests()
        self.draining.close_streams()
        await super().shutdown(sockets)
        # We did what SIGTERM asks for: the caller may clean up and end with its own status.
        self._captured_signals = [sig for sig in self._captured_signals if sig != signal.SIGTERM]

    async def _wait(self, seconds: float) -> None:
        until = monotonic() + seconds
        while monotonic() < until and not self.force_exit:  # noqa: ASYNC110 - a signal sets it
            await asyncio.sleep(TICK_S)

    async def _await_first_requests(self) -> None:
        """A connection that was just accepted brings its request within moments."""
        until = monotonic() + FIRST_REQUEST_S
        while monotonic() < until and self._has_silent():  # noqa: ASYNC110 - uvicorn's own set
            await asyncio.sleep(TICK_S)

    def _has_silent(self) -> bool:
        return any(
            isinstance(connection, LimitedProtocol) and connection.is_silent
            for connection in self.server_state.connections
        )


def create_server(
    app: ASGIApp, settings: Settings, draining: Draining | None = None, *, is_alone: bool = True
) -> Server:
    """uvicorn with uvloop, httptools and our limits; no access log (URLs stay out of logs)."""
    draining = draining or Draining()
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=create_protocol(draining),
        ws=WireProtocol,
        ws_max_size=LONGEST_FRAME,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PONG_S,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        log_level=settings.log_level,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(settings.stop_s)),
    )
    return Server(config, draining, settings.drain_s, is_alone=is_alone)


def refuse_connections(listener: socket.socket) -> None:
    """Let the kernel take no more connections while those that it has are still accepted.

    A socket that is closed resets what waits in its queue. On Linux a filter that lets nothing pass
    stops the queue from growing first; elsewhere there remains a moment in which one may be lost.
    """
    if sys.platform != "linux":
        return
    drop_all = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    program = struct.pack("HL", 1, ctypes.addressof(drop_all))
    listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
