"""Where slow checks of people run: a few threads of their own, and not too many waiting.

Hashing a password takes a tenth of a second and 64 MiB, recovering a wallet some milliseconds; in
the event loop it would stop everybody, in the read threads all readers.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from assay.accounts import Collector, Eraser, Passwords
from assay.kit.errors import Busy

R = TypeVar("R")

THREADS = 2
LIMIT_WAITING = 64


@dataclass
class Desk:
    """Threads for checking people, and what other parts keep about an account: `erasers` run in
    the transaction that deletes it, `collectors` add to its export.
    """

    limit: int = LIMIT_WAITING
    erasers: list[Eraser] = field(default_factory=list)
    collectors: dict[str, Collector] = field(default_factory=dict)
    _waiting: int = 0
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(THREADS, "assay-people")
    )

    @cached_property
    def passwords(self) -> Passwords:
        """How passwords are hashed; asked for in a thread, for the first time costs a hash."""
        return Passwords()

    async def run(self, work: Callable[[], R]) -> R:
        """The result of `work`, from one of the threads. Raises Busy while too many wait."""
        if self._waiting >= self.limit:
            raise Busy("Too many people are signing in.", hint="Try again in a few seconds.")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            context = contextvars.copy_context()
            return await loop.run_in_executor(self._threads, context.run, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        self._threads.shutdown(wait=False, cancel_futures=True)
