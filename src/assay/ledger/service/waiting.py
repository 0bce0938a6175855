"""Carrying out questions to several others at once from code that is not asynchronous."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run_now(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What the coroutine gives, in an event loop of its own; in a thread of its own where this
    thread has a loop that runs.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(make())
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(make())).result()
