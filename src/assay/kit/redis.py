"""Redis, which may go away at any moment: short timeouts, and a circuit that opens for a second.

Redis never holds the only copy of anything. The library takes a quarter of a second to load, so it
is loaded by those who connect. A caller asks `call`, and where it raises
SourceUnavailable goes on without: it counts by itself, or waits for the next poll.
"""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from assay.kit.errors import SourceUnavailable

if TYPE_CHECKING:
    import redis
    import redis.asyncio

T = TypeVar("T")

TIMEOUT_S = 0.25
OPEN_S = 1.0
HEALTH_CHECK_S = 15


class Circuit:
    """Remembers for `open_s` seconds that an upstream failed, so that nobody waits for it again.

    Threads may share it. `now` tells seconds that only grow.
    """

    def __init__(self, open_s: float = OPEN_S, now: Callable[[], float] = time.monotonic) -> None:
        self.open_s = open_s
        self._now = now
        self._until = -1.0

    @property
    def is_open(self) -> bool:
        """True while the upstream is left alone."""
        return self._now() < self._until

    def fail(self) -> None:
        """Leave the upstream alone from now on for `open_s` seconds."""
        self._until = self._now() + self.open_s


class RedisLink:
    """One Redis for the threads of this process: a pool of connections behind a circuit."""

    def __init__(self, url: str, circuit: Circuit | None = None) -> None:
        import redis  # noqa: PLC0415 - see above
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415

        self.url = url
        self._failures = (redis.RedisError, OSError)
        self.circuit = circuit or Circuit()
        self._pool = redis.ConnectionPool.from_url(
            url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            health_check_interval=HEALTH_CHECK_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._client = redis.Redis(connection_pool=self._pool)
        self._lock = threading.Lock()

    def call(self, work: "Callable[[redis.Redis], T]") -> T:
        """What `work` answers. Raises SourceUnavailable at once while the circuit is open, and
        within half a second where Redis does not answer.
        """
        if self.circuit.is_open:
            raise SourceUnavailable("Redis did not answer a moment ago.")
        try:
            return work(self._client)
        except self._failures as error:
            with self._lock:
                self.circuit.fail()
                # What is left in the pool leads to a server that is gone.
                self._pool.disconnect(inuse_connections=False)
            # The address may hold a password; the library's message may hold the address.
            raise SourceUnavailable(f"Redis did not answer ({type(error).__name__}).") from None

    def check(self) -> bool:
        """True if Redis answers now."""
        try:
            return bool(self.call(lambda client: client.ping()))
        except SourceUnavailable:
            return False

    def close(self) -> None:
        """Let go of every connection."""
        self._client.close()
        self._pool.disconnect()


def connect_async(url: str) -> "redis.asyncio.Redis":
    """A client for one event loop, for subscriptions: reading waits as long as nothing comes."""
    import redis.asyncio  # noqa: PLC0415 - see above

    return redis.asyncio.Redis.from_url(
        url,
        socket_connect_timeout=TIMEOUT_S,
        health_check_interval=HEALTH_CHECK_S,
    )
