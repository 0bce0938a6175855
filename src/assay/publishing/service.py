"""Verbs of publishing: say a day, say what is owed, read what was said."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from assay import ledger, markets
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput, InFuture, NotEnoughData, NotFound
from assay.kit.home import Home
from assay.kit.memory import rarer_collections
from assay.kit.progress import Progress, SilentProgress
from assay.ledger import Draft, Publication
from assay.publishing.code import code_version
from assay.publishing.facts import KnownFacts, group_days, load_facts
from assay.publishing.hours import load_hours
from assay.publishing.said import Look, SaidBook, stored
from assay.publishing.types import Judgement, Speaker

PER_TRANSACTION = 64
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Judged:
    """One judgement as the bytes to be sealed."""

    day: date
    hour: int | None
    payload: bytes
    inputs_digest: str
    model: str


def publish_day(
    home: Home, database: Database, speaker: Speaker, clock: Clock, *, as_of: date | None = None
) -> Publication:
    """Judge one day (default: the newest complete one) and publish it; what stands already is
    returned if it says the same. Of an hourly kind all hours of the day; the last one is returned.

    If the facts known at that day's close have changed since, the new publication corrects the old.
    Raises InFuture for a day that is not complete, NotFound for one before the first,
    NotEnoughData where the facts allow no judgement.
    """
    day = check_day(home, speaker, as_of)
    if speaker.is_continuing and day > speaker.first_day:
        publish_missing(home, database, speaker, clock, end=day - _DAY)
    with home.lock(speaker.kind.name):
        now = clock.now()
        facts = load_facts(home, day, now)
        said = None
        for judged in judge(speaker, [day], facts, _open_book(database, speaker)):
            said = _publish_one(database, speaker, judged, clock, now)
    if said is None:
        raise NotEnoughData(
            f"The facts of {day} allow no {speaker.kind.name}.",
            hint="Import the candles it is judged from, or ask for another day.",
        )
    return said


def publish_missing(
    home: Home,
    database: Database,
    speaker: Speaker,
    clock: Clock,
    progress: Progress | None = None,
    *,
    start: date | None = None,
    end: date | None = None,
) -> int:
    """Publish every day from `start` to `end` that has no publication; how many days were owed.

    A run that was killed leaves whole publications behind and the next one goes on with the rest.
    A continuing kind is published from its first day on, whatever `start`.

    Raises InFuture for an `end` that is not complete.
    """
    news = progress or SilentProgress()
    with home.lock(speaker.kind.name), rarer_collections():
        now = clock.now()
        days = list_owed(home, database, speaker, now, start, end)
        book = _open_book(database, speaker)
        standing = _list_standing(database, speaker, days)
        batch: list[Judged] = []
        for done, judged in _judge_groups(home, speaker, days, now, book):
            if (judged.day, judged.hour) not in standing:
                batch.append(judged)
            if len(batch) == PER_TRANSACTION:
                _save(database, speaker, batch, clock, now)
                batch = []
                news.step(f"Publishing {speaker.kind.name}", done, len(days))
        if batch:
            _save(database, speaker, batch, clock, now)
        if days:
            news.step(f"Publishing {speaker.kind.name}", len(days), len(days))
    return len(days)


def list_owed(
    home: Home,
    database: Database,
    speaker: Speaker,
    now: datetime,
    start: date | None = None,
    end: date | None = None,
) -> list[date]:
    """The days from `start` to `end` on which the speaker has not said everything yet."""
    last = check_day(home, speaker, end)
    first = max(start or speaker.first_day, speaker.first_day)
    if speaker.is_continuing:
        first = speaker.first_day
    if speaker.is_hourly:
        hours = load_hours(home, last, now)
        first = max(first, hours.first_day + _DAY) if hours.n_hours else last + _DAY
    days = [first + n * _DAY for n in range((last - first).days + 1)]
    hour = 23 if speaker.is_hourly else None
    said = _list_standing(database, speaker, days)
    return [day for day in days if (day, hour) not in said]


def check_day(home: Home, speaker: Speaker, day: date | None) -> date:
    """The day to judge (default: the newest complete one), if it can be judged.

    Raises InFuture for a day that is not complete on the clock of the data, NotFound for one
    before the speaker's first.
    """
    newest = markets.load_panel(home).complete_through
    wanted = day or newest
    if wanted > newest:
        raise InFuture(
            f"{wanted} is not complete: the newest complete day of the data is {newest}.",
            hint="Ask for that day, or import newer candles first.",
        )
    if wanted < speaker.first_day:
        raise NotFound(
            f"Nothing is said of {wanted}.", hint=f"The first day is {speaker.first_day}."
        )
    return wanted


def check_window(
    home: Home, speaker: Speaker, start: date | None, end: date | None
) -> tuple[date, date]:
    """The first and last day to measure (default: all that can be said).

    Raises BadInput for a window that ends before it begins, and what `check_day` raises for `end`.
    """
    last = check_day(home, speaker, end)
    first = max(start or speaker.first_day, speaker.first_day)
    if first > last:
        raise BadInput(
            f"The window from {first} to {last} ends before it begins.",
            hint=f"Choose days from {speaker.first_day} on.",
        )
    return first, last


def judge(
    speaker: Speaker, days: Sequence[date], facts: KnownFacts, book: SaidBook
) -> Iterator[Judged]:
    """Judge ascending days that see the same corrections; canonical bytes and inputs digests."""
    book.take_looks()
    for item in speaker.judge(days, facts, book):
        payload = ledger.canonical_json(list(item.rows))
        yield Judged(
            item.day, item.hour, payload, _digest(facts, item, book.take_looks()), item.model
        )
        if item.hour is None:
            book.add(speaker.kind.name, item.day, payload)


def load_days(
    database: Database, kind: str, start: date | None = None, end: date | None = None
) -> Iterator[tuple[date, bytes]]:
    """(day, canonical rows) of what stands from `start` to `end`, ascending; of an hourly kind one
    for each hour.
    """
    with database.read() as connection:
        standing = ledger.list_standing(connection, kind, start, end)
        for item in standing:
            yield item.as_of, ledger.load_publication(connection, item.publication_id).rows


def load_said(
    database: Database, kind: str, as_of: date | None = None, said_by: datetime | None = None
) -> Publication | None:
    """What stands for a day (default: the newest); None if nothing was said."""
    with database.read() as connection:
        return ledger.load_latest(connection, kind, as_of, said_by)


def _judge_groups(
    home: Home, speaker: Speaker, days: Sequence[date], now: datetime, book: SaidBook
) -> Iterable[tuple[int, Judged]]:
    place = {day: done for done, day in enumerate(days, start=1)}
    for group in group_days(days, markets.list_revision_moments(home)):
        facts = load_facts(home, group[-1], now)
        for judged in judge(speaker, group, facts, book):
            yield place[judged.day], judged


def _open_book(database: Database, speaker: Speaker) -> SaidBook:
    return SaidBook(stored(database), (speaker.kind.name, *speaker.reads))


def _list_standing(
    database: Database, speaker: Speaker, days: Sequence[date]
) -> set[tuple[date, int | None]]:
    if not days:
        return set()
    with database.read() as connection:
        found = ledger.list_standing(connection, speaker.kind.name, days[0], days[-1])
    return {(item.as_of, item.hour) for item in found}


def _digest(facts: KnownFacts, item: Judgement, looks: Sequence[Look]) -> str:
    known = facts.digest(item.day) if item.hour is None else facts.digest_hour(item.day, item.hour)
    if not looks:
        return known
    said = [[kind, day.isoformat(), digest] for kind, day, digest in looks]
    return hashlib.sha256(ledger.canonical_json({"facts": known, "said": said})).hexdigest()


def _publish_one(
    database: Database, speaker: Speaker, judged: Judged, clock: Clock, now: datetime
) -> Publication:
    with database.read() as connection:
        standing = ledger.load_latest(connection, speaker.kind.name, judged.day, hour=judged.hour)
    if standing is not None and standing.rows == judged.payload:
        return standing
    corrects = standing.publication_id if standing else None
    return _save(database, speaker, [judged], clock, now, corrects)[0]


def _save(
    database: Database,
    speaker: Speaker,
    batch: Sequence[Judged],
    clock: Clock,
    recorded_by: datetime,
    corrects: str | None = None,
) -> list[Publication]:
    drafts = [
        Draft(
            kind=speaker.kind,
            as_of=judged.day,
            rows=judged.payload,
            inputs_digest=judged.inputs_digest,
            facts_recorded_by=recorded_by,
            model=judged.model,
            code=code_version(speaker.sources),
            corrects=corrects,
            hour=judged.hour,
        )
        for judged in batch
    ]
    with ledger.write_ledger(database) as writer:
        return [writer.save(draft, clock.now(), is_replay=clock.is_replay) for draft in drafts]
