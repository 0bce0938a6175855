"""Going away without losing a request: what knows that this process is about to stop."""

import asyncio
from time import monotonic


class Draining:
    """`began` is False while requests are taken as ever; `begin` turns it true for good."""

    def __init__(self) -> None:
        self.began_at: float | None = None
        self._streams: set[asyncio.Task[object]] = set()
        self._closing = False

    def begin(self) -> None:
        """From now on /readyz fails and every answer closes its connection."""
        if self.began_at is None:
            self.began_at = monotonic()

    @property
    def began(self) -> bool:
        """True once the process is about to stop."""
        return self.began_at is not None

    def left_s(self, drain_s: float) -> float:
        """Seconds of `drain_s` that are still to pass."""
        passed_s = 0.0 if self.began_at is None else monotonic() - self.began_at
        return max(0.0, drain_s - passed_s)

    @property
    def closing_streams(self) -> bool:
        """True once endless answers are being ended."""
        return self._closing

    def add_stream(self, task: asyncio.Task[object]) -> None:
        """Remember a task that answers without end; it is cancelled by `close_streams`."""
        self._streams.add(task)
        task.add_done_callback(self._streams.discard)
        if self._closing:
            task.cancel()

    def close_streams(self) -> None:
        """End every endless answer; their readers are told to connect again."""
        self._closing = True
        for task in list(self._streams):
            task.cancel()
