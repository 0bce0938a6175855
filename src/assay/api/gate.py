"""How many lists are streamed in bulk at once, and the threads in which they are made."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from assay.kit.errors import Busy, RateLimited

R = TypeVar("R")

LIMIT_STREAMS = 4
STALL_S = 60.0
_RETRY_AFTER_S = 15


class BulkGate:
    """Lets so many lists be streamed at once, each in a thread of its own, and half of them for one
    account. A client that takes no piece for `stall_s` seconds has gone.
    """

    def __init__(self, limit: int = LIMIT_STREAMS, stall_s: float = STALL_S) -> None:
        self.limit = limit
        self.stall_s = stall_s
        self.active = 0
        self._of: Counter[str] = Counter()
        self._threads = ThreadPoolExecutor(limit, "assay-bulk")

    @contextlib.contextmanager
    def enter(self, account_id: str | None) -> Iterator[None]:
        """Take a place for the length of a block; None is the local user, who is nobody's rival.

        Raises Busy where all places are taken, RateLimited where the account has its share.
        """
        share = max(1, self.limit // 2)
        if account_id is not None and self._of[account_id] >= share:
            raise RateLimited(
                f"{share} of your lists are being streamed.",
                hint="Wait for one of them to end, then ask again.",
                retry_after_s=_RETRY_AFTER_S,
            )
        if self.active >= self.limit:
            raise Busy(
                f"{self.limit} lists are being streamed already.",
                hint="Wait for one of them to end, then ask again.",
            )
        with self._count(account_id):
            yield

    @contextlib.contextmanager
    def _count(self, account_id: str | None) -> Iterator[None]:
        name = account_id or ""
        self.active += 1
        self._of[name] += 1
        try:
            yield
        finally:
            self.active -= 1
            self._of[name] -= 1
            if not self._of[name]:
                del self._of[name]

    async def run(self, work: Callable[[], R]) -> R:
        """The result of blocking work; it is waited for even by who is cancelled."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                await future
            raise

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)
