"""One job from claim to end, whichever engine calls it.

Every write is fenced by the claim. A process that is killed leaves the job running in the name of
a worker that does not answer; the next claim begins it again from what it remembered.
"""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError

from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import AssayError, Busy, NotFound, Unreachable
from assay.kit.home import Home
from assay.kit.jobs import store
from assay.kit.jobs.types import (
    HandedBack,
    JobCancelled,
    JobFiles,
    JobKind,
    JobLost,
    JobRecord,
    JobState,
    JobTimedOut,
)
from assay.kit.moments import to_microseconds

T = TypeVar("T")

NEWS_EVERY_S = 0.5
NEWS_WAIT_S = 1.0
MOST_CRASHES = 3
PAUSES_S = (1.0, 2.0, 4.0, 8.0, 15.0, *(30.0,) * 10)
log = logging.getLogger("assay.jobs")


class Remember(Protocol):
    """The engine's way to compute something once over all attempts."""

    def __call__(self, name: str, work: Callable[[], T]) -> T:
        """What `work` answers, or answered."""
        ...


class RunningJob:
    """The JobContext of one attempt. News is written at most twice a second; each write also asks
    whether to go on.
    """

    def __init__(
        self,
        home: Home,
        database: Database,
        clock: Clock,
        record: JobRecord,
        worker_id: str,
        timeout_s: float,
        remember: Remember,
        is_stopping: threading.Event,
        announce: Callable[[str], None],
    ) -> None:
        self.home = home
        self.database = database
        self.clock = clock
        self.account_id = record.account_id
        self._record = record
        self._worker_id = worker_id
        self._remember = remember
        self._is_stopping = is_stopping
        self._announce = announce
        started = record.started_at or clock.now()
        self._ends_at = started + timedelta(seconds=timeout_s)
        self._timeout_s = timeout_s
        self._written_at = -1.0
        self._label = ""

    @property
    def overdue_s(self) -> float:
        """Seconds since it should have ended; negative before."""
        return (self.clock.now() - self._ends_at).total_seconds()

    def step(self, label: str, done: int, total: int) -> None:
        """Say how far it is; raises an Interruption where it must not go on."""
        now = time.monotonic()
        every_s = NEWS_EVERY_S if label == self._label and done < total else NEWS_EVERY_S / 5
        if now - self._written_at < every_s:
            return
        self._label = label
        self._tell(label=store.shorten_label(label), done=done, total=total)

    def check_cancelled(self) -> None:
        """Raises an Interruption where the job must not go on; looks at most twice a second."""
        if time.monotonic() - self._written_at >= NEWS_EVERY_S:
            self._tell()

    def remember(self, name: str, work: Callable[[], T]) -> T:
        """What `work` answers (JSON), computed once: after a crash the answer is read instead."""
        self.check_cancelled()
        return self._remember(name, work)

    def finish(self, state: JobState, files: JobFiles, error: Mapping[str, Any] | None) -> None:
        """Write result and end in one transaction. Raises JobLost, and then nothing is written."""
        ended: dict[str, object] = {
            "state": state.value,
            "ended_at_us": to_microseconds(self.clock.now()),
        }
        if state is JobState.DONE:
            # The last news of fast work is often dropped.
            ended["done"] = store.jobs.c.total

        def write() -> None:
            with self.database.write() as connection:
                self._update(
                    connection, **ended, worker_id=None, error=json.dumps(error) if error else None
                )
                store.save_files(connection, self._record.job_id, files)

        insist(write)
        self._announce(self._record.job_id)

    def hand_back(self, *, is_broken: bool = False) -> None:
        """Let the next worker begin it again; one that broke off is not begun for ever."""
        crashes = self._record.crashes + int(is_broken)

        def write() -> None:
            with self.database.write() as connection:
                self._update(
                    connection, state=JobState.QUEUED.value, worker_id=None, crashes=crashes
                )

        insist(write)
        self._announce(self._record.job_id)

    def _tell(self, **news: object) -> None:
        record: JobRecord | None = None
        # News that finds the database busy is not worth the wait: the next will do.
        with contextlib.suppress(Busy), self.database.write(wait_s=NEWS_WAIT_S) as connection:
            self._update(connection, **news)
            record = store.load_job(connection, self._record.job_id)
        self._written_at = time.monotonic()
        self._announce(self._record.job_id)
        if record is not None and record.is_cancel_wanted:
            raise JobCancelled("Its owner cancelled it.")
        if self.clock.now() >= self._ends_at:
            raise JobTimedOut(f"It ran longer than {self._timeout_s:.0f} s.")
        if self._is_stopping.is_set():
            raise HandedBack("The worker is stopping.")

    def _update(self, connection: Any, **values: object) -> None:  # noqa: ANN401
        holder = (self._worker_id, self._record.attempts)
        if not store.update_claimed(connection, self._record.job_id, holder, **values):
            raise JobLost("Another worker has this job.")


def carry_out(kind: JobKind | None, job: RunningJob, record: JobRecord) -> bool:
    """Run a claimed job to its end and write the end down; False if it was handed back. Nothing is
    written where it was lost.
    """
    try:
        try:
            _check_crashes(record)
            if kind is None:
                raise NotFound(f"This release has no jobs of the kind {record.kind}.")
            parameters = kind.form.parameters.model_validate(record.parameters)
            files = kind.run(job, parameters)
            job.finish(JobState.DONE, files, None)
        except JobCancelled:
            job.finish(JobState.CANCELLED, {}, None)
        except JobTimedOut as late:
            job.finish(JobState.FAILED, {}, _describe("timed-out", 503, str(late)))
        except HandedBack:
            job.hand_back()
            return False
        except (Busy, Unreachable):
            log.warning("job %s broke off: the database was away; it is begun again", record.job_id)
            job.hand_back(is_broken=True)
            return False
        except AssayError as error:
            job.finish(JobState.FAILED, {}, describe_error(error))
        except ValidationError as error:
            log.exception("the parameters of job %s no longer fit its kind", record.job_id)
            count = error.error_count()
            words = f"{count} of its parameters no longer fit this release."
            job.finish(JobState.FAILED, {}, _describe("bad-input", 422, words))
    except JobLost:
        log.warning("job %s is another worker's now; what was computed is dropped", record.job_id)
    except Exception:  # last resort of the worker: a defect ends one job, not the worker
        log.exception("job %s failed", record.job_id)
        _fail(job)
    return True


def insist(write: Callable[[], None], pauses_s: Sequence[float] = PAUSES_S) -> None:
    """Write, again and again while the database is away; raises what the last try raises."""
    for pause_s in pauses_s:
        try:
            write()
        except (Busy, Unreachable):
            time.sleep(pause_s)
        else:
            return
    write()


def describe_error(error: AssayError) -> dict[str, Any]:
    """An error of the family as the members of a problem document."""
    document = _describe(error.code, error.status, error.message)
    return {**document, "hint": error.hint, "retryable": error.retryable}


def _check_crashes(record: JobRecord) -> None:
    if record.crashes >= MOST_CRASHES:
        raise AssayError(
            f"The job broke off {record.crashes} times.",
            hint="It ended its worker (is there enough memory?), or the database was away;"
            " the worker's log has the rest.",
        )


def _describe(code: str, status: int, detail: str) -> dict[str, Any]:
    return {"code": code, "status": status, "detail": detail, "hint": "", "retryable": False}


def _fail(job: RunningJob) -> None:
    words = "Something went wrong inside the worker."
    document = {**_describe("internal", 500, words), "hint": "The worker's log has the cause."}
    try:
        job.finish(JobState.FAILED, {}, document)
    except (JobLost, AssayError):
        log.exception("the failure of a job could not be written down")


def remember_nothing(name: str, work: Callable[[], T]) -> T:
    """A `Remember` for jobs run outside the engine: computes every time."""
    return work()
