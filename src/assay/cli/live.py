"""live: feeds, the watch over rules and the delivery of messages, beside a server or alone.

Feeds run in every process that has a bus of its own. On a bus that several processes share one of
them feeds for all, and another goes on when it dies.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Protocol

from assay import alerts, markets
from assay.api import ApiState
from assay.kit.bus import Bus
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import AssayError
from assay.kit.home import Home
from assay.kit.leases import Lease
from assay.kit.settings import Settings

if TYPE_CHECKING:
    from prometheus_client import Metric

    from assay.feeds import Runtime

log = logging.getLogger("assay.feeds")

LEASE: Final = "feeds"
LEASE_S: Final = 15.0
RENEW_S: Final = 4.0
AGAIN: Final = 10
"""Turns that are left out after the feeds could not begin."""


class Part(Protocol):
    """Something that runs in threads of its own."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End."""
        ...


class Feeding:
    """The feeds of an installation, wherever it is this process's turn."""

    def __init__(
        self, lease: Lease | None, make: Callable[[], "Runtime"], *, renew_s: float = RENEW_S
    ) -> None:
        self._lease = lease
        self._make = make
        self._renew_s = renew_s
        self._runtime: Runtime | None = None
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="assay-feeding", daemon=True)

    def start(self) -> None:
        """Begin to watch venues, at once or when the lease is free."""
        self._thread.start()

    def stop(self) -> None:
        """Hang up."""
        self._is_stopping.set()
        self._thread.join()

    def expose(self) -> "Iterable[Metric]":
        """The figures of the feed, where it runs here."""
        runtime = self._runtime
        return [] if runtime is None else runtime.expose()

    def _keep(self) -> None:
        while not self._is_stopping.is_set():
            is_well = self._try(
                lambda: self._turn(is_ours=self._lease is None or self._lease.hold())
            )
            # What cannot even begin is not tried, nor said, every few seconds.
            turns = 1 if is_well or self._runtime is not None else AGAIN
            self._is_stopping.wait(turns * self._renew_s)
        self._try(lambda: self._turn(is_ours=False))
        if self._lease is not None:
            self._try(self._lease.let_go)

    @staticmethod
    def _try(work: Callable[[], None]) -> bool:
        try:
            work()
        except AssayError as error:
            log.error("the feeds wait: %s", error)  # noqa: TRY400 - it says all there is
        except Exception:  # last resort of this thread: a database that is away comes back
            log.exception("the feeds could not be looked after; it is tried again")
        else:
            return True
        return False

    def _turn(self, *, is_ours: bool) -> None:
        if self._runtime is not None and not (is_ours and self._runtime.is_running):
            if is_ours:
                log.error("the feeds have ended by themselves; they begin anew")
            runtime, self._runtime = self._runtime, None
            runtime.stop()
        if is_ours and self._runtime is None:
            runtime = self._make()
            runtime.start()
            self._runtime = runtime


class LiveParts:
    """Everything live of one process; a Companion of the API."""

    def __init__(
        self, home: Home, settings: Settings, database: Database, clock: Clock, bus: Bus
    ) -> None:
        """Raises BadInput for feeds that cannot be understood."""
        deliverer = alerts.Deliverer(database, settings, clock)
        watch = alerts.Watch(database, clock, bus, on_due=deliverer.wake)
        self._parts: list[Part] = [deliverer, watch]
        self._feeding: Feeding | None = None
        if settings.feeds:
            from assay import feeds  # noqa: PLC0415 - most servers watch no venue

            wishes = feeds.parse_wishes(settings.feeds, settings.feed_urls)
            lease = Lease(database, clock, LEASE, LEASE_S) if settings.redis_url else None
            self._feeding = Feeding(
                lease,
                lambda: feeds.Runtime(wishes, markets.load_registry(home), bus, clock),
            )
            self._parts.append(self._feeding)

    def start(self) -> None:
        """Begin, the receivers before what they hear."""
        for part in self._parts:
            part.start()

    def stop(self) -> None:
        """End, in the other order."""
        for part in reversed(self._parts):
            part.stop()

    def expose(self) -> "Iterable[Metric]":
        """The figures of the feed; those of alerts come from the database."""
        return [] if self._feeding is None else self._feeding.expose()


def open_live(state: ApiState) -> LiveParts:
    """What is live beside a server."""
    return LiveParts(state.home, state.settings, state.database, state.clock, state.bus)
