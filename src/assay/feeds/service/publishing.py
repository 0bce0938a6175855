"""Telling the rest of the house: conflated, encoded once, repeated as keyframes.

The bus may be slow (Redis) or away: speaking happens in a thread of its own, one round at a time.
What changes meanwhile is told in the next round with its newest value: nothing piles up.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

import msgspec

from assay.feeds.service.own_time import OwnTime
from assay.feeds.types import pack_update
from assay.kit.bus import LIVE, Bus

log = logging.getLogger("assay.feeds")

Key = tuple[str, str]


class Publisher:
    """Says updates on the bus; `is_due` says which must be repeated."""

    def __init__(self, bus: Bus, own_time: OwnTime, keyframe_s: float) -> None:
        self._bus = bus
        self._own_time = own_time
        self._keyframe_ms = int(1_000 * keyframe_s)
        self._encode = msgspec.json.Encoder().encode
        self._said_ms: dict[Key, int] = {}
        self._batch: list[bytes] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="assay-feeds-bus")
        self._speaking: asyncio.Future[None] | None = None
        self.said = 0

    @property
    def is_free(self) -> bool:
        """Whether a round may be told: the last one has been."""
        return self._speaking is None or self._speaking.done()

    def is_due(self, channel: str, key: str) -> bool:
        """Whether it was not said for so long that it must be repeated."""
        said_ms = self._said_ms.get((channel, key))
        return said_ms is None or self._own_time.steady_ms() - said_ms >= self._keyframe_ms

    def put(self, channel: str, key: str, payload: object) -> None:
        """Say this in the round; numbers that are not finite are said as null."""
        self._said_ms[channel, key] = self._own_time.steady_ms()
        self._batch.append(pack_update(channel, key, self._encode(payload)))

    def speak(self) -> None:
        """Tell the round, beside the loop."""
        if self._batch:
            batch, self._batch = self._batch, []
            self.said += len(batch)
            loop = asyncio.get_running_loop()
            self._speaking = loop.run_in_executor(self._thread, self._tell, batch)

    async def close(self) -> None:
        """Wait until what was said has been told."""
        if self._speaking is not None:
            await asyncio.wait({self._speaking})
        self._thread.shutdown()

    def _tell(self, batch: list[bytes]) -> None:
        for message in batch:
            try:
                self._bus.publish(LIVE, message)
            except Exception:
                # A bus promises not to fail; one that does must not end the feed.
                log.exception("an update could not be said on the bus")
                return
