"""Waiting for changes of jobs: one question to the database twice a second, however many wait."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assay.kit.errors import AssayError, Busy, RateLimited

POLL_S = 0.5
MOST_STREAMS = 512
MOST_OF_ONE = 16
_RETRY_AFTER_S = 15

Look = Callable[[Sequence[str]], Awaitable[Mapping[str, int]]]
log = logging.getLogger("assay.api")


@dataclass
class JobWatch:
    """Wakes those who wait for a job once its sequence has passed what they have seen. `look` asks
    for the sequences of jobs; a job that is gone wakes, too.
    """

    look: Look
    poll_s: float = POLL_S
    _waiting: dict[str, set["asyncio.Future[None]"]] = field(default_factory=dict)
    _seen: dict["asyncio.Future[None]", int] = field(default_factory=dict)
    _streams: Counter[str] = field(default_factory=Counter)
    _task: "asyncio.Task[None] | None" = None
    _nudge: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def streams(self) -> int:
        """How many are open."""
        return self._streams.total()

    def check_room(self, account_id: str) -> None:
        """Raises RateLimited or Busy where no further stream may be opened."""
        if self._streams[account_id] >= MOST_OF_ONE:
            raise RateLimited(
                f"{MOST_OF_ONE} of your streams are open.",
                hint="Close one, or ask GET /v1/jobs/{job_id} now and then.",
                retry_after_s=_RETRY_AFTER_S,
            )
        if self.streams >= MOST_STREAMS:
            raise Busy(f"{MOST_STREAMS} streams are open.", hint="Try again in a moment.")

    @property
    def waiting(self) -> int:
        """How many jobs are waited for."""
        return len(self._waiting)

    @contextlib.contextmanager
    def enter(self, account_id: str) -> Iterator[None]:
        """Count a stream for the length of a block."""
        self._streams[account_id] += 1
        try:
            yield
        finally:
            self._streams[account_id] -= 1
            if not self._streams[account_id]:
                del self._streams[account_id]

    async def wait(self, job_id: str, seen: int, timeout_s: float) -> bool:
        """True once the job has changed since `seen`, False after `timeout_s` without a change."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(job_id, set()).add(future)
        self._seen[future] = seen
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            await asyncio.wait_for(future, timeout_s)
        except TimeoutError:
            return False
        finally:
            self._leave(job_id, future)
        return True

    def nudge(self) -> None:
        """Look at once: something was heard on the bus."""
        self._nudge.set()

    def close(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()

    def _leave(self, job_id: str, future: "asyncio.Future[None]") -> None:
        self._seen.pop(future, None)
        others = self._waiting.get(job_id, set())
        others.discard(future)
        if not others:
            self._waiting.pop(job_id, None)

    async def _watch(self) -> None:
        while self._waiting:
            try:
                found = await self.look(list(self._waiting))
            except AssayError:
                log.warning("the jobs could not be looked at; those who watch wait on")
            else:
                self._wake(found)
            self._nudge.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudge.wait(), self.poll_s)

    def _wake(self, found: Mapping[str, int]) -> None:
        for job_id, futures in self._waiting.items():
            now = found.get(job_id)
            for future in futures:
                if not future.done() and (now is None or now > self._seen[future]):
                    future.set_result(None)
