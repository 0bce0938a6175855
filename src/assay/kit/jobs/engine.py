"""The one file that knows DBOS: durable queue, exactly one runner a job, remembered steps.

DBOS keeps its tables in our own database (beside ours in SQLite, in a schema of its own in
PostgreSQL), so a job and its place in the queue are one transaction. It does not watch its
workers: `worker` does, and calls `hand_over` for those that are dead. Its telemetry, its console
and its scheduler stay off; values are JSON, never pickled.
"""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, Serializer
from dbos import error as dbos_error
from sqlalchemy import URL, Connection, make_url, text
from sqlalchemy.exc import DatabaseError

from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.jobs.types import JobLost

T = TypeVar("T")

APPLICATION = "assay"
WORKFLOW = "assay.job"
QUEUE = "jobs"
VERSION = "jobs-1"
"""Stays the same over releases, so that a new one takes over the jobs of an old one. Raise it when
a release cannot begin the jobs of the one before it again.
"""

POLL_S = 0.25
POOL_SIZE = 2
_UNENDED = frozenset({"ENQUEUED", "PENDING", "DELAYED"})
_migrating = threading.Lock()


class JsonSerializer(Serializer):
    """What is stored can be read by anybody and runs nothing when it is read."""

    def serialize(self, data: object) -> str:
        """As JSON; an exception, which nobody reads from there, as its words."""
        return json.dumps(data, default=repr)

    def deserialize(self, serialized_data: str) -> Any:  # noqa: ANN401
        """What was stored."""
        return json.loads(serialized_data)

    def name(self) -> str:
        """The name that is stored beside every value."""
        return "assay_json"


@dataclass(frozen=True, slots=True)
class Place:
    """Where DBOS keeps its tables."""

    url: str
    schema: str


@dataclass(frozen=True, slots=True)
class Found:
    """A job as the queue sees it: done with, or taken by a worker, or (neither) waiting."""

    is_over: bool
    worker_id: str | None


def find_place(home: Home, database: Database) -> Place:
    """The database of this home; on PostgreSQL a schema beside the one that our tables are in."""
    url = home.reveal_database_url()
    if url is None:
        file = URL.create("sqlite", database=str(home.database))
        return Place(file.render_as_string(hide_password=False), "main")
    with database.read() as connection:
        own = connection.execute(text("SELECT current_schema()")).scalar_one()
    schema = "assay_jobs" if own == "public" else f"{own}_jobs"
    plain = make_url(url).set(drivername="postgresql")
    return Place(plain.render_as_string(hide_password=False), schema)


def migrate(place: Place) -> None:
    """Make or upgrade the tables of DBOS. Where nothing is to be done it only reads: whoever asks
    for a job does not wait for a writer because of this.
    """
    _quieten()
    with _migrating:
        client = _connect(place)
        try:
            # Not a public name; the public ones take the writer's lock first.
            client._sys_db.verify_migrations()
        except (dbos_error.DBOSInitializationError, DatabaseError):
            DBOS.migrate(place.url, schema=place.schema)
        finally:
            client.destroy()


def _connect(place: Place) -> DBOSClient:
    return DBOSClient(
        system_database_url=place.url,
        dbos_system_schema=place.schema,
        serializer=JsonSerializer(),
        system_database_pool_size=POOL_SIZE,
        application_name=APPLICATION,
        lazy=True,
        retry_connection_errors=False,
    )


class EngineClient:
    """What a process that runs no jobs needs: a place in the queue, and what became of it."""

    def __init__(self, place: Place) -> None:
        migrate(place)
        self._client = _connect(place)

    def enqueue(self, connection: Connection, job_id: str, priority: int) -> None:
        """Take a place in the queue, in the caller's transaction; doing it twice is doing it once.
        The smaller the priority (1 or more), the sooner.
        """
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": job_id,
            "app_version": VERSION,
            "priority": priority,
        }
        self._client.enqueue_in_transaction(connection, options, job_id)

    def find(self, job_ids: Sequence[str]) -> dict[str, Found]:
        """What the queue knows of these jobs; one that it has never seen is missing."""
        found = self._client.list_workflows(
            workflow_ids=list(job_ids), load_input=False, load_output=False
        )
        return {
            status.workflow_id: Found(
                is_over=status.status not in _UNENDED,
                worker_id=status.executor_id if status.status == "PENDING" else None,
            )
            for status in found
        }

    def forget(self, job_ids: Sequence[str]) -> None:
        """Remove what DBOS keeps of jobs that are no longer listed."""
        if job_ids:
            self._client.delete_workflows(list(job_ids))

    def close(self) -> None:
        """Let go of the connections."""
        self._client.destroy()


class Engine:
    """Runs queued jobs one at a time in this process, by calling `run` with their ids.

    DBOS lives once in a process, so there is one engine in a process.
    """

    def __init__(self, place: Place, worker_id: str, run: Callable[[str], None]) -> None:
        migrate(place)
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": place.url,
            "dbos_system_schema": place.schema,
            "application_version": VERSION,
            "executor_id": worker_id,
            "serializer": JsonSerializer(),
            "sys_db_pool_size": POOL_SIZE,
            "enable_otlp": False,
            "log_level": "WARNING",
            "run_migrations": False,
        }
        self._dbos = DBOS(config=config)

        # It begins again as often as it must: `worker` counts the crashes of each job itself.
        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        def run_workflow(job_id: str) -> None:
            run(job_id)

    def start(self) -> None:
        """Begin to take jobs."""
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=POLL_S)

    def hand_over(self, worker_ids: Sequence[str]) -> None:
        """Put what these workers were running back into the queue; they must be dead."""
        # Not a public name: what the (closed) console calls when it misses a worker.
        DBOS._recover_pending_workflows(list(worker_ids))

    def stop_taking(self) -> None:
        """Begin no other job."""
        for event in self._dbos.background_thread_stop_events:
            event.set()

    def close(self) -> None:
        """Let go of everything; a job that is running does not hear of it."""
        DBOS.destroy(destroy_registry=True)


def remember(name: str, work: Callable[[], T]) -> T:
    """Inside a job: what `work` answers (JSON), computed once over all attempts. Raises JobLost
    where the job is another worker's by now.
    """
    try:
        return DBOS.run_step({"name": name}, work)
    except dbos_error.DBOSWorkflowConflictIDError as error:
        raise JobLost("Another worker has this job.") from error


def _quieten() -> None:
    # DBOS would write to the terminal itself; ours decides what is shown.
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
