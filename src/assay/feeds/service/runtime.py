"""The feed in a thread with a loop of its own: neither serving nor feeding stalls the other."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from assay.feeds.compute.book import compile_kernels
from assay.feeds.ports import Source
from assay.feeds.service.feed import Feed
from assay.feeds.service.figures import collect_figures
from assay.feeds.service.options import Options
from assay.feeds.service.own_time import OwnTime
from assay.feeds.service.prices import Prices
from assay.feeds.service.publishing import Publisher
from assay.feeds.service.quarantine import Sample
from assay.feeds.service.tokens import Tokens
from assay.feeds.service.venue import VenueFeed
from assay.feeds.service.wire import WireSource
from assay.feeds.service.wishes import Wish
from assay.feeds.sources import PROTOCOLS
from assay.feeds.types import VenueHealth
from assay.kit.bus import Bus
from assay.kit.clock import Clock
from assay.kit.upstream import Patience, Upstreams
from assay.kit.upstream.http import Bounds, HttpUpstream
from assay.markets.types import Registry

if TYPE_CHECKING:
    from prometheus_client import Metric

STOP_S: Final = 60.0
"""Seconds that the thread gets to hang up everywhere, or to answer. It takes milliseconds, but for
a first start that still compiles.
"""

log = logging.getLogger("assay.feeds")
T = TypeVar("T")


class Runtime:
    """The feed of one process. It holds no global state: several may run, for tests and replays."""

    def __init__(
        self,
        wishes: Sequence[Wish],
        registry: Registry,
        bus: Bus,
        clock: Clock,
        options: Options | None = None,
    ) -> None:
        self._wishes = tuple(wishes)
        self._tokens = Tokens(registry)
        self._bus = bus
        self._clock = clock
        self._options = options or Options()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._feed: Feed | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Begin to watch, in a thread; returns once it runs, connected or not. Raises what keeps it
        from beginning at all, such as BadInput for a venue that nobody knows.
        """
        if self._thread is not None:
            return
        # Nothing of a run before is to be taken for this one's.
        self._started.clear()
        self._loop = self._stop = self._feed = self._failure = None
        self._thread = threading.Thread(target=self._run, name="assay-feeds", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            self._thread.join()
            self._thread = None
            raise self._failure

    def stop(self) -> None:
        """Hang up everywhere; returns when the thread has ended, or after `STOP_S`."""
        thread, loop, stop = self._thread, self._loop, self._stop
        if thread is None or loop is None or stop is None:
            return
        try:
            loop.call_soon_threadsafe(stop.set)
        except RuntimeError:  # The loop has ended by itself.
            log.debug("the feed had ended before it was stopped")
        thread.join(STOP_S)
        if thread.is_alive():
            log.error("the feed did not end within %.0f s", STOP_S)
        self._thread = None

    @property
    def is_running(self) -> bool:
        """Whether its thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def list_health(self) -> list[VenueHealth]:
        """Every venue as it is now."""
        return self.ask(lambda feed: [venue.describe() for venue in feed.venues])

    def list_quarantine(self) -> list[Sample]:
        """The newest messages that were put aside, shortened, secrets masked."""
        return self.ask(
            lambda feed: [
                sample for venue in feed.venues for sample in venue.quarantine.list_samples()
            ]
        )

    def expose(self) -> "Iterable[Metric]":
        """Its figures, for `/metrics`."""
        # Not asked on the feed's loop: who is scraped must not wait for it.
        feed = self._feed
        return collect_figures(feed) if feed is not None and self.is_running else []

    def ask(self, question: Callable[[Feed], T]) -> T:
        """What `question` finds on the feed's own loop; from any other thread."""
        feed, loop = self._feed, self._loop
        if feed is None or loop is None or not self.is_running:
            raise RuntimeError("the feed does not run")

        answer: Future[T] = Future()

        def work() -> None:
            try:
                answer.set_result(question(feed))
            except Exception as error:  # noqa: BLE001 - it is raised where the question came from
                answer.set_exception(error)

        loop.call_soon_threadsafe(work)
        return answer.result(STOP_S)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_find_loop()) as runner:
                runner.run(self._main())
        except Exception as error:
            if self._started.is_set():
                log.exception("the feed has ended")
            self._failure = error
        finally:
            self._started.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        own_time = OwnTime(self._clock)
        http = HttpUpstream(
            self._clock,
            upstreams=Upstreams(),
            # Who asks for a book or a list has pauses of his own.
            patience=Patience(attempts=1, longest_pause_s=self._options.first_pause_s),
            bounds=Bounds(read_s=10.0, total_s=30.0),
        )
        async with http:
            self._feed = self._build(own_time, http)
            self._started.set()
            await asyncio.to_thread(compile_kernels)
            await self._feed.run(self._stop)

    def _build(self, own_time: OwnTime, http: HttpUpstream) -> Feed:
        venues = [
            VenueFeed(
                wish,
                open_source(wish, own_time, http, self._clock),
                self._tokens,
                own_time,
                self._options,
                np.random.default_rng(),
            )
            for wish in self._wishes
        ]
        prices = Prices(venues, self._tokens, own_time)
        publisher = Publisher(self._bus, own_time, self._options.keyframe_s)
        return Feed(venues, prices, publisher, own_time, self._options)


def open_source(wish: Wish, own_time: OwnTime, http: HttpUpstream, clock: Clock) -> Source:
    """The venue of a wish by our own protocol, or ccxt. Raises BadInput where neither knows it."""
    make = PROTOCOLS.get(wish.protocol)
    if make is not None and not wish.is_ccxt:
        return WireSource(wish.name, make, http, own_time.wall_ms, wish.url)
    from assay.feeds.sources.ccxt.watching import CcxtSource  # noqa: PLC0415 - ccxt takes a second to load

    return CcxtSource(wish.protocol, wish.url, clock, name=wish.name)


def _find_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one; it is not on every system."""
    try:
        import uvloop  # noqa: PLC0415 - see above
    except ImportError:
        return None
    return uvloop.new_event_loop
