"""What is sent, encoded once for all who hear it: as a WebSocket frame and as a server-sent event.

A server's frames are not masked and nothing is compressed, so that every reader gets the same
bytes. Pure.
"""

from typing import Final

import orjson

HEARTBEAT: Final = "heartbeat"


class Update:
    """One message to many; `frame` is it as a WebSocket frame. `slot` names what a later update
    replaces while a reader is slow; of `is_event` nothing is replaced.
    """

    __slots__ = ("_event", "channel", "frame", "is_event", "key", "mark", "message", "seq", "slot")

    def __init__(
        self,
        message: bytes,
        *,
        seq: int,
        mark: bytes,
        channel: str,
        key: str = "",
        slot: str = "",
        is_event: bool = False,
    ) -> None:
        self.message = message
        self.seq = seq
        self.mark = mark
        self.channel = channel
        self.key = key
        self.slot = slot
        self.is_event = is_event
        self.frame = frame_text(message)
        self._event = b""

    @property
    def event(self) -> bytes:
        """As a server-sent event."""
        if not self._event:
            name = HEARTBEAT if self.channel == HEARTBEAT else "update"
            self._event = frame_event(name, self.message, self.mark)
        return self._event


def write_update(channel: str, key: str, seq: int, previous: int, payload: bytes) -> bytes:
    """The message of an update; `payload` is JSON and goes in as it is."""
    return b'{"type":"update","channel":"%b","key":%b,"seq":%d,"previous":%d,"data":%b}' % (
        channel.encode(),
        orjson.dumps(key),
        seq,
        previous,
        payload,
    )


def frame_text(message: bytes) -> bytes:
    """A text frame of a server (RFC 6455 5.2): final, not masked."""
    size = len(message)
    if size < 126:
        return bytes((0x81, size)) + message
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + message
    return b"\x81\x7f" + size.to_bytes(8, "big") + message


def frame_event(name: str, message: bytes, mark: bytes = b"") -> bytes:
    """A server-sent event; `mark` becomes the reader's Last-Event-ID. JSON has no line breaks."""
    place = b"id: %b\n" % mark if mark else b""
    return b"%bevent: %b\ndata: %b\n\n" % (place, name.encode(), message)
