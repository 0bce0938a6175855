"""A worker: takes queued jobs one at a time, says that it lives, and looks after those of others.

A worker that is killed stops counting its beats; whichever other worker (or the next start) has
seen no new beat for `DEAD_AFTER_S` by its own clock hands its jobs over. A worker that was only
stopped for a while has lost them: what it writes then changes nothing.
"""

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.jobs import store
from assay.kit.jobs.engine import Engine, EngineClient, find_place, remember
from assay.kit.jobs.queue import KEEP_RESULTS, LIVE_FOR_S, delete_old, reconcile
from assay.kit.jobs.running import RunningJob, carry_out, insist
from assay.kit.jobs.types import JobKind, JobRecord
from assay.kit.telemetry import span

BEAT_S = 3.0
DEAD_AFTER_S = LIVE_FOR_S
CLEAN_EVERY_S = 86_400.0
STUCK_AFTER_S = 120.0
STUCK = 70
"""Exit status of a worker whose job does not end."""

log = logging.getLogger("assay.jobs")


class Watch:
    """Who has stopped beating, by one observer's own clock."""

    def __init__(self, dead_after_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self._dead_after_s = dead_after_s
        self._now = now
        self._seen: dict[str, tuple[int, float]] = {}

    def find_dead(self, beats: dict[str, int]) -> set[str]:
        """Of the workers and their beats as they are now, those that have long not changed."""
        now = self._now()
        for worker_id, count in beats.items():
            if self._seen.get(worker_id, (None, now))[0] != count:
                self._seen[worker_id] = (count, now)
        self._seen = {name: seen for name, seen in self._seen.items() if name in beats}
        return {name for name, (_, at) in self._seen.items() if now - at >= self._dead_after_s}


class Worker:
    """The one worker of this process. `announce` hears the id of every job that has changed."""

    def __init__(
        self,
        home: Home,
        database: Database,
        clock: Clock,
        kinds: Sequence[JobKind],
        *,
        announce: Callable[[str], None] = lambda _: None,
        beat_s: float = BEAT_S,
        dead_after_s: float = DEAD_AFTER_S,
        keep_results: timedelta = KEEP_RESULTS,
        chore: Callable[[], object] = lambda: None,
        stuck_after_s: float = STUCK_AFTER_S,
        give_up: Callable[[int], object] = os._exit,
    ) -> None:
        """`chore` is done at the start and then once a day. `give_up` ends the process where a job
        that should have ended `stuck_after_s` ago has not even said so.
        """
        self.worker_id = f"wrk_{secrets.token_hex(8)}"
        self._home = home
        self._database = database
        self._clock = clock
        self._kinds = {kind.form.name: kind for kind in kinds}
        self._announce = announce
        self._beat_s = beat_s
        self._keep_results = keep_results
        self._chore = chore
        self._stuck_after_s = stuck_after_s
        self._give_up = give_up
        self._running: RunningJob | None = None
        self._watch = Watch(dead_after_s)
        self._is_stopping = threading.Event()
        self._is_idle = threading.Event()
        self._is_idle.set()
        place = find_place(home, database)
        self._client = EngineClient(place)
        self._engine = Engine(place, self.worker_id, self.run)

    def start(self) -> None:
        """Begin to take jobs and to beat."""
        with self._database.write() as connection:
            store.beat(connection, self.worker_id, self._clock.now())
        self._engine.start()
        threading.Thread(target=self._live, name="assay-worker-beat", daemon=True).start()

    def stop(self, grace_s: float) -> bool:
        """Take no other job, let the one that runs reach its next step for at most `grace_s`, and
        hand it back. True if nothing runs any more. The process must end after this.
        """
        self._is_stopping.set()
        self._engine.stop_taking()
        is_idle = self._is_idle.wait(grace_s)
        self._engine.hand_over([self.worker_id])
        with self._database.write() as connection:
            store.delete_worker(connection, self.worker_id)
        return is_idle

    def run(self, job_id: str) -> None:
        """Carry one job out; the engine calls this."""
        self._is_idle.clear()
        is_over = False
        if not self._is_stopping.is_set():
            record = self._claim(job_id)
            is_over = record is None or self._carry_out(record)
        if not is_over:
            # Before this returns: the engine writes no end for a job that is in the queue again.
            self._engine.hand_over([self.worker_id])
        self._is_idle.set()

    def _claim(self, job_id: str) -> JobRecord | None:
        claimed: list[JobRecord | None] = []

        def write() -> None:
            with self._database.write() as connection:
                now = self._clock.now()
                claimed.append(store.claim_job(connection, job_id, self.worker_id, now))

        insist(write)
        return claimed[-1]

    def _carry_out(self, record: JobRecord) -> bool:
        kind = self._kinds.get(record.kind)
        job = RunningJob(
            self._home,
            self._database,
            self._clock,
            record,
            self.worker_id,
            kind.form.timeout_s if kind else 0.0,
            remember,
            self._is_stopping,
            self._announce,
        )
        self._announce(record.job_id)
        self._running = job
        try:
            with span(f"job {record.kind}", parent=record.traceparent):
                return carry_out(kind, job, record)
        finally:
            self._running = None

    def _live(self) -> None:
        cleaned_at = -CLEAN_EVERY_S
        while not self._is_stopping.wait(self._beat_s):
            self._check_stuck()
            try:
                self._beat()
                if time.monotonic() - cleaned_at >= CLEAN_EVERY_S:
                    cleaned_at = time.monotonic()
                    delete_old(self._database, self._clock, self._client, self._keep_results)
                    self._chore()
            except Exception:  # last resort of this thread: a database that is away comes back
                log.exception("the worker could not say that it lives; it tries again")

    def _check_stuck(self) -> None:
        job = self._running
        if job is not None and job.overdue_s > self._stuck_after_s:
            log.critical("a job does not end; the worker ends, and the next one fails the job")
            self._give_up(STUCK)

    def _beat(self) -> None:
        with self._database.write() as connection:
            store.beat(connection, self.worker_id, self._clock.now())
            dead = self._watch.find_dead(store.list_beats(connection)) - {self.worker_id}
            for worker_id in dead:
                store.delete_worker(connection, worker_id)
        orphaned = reconcile(self._database, self._clock, self._client)
        if orphaned:
            log.warning("workers %s are gone; their jobs are begun again", ", ".join(orphaned))
            self._engine.hand_over(orphaned)
