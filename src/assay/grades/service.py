"""Verbs of the grades room: publish a day, publish what is owed, load what was said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from assay import ledger, markets
from assay.grades.artefacts import load_artefacts
from assay.grades.compute.grading import label_grade
from assay.grades.judging import SOURCES, Judged, Models, judge_days
from assay.grades.rows import format_centi
from assay.grades.store import load_points, save_points
from assay.grades.types import GradeKind
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import InFuture, NotFound
from assay.kit.home import Home
from assay.kit.progress import Progress, SilentProgress
from assay.ledger import Draft, Kind, Publication
from assay.publishing import code_version, daily_kind, load_facts

DAYS_PER_TRANSACTION = 16


@dataclass(frozen=True, slots=True)
class GradePoint:
    """One day of one token's history."""

    as_of: date
    grade: str | None
    label: str | None
    no_view_code: str | None
    origin: str
    publication_id: str


def ledger_kind(kind: GradeKind) -> Kind:
    """How the ledger knows a kind of grade."""
    return daily_kind(f"grades.{kind.value}")


def check_day(home: Home, kind: GradeKind, day: date | None) -> date:
    """The day to judge (default: the newest complete one), if it can be judged.

    Raises InFuture for a day that is not complete on the clock of the data, NotFound for one
    before the first model.
    """
    return _check_day(home, Models(load_artefacts(home, kind)), kind, day)


def _check_day(home: Home, models: Models, kind: GradeKind, day: date | None) -> date:
    newest = markets.load_panel(home).complete_through
    wanted = day or newest
    if wanted > newest:
        raise InFuture(
            f"{wanted} is not complete: the newest complete day of the data is {newest}.",
            hint="Ask for that day, or import newer candles first.",
        )
    first = models.first_day
    if wanted < first:
        raise NotFound(
            f"No {kind.value} model had been trained by {wanted}.",
            hint=f"The first graded day is {first}.",
        )
    return wanted


def publish_grades(
    home: Home,
    database: Database,
    kind: GradeKind,
    clock: Clock,
    *,
    as_of: date | None = None,
) -> Publication:
    """Judge one day and publish it; what stands already is returned if it would say the same.

    If the facts known at that day's close have changed since, the new publication corrects the old.
    """
    models = Models(load_artefacts(home, kind))
    day = _check_day(home, models, kind, as_of)
    with home.lock(f"grades-{kind.value}"):
        now = clock.now()
        judged = next(iter(_judge(home, models, [day], now)))
        with database.read() as connection:
            standing = ledger.load_latest(connection, ledger_kind(kind).name, day)
        if standing is not None and standing.rows == judged.payload:
            return standing
        corrects = standing.publication_id if standing else None
        return _save(database, kind, [judged], clock, now, corrects)[0]


def publish_missing(
    home: Home,
    database: Database,
    kind: GradeKind,
    clock: Clock,
    progress: Progress | None = None,
    *,
    start: date | None = None,
    end: date | None = None,
) -> int:
    """Publish every gradable day from `start` to `end` that has no publication; how many it were.

    A run that was killed leaves whole days behind and the next one goes on with the rest. Raises
    InFuture for an `end` that is not complete.
    """
    news = progress or SilentProgress()
    models = Models(load_artefacts(home, kind))
    label = f"Grading {kind.value} days"
    with home.lock(f"grades-{kind.value}"):
        days = _list_owed(home, database, models, kind, start, end)
        now = clock.now()
        batch: list[Judged] = []
        for done, judged in enumerate(_judge(home, models, days, now), start=1):
            batch.append(judged)
            if len(batch) == DAYS_PER_TRANSACTION or done == len(days):
                _save(database, kind, batch, clock, now)
                batch = []
                news.step(label, done, len(days))
    return len(days)


def list_owed(home: Home, database: Database, kind: GradeKind) -> list[date]:
    """The gradable days that have no publication, ascending."""
    return _list_owed(home, database, Models(load_artefacts(home, kind)), kind, None, None)


def _list_owed(
    home: Home,
    database: Database,
    models: Models,
    kind: GradeKind,
    start: date | None,
    end: date | None,
) -> list[date]:
    last = _check_day(home, models, kind, end)
    first = max(start or date.min, models.first_day)
    with database.read() as connection:
        said = ledger.list_standing(connection, ledger_kind(kind).name, first, last)
    standing = {item.as_of for item in said}
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day not in standing]


def load_grades(
    database: Database,
    kind: GradeKind,
    as_of: date | None = None,
    said_by: datetime | None = None,
) -> Publication | None:
    """The cross-section that stands for a day (default: the newest); None if nothing was said."""
    with database.read() as connection:
        return ledger.load_latest(connection, ledger_kind(kind).name, as_of, said_by)


def load_grade_history(
    database: Database,
    kind: GradeKind,
    token_id: int,
    start: date | None = None,
    end: date | None = None,
    said_by: datetime | None = None,
) -> list[GradePoint]:
    """One token's grades as they stand, ascending; days that do not speak of it are left out."""
    name = ledger_kind(kind).name
    with database.read() as connection:
        standing = ledger.list_standing(connection, name, start, end, said_by)
        points = load_points(connection, name, token_id, standing)
    by_sequence = {item.sequence: item for item in standing}
    return [
        GradePoint(
            as_of=point.as_of,
            grade=None if point.grade_centi is None else format_centi(point.grade_centi),
            label=None if point.grade_centi is None else label_grade(point.grade_centi).value,
            no_view_code=point.no_view,
            origin=by_sequence[point.sequence].origin.value,
            publication_id=by_sequence[point.sequence].publication_id,
        )
        for point in points
    ]


def _judge(home: Home, models: Models, days: Sequence[date], now: datetime) -> Iterable[Judged]:
    changes = markets.list_revision_moments(home)
    return judge_days(days, models, lambda day: load_facts(home, day, now), changes)


def _save(
    database: Database,
    kind: GradeKind,
    batch: Sequence[Judged],
    clock: Clock,
    recorded_by: datetime,
    corrects: str | None = None,
) -> list[Publication]:
    said = []
    with ledger.write_ledger(database) as writer:
        for judged in batch:
            draft = Draft(
                kind=ledger_kind(kind),
                as_of=judged.day,
                rows=judged.payload,
                inputs_digest=judged.inputs_digest,
                facts_recorded_by=recorded_by,
                model=",".join(judged.models),
                code=code_version(SOURCES),
                corrects=corrects,
            )
            publication = writer.save(draft, clock.now(), is_replay=clock.is_replay)
            save_points(writer.connection, publication, judged.points)
            said.append(publication)
    return said
