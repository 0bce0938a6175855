"""Everything that is published, in the order in which it must be: what reads others comes after.

The one table behind `--kind`, `assay reproduce`, `assay export` and the first start.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial

from assay import (
    briefing,
    forecasts,
    grades,
    indices,
    ledger,
    market_state,
    markets,
    moonshots,
    publishing,
    signals,
)
from assay.cli.context import Context, Stores
from assay.grades import GradeKind
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.progress import Progress, SilentProgress
from assay.ledger import Publication
from assay.publishing import Evaluation, Speaker


class RoomName(StrEnum):
    """What `--kind` may say."""

    TRADER = "trader"
    INVESTOR = "investor"
    MOONSHOTS = "moonshots"
    INDICES = "indices"
    SIGNALS = "signals"
    MARKET_STATE = "market_state"
    FORECASTS = "forecasts"
    BRIEFING = "briefing"


Evaluate = Callable[..., Evaluation]


@dataclass(frozen=True, slots=True)
class Room:
    """One entry: how it is evaluated, and its speakers or its kind of grade."""

    name: RoomName
    evaluate: Evaluate
    speakers: tuple[Speaker, ...] = ()
    grade: GradeKind | None = None

    @property
    def kinds(self) -> frozenset[str]:
        """Names in the ledger of what it says."""
        said = {speaker.kind.name for speaker in self.speakers}
        return frozenset(said | ({f"grades.{self.grade}"} if self.grade else set()))

    @property
    def reads(self) -> frozenset[str]:
        """Names in the ledger of what it reads of others."""
        return frozenset(kind for speaker in self.speakers for kind in speaker.reads) - self.kinds


def evaluate_grade(
    kind: GradeKind,
    home: Home,
    database: Database,
    clock: Clock,
    progress: Progress,
    *,
    start: date | None = None,
    end: date | None = None,
) -> Evaluation:
    """Grades in the form of all evaluations; the terminal draws their document itself."""
    report = grades.evaluate_grades(home, database, kind, clock, progress, start=start, end=end)
    return Evaluation(kind, grades.evaluation_json(report), grades.evaluation_html(report))


ROOMS = (
    Room(RoomName.TRADER, partial(evaluate_grade, GradeKind.TRADER), grade=GradeKind.TRADER),
    Room(RoomName.INVESTOR, partial(evaluate_grade, GradeKind.INVESTOR), grade=GradeKind.INVESTOR),
    Room(RoomName.MOONSHOTS, moonshots.evaluate_moonshots, moonshots.SPEAKERS),
    Room(RoomName.INDICES, indices.evaluate_indices, indices.SPEAKERS),
    Room(RoomName.SIGNALS, signals.evaluate_signals, signals.SPEAKERS),
    Room(RoomName.MARKET_STATE, market_state.evaluate_market_state, market_state.SPEAKERS),
    Room(RoomName.FORECASTS, forecasts.evaluate_forecasts, forecasts.SPEAKERS),
    Room(RoomName.BRIEFING, briefing.evaluate_briefing, briefing.SPEAKERS),
)
SPEAKERS = tuple(speaker for room in ROOMS for speaker in room.speakers)
GRADED = frozenset(kind for room in ROOMS if room.grade is not None for kind in room.kinds)


def find_room(name: RoomName) -> Room:
    """The entry of a name."""
    return next(room for room in ROOMS if room.name is name)


def list_needs(room: Room) -> list[Room]:
    """The rooms that must have spoken before, themselves after what they need."""
    direct = [other for other in ROOMS if other.kinds & room.reads]
    needed = {need.name for other in direct for need in [*list_needs(other), other]}
    return [other for other in ROOMS if other.name in needed]


def publish_room(
    context: Stores,
    room: Room,
    progress: Progress | None = None,
    *,
    start: date | None = None,
    end: date | None = None,
) -> int:
    """Publish every day of a room that is owed; how many there were. What others of the room read
    is published from its first day on.
    """
    news = progress or SilentProgress()
    home, database, clock = context.home, context.database, context.clock
    if room.grade is not None:
        return grades.publish_missing(home, database, room.grade, clock, news, start=start, end=end)
    count = 0
    for speaker in room.speakers:
        is_read = any(speaker.kind.name in other.reads for other in room.speakers)
        since = None if is_read else start
        count += publishing.publish_missing(
            home, database, speaker, clock, news, start=since, end=end
        )
    return count


def check_owed(context: Stores, room: Room) -> bool:
    """True if a room has days that it has not spoken of."""
    now = context.clock.now()
    return any(
        publishing.list_owed(context.home, context.database, speaker, now)
        for speaker in room.speakers
    )


def require_day(context: Context, speaker: Speaker, day: date) -> Publication:
    """What stands for a day; it is published first if it is owed, and before it what it reads."""
    said = publishing.load_said(context.database, speaker.kind.name, day)
    if said is not None:
        return said
    publishing.check_day(context.home, speaker, day)
    own = next(room for room in ROOMS if speaker in room.speakers)
    for room in list_needs(own):
        publish_room(context, room, context.progress, end=day)
    home, database, clock = context.home, context.database, context.clock
    for sibling in own.speakers:
        if sibling.kind.name in speaker.reads:
            publishing.publish_missing(home, database, sibling, clock, context.progress, end=day)
    if speaker.is_continuing:
        publishing.publish_missing(home, database, speaker, clock, context.progress, end=day)
    return publishing.publish_day(home, database, speaker, clock, as_of=day)


def list_prompt(context: Context) -> list[Speaker]:
    """The speakers that lack the newest day and can say it before the days that precede it, once
    the grades stand: those that read at most grades, and go on from nothing.
    """
    newest = markets.load_panel(context.home).complete_through
    with context.database.read() as connection:
        return [
            speaker
            for speaker in SPEAKERS
            if not speaker.is_continuing
            and GRADED.issuperset(speaker.reads)
            and not ledger.list_standing(connection, speaker.kind.name, newest, newest)
        ]


def publish_newest(context: Context) -> None:
    """Say the newest day of every kind of `list_prompt`."""
    newest = markets.load_panel(context.home).complete_through
    owed = list_prompt(context)
    for done, speaker in enumerate(owed, start=1):
        publishing.publish_missing(
            context.home, context.database, speaker, context.clock, start=newest
        )
        context.progress.step("Publishing the newest day", done, len(owed))
