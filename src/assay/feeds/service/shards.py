"""One connection's share of a venue: what it watches, and what becomes of what it hears."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from assay.feeds.ports import Limits, Source
from assay.feeds.service.inbox import Inbox
from assay.feeds.service.options import Options, Pauses
from assay.feeds.service.own_time import OwnTime
from assay.feeds.types import Event, SequenceRule, Subscription, Topic
from assay.kit.errors import AssayError, SourceUnavailable

log = logging.getLogger("assay.feeds")


def plan_shards(
    symbols: Sequence[str], topics: Iterable[Topic], limits: Limits, apart: frozenset[Topic]
) -> list[list[Subscription]]:
    """The subscriptions of each connection: within the venue's limit, all of a symbol together
    except topics that must be `apart`.
    """
    together = [topic for topic in topics if topic not in apart]
    groups = [together, *([topic] for topic in topics if topic in apart)]
    shards: list[list[Subscription]] = []
    for group in groups:
        if not group:
            continue
        size = max(1, limits.streams_per_connection // len(group))
        for first in range(0, len(symbols), size):
            some = symbols[first : first + size]
            shards.append([Subscription(topic, symbol) for symbol in some for topic in group])
    return shards


class Listener(Protocol):
    """What a shard tells its venue."""

    def handle(self, event: Event, heard_ms: int) -> None:
        """An event, in its turn."""
        ...

    def lose(self, event: Event) -> None:
        """An event for which there was no room."""
        ...

    def refuse(self, reason: str, sample: bytes) -> None:
        """A message that cannot be read."""
        ...

    def opened(self, shard: "Shard") -> None:
        """A connection stands."""
        ...

    def closed(self, shard: "Shard") -> None:
        """A connection ended, or did not come about."""
        ...


class Shard:
    """A connection that is kept up: connected again after pauses of full jitter. It is the sink of
    its source.
    """

    def __init__(
        self,
        source: Source,
        subscriptions: Sequence[Subscription],
        listener: Listener,
        options: Options,
        own_time: OwnTime,
        random: np.random.Generator,
    ) -> None:
        self.subscriptions = subscriptions
        self.books = [one.symbol for one in subscriptions if one.topic is Topic.BOOK]
        self.trades = [one.symbol for one in subscriptions if one.topic is Topic.TRADES]
        self.is_open = False
        self.heard_ms: int | None = None
        self.connections = 0
        self.reason = ""
        self.inbox = Inbox(
            listener.handle,
            listener.lose,
            is_conflating_books=source.rule is SequenceRule.WHOLE,
        )
        self._source = source
        self._listener = listener
        self._options = options
        self._own_time = own_time
        self._pauses = Pauses(random, options.first_pause_s, options.longest_pause_s)
        self._opened_ms = 0
        self._given_up = ""
        self._watching: asyncio.Task[None] | None = None

    # --- the sink -----------------------------------------------------------------------------

    @property
    def is_behind(self) -> bool:
        """Whether too much waits to read on."""
        return self.inbox.is_behind

    def open(self) -> None:
        """The connection stands: its books begin anew."""
        self.is_open = True
        self.reason = ""
        self.connections += 1
        self._opened_ms = self.heard_ms = self._own_time.steady_ms()
        self._listener.opened(self)

    def heard(self, event: Event, received_ms: int) -> None:
        """One event, to be worked off in its turn; ages are counted by the steady clock."""
        self.heard_ms = now_ms = self._own_time.steady_ms()
        self.inbox.put(event, now_ms)

    def refuse(self, reason: str, sample: bytes) -> None:
        """A message that cannot be read."""
        self.heard_ms = self._own_time.steady_ms()
        self._listener.refuse(reason, sample)

    # --- keeping it up ------------------------------------------------------------------------

    async def keep(self) -> None:
        """Watch, and connect again whenever it ends. Runs until it is cancelled."""
        failures = 0
        while True:
            error = await self._watch_once()
            stood_ms = self._own_time.steady_ms() - self._opened_ms if self.is_open else 0
            self._end(error)
            failures = 1 if stood_ms >= 1_000 * self._options.settled_s else failures + 1
            wish_s = error.retry_after_s if isinstance(error, SourceUnavailable) else None
            wish_s = min(self._options.longest_pause_s, wish_s or 0.0)
            await asyncio.sleep(max(wish_s, self._pauses.draw_s(failures)))

    def give_up(self, reason: str) -> None:
        """End the connection: it is connected anew."""
        if self._watching is not None and not self._watching.done():
            self._given_up = reason
            self._watching.cancel()

    async def _watch_once(self) -> Exception | None:
        """Why a connection ended; None where it was given up."""
        task = asyncio.create_task(self._source.watch(self.subscriptions, self))
        self._watching = task
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if task.cancelled():
            return None
        error = task.exception()
        return error if isinstance(error, Exception) else None

    def _end(self, error: Exception | None) -> None:
        was_open, self.is_open = self.is_open, False
        self.inbox.clear()
        self.reason, self._given_up = self._given_up or "the connection ended", ""
        if isinstance(error, AssayError):
            self.reason = error.message
        elif error is not None:
            self.reason = f"failed: {type(error).__name__}"
            log.error("%s: a connection failed", self._source.name, exc_info=error)
        if was_open:
            log.info("%s: %s", self._source.name, self.reason)
        self._listener.closed(self)
