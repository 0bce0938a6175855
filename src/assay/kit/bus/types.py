"""The port of the bus; one conformance suite holds both adapters to it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

LONGEST_QUEUE = 3_000
"""Messages that wait for one listener; the oldest go first. Now and then all venues' prices, books
and bars are said in one burst; much longer, and a listener that cannot keep up would hear old news.
"""


class Subscription(Protocol):
    """What one listener hears, in the order in which it came. It never ends by itself."""

    @property
    def dropped(self) -> int:
        """Messages that were lost because the listener was too slow."""
        ...

    def __aiter__(self) -> AsyncIterator[tuple[str, bytes]]:
        """(channel, message), one after the other."""
        ...


class Bus(Protocol):
    """Says and hears. Speaking never fails and never waits long, whatever has gone away."""

    def publish(self, channel: str, message: bytes = b"") -> None:
        """Say something to all who listen now; any thread may."""
        ...

    def subscribe(self, *channels: str) -> AbstractAsyncContextManager[Subscription]:
        """Listen within the block, on the running event loop. What is said once the block has been
        entered is heard, unless the bus loses it.
        """
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...
