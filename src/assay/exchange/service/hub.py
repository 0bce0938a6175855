"""Who listens to what: a message is encoded and framed once, however many it goes to.

A reader that does not read must cost neither memory nor the others' time: what waits for it is
bounded, then it is cut off, as Binance does.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Final, Protocol

MAX_STREAMS: Final = 1_024
MAX_WAITING_BYTES: Final = 8 * 1024 * 1024


class Connection(Protocol):
    """One WebSocket as the hub needs it."""

    @property
    def waiting_bytes(self) -> int:
        """What was written and not yet taken by the other side."""
        ...

    def write(self, frames: Sequence[bytes]) -> None:
        """Hand whole frames to the socket, in this order."""
        ...

    def cut(self) -> None:
        """Hang up without a word."""
        ...


class Listener:
    """A connection and the streams it asked for."""

    __slots__ = ("connection", "frames", "is_combined", "names")

    def __init__(self, connection: Connection, *, is_combined: bool) -> None:
        self.connection = connection
        self.is_combined = is_combined
        self.names: dict[str, None] = {}
        self.frames: list[bytes] = []


Batch = list[tuple[Listener, list[bytes]]]


class Counts:
    """What went over the wire since the start."""

    def __init__(self) -> None:
        self.connections = 0
        self.messages = 0
        self.frames = 0
        self.disconnects = 0
        self.slow_readers = 0
        self.lost_deltas = 0
        self.reordered_deltas = 0
        self.wrong_ids = 0
        self.malformed = 0
        self.requests = 0
        self.orders = 0
        self.refused_orders = 0
        self.lost_replies = 0


class Hub:
    """The listeners of one exchange; lives on one event loop."""

    def __init__(
        self,
        on_first: Callable[[str], None],
        on_last: Callable[[str], None],
        max_waiting_bytes: int = MAX_WAITING_BYTES,
    ) -> None:
        """`on_first` and `on_last` hear of a stream that gets its first listener, or lost all."""
        self.counts = Counts()
        self._on_first = on_first
        self._on_last = on_last
        self.max_waiting_bytes = max_waiting_bytes
        self._listeners: set[Listener] = set()
        self._streams: dict[str, dict[Listener, None]] = {}
        self._dirty: dict[Listener, None] = {}
        self._late: deque[tuple[float, Batch]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, listener: Listener) -> None:
        """Take a new connection."""
        self._listeners.add(listener)
        self.counts.connections += 1

    def remove(self, listener: Listener) -> None:
        """Forget a connection; its last frames are dropped."""
        self._listeners.discard(listener)
        self._dirty.pop(listener, None)
        self.unsubscribe(listener, list(listener.names))

    def subscribe(self, listener: Listener, names: Iterable[str]) -> bool:
        """Add streams; False, with nothing added, when they would be too many."""
        wanted = dict.fromkeys(names)
        if len(listener.names | wanted) > MAX_STREAMS:
            return False
        for name in wanted:
            listener.names[name] = None
            readers = self._streams.get(name)
            if readers is None:
                readers = self._streams[name] = {}
                self._on_first(name)
            readers[listener] = None
        return True

    def unsubscribe(self, listener: Listener, names: Iterable[str]) -> None:
        """Take streams away; those it has not are no matter."""
        for name in names:
            listener.names.pop(name, None)
            readers = self._streams.get(name)
            if readers is not None:
                readers.pop(listener, None)
                if not readers:
                    del self._streams[name]
                    self._on_last(name)

    def publish(self, name: str, payload: bytes) -> None:
        """Frame a message once for all who listen to it; it leaves with the next `flush`."""
        readers = self._streams.get(name)
        if not readers:
            return
        self.counts.messages += 1
        plain = combined = b""
        for reader in readers:
            if reader.is_combined:
                combined = combined or frame_text(
                    b'{"stream":"%b","data":%b}' % (name.encode(), payload)
                )
                reader.frames.append(combined)
            else:
                plain = plain or frame_text(payload)
                reader.frames.append(plain)
            self._dirty[reader] = None

    def send(self, listener: Listener, payload: bytes) -> None:
        """Frame a message for one listener; it leaves with the next `flush`."""
        listener.frames.append(frame_text(payload))
        self._dirty[listener] = None

    def flush(self, delay_s: float = 0.0) -> None:
        """Hand what was published to the sockets, `delay_s` later; never before what waits."""
        batch = self._take()
        if not batch:
            return
        if not delay_s and not self._late:
            self._hand_over(batch)
            return
        due = monotonic() + delay_s
        self._late.append((max(due, self._late[-1][0]) if self._late else due, batch))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._flush_late)

    def _flush_late(self) -> None:
        self._timer = None
        while self._late and self._late[0][0] <= monotonic():
            self._hand_over(self._late.popleft()[1])
        if self._late:
            wait_s = max(0.0, self._late[0][0] - monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._flush_late)

    @property
    def is_late(self) -> bool:
        """True while a delay holds messages back."""
        return bool(self._late)

    @property
    def has_listeners(self) -> bool:
        """True while anybody is connected."""
        return bool(self._listeners)

    @property
    def waiting_bytes(self) -> int:
        """What the slowest reader has not yet taken."""
        return max((reader.connection.waiting_bytes for reader in self._listeners), default=0)

    def cut(self) -> None:
        """Hang up on everybody without a word."""
        for listener in list(self._listeners):
            self.remove(listener)
            listener.connection.cut()
            self.counts.disconnects += 1

    def cut_slow(self, waiting_bytes: int) -> None:
        """Hang up on those for whom more than this waits."""
        for listener in list(self._listeners):
            if listener.connection.waiting_bytes > waiting_bytes:
                self._drop_slow(listener)

    def _drop_slow(self, listener: Listener) -> None:
        self.counts.slow_readers += 1
        self.remove(listener)
        listener.connection.cut()

    def _take(self) -> Batch:
        batch = []
        for listener in self._dirty:
            batch.append((listener, listener.frames))
            listener.frames = []
        self._dirty.clear()
        return batch

    def _hand_over(self, batch: Batch) -> None:
        for listener, frames in batch:
            if listener not in self._listeners:
                continue
            if listener.connection.waiting_bytes > self.max_waiting_bytes:
                self._drop_slow(listener)
                continue
            self.counts.frames += len(frames)
            listener.connection.write(frames)


def frame_text(payload: bytes) -> bytes:
    """A whole, unmasked text frame (RFC 6455 5.2)."""
    size = len(payload)
    if size < 126:
        return b"\x81" + bytes((size,)) + payload
    if size < 65_536:
        return b"\x81\x7e" + struct.pack("!H", size) + payload
    return b"\x81\x7f" + struct.pack("!Q", size) + payload
