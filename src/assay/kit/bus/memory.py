"""The bus within one process."""

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import AsyncIterator

from assay.kit.bus.types import LONGEST_QUEUE, Subscription


class Mailbox:
    """A bounded queue on one event loop, filled from any thread."""

    def __init__(self, size: int = LONGEST_QUEUE) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(size)
        self.dropped = 0

    def post(self, channel: str, message: bytes) -> None:
        """Put a message in, from any thread."""
        # A loop that has ended hears nothing any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.put, channel, message)

    def put(self, channel: str, message: bytes) -> None:
        """Put a message in, on the loop; the oldest goes where there is no room."""
        if self._queue.full():
            self._queue.get_nowait()
            self.dropped += 1
        self._queue.put_nowait((channel, message))

    async def __aiter__(self) -> AsyncIterator[tuple[str, bytes]]:
        """What was put in, in order."""
        while True:
            yield await self._queue.get()


class MemoryBus:
    """Tells the listeners of this process."""

    def __init__(self, size: int = LONGEST_QUEUE) -> None:
        self._size = size
        self._mailboxes: dict[str, list[Mailbox]] = defaultdict(list)
        self._lock = threading.Lock()

    def publish(self, channel: str, message: bytes = b"") -> None:
        """Say something to all who listen now."""
        with self._lock:
            mailboxes = list(self._mailboxes.get(channel, ()))
        for mailbox in mailboxes:
            mailbox.post(channel, message)

    @contextlib.asynccontextmanager
    async def subscribe(self, *channels: str) -> AsyncIterator[Subscription]:
        """Listen within the block."""
        mailbox = Mailbox(self._size)
        with self._lock:
            for channel in channels:
                self._mailboxes[channel].append(mailbox)
        try:
            yield mailbox
        finally:
            with self._lock:
                for channel in channels:
                    self._mailboxes[channel].remove(mailbox)

    def close(self) -> None:
        """Nothing is held open."""
