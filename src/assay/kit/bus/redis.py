"""The bus between processes: Redis channels. A Redis that went away is left alone for a second by
those who speak and asked for again, ever more slowly, by those who listen.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator

from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from assay.kit.bus.memory import Mailbox
from assay.kit.bus.types import LONGEST_QUEUE, Subscription
from assay.kit.errors import SourceUnavailable
from assay.kit.redis import RedisLink, connect_async

PREFIX = "assay:bus:"
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
SILENCE_S = 15.0
"""Without a word for so long the connection is tried with a ping."""

_JITTER = 1_000
log = logging.getLogger("assay.bus")


class RedisBus:
    """Tells the listeners of every process that shares a Redis and a prefix."""

    def __init__(self, url: str, prefix: str = PREFIX, size: int = LONGEST_QUEUE) -> None:
        self._url = url
        self._prefix = prefix
        self._size = size
        self._link = RedisLink(url)

    def publish(self, channel: str, message: bytes = b"") -> None:
        """Say something to all who listen now; lost where Redis does not answer."""
        name = self._prefix + channel
        with contextlib.suppress(SourceUnavailable):
            self._link.call(lambda client: client.publish(name, message))

    @contextlib.asynccontextmanager
    async def subscribe(self, *channels: str) -> AsyncIterator[Subscription]:
        """Listen within the block. Entering waits for the subscription, but not long."""
        mailbox = Mailbox(self._size)
        ready = asyncio.Event()
        task = asyncio.create_task(self._listen(channels, mailbox, ready))
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ready.wait(), 1.0)
            yield mailbox
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def close(self) -> None:
        """Let go of the connections for speaking."""
        self._link.close()

    async def _listen(
        self, channels: tuple[str, ...], mailbox: Mailbox, ready: asyncio.Event
    ) -> None:
        pause_s = FIRST_PAUSE_S
        is_silent = False
        while True:
            client = connect_async(self._url)
            listener = client.pubsub()
            try:
                await listener.subscribe(*(self._prefix + channel for channel in channels))
                await self._hear(listener, len(channels), mailbox, ready)
            except (RedisError, OSError, TimeoutError) as error:
                if ready.is_set():
                    log.warning("Redis went away (%s); listening again", type(error).__name__)
                    pause_s = FIRST_PAUSE_S
                elif not is_silent:
                    kind = type(error).__name__
                    log.warning("Redis does not answer (%s); news come by polling", kind)
                is_silent = True
                ready.clear()
            finally:
                with contextlib.suppress(RedisError, OSError):
                    await listener.aclose()  # type: ignore[no-untyped-call]
                    await client.aclose()
            # Not all at once when Redis comes back.
            await asyncio.sleep(pause_s * (0.5 + secrets.randbelow(_JITTER) / _JITTER))
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)

    async def _hear(
        self,
        listener: PubSub,
        count: int,
        mailbox: Mailbox,
        ready: asyncio.Event,
    ) -> None:
        """Put what is said into the mailbox. Raises what the library raises, or TimeoutError where
        the server does not answer to a ping.
        """
        confirmed = 0
        is_waiting = False
        while True:
            said = await listener.get_message(timeout=SILENCE_S if not is_waiting else 1.0)
            if said is None:
                if is_waiting:
                    raise TimeoutError
                await listener.ping()
                is_waiting = True
                continue
            is_waiting = False
            if said["type"] == "subscribe":
                confirmed += 1
                if confirmed == count:
                    ready.set()
            elif said["type"] == "message":
                name = said["channel"].decode().removeprefix(self._prefix)
                mailbox.put(name, said["data"])
