"""Hearing at once what polling would find within half a second: the API's ends of the bus.

After every write a word goes out; whoever hears it looks at versions and jobs. A word that is lost
costs half a second and nothing else.
"""

import asyncio
import logging
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.api.state import ApiState
from assay.kit.bus import CHANGES, JOBS

PAUSE_S = 0.05
"""However much is heard, nobody looks more often."""

_WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_FIRST_ERROR = 400
log = logging.getLogger("assay.api")


class Announced:
    """Says so on the bus after every request that may have changed something."""

    def __init__(self, app: ASGIApp, state: ApiState) -> None:
        self.app = app
        self.state = state
        self._speaking: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and then say so."""
        if scope["type"] != "http" or scope["method"] not in _WRITING:
            await self.app(scope, receive, send)
            return
        status = _FIRST_ERROR

        async def hear(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self.app(scope, receive, hear)
        if status < _FIRST_ERROR:
            # Nobody waits for it: Redis may take a quarter of a second to be given up.
            task = asyncio.create_task(self.state.read(self.state.bus.publish, CHANGES))
            self._speaking.add(task)
            task.add_done_callback(self._speaking.discard)


async def listen(state: ApiState) -> None:
    """Look whenever something is heard, until cancelled."""
    is_due = asyncio.Event()
    looking = asyncio.create_task(_look(state, is_due))
    try:
        async with state.bus.subscribe(CHANGES, JOBS) as heard:
            async for channel, _ in heard:
                if channel == JOBS:
                    state.job_watch.nudge()
                else:
                    is_due.set()
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _look(state: ApiState, is_due: asyncio.Event) -> None:
    while True:
        await is_due.wait()
        is_due.clear()
        try:
            await state.refresh()
            if state.access is not None:
                await state.access.poll()
        except Exception:  # last resort: polling goes on beside this, and says the same
            log.exception("the store could not be read; the last answers stay in force")
        await asyncio.sleep(PAUSE_S)
