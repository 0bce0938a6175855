"""The only code that touches the tables of jobs. What a worker writes is fenced by its claim: a
worker that lost a job changes nothing any more.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    and_,
    case,
    delete,
    func,
    select,
    update,
)

from assay.kit.database import metadata, page_newest
from assay.kit.jobs.types import JobFile, JobFiles, JobQuery, JobRecord, JobState, JobTotals
from assay.kit.moments import from_microseconds, to_microseconds

FINAL = tuple(state.value for state in JobState if state.is_final)
UNFINISHED = tuple(state.value for state in JobState if not state.is_final)
_LONGEST_LABEL = 200
_RECENTLY_US = 3_600_000_000

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(40), primary_key=True),
    Column("account_id", String(20), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("parameters", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("label", String(_LONGEST_LABEL), nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("started_at_us", BigInteger),
    Column("ended_at_us", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("worker_id", String(40)),
    Column("is_cancel_wanted", Boolean, nullable=False),
    Column("error", Text),
    Column("traceparent", String(64)),
    Index("jobs_by_account", "account_id", "created_at_us"),
    Index("jobs_by_state", "state", "created_at_us"),
)
"""Times in microseconds since 1970. `attempts` counts claims; with `worker_id` it is the fence.
`crashes` counts the claims that followed a worker's death.
"""

job_files = Table(
    "job_files",
    metadata,
    Column("job_id", ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("media_type", String(128), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

job_workers = Table(
    "job_workers",
    metadata,
    Column("worker_id", String(40), primary_key=True),
    Column("beats", BigInteger, nullable=False),
    Column("seen_at_us", BigInteger, nullable=False),
)
"""`beats` grows while the worker lives. Others compare it with what it was by their own clock, so
hosts need not agree on the time; `seen_at_us` is for people.
"""


def insert_job(connection: Connection, record: JobRecord) -> None:
    """Write a job that has just been accepted."""
    connection.execute(
        jobs.insert().values(
            job_id=record.job_id,
            account_id=record.account_id,
            kind=record.kind,
            parameters=json.dumps(record.parameters),
            state=record.state.value,
            label="",
            done=0,
            total=0,
            sequence=record.sequence,
            created_at_us=to_microseconds(record.created_at),
            attempts=0,
            crashes=0,
            is_cancel_wanted=False,
            traceparent=record.traceparent,
        )
    )


def load_job(connection: Connection, job_id: str) -> JobRecord | None:
    """A job by its id."""
    row = connection.execute(select(jobs).where(jobs.c.job_id == job_id)).one_or_none()
    return None if row is None else _read(row)


def list_jobs(connection: Connection, query: JobQuery) -> list[JobRecord]:
    """Jobs, newest first."""
    wanted = select(jobs)
    if query.account_id is not None:
        wanted = wanted.where(jobs.c.account_id == query.account_id)
    if query.states:
        wanted = wanted.where(jobs.c.state.in_([state.value for state in query.states]))
    if query.kind is not None:
        wanted = wanted.where(jobs.c.kind == query.kind)
    page = page_newest(wanted, jobs.c.created_at_us, jobs.c.job_id, query.before, query.limit)
    return [_read(row) for row in connection.execute(page)]


def count_unfinished(connection: Connection, account_id: str | None = None) -> int:
    """Jobs queued or running: of one account, or of all."""
    wanted = select(func.count()).where(jobs.c.state.in_(UNFINISHED))
    if account_id is not None:
        wanted = wanted.where(jobs.c.account_id == account_id)
    return int(connection.execute(wanted).scalar_one())


def load_sequences(connection: Connection, job_ids: Sequence[str]) -> dict[str, int]:
    """The sequence of each of those jobs that is there: a change shows as a larger number."""
    wanted = select(jobs.c.job_id, jobs.c.sequence).where(jobs.c.job_id.in_(job_ids))
    return {row.job_id: row.sequence for row in connection.execute(wanted)}


def load_totals(connection: Connection, now: datetime, live_for_s: float) -> JobTotals:
    """What an operator watches."""
    counted = select(jobs.c.kind, jobs.c.state, func.count(), func.min(jobs.c.created_at_us))
    rows = connection.execute(counted.group_by(jobs.c.kind, jobs.c.state)).all()
    since = to_microseconds(now) - int(live_for_s * 1_000_000)
    alive = select(func.count()).where(job_workers.c.seen_at_us > since)
    took = func.avg(jobs.c.ended_at_us - jobs.c.started_at_us)
    recent = select(jobs.c.kind, took).where(
        jobs.c.state == JobState.DONE.value,
        jobs.c.ended_at_us > to_microseconds(now) - _RECENTLY_US,
    )
    means = connection.execute(recent.group_by(jobs.c.kind)).all()
    return JobTotals(
        counts={(kind, JobState(state)): count for kind, state, count, _ in rows},
        oldest_queued_age_s={
            kind: max(0.0, (to_microseconds(now) - oldest) / 1_000_000)
            for kind, state, _, oldest in rows
            if state == JobState.QUEUED.value
        },
        mean_run_s={kind: float(mean) / 1_000_000 for kind, mean in means if mean is not None},
        workers=int(connection.execute(alive).scalar_one()),
    )


def want_cancelled(connection: Connection, job_id: str, now: datetime) -> None:
    """A queued job is cancelled at once, a running one when its worker looks next."""
    table = jobs
    queued = and_(table.c.job_id == job_id, table.c.state == JobState.QUEUED.value)
    next_one = table.c.sequence + 1
    connection.execute(
        update(table)
        .where(queued)
        .values(state=JobState.CANCELLED.value, ended_at_us=to_microseconds(now), sequence=next_one)
    )
    running = and_(table.c.job_id == job_id, table.c.state == JobState.RUNNING.value)
    connection.execute(
        update(table).where(running).values(is_cancel_wanted=True, sequence=next_one)
    )


def claim_job(
    connection: Connection, job_id: str, worker_id: str, now: datetime
) -> JobRecord | None:
    """Begin, or begin again, as the one worker that may write; None if nothing is left to do.

    A job that is still running when it is claimed has lost its worker: that is a crash.
    """
    crashed = case((jobs.c.state == JobState.RUNNING.value, 1), else_=0)
    done = connection.execute(
        update(jobs)
        .where(jobs.c.job_id == job_id, jobs.c.state.in_(UNFINISHED))
        .values(
            state=JobState.RUNNING.value,
            worker_id=worker_id,
            attempts=jobs.c.attempts + 1,
            crashes=jobs.c.crashes + crashed,
            started_at_us=func.coalesce(jobs.c.started_at_us, to_microseconds(now)),
            sequence=jobs.c.sequence + 1,
        )
    )
    return load_job(connection, job_id) if done.rowcount else None


def update_claimed(
    connection: Connection, job_id: str, holder: tuple[str, int], **values: object
) -> bool:
    """Change a job that the holder (worker, attempt) still has; False if it does not."""
    worker_id, attempt = holder
    done = connection.execute(
        update(jobs)
        .where(
            jobs.c.job_id == job_id,
            jobs.c.worker_id == worker_id,
            jobs.c.attempts == attempt,
            jobs.c.state == JobState.RUNNING.value,
        )
        .values(sequence=jobs.c.sequence + 1, **values)
    )
    return bool(done.rowcount)


def fail_unfinished(
    connection: Connection, job_id: str, now: datetime, error: Mapping[str, Any]
) -> None:
    """End a job that nobody runs any more; nothing happens to one that has ended."""
    connection.execute(
        update(jobs)
        .where(jobs.c.job_id == job_id, jobs.c.state.in_(UNFINISHED))
        .values(
            state=JobState.FAILED.value,
            error=json.dumps(error),
            ended_at_us=to_microseconds(now),
            sequence=jobs.c.sequence + 1,
            worker_id=None,
        )
    )


def shorten_label(label: str) -> str:
    """A label as long as its column."""
    return label[:_LONGEST_LABEL]


def save_files(connection: Connection, job_id: str, files: JobFiles) -> None:
    """Write a result in place of one that an earlier attempt left."""
    connection.execute(delete(job_files).where(job_files.c.job_id == job_id))
    for name, file in files.items():
        values = {"name": name, "media_type": file.media_type, "body": file.body}
        connection.execute(job_files.insert().values(job_id=job_id, **values))


def load_file(connection: Connection, job_id: str, name: str) -> JobFile | None:
    """One file of a result."""
    wanted = select(job_files).where(job_files.c.job_id == job_id, job_files.c.name == name)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else JobFile(row.media_type, bytes(row.body))


def list_files(connection: Connection, job_ids: Sequence[str]) -> dict[str, list[str]]:
    """Names of the files of each result, in order; jobs without one are left out."""
    wanted = select(job_files.c.job_id, job_files.c.name).where(job_files.c.job_id.in_(job_ids))
    found: dict[str, list[str]] = {}
    for row in connection.execute(wanted.order_by(job_files.c.name)):
        found.setdefault(row.job_id, []).append(row.name)
    return found


def delete_jobs(
    connection: Connection, *, account_id: str | None = None, ended_before: datetime | None = None
) -> list[str]:
    """Remove finished jobs that ended before a moment, or every job of an account; their ids."""
    wanted = select(jobs.c.job_id)
    if account_id is not None:
        wanted = wanted.where(jobs.c.account_id == account_id)
    if ended_before is not None:
        wanted = wanted.where(
            jobs.c.state.in_(FINAL), jobs.c.ended_at_us < to_microseconds(ended_before)
        )
    ids = list(connection.execute(wanted).scalars())
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        connection.execute(delete(job_files).where(job_files.c.job_id.in_(some)))
        connection.execute(delete(jobs).where(jobs.c.job_id.in_(some)))
    return ids


def beat(connection: Connection, worker_id: str, now: datetime) -> None:
    """Say that a worker lives."""
    table = job_workers
    done = connection.execute(
        update(table)
        .where(table.c.worker_id == worker_id)
        .values(beats=table.c.beats + 1, seen_at_us=to_microseconds(now))
    )
    if not done.rowcount:
        row = {"worker_id": worker_id, "beats": 1, "seen_at_us": to_microseconds(now)}
        connection.execute(table.insert().values(**row))


def list_beats(connection: Connection) -> dict[str, int]:
    """Every worker that is known, with its beats."""
    wanted = select(job_workers.c.worker_id, job_workers.c.beats)
    return {row.worker_id: row.beats for row in connection.execute(wanted)}


def delete_worker(connection: Connection, worker_id: str) -> None:
    """Forget a worker that has stopped."""
    connection.execute(delete(job_workers).where(job_workers.c.worker_id == worker_id))


def list_unfinished_ids(connection: Connection) -> list[str]:
    """Jobs queued or running, oldest first."""
    wanted = select(jobs.c.job_id).where(jobs.c.state.in_(UNFINISHED))
    return list(connection.execute(wanted.order_by(jobs.c.created_at_us)).scalars())


def _read(row: Row[Any]) -> JobRecord:
    error: Mapping[str, Any] | None = json.loads(row.error) if row.error else None
    return JobRecord(
        job_id=row.job_id,
        account_id=row.account_id,
        kind=row.kind,
        parameters=json.loads(row.parameters),
        state=JobState(row.state),
        label=row.label,
        done=row.done,
        total=row.total,
        sequence=row.sequence,
        created_at=from_microseconds(row.created_at_us),
        started_at=_moment(row.started_at_us),
        ended_at=_moment(row.ended_at_us),
        attempts=row.attempts,
        crashes=row.crashes,
        is_cancel_wanted=bool(row.is_cancel_wanted),
        error=error,
        traceparent=row.traceparent,
    )


def _moment(us: int | None) -> datetime | None:
    return None if us is None else from_microseconds(us)
