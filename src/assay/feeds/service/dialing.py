"""One WebSocket connection to a venue, by picows (decision 0018): TLS verified, frames bounded, no
redirects, no compression, never through a proxy.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

import picows

from assay.kit.errors import SourceUnavailable

DIAL_S: Final = 10.0
"""Seconds in which a connection must stand, its handshakes included."""

IDLE_S: Final = 15.0
"""Seconds without a frame after which the other side is asked whether it is there, ..."""
PONG_S: Final = 10.0
"""... and seconds it has to answer."""

_TEXT: Final = picows.WSMsgType.TEXT
_BINARY: Final = picows.WSMsgType.BINARY
_CONTINUATION: Final = picows.WSMsgType.CONTINUATION
_CLOSE: Final = picows.WSMsgType.CLOSE

Receive = Callable[[bytes], None]
Refuse = Callable[[str, bytes], None]


# The library's classes are compiled; its words for them are not read by the type checker here.
class _Listener(picows.WSListener):  # type: ignore[misc]
    """Puts messages together and hands them on."""

    def __init__(self, receive: Receive, refuse: Refuse, longest: int) -> None:
        super().__init__()
        self._receive = receive
        self._refuse = refuse
        self._longest = longest
        self._parts: list[bytes] = []
        self._length = 0
        self.goodbye = ""

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        kind = frame.msg_type
        if kind in (_TEXT, _BINARY) and frame.fin:
            if frame.payload_size > self._longest:
                self._refuse_long(frame.payload_size, frame.get_payload_as_memoryview())
            else:
                self._receive(frame.get_payload_as_bytes())
        elif kind in (_TEXT, _BINARY, _CONTINUATION):
            self._join(frame)
        elif kind == _CLOSE:
            code = frame.get_close_code()
            self.goodbye = f"closed with {getattr(code, 'value', code)}"
            transport.send_close(code)
            transport.disconnect()

    def _join(self, frame: picows.WSFrame) -> None:
        self._length += frame.payload_size
        # Beyond the bound nothing more is kept, only counted.
        if self._length <= self._longest:
            self._parts.append(frame.get_payload_as_bytes())
        if not frame.fin:
            return
        if self._length > self._longest:
            self._refuse_long(self._length, memoryview(b"".join(self._parts)))
        else:
            self._receive(b"".join(self._parts))
        self._parts, self._length = [], 0

    def _refuse_long(self, length: int, start: memoryview) -> None:
        reason = f"a message of {length} bytes, more than {self._longest}"
        self._refuse(reason, bytes(start[:1_000]))


class Connection:
    """An open connection; `receive` of `dial` is called for every message, on the loop."""

    def __init__(self, transport: picows.WSTransport, listener: _Listener) -> None:
        self._transport = transport
        self._listener = listener

    def send(self, message: bytes) -> None:
        """Send a text message; nothing happens on a connection that has ended."""
        if not self._transport.is_disconnected:
            self._transport.send(_TEXT, message)

    async def wait_closed(self) -> str:
        """Why it ended, once it has."""
        with contextlib.suppress(picows.WSError):
            await self._transport.wait_disconnected()
        return self._listener.goodbye or "the connection broke"

    def pause(self) -> None:
        """Read no more: the venue's messages wait in the network's buffers."""
        if not self._transport.is_disconnected:
            self._transport.underlying_transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if not self._transport.is_disconnected:
            self._transport.underlying_transport.resume_reading()

    def close(self) -> None:
        """Hang up, without waiting for the other side."""
        self._transport.disconnect(False)


Dial = Callable[[str, Receive, Refuse, int], Awaitable[Connection]]


async def dial(url: str, receive: Receive, refuse: Refuse, longest: int) -> Connection:
    """Connect to `url`. Messages of up to `longest` bytes go to `receive`, the start of longer ones
    to `refuse`. Raises SourceUnavailable.
    """
    context = ssl.create_default_context() if url.startswith("wss://") else None

    def make() -> _Listener:
        return _Listener(receive, refuse, longest)

    try:
        async with asyncio.timeout(DIAL_S):
            transport, listener = await picows.ws_connect(
                make,
                url,
                ssl_context=context,
                websocket_handshake_timeout=DIAL_S,
                enable_auto_ping=True,
                auto_ping_idle_timeout=IDLE_S,
                auto_ping_reply_timeout=PONG_S,
                enable_auto_pong=True,
                # Longer than that the connection ends: a message is never held whole in vain.
                max_frame_size=max(4 * longest, 4 * 1024 * 1024),
                max_redirects=0,
                logger_name="assay",
            )
    except (OSError, TimeoutError, picows.WSError) as error:
        raise SourceUnavailable(
            f"No WebSocket connection: {_describe(error)}.", hint="It is tried again."
        ) from error
    return Connection(transport, listener)


def _describe(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not to be trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return f"no answer within {DIAL_S:.0f} s"
    return f"{type(error).__name__} {str(error)[:120]}".strip()
