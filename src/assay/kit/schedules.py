"""Schedules: jobs that become due by themselves.

Of any number of workers one queues a job that is due: the turn and the job are one transaction.
Turns that were missed while nobody ran are caught up by one job, as every scheduled kind does all
that is owed; a schedule whose last job has not ended waits for it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Row, String, Table, select

from assay.kit.clock import Clock
from assay.kit.database import Database, metadata
from assay.kit.errors import Busy, NotFound
from assay.kit.jobs import JobRecord, Jobs
from assay.kit.moments import format_utc, from_microseconds, to_microseconds

ACCOUNT = "schedule"
"""Whose scheduled jobs are; the owner of the installation sees them."""

log = logging.getLogger("assay.jobs")

schedules = Table(
    "schedules",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("due_at_us", BigInteger, nullable=False),
    Column("last_due_at_us", BigInteger),
    Column("last_job_id", String(40)),
)


@dataclass(frozen=True, slots=True)
class Cadence:
    """Every `every`, counted from 1970-01-01 00:00 UTC plus `offset`."""

    every: timedelta
    offset: timedelta = timedelta()

    def next_after(self, moment: datetime) -> datetime:
        """The first turn later than `moment`."""
        turns = (moment - _EPOCH - self.offset) // self.every
        return _EPOCH + self.offset + (turns + 1) * self.every


@dataclass(frozen=True, slots=True)
class Schedule:
    """A kind of job with its parameters and its cadence. `is_urgent`: an installation that sees it
    for the first time begins with a turn instead of waiting for the first one.
    """

    name: str
    about: str
    kind: str
    cadence: Cadence
    parameters: Mapping[str, Any] = field(default_factory=dict)
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a schedule stands: when it is due, and the job of the turn before."""

    schedule: Schedule
    is_on: bool
    due_at: datetime
    last_due_at: datetime | None = None
    last_job_id: str | None = None


class Timekeeper:
    """Queues what is due. Every worker has one; they need not know of each other."""

    def __init__(
        self, database: Database, clock: Clock, jobs: Jobs, planned: Sequence[Schedule]
    ) -> None:
        self._database = database
        self._clock = clock
        self._jobs = jobs
        self._planned = {schedule.name: schedule for schedule in planned}

    def list_turns(self) -> list[Turn]:
        """Where every schedule of this release stands."""
        with self._database.read() as connection:
            rows = {row.name: row for row in connection.execute(select(schedules))}
        return [self._read(schedule, rows.get(name)) for name, schedule in self._planned.items()]

    def run_due(self) -> list[JobRecord]:
        """Queue a job for every schedule that is due; none where the queue is full."""
        now = self._clock.now()
        self._remember(now)
        queued = []
        for turn in self.list_turns():
            if not turn.is_on or turn.due_at > now:
                continue
            try:
                record = self._run(turn.schedule, now)
            except Busy:
                log.warning("the queue is full: %s stays due", turn.schedule.name)
                continue
            if record is not None:
                queued.append(record)
        return queued

    def run_now(self, name: str) -> JobRecord:
        """Queue a job out of turn. Raises NotFound, and Busy where its last one has not ended."""
        schedule = self._require(name)
        record = self._run(schedule, self._clock.now(), is_forced=True)
        if record is None:
            raise Busy(
                f"The last job of {name} has not ended.", hint="GET /v1/jobs says how far it is."
            )
        return record

    def switch(self, name: str, *, is_on: bool) -> Turn:
        """Turn a schedule on or off. What it missed while it was off is not caught up."""
        schedule = self._require(name)
        with self._database.write() as connection:
            turn = self._load(connection, schedule)
            due_at = schedule.cadence.next_after(self._clock.now())
            _save(connection, Turn(schedule, is_on, due_at, turn.last_due_at, turn.last_job_id))
            return self._load(connection, schedule)

    def _remember(self, now: datetime) -> None:
        """Write down schedules that are new, and put right those that are due too late: the clock
        was ahead, or their turns were longer.
        """
        # One turn more than there can be, as the clocks of several workers differ.
        latest = {
            schedule.name: schedule.cadence.next_after(schedule.cadence.next_after(now))
            for schedule in self._planned.values()
        }
        with self._database.read() as connection:
            known = {row.name: row.due_at_us for row in connection.execute(select(schedules))}
        wrong = [
            self._planned[name]
            for name, most in latest.items()
            if name not in known or known[name] > to_microseconds(most)
        ]
        if not wrong:
            return
        with self._database.write() as connection:
            for schedule in wrong:
                turn = self._load(connection, schedule)
                if turn.due_at > latest[schedule.name]:
                    turn = replace(turn, due_at=schedule.cadence.next_after(now))
                _save(connection, turn)

    def _run(
        self, schedule: Schedule, now: datetime, *, is_forced: bool = False
    ) -> JobRecord | None:
        self._jobs.open()
        with self._database.write() as connection:
            turn = self._load(connection, schedule)
            is_due = is_forced or (turn.is_on and turn.due_at <= now)
            last = turn.last_job_id
            if not is_due or (last and self._jobs.is_unfinished(connection, last)):
                return None
            record = self._jobs.accept(connection, ACCOUNT, schedule.kind, schedule.parameters)
            following = schedule.cadence.next_after(now)
            due_at = now if is_forced else turn.due_at
            _save(connection, Turn(schedule, turn.is_on, following, due_at, record.job_id))
        log.info("%s: queued %s", schedule.name, record.job_id)
        return record

    def _require(self, name: str) -> Schedule:
        if name not in self._planned:
            known = ", ".join(self._planned) or "none"
            raise NotFound(f"There is no schedule {name!r}.", hint=f"There are: {known}.")
        return self._planned[name]

    def _load(self, connection: Connection, schedule: Schedule) -> Turn:
        row = connection.execute(
            select(schedules).where(schedules.c.name == schedule.name)
        ).one_or_none()
        return self._read(schedule, row)

    def _read(self, schedule: Schedule, row: Row[Any] | None) -> Turn:
        if row is None:
            now = self._clock.now()
            due_at = now if schedule.is_urgent else schedule.cadence.next_after(now)
            return Turn(schedule, True, due_at)
        last = row.last_due_at_us
        return Turn(
            schedule,
            row.is_on,
            from_microseconds(row.due_at_us),
            None if last is None else from_microseconds(last),
            row.last_job_id,
        )


def describe_turn(turn: Turn) -> dict[str, Any]:
    """A turn as faces show it."""
    schedule = turn.schedule
    return {
        "name": schedule.name,
        "about": schedule.about,
        "kind": schedule.kind,
        "parameters": dict(schedule.parameters),
        "every_s": int(schedule.cadence.every.total_seconds()),
        "is_on": turn.is_on,
        "due_at": format_utc(turn.due_at),
        "last_due_at": None if turn.last_due_at is None else format_utc(turn.last_due_at),
        "last_job_id": turn.last_job_id,
    }


def _save(connection: Connection, turn: Turn) -> None:
    name = turn.schedule.name
    last = turn.last_due_at
    values = {
        "is_on": turn.is_on,
        "due_at_us": to_microseconds(turn.due_at),
        "last_due_at_us": None if last is None else to_microseconds(last),
        "last_job_id": turn.last_job_id,
    }
    changed = connection.execute(
        schedules.update().where(schedules.c.name == name).values(**values)
    )
    if not changed.rowcount:
        connection.execute(schedules.insert().values(name=name, **values))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
