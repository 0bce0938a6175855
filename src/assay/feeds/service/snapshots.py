"""Asking a venue for whole books: few at a time, within its limits, ever more patiently."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from assay.feeds.ports import Source
from assay.feeds.service.options import Pauses
from assay.feeds.types import BookSnapshot
from assay.kit.errors import AssayError, SourceUnavailable

AT_A_TIME: Final = 4
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 60.0
IN_BAND_S: Final = 10.0
"""A snapshot in band that has not come by then is asked for again."""

log = logging.getLogger("assay.feeds")


class Pace:
    """So many a minute, a quarter of them at once: a bucket that fills again."""

    def __init__(self, per_minute: float, now_s: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_minute / 60.0
        self._size = max(1.0, per_minute / 4.0)
        self._level = self._size
        self._now_s = now_s
        self._at_s = now_s()

    def take(self) -> float:
        """Take one; seconds to wait until it may be used."""
        now_s = self._now_s()
        self._level = min(self._size, self._level + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        self._level -= 1.0
        return 0.0 if self._level >= 0.0 else -self._level / self._per_s


class Snapshots:
    """The books of one venue that are being asked for; each symbol at most once at a time.

    `loaded` is called with a snapshot fetched over REST; those in band come as events.
    """

    def __init__(
        self,
        source: Source,
        loaded: Callable[[BookSnapshot], None],
        random: np.random.Generator,
    ) -> None:
        self._source = source
        self._loaded = loaded
        self._pauses = Pauses(random, FIRST_PAUSE_S, LONGEST_PAUSE_S)
        self._slots = asyncio.Semaphore(AT_A_TIME)
        self._pace: Pace | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._begun: set[str] = set()

    def ask(self, symbol: str, failures: int) -> None:
        """Ask for a book, after a pause of full jitter that doubles with each failure before."""
        if symbol not in self._tasks:
            task = asyncio.create_task(self._fetch(symbol, failures))
            self._tasks[symbol] = task
            task.add_done_callback(lambda ended: self._forget(symbol, ended))

    def is_asked(self, symbol: str) -> bool:
        """Whether a book is on its way."""
        return symbol in self._tasks

    def is_begun(self, symbol: str) -> bool:
        """Whether the venue has been asked, not only the turn waited for: a book that it sends now
        is to be brought up to date with what comes from here on.
        """
        return symbol in self._begun

    def cancel(self, symbol: str) -> None:
        """Ask no more for it; an answer that comes anyway is not used."""
        self._begun.discard(symbol)
        task = self._tasks.pop(symbol, None)
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        """Ask no more for any."""
        tasks = list(self._tasks.values())
        for symbol in list(self._tasks):
            self.cancel(symbol)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, symbol: str, ended: asyncio.Task[None]) -> None:
        # Another may have been started since this one was cancelled.
        if self._tasks.get(symbol) is ended:
            del self._tasks[symbol]
            self._begun.discard(symbol)

    async def _fetch(self, symbol: str, failures: int) -> None:
        while True:
            await asyncio.sleep(self._pauses.draw_s(failures))
            failures += 1
            try:
                snapshot = await self._fetch_once(symbol)
            except AssayError as error:
                log.info("%s: no snapshot of %s: %s", self._source.name, symbol, error.message)
                if isinstance(error, SourceUnavailable):
                    await asyncio.sleep(min(LONGEST_PAUSE_S, error.retry_after_s or 0.0))
                continue
            except Exception as error:  # noqa: BLE001 - a venue's bytes must not stop the feed
                log.warning("%s: no snapshot of %s: %r", self._source.name, symbol, error)
                continue
            if snapshot is not None:
                # It is answered before it is used: what does not fit is asked for again.
                self._tasks.pop(symbol, None)
                self._begun.discard(symbol)
                self._loaded(snapshot)
                return
            # In band: who waits for it cancels this task when it has come.
            await asyncio.sleep(IN_BAND_S)

    async def _fetch_once(self, symbol: str) -> BookSnapshot | None:
        async with self._slots:
            # A replay of our own has no limits to keep.
            if not self._source.is_replay:
                self._pace = self._pace or Pace(self._source.limits.snapshots_per_minute)
                await asyncio.sleep(self._pace.take())
            self._begun.add(symbol)
            snapshot = await self._source.fetch_snapshot(symbol)
            if snapshot is None:
                await self._source.renew(symbol)
            return snapshot
