"""Asking for jobs and hearing of them: what every process may do, whether or not it runs any."""

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import Busy, NotFound, RateLimited
from assay.kit.home import Home
from assay.kit.jobs import store
from assay.kit.jobs.types import JobFile, JobForm, JobQuery, JobRecord, JobState, JobTotals
from assay.kit.moments import format_utc

if TYPE_CHECKING:
    from assay.kit.jobs.engine import EngineClient

QUEUE_LIMIT = 1000
"""Jobs that may wait or run, of everybody together."""

KEEP_RESULTS = timedelta(days=30)
LIVE_FOR_S = 15.0
_RETRY_AFTER_S = 15


class Jobs:
    """The jobs of a home. Threads may share it."""

    def __init__(
        self,
        home: Home,
        database: Database,
        clock: Clock,
        forms: Sequence[JobForm] = (),
        queue_limit: int = QUEUE_LIMIT,
    ) -> None:
        self._home = home
        self._database = database
        self._clock = clock
        self._forms = {form.name: form for form in forms}
        self._queue_limit = queue_limit
        self._engine: EngineClient | None = None
        self._opening = threading.Lock()

    @property
    def forms(self) -> Mapping[str, JobForm]:
        """What can be asked for, by name."""
        return self._forms

    @property
    def engine(self) -> "EngineClient":
        """Opened on first use: a process that never submits a job does not need it."""
        with self._opening:
            if self._engine is None:
                from assay.kit.jobs.engine import (  # noqa: PLC0415 - loading DBOS takes a second
                    EngineClient,
                    find_place,
                )

                self._engine = EngineClient(find_place(self._home, self._database))
            return self._engine

    def submit(
        self,
        account_id: str,
        kind: str,
        parameters: Mapping[str, Any],
        *,
        most_unfinished: int | None = None,
        traceparent: str | None = None,
        on_accepted: Callable[[JobRecord], None] = lambda _: None,
    ) -> JobRecord:
        """Accept a job; once this returns it is not lost. `parameters` were checked by its form.
        `on_accepted` hears of it before it is committed.

        Raises RateLimited where the account has `most_unfinished` jobs already, Busy where the
        queue of all is full.
        """
        self.open()
        with self._database.write() as connection:
            record = self.accept(
                connection,
                account_id,
                kind,
                parameters,
                most_unfinished=most_unfinished,
                traceparent=traceparent,
            )
            on_accepted(record)
        return record

    def open(self) -> None:
        """Make ready to accept: opening the queue takes a second, and no transaction may wait."""
        _ = self.engine

    def accept(
        self,
        connection: Connection,
        account_id: str,
        kind: str,
        parameters: Mapping[str, Any],
        *,
        most_unfinished: int | None = None,
        traceparent: str | None = None,
    ) -> JobRecord:
        """The same as `submit` in the caller's transaction, after `open`."""
        own = self._check_limits(connection, account_id, most_unfinished)
        record = JobRecord(
            job_id=f"job_{secrets.token_hex(12)}",
            account_id=account_id,
            kind=kind,
            parameters=parameters,
            state=JobState.QUEUED,
            label="",
            done=0,
            total=0,
            sequence=1,
            created_at=self._clock.now(),
            traceparent=traceparent,
        )
        store.insert_job(connection, record)
        # Whoever waits for many things waits behind those who wait for few.
        self.engine.enqueue(connection, record.job_id, priority=1 + own)
        return record

    def is_unfinished(self, connection: Connection, job_id: str) -> bool:
        """True while a job waits or runs; one that is forgotten does neither."""
        record = store.load_job(connection, job_id)
        return record is not None and not record.state.is_final

    def load(self, job_id: str, account_id: str | None = None) -> JobRecord:
        """A job. Raises NotFound, also where it belongs to another account than `account_id`."""
        with self._database.read() as connection:
            record = store.load_job(connection, job_id)
        if record is None or account_id not in (None, record.account_id):
            raise NotFound("There is no such job.", hint="GET /v1/jobs lists yours.")
        return record

    def list(self, query: JobQuery) -> list[JobRecord]:
        """Jobs, newest first."""
        with self._database.read() as connection:
            return store.list_jobs(connection, query)

    def load_file(self, job_id: str, name: str) -> JobFile:
        """A file of a result. Raises NotFound where the job left none of that name."""
        with self._database.read() as connection:
            file = store.load_file(connection, job_id, name)
        if file is None:
            raise NotFound("The job has no such result.", hint="Its `state` says how far it is.")
        return file

    def list_files(self, job_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Names of the files of each result; jobs without one are left out."""
        with self._database.read() as connection:
            return store.list_files(connection, job_ids)

    def cancel(self, job_id: str) -> None:
        """Ask for the end of a job; one that has ended stays as it is."""
        with self._database.write() as connection:
            store.want_cancelled(connection, job_id, self._clock.now())

    def load_sequences(self, job_ids: Sequence[str]) -> Mapping[str, int]:
        """How often each of these jobs has changed."""
        with self._database.read() as connection:
            return store.load_sequences(connection, job_ids)

    def load_totals(self) -> JobTotals:
        """What an operator watches."""
        with self._database.read() as connection:
            return store.load_totals(connection, self._clock.now(), LIVE_FOR_S)

    def close(self) -> None:
        """Let go of the engine's connections."""
        with self._opening:
            if self._engine is not None:
                self._engine.close()
                self._engine = None

    def _check_limits(
        self, connection: Connection, account_id: str, most_unfinished: int | None
    ) -> int:
        own = store.count_unfinished(connection, account_id)
        if most_unfinished is not None and own >= most_unfinished:
            raise RateLimited(
                f"{own} of your jobs are waiting or running already.",
                hint="Wait until one has ended, or cancel one.",
                retry_after_s=_RETRY_AFTER_S,
            )
        if store.count_unfinished(connection) >= self._queue_limit:
            raise Busy("The queue of jobs is full.", hint="Try again in a few minutes.")
        return own


def reconcile(database: Database, clock: Clock, engine: "EngineClient") -> list[str]:
    """Make queue and jobs agree, and say which workers hold jobs but are not among the living.

    What was accepted and is in no queue (a restored backup) is queued; what the queue is done with
    and has no end (a defect) has failed.
    """
    with database.read() as connection:
        unfinished = store.list_unfinished_ids(connection)
    found = engine.find(unfinished) if unfinished else {}
    unknown = [job_id for job_id in unfinished if job_id not in found]
    over = [job_id for job_id, each in found.items() if each.is_over]
    if unknown or over:
        words = "The worker lost this job."
        error = {"code": "internal", "status": 500, "detail": words, "hint": "", "retryable": True}
        with database.write() as connection:
            for job_id in unknown:
                engine.enqueue(connection, job_id, priority=1)
            for job_id in over:
                store.fail_unfinished(connection, job_id, clock.now(), error)
    # Read after the queue: a worker is among the living before it takes its first job.
    with database.read() as connection:
        alive = store.list_beats(connection)
    return sorted({each.worker_id for each in found.values() if each.worker_id} - set(alive))


def delete_old(database: Database, clock: Clock, engine: "EngineClient", keep: timedelta) -> int:
    """Forget finished jobs and their results after `keep`; how many."""
    with database.write() as connection:
        gone = store.delete_jobs(connection, ended_before=clock.now() - keep)
    engine.forget(gone)
    return len(gone)


def erase_account(connection: Connection, account_id: str) -> int:
    """Remove every job of an account with its results, in the caller's transaction; how many.

    A job that is running loses its claim and ends without leaving anything.
    """
    return len(store.delete_jobs(connection, account_id=account_id))


def list_for_export(connection: Connection, account_id: str) -> list[dict[str, Any]]:
    """Every job of an account as plain values, for its owner's export."""
    query = JobQuery(account_id=account_id, limit=1_000_000)
    return [describe_job(record) for record in store.list_jobs(connection, query)]


def describe_job(record: JobRecord) -> dict[str, Any]:
    """A job as plain values."""
    return {
        "job_id": record.job_id,
        "kind": record.kind,
        "parameters": dict(record.parameters),
        "state": record.state.value,
        "label": record.label,
        "done": record.done,
        "total": record.total,
        "percent": record.percent,
        "created_at": format_utc(record.created_at),
        "started_at": format_utc(record.started_at) if record.started_at else None,
        "ended_at": format_utc(record.ended_at) if record.ended_at else None,
        "attempts": record.attempts,
        "error": dict(record.error) if record.error else None,
    }
