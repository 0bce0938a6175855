"""What was read and not yet worked off, bounded: the queue of one connection.

A ticker or whole book that still waits is replaced by a newer one of its symbol (the older is
dropped). At the bound a trade is dropped, and its bar is not whole; a change of a book is never
dropped silently: its book is asked for anew. A connection that can wait does so long before.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from assay.feeds.types import BookSnapshot, Event, Ticker

LONGEST: Final = 20_000
BEHIND: Final = 2_000
AT_A_TIME: Final = 256
"""Events that are worked off before others get their turn on the loop."""

Handle = Callable[[Event, int], None]
Key = tuple[type, str]


class Inbox:
    """Events in order. `handle` works one off; `lose` hears of each that found no room."""

    def __init__(
        self,
        handle: Handle,
        lose: Callable[[Event], None],
        longest: int = LONGEST,
        is_conflating_books: bool = False,
    ) -> None:
        self._handle = handle
        self._lose = lose
        self._longest = longest
        self._conflated: tuple[type[Ticker | BookSnapshot], ...] = (
            (Ticker, BookSnapshot) if is_conflating_books else (Ticker,)
        )
        self._events: deque[tuple[Event | Key, int]] = deque()
        self._newest: dict[Key, Event] = {}
        self._handle_soon: asyncio.Handle | None = None
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._events)

    @property
    def is_behind(self) -> bool:
        """Whether so much waits that no more should be read for now."""
        return len(self._events) > BEHIND

    def put(self, event: Event, received_ms: int) -> None:
        """Put an event in, on the loop."""
        if isinstance(event, self._conflated):
            key = (type(event), event.symbol)
            if key in self._newest:
                self._newest[key] = event
                self.dropped += 1
                return
            self._newest[key] = event
            self._events.append((key, received_ms))
        elif len(self._events) >= self._longest:
            self.dropped += 1
            self._lose(event)
            return
        else:
            self._events.append((event, received_ms))
        if self._handle_soon is None:
            self._handle_soon = asyncio.get_running_loop().call_soon(self.work)

    def work(self) -> None:
        """Work off the oldest, then let others have their turn."""
        events, handle = self._events, self._handle
        self._handle_soon = None
        try:
            for _ in range(min(AT_A_TIME, len(events))):
                event, received_ms = events.popleft()
                handle(self._newest.pop(event) if isinstance(event, tuple) else event, received_ms)
        finally:
            # Also where a handler failed: the rest must not wait for the next event.
            if events and self._handle_soon is None:
                self._handle_soon = asyncio.get_running_loop().call_soon(self.work)

    def clear(self) -> None:
        """Forget what waits: its connection has ended."""
        self._events.clear()
        self._newest.clear()
        if self._handle_soon is not None:
            self._handle_soon.cancel()
            self._handle_soon = None
