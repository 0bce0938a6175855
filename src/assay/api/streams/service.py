"""The streams of one process: the hub, what it listens to, and who may listen to it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final

from assay.api.streams.admission import Admission
from assay.api.streams.channels import CHANNELS, Source
from assay.api.streams.hub import Hub
from assay.api.streams.messages import LONGEST_MESSAGE, write_answer
from assay.api.streams.reading import Reader
from assay.api.streams.said import load_news
from assay.feeds.types import unpack_update
from assay.kit.bus import ALERTS, LIVE

if TYPE_CHECKING:
    from assay.api.state import ApiState

HEARTBEAT_S: Final = 15.0
LOOK_S: Final = 0.5
"""How often it is looked whether the credentials of open streams still stand."""
TURN: Final = 10_000
"""After so many deliveries everything else gets its turn: what is written until then to one reader
leaves in one piece.
"""
AGAIN_S: Final = 1.0

log = logging.getLogger("assay.api")


class Streams:
    """Assembled once, run within the event loop of the server."""

    def __init__(self, state: "ApiState") -> None:
        self.hub = Hub()
        self.admission = Admission(state)
        self.malformed = 0
        self.lost = 0
        self.loop: asyncio.AbstractEventLoop | None = None
        self._state = state
        self._heard_s: float | None = None
        self._news = asyncio.Event()
        self._news.set()
        self._told: dict[str, int] = {}

    def nudge(self) -> None:
        """Something may have been published."""
        self._news.set()

    async def run(self) -> None:
        """Listen and tell until cancelled."""
        self.loop = asyncio.get_running_loop()
        await asyncio.gather(
            self._repeat(partial(self._hear, LIVE, Source.LIVE)),
            self._repeat(partial(self._hear, ALERTS, Source.PRIVATE)),
            self._repeat(self._tell_news),
            self._repeat(self._beat),
            self._repeat(self._look_at_credentials),
        )

    def write_welcome(self, reader: Reader) -> bytes:
        """What a reader is told first."""
        return write_answer(
            "welcome",
            epoch=self.hub.epoch,
            seq=self.hub.seq,
            account_id=reader.account_id,
            heartbeat_s=HEARTBEAT_S,
            most_subscriptions=reader.most,
            longest_message_bytes=LONGEST_MESSAGE,
            channels=[
                channel.name for channel in CHANNELS.values() if reader.principal.may(channel.verb)
            ],
        )

    async def _repeat(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception:  # last resort of this face: one defect may not end all streams
                log.exception("a part of the streams failed; it begins anew")
            await asyncio.sleep(AGAIN_S)

    async def _hear(self, topic: str, source: Source) -> None:
        delivered = dropped = 0
        async with self._state.bus.subscribe(topic) as heard:
            async for _, message in heard:
                delivered += self.take(message, source)
                self.lost += heard.dropped - dropped
                dropped = heard.dropped
                if delivered >= TURN:
                    delivered = 0
                    await asyncio.sleep(0)

    def take(self, message: bytes, source: Source) -> int:
        """Publish what was heard on the bus; how many got it. Anything else is counted."""
        try:
            name, key, payload = unpack_update(message)
        except ValueError:
            self.malformed += 1
            return 0
        channel = CHANNELS.get(name)
        if channel is None or channel.source is not source or not key:
            self.malformed += 1
            return 0
        if source is Source.LIVE:
            self._heard_s = monotonic()
        return self.hub.publish(name, key, payload)

    async def _tell_news(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            state = self._state
            try:
                seen, news = await state.read(load_news, state.database, self._told)
            except Exception:
                self._news.set()
                raise
            self._told = seen
            for topic, payload in news:
                self.hub.publish(topic.channel, topic.key, payload)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            self.beat()

    def beat(self) -> None:
        """Tell everybody that the connection stands, and for how long nothing live was heard."""
        quiet = None if self._heard_s is None else round(monotonic() - self._heard_s, 1)
        self.hub.beat(time=self._state.clock.now(), live_age_s=quiet)

    async def _look_at_credentials(self) -> None:
        access = self._state.access
        while access is not None:
            await asyncio.sleep(LOOK_S)
            for reader in list(self.hub.subscribers):
                if not isinstance(reader, Reader) or not reader.ref:
                    continue
                holder = access.holders.get(reader.ref) or await access.recall(reader.ref)
                if holder is None:
                    reader.end("ended", "The key or session of this stream stands no more.")
                elif holder.principal is not reader.principal:
                    reader.adopt(holder.principal)
        await asyncio.Event().wait()
