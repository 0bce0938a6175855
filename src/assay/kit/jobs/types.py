"""The words of durable jobs: what can be asked for, who asked, how far it is, what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.home import Home

T = TypeVar("T")


class JobState(StrEnum):
    """Where a job is. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """True if nothing more will happen."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class JobForm:
    """A kind of job as it is asked for: its name, its parameters, what its asker must be allowed
    to do (`verb`, a word of the accounts room), and how long one may run.
    """

    name: str
    parameters: type[BaseModel]
    verb: str
    about: str
    timeout_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file of a result: bytes with their media type."""

    media_type: str
    body: bytes


JobFiles = Mapping[str, JobFile]
"""What a job leaves behind, by name; `document` (JSON) is always there."""


class JobContext(Protocol):
    """What a running job is given. It is also a Progress (`step`), for the rooms it calls."""

    home: Home
    database: Database
    clock: Clock
    account_id: str

    def step(self, label: str, done: int, total: int) -> None:
        """Say how far it is. Raises an interruption where the job was cancelled, ran too long, is
        to be handed back, or is another worker's by now.
        """
        ...

    def check_cancelled(self) -> None:
        """The same, without news."""
        ...

    def remember(self, name: str, work: Callable[[], T]) -> T:
        """What `work` answers (JSON), computed once: after a crash the answer is read instead."""
        ...


@dataclass(frozen=True, slots=True)
class JobKind:
    """A form and what carries it out: `run(context, parameters)` gives the files of the result.

    It runs again from its beginning after a crash, so whatever it does must be safe to do twice:
    publish what is owed, or `context.remember` what was done.
    """

    form: JobForm
    run: Callable[[JobContext, Any], JobFiles]


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as stored. `sequence` grows with every change; `error` is a problem document."""

    job_id: str
    account_id: str
    kind: str
    parameters: Mapping[str, Any]
    state: JobState
    label: str
    done: int
    total: int
    sequence: int
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    crashes: int = 0
    is_cancel_wanted: bool = False
    error: Mapping[str, Any] | None = None
    traceparent: str | None = None

    @property
    def percent(self) -> float:
        """Of the work named by `label`, 0 to 100; a finished job has 100."""
        if self.state is JobState.DONE:
            return 100.0
        return round(100.0 * self.done / self.total, 1) if self.total else 0.0


@dataclass(frozen=True, slots=True)
class JobTotals:
    """What an operator watches: jobs by kind and state, how long the oldest queued job of a kind
    has waited, how long those took on average that were done within the last hour, and workers
    that answer.
    """

    counts: Mapping[tuple[str, JobState], int]
    oldest_queued_age_s: Mapping[str, float]
    mean_run_s: Mapping[str, float]
    workers: int

    def count(self, state: JobState) -> int:
        """Jobs of every kind in a state."""
        return sum(count for (_, each), count in self.counts.items() if each is state)


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs to list, newest first; None is every one. `before` is (created_at_us, job_id)."""

    account_id: str | None = None
    states: frozenset[JobState] = field(default_factory=frozenset)
    kind: str | None = None
    before: tuple[int, str] | None = None
    limit: int = 100


class Interruption(Exception):
    """Why a running job stops here; not an error of its own."""


class JobCancelled(Interruption):
    """Its owner asked for it."""


class JobTimedOut(Interruption):
    """It ran longer than its kind may."""


class HandedBack(Interruption):
    """The worker is stopping: another one begins the job again."""


class JobLost(Interruption):
    """Another worker took the job over while this one did not answer."""
