"""Everything the API needs, in one object that `assay serve` and the tests build alike.

`world` is what the answers are made from: one immutable reading of facts and publications. It is
replaced as a whole when the version word changes; handlers take it once and keep it.
"""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import ParamSpec, TypeVar, cast

from assay import alerts, ledger
from assay.api.access import Access
from assay.api.addresses import AddressLimit
from assay.api.cadences import list_schedules
from assay.api.companions import Companion
from assay.api.desk import Desk
from assay.api.draining import Draining
from assay.api.faces import Face
from assay.api.forms import FORMS
from assay.api.gate import BulkGate
from assay.api.ports import Grades, Markets
from assay.api.problems import NotReady
from assay.api.readiness import Readiness
from assay.api.streams import Board, Streams
from assay.api.watching import JobWatch
from assay.identity import Installation
from assay.kit.bus import Bus, MemoryBus
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import Busy
from assay.kit.home import Home
from assay.kit.idempotency import erase_account as erase_requests
from assay.kit.jobs import Jobs, list_for_export
from assay.kit.jobs import erase_account as erase_jobs
from assay.kit.moments import last_closed_day
from assay.kit.schedules import Timekeeper
from assay.kit.settings import Settings
from assay.kit.telemetry import RequestStats, carry
from assay.markets.types import Panel, Registry

P = ParamSpec("P")
R = TypeVar("R")

READ_THREADS = 4
LIMIT_COMPUTING = 32
FRESH_DAYS = 2


@dataclass(frozen=True, slots=True)
class Word:
    """The version word: changes exactly when an answer may change."""

    sequence: int
    facts_version: str | None
    closed_day: date


@dataclass(frozen=True, slots=True)
class Facts:
    """Registry and panel of one version."""

    registry: Registry
    panel: Panel

    @property
    def newest_day(self) -> date:
        """The day the data has reached: its clock."""
        return self.panel.complete_through


@dataclass(frozen=True, slots=True)
class World:
    """One reading of all that is served. `facts` is None before the first load."""

    word: Word
    facts: Facts | None


class ComputeQueue:
    """Runs heavy work one at a time in the one compute thread; equal requests share a run."""

    def __init__(self, limit: int = LIMIT_COMPUTING) -> None:
        self.limit = limit
        self._thread = ThreadPoolExecutor(1, "assay-compute")
        self._running: dict[Hashable, asyncio.Future[object]] = {}

    async def run(self, key: Hashable, work: Callable[[], R]) -> R:
        """The result of `work`, or that of an equal `key` under way. Raises Busy beyond `limit`."""
        future = self._running.get(key)
        if future is None:
            if len(self._running) >= self.limit:
                raise Busy(
                    f"{self.limit} explanations are being computed already.",
                    hint="Try again in a few seconds.",
                )
            loop = asyncio.get_running_loop()
            future = cast("asyncio.Future[object]", loop.run_in_executor(self._thread, work))
            self._running[key] = future
            future.add_done_callback(lambda _: self._running.pop(key, None))
        return cast(R, await asyncio.shield(future))

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        self._thread.shutdown(wait=False, cancel_futures=True)


@dataclass(slots=True)
class ApiState:
    """The assembled dependencies of every route."""

    home: Home
    clock: Clock
    settings: Settings
    database: Database
    grades: Grades
    markets: Markets
    is_ready: Callable[[], bool]
    progress: Callable[[], str]
    history: Callable[[], str]
    world: World
    compute: ComputeQueue = field(default_factory=ComputeQueue)
    _reads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(READ_THREADS, "assay-read")
    )
    _was_ready: bool = False
    faces: tuple[Face, ...] = ()
    companions: list[Companion] = field(default_factory=list)
    access: Access | None = None
    """Keys and limits; None in open local mode."""
    stats: RequestStats = field(default_factory=RequestStats)
    draining: Draining = field(default_factory=Draining)
    desk: Desk = field(default_factory=Desk)
    readiness: Readiness = field(init=False)
    bulk: BulkGate = field(default_factory=BulkGate)
    jobs: Jobs = field(init=False)
    job_watch: JobWatch = field(init=False)
    timekeeper: Timekeeper = field(init=False)
    addresses: AddressLimit = field(init=False)
    bus: Bus = field(default_factory=MemoryBus)
    streams: Streams = field(init=False)
    identity: Installation = field(init=False)

    def __post_init__(self) -> None:
        self.readiness = Readiness(self)
        self.streams = Streams(self)
        self.addresses = AddressLimit(self.settings.open_requests_per_minute)
        self.identity = Installation(
            self.database,
            self.clock,
            f"http://{self.settings.host}:{self.settings.port}",
            reads_loopback=not self.settings.keys,
        )
        self.jobs = Jobs(self.home, self.database, self.clock, FORMS)
        planned = list_schedules(self.settings)
        self.timekeeper = Timekeeper(self.database, self.clock, self.jobs, planned)
        self.job_watch = JobWatch(lambda job_ids: self.read(self.jobs.load_sequences, job_ids))
        self.desk.erasers += [erase_jobs, erase_requests, alerts.erase_account]
        self.desk.collectors |= {"jobs": list_for_export, "alerts": alerts.list_for_export}

    @property
    def board(self) -> Board:
        """The latest prices, candles, books and venues that this process heard of."""
        return self.streams.hub.board

    @property
    def ready(self) -> bool:
        """True once everything is loaded and graded; it stays so."""
        if not self._was_ready:
            self._was_ready = self.world.facts is not None and self.is_ready()
        return self._was_ready

    def is_recorded(self, facts: Facts) -> bool:
        """True if the data ends before the present of the clock."""
        return (self.world.word.closed_day - facts.newest_day).days >= FRESH_DAYS

    async def read(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a blocking read in one of the read threads."""
        loop = asyncio.get_running_loop()
        job = carry(lambda: work(*args, **kwargs))
        return await loop.run_in_executor(self._reads, job)

    def require_facts(self) -> Facts:
        """The facts of the present world. Raises NotReady until all is loaded."""
        facts = self.world.facts
        if facts is None or not self.ready:
            raise NotReady(
                self.progress() or "The first load is under way.",
                hint="Wait for /readyz to answer 200; the first start takes a few minutes.",
            )
        return facts

    async def refresh(self) -> bool:
        """Look at the version word and read the world anew if it changed; True if it did."""
        word = await self.read(load_word, self)
        if word == self.world.word:
            return False
        self.world = await self.read(load_world, self, word)
        self.streams.nudge()
        return True

    def close(self) -> None:
        """Stop the threads and close the database."""
        self.compute.close()
        self.desk.close()
        self.bulk.close()
        self.job_watch.close()
        self.jobs.close()
        self.bus.close()
        self._reads.shutdown(wait=False, cancel_futures=True)
        self.database.close()


def load_word(state: ApiState) -> Word:
    """The version word of what is stored now."""
    with state.database.read() as connection:
        sequence = ledger.load_version(connection)
    closed = last_closed_day(state.clock.now())
    return Word(sequence, state.markets.load_facts_version(state.home), closed)


def load_world(state: ApiState, word: Word) -> World:
    """The world of `word`; facts of an unchanged version are kept."""
    if word.facts_version is None:
        return World(word, None)
    if state.world.facts is not None and state.world.word.facts_version == word.facts_version:
        return World(word, state.world.facts)
    registry = state.markets.load_registry(state.home)
    return World(word, Facts(registry, state.markets.load_panel(state.home)))
