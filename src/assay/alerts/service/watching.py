"""The watcher: hears what is live, reads what was published, and lets the engine judge it.

One process watches at a time (the lease `alerts`). Its thread has an event loop of its own, so that
serving and feeding do not wait for it; whatever waits for the database runs beside the loop. While
the database is away the engine goes on, and what fired is written when it is back.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from msgspec import MsgspecError

from assay.alerts.compute.readings import read_update
from assay.alerts.rules import Rule
from assay.alerts.service import catching_up, recording
from assay.alerts.service.desk import Desk, load_roster
from assay.alerts.service.judging import judge_events
from assay.alerts.store import rules as store
from assay.alerts.types import Reading
from assay.feeds.types import pack_update, unpack_update
from assay.kit.bus import ALERTS, CHANGES, LIVE, Bus, Subscription
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import AssayError
from assay.kit.leases import Lease, LeaseLost

R = TypeVar("R")

LEASE = "alerts"
LEASE_FOR_S = 15.0
RENEW_S = 4.0
POLL_S = 0.5
FLUSH_S = 1.0
WINDOWS_S = 30.0
RELOAD_S = 30.0
SEAL_S = 60.0
JUDGE_S = 600.0
SILENT_AFTER_S = 30.0
"""A venue of which so long nothing was heard is `silent`: every 5 s something should be."""
LONGEST_PAUSE_S = 5.0

_READ = (b"prices\0", b"candles\0", b"venues\0")
log = logging.getLogger("assay.alerts")


@dataclass(slots=True)
class WatchFigures:
    """What a watcher has done since it began."""

    is_watching: bool = False
    rules: int = 0
    heard: int = 0
    malformed: int = 0
    dropped: int = 0
    """Updates that the bus lost because they came faster than they were judged."""
    fired: int = 0
    refused: int = 0
    failures: int = 0


class Watch:
    """Watches every account's rules from its own thread. `on_due` is called from it whenever
    messages have become due.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bus: Bus,
        *,
        on_due: Callable[[], object] = lambda: None,
        poll_s: float = POLL_S,
        silent_after_s: float = SILENT_AFTER_S,
        lease_for_s: float = LEASE_FOR_S,
    ) -> None:
        self.figures = WatchFigures()
        self._database = database
        self._clock = clock
        self._bus = bus
        self._on_due = on_due
        self._poll_s = poll_s
        self._silent_after_s = silent_after_s
        self._lease = Lease(database, clock, LEASE, lease_for_s)
        self._thread = threading.Thread(target=self._live, name="assay-alerts", daemon=True)
        self._is_stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._due = asyncio.Event()
        self._is_ending = False
        self._committing = asyncio.Lock()
        self._desk = Desk()
        self._heard: dict[str, float] = {}
        self._mark = -1

    def start(self) -> None:
        """Begin to watch, as soon as no other process does."""
        self._thread.start()

    def stop(self) -> None:
        """Write what was found, and let another process watch."""
        self._is_stopping.set()
        self.nudge()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_settled(self) -> bool:
        """True if all that was found in what was heard is written."""
        return self.figures.is_watching and self._desk.is_clean and not self._committing.locked()

    def nudge(self) -> None:
        """Look at once whether something changed; any thread may."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake.set)

    def _live(self) -> None:
        try:
            asyncio.run(self._run())
        except Exception:
            log.exception("the watcher of alerts ended")

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Two, so that what fires does not wait for a look at what is new.
        with ThreadPoolExecutor(2, "assay-alerts-db") as beside:
            while not self._is_stopping.is_set():
                try:
                    if await self._call(beside, self._lease.hold):
                        await self._watch(beside)
                except LeaseLost:
                    log.warning("another process watches alerts now; this one waits")
                except AssayError as error:
                    self._fail(error)
                except Exception:  # last resort: a fault in one reading must not end the watch
                    log.exception("watching alerts failed; it begins anew")
                    self.figures.failures += 1
                self.figures.is_watching = False
                await self._sleep(self._poll_s)

    async def _watch(self, beside: ThreadPoolExecutor) -> None:
        """Watch until told to stop; raises LeaseLost, and whatever fails at the beginning."""
        self._desk, self._mark, self._is_ending = Desk(), -1, False
        self._heard = {}
        async with self._bus.subscribe(LIVE, CHANGES) as subscription:
            await self._begin(beside)
            self.figures.is_watching = True
            writing = asyncio.create_task(self._write(beside))
            works = (self._hear(subscription), self._follow(beside), self._chores())
            others = [asyncio.create_task(work) for work in works]
            is_ours = True
            try:
                await _wait_for_first([writing, *others])
            except LeaseLost:
                is_ours = False
                raise
            finally:
                for task in others:
                    task.cancel()
                # A transaction under way is not given up: nobody would know whether it was made.
                self._is_ending = True
                self._due.set()
                await asyncio.gather(writing, *others, return_exceptions=True)
                if is_ours:
                    await self._commit(beside, has_windows=True)
                    await self._call(beside, self._lease.let_go)

    async def _begin(self, beside: ThreadPoolExecutor) -> None:
        """Stand as it was written when somebody last watched."""

        def load() -> tuple[int | None, bytes | None]:
            with self._database.read() as connection:
                content = store.load_content(connection, store.WINDOWS_MARK)
                return store.find_mark(connection, store.READ_MARK), content

        roster = await self._call(beside, load_roster, self._database, self._clock, {})
        read, windows = await self._call(beside, load)
        if read is None:
            # Nobody ever watched: what was said before there was a watcher fires nothing. From now
            # on all counts, so it is written before anything else.
            newest = await self._call(beside, catching_up.load_version, self._database)
            await self._call(beside, self._save_beginning, newest)
            read = newest
        new = self._desk.adopt(roster)
        self._desk.begin(read, windows)
        self._mark = roster.mark
        await self._catch_up(beside)
        await self._prime(beside, new)

    def _save_beginning(self, newest: int) -> None:
        with self._database.write() as connection:
            self._lease.check(connection)
            store.save_mark(connection, store.READ_MARK, newest)

    async def _hear(self, subscription: Subscription) -> None:
        async for channel, message in subscription:
            self.figures.dropped = subscription.dropped
            if channel == CHANGES:
                self._wake.set()
            elif message.startswith(_READ) and self._take(message):
                self._due.set()

    def _take(self, message: bytes) -> bool:
        try:
            channel, key, payload = unpack_update(message)
            readings = read_update(channel, key, payload, self._clock.now())
        except (ValueError, OverflowError, MsgspecError):
            self.figures.malformed += 1
            return False
        self.figures.heard += 1
        if channel == "venues":
            self._heard[key] = time.monotonic()
        return self._desk.take(readings)

    async def _follow(self, beside: ThreadPoolExecutor) -> None:
        """Keep the lease, and look for new publications, changed rules and silent venues."""
        renewed = reloaded = started = time.monotonic()
        while not self._is_stopping.is_set():
            await self._sleep(self._poll_s)
            now = time.monotonic()
            try:
                if now - renewed >= RENEW_S:
                    await self._renew(beside)
                    renewed = now
                await self._catch_up(beside)
                if now - reloaded >= RELOAD_S or await self._has_changed(beside):
                    await self._reload(beside)
                    reloaded = now
            except LeaseLost:
                raise
            except AssayError as error:
                self._fail(error)
            self._find_silent(started)

    async def _renew(self, beside: ThreadPoolExecutor) -> None:
        if not await self._call(beside, self._lease.hold):
            raise LeaseLost("Another process watches alerts.")

    async def _write(self, beside: ThreadPoolExecutor) -> None:
        """Write what fires at once, and how rules stand every second."""
        pause_s, kept = 0.0, time.monotonic()
        while not self._is_ending:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), FLUSH_S)
            self._due.clear()
            is_time = time.monotonic() - kept >= WINDOWS_S
            try:
                await self._commit(beside, has_windows=is_time and self._desk.engine.kept > 0)
                pause_s = 0.0
                kept = time.monotonic() if is_time else kept
            except LeaseLost:
                raise
            except AssayError as error:
                self._fail(error)
                pause_s = min(2 * pause_s + 0.1, LONGEST_PAUSE_S)
                await asyncio.sleep(pause_s)

    async def _chores(self) -> None:
        """Summaries that are due, sealing, judging: slow, so in a thread of their own."""
        with ThreadPoolExecutor(1, "assay-alerts-chores") as apart:
            sealed = judged = time.monotonic()
            while True:
                now = time.monotonic()
                try:
                    if await self._call(apart, recording.send_digests, self._database, self._clock):
                        self._on_due()
                    if now - sealed >= SEAL_S:
                        sealed = now
                        await self._call(apart, recording.seal_events, self._database, self._clock)
                    if now - judged >= JUDGE_S:
                        judged = now
                        await self._call(apart, judge_events, self._database, self._clock)
                except AssayError as error:
                    self._fail(error)
                await asyncio.sleep(1.0)

    async def _commit(self, beside: ThreadPoolExecutor, *, has_windows: bool) -> None:
        """Write what was found; one batch after the other, as numbers of firings follow."""
        async with self._committing:
            batch = self._desk.cut(has_windows=has_windows)
            if batch is None:
                return
            try:
                recorded = await self._call(
                    beside, recording.record, self._database, self._clock, self._lease, batch
                )
            except BaseException:
                self._desk.put_back(batch)
                raise
            self._desk.settle(batch, recorded)
        self._tell(recorded)

    def _tell(self, recorded: recording.Recorded) -> None:
        self.figures.fired += len(recorded.events)
        self.figures.refused += len(recorded.refused)
        if recorded.refused:
            self._mark = -1
        if recorded.events:
            self._on_due()
        for event in recorded.events:
            payload = recording.show_announcement(event)
            self._bus.publish(ALERTS, pack_update("alerts", event.account_id, payload))

    async def _catch_up(self, beside: ThreadPoolExecutor) -> None:
        """Judge the publications that came since, in their order."""
        newest = await self._call(beside, catching_up.load_version, self._database)
        while self._desk.read < newest:
            keys = frozenset(self._desk.engine.keys)
            page = await self._call(
                beside, catching_up.load_page, self._database, self._desk.read, keys
            )
            if self._desk.take(page.readings):
                self._due.set()
            self._desk.read = max(page.through, self._desk.read + 1)

    async def _has_changed(self, beside: ThreadPoolExecutor) -> bool:
        def load() -> int:
            with self._database.read() as connection:
                return store.load_mark(connection, store.RULES_MARK)

        return self._mark != await self._call(beside, load)

    async def _reload(self, beside: ThreadPoolExecutor) -> None:
        """Watch the rules as they are now."""
        # What was found under the old revisions is written before they go.
        await self._commit(beside, has_windows=False)
        have = self._desk.revisions
        roster = await self._call(beside, load_roster, self._database, self._clock, have)
        new = self._desk.adopt(roster)
        self._mark = roster.mark
        await self._prime(beside, new)

    async def _prime(self, beside: ThreadPoolExecutor, new: list[Rule]) -> None:
        """Tell new rules what stands, so that they know a change when they see it."""
        self.figures.rules = len(self._desk.engine)
        if new:
            keys = frozenset(self._desk.engine.keys)
            standing = await self._call(
                beside, catching_up.load_standing, self._database, self._desk.read, keys
            )
            for rule in new:
                self._desk.prime(rule, standing)
            self._due.set()

    def _find_silent(self, started: float) -> None:
        """Say of venues that somebody watches and nobody speaks of that they are silent."""
        now = time.monotonic()
        readings = []
        for metric, venue in tuple(self._desk.engine.keys):
            if metric == "venue":
                silent_s = now - self._heard.get(venue, started)
                if silent_s > self._silent_after_s:
                    why = f"nothing heard for {self._silent_after_s:g} s"
                    at = self._clock.now()
                    readings.append(Reading("venue", venue, "silent", at, source=why))
        if self._desk.take(readings):
            self._due.set()

    async def _sleep(self, seconds: float) -> None:
        """Until something may have changed, at most so long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)
        self._wake.clear()

    async def _call(self, beside: ThreadPoolExecutor, work: Callable[..., R], *args: object) -> R:
        """The result of `work`, which may wait for the database."""
        return await asyncio.get_running_loop().run_in_executor(beside, work, *args)

    def _fail(self, error: AssayError) -> None:
        self.figures.failures += 1
        log.warning("alerts could not reach what they need; they try again: %s", error.message)


async def _wait_for_first(tasks: list[asyncio.Task[None]]) -> None:
    """Until one of them ends; raises what it raised."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
