"""Moving the replay: in real time, faster, as fast as readers read, or only when told to."""

import asyncio
import math
from collections.abc import Callable
from time import monotonic
from typing import Final

from assay.exchange.service.venue import Venue
from assay.exchange.types import STEP_MS

BREATH_S: Final = 0.005
"""Never asleep for less: several steps are made in a row instead."""
WORK_S: Final = 0.02
"""Steps in a row take at most so long; then requests have their turn."""
FULL_BYTES: Final = 512 * 1024
"""At full speed the replay waits while a reader has more than this to read."""
PATIENCE_S: Final = 5.0
"""So long; then whoever reads nothing is cut off."""
LATE_S: Final = 1.0
"""Further behind than this the replay no longer tries to catch up."""


class Pacer:
    """Moves one venue on its event loop. `speed` 0 stands still, `inf` is as fast as it goes."""

    def __init__(self, venue: Venue, speed: float, say: Callable[[str], None]) -> None:
        self._venue = venue
        self._speed = speed
        self._say = say

    async def run(self) -> None:
        """Move until the recording is over, and say so; returns at once when it stands still.

        At full speed it waits for somebody to connect: a night that nobody watched is of no use.
        """
        if self._speed == 0:
            return
        if math.isinf(self._speed):
            await self._run_freely()
        else:
            await self._run_timed()
        self._say("The recording is over; the exchange stays at its last moment.")

    async def advance(self, steps: int) -> None:
        """Make so many steps; readers that lag behind are waited for."""
        for _ in range(steps):
            self._step()
            await self._wait_for_readers()
        while self._venue.hub.is_late:  # noqa: ASYNC110 - a timer of the hub ends it
            await asyncio.sleep(BREATH_S)

    async def _run_timed(self) -> None:
        step_s = STEP_MS / 1_000 / self._speed
        due = monotonic()
        while not self._is_over():
            now = monotonic()
            self._venue.late_ms = max(0.0, (now - due) * 1_000)
            if now - due > LATE_S:
                due = now
            until = now + WORK_S
            while due <= now and not self._is_over():
                self._step()
                due += step_s
                if monotonic() > until:
                    break
            await asyncio.sleep(max(BREATH_S, due - monotonic()))

    async def _run_freely(self) -> None:
        while not self._is_over():
            while not self._venue.hub.has_listeners:  # noqa: ASYNC110 - connections come and go
                await asyncio.sleep(BREATH_S)
            until = monotonic() + WORK_S
            while monotonic() < until and not self._is_over():
                self._step()
                await self._wait_for_readers()
            await asyncio.sleep(0)

    def _is_over(self) -> bool:
        return self._venue.is_ended and not self._venue.loops

    def _step(self) -> None:
        self._venue.step()
        self._venue.flush()

    async def _wait_for_readers(self) -> None:
        hub = self._venue.hub
        until = monotonic() + PATIENCE_S
        while hub.waiting_bytes > FULL_BYTES:
            if monotonic() > until:
                hub.cut_slow(FULL_BYTES)
                return
            await asyncio.sleep(0.001)
