"""The words of the ledger: what is about to be said, what has been said, and how it is named."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from assay.kit.moments import close_of, close_of_hour


class Origin(StrEnum):
    """How a publication came about; derived from times, never chosen (`compute.derive_origin`)."""

    LIVE = "live"
    REPLAY = "replay"
    BACKFILLED = "backfilled"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of public statement and the delay within which it still counts as live.

    `opens_after` is the time from the close of `as_of` to the opening of the first outcome bar.
    """

    name: str
    live_within: timedelta
    opens_after: timedelta


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement ready to be published.

    `rows` are the canonical bytes as they will be served; `inputs_digest` (hex SHA-256) is over
    the canonical facts read, `facts_recorded_by` the moment up to which recorded facts counted.
    `hour` (0 to 23) narrows `as_of` to the close of that hour's bar; None is the whole day.
    """

    kind: Kind
    as_of: date
    rows: bytes
    inputs_digest: str
    facts_recorded_by: datetime
    model: str
    code: str
    corrects: str | None = None
    withdraws: str | None = None
    hour: int | None = None

    @property
    def closes(self) -> datetime:
        """The close of the bar that was judged."""
        return close_of(self.as_of) if self.hour is None else close_of_hour(self.as_of, self.hour)


@dataclass(frozen=True, slots=True)
class Publication:
    """Something we said. Immutable; a later one may only name it by `corrects` or `withdraws`.

    `digest` is the hex SHA-256 of `header`, whose `rows_digest` covers `rows`.
    """

    publication_id: str
    sequence: int
    kind: str
    as_of: date
    published_at: datetime
    origin: Origin
    header: bytes
    rows: bytes
    digest: str
    inputs_digest: str
    facts_recorded_by: datetime
    model: str
    code: str
    corrects: str | None
    withdraws: str | None
    hour: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Which publication holds for a day (or an hour of it), without its rows."""

    as_of: date
    sequence: int
    publication_id: str
    origin: Origin
    hour: int | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """What identifies a publication, without its rows."""

    publication_id: str
    sequence: int
    kind: str
    as_of: date
    hour: int | None
    published_at: datetime
    origin: Origin
    digest: str
    inputs_digest: str
    model: str
    code: str
    corrects: str | None
    withdraws: str | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which publications: of a kind (one that ends in `*`: of all that begin so; empty: of any), an
    origin, days `start` to `end` (both included), said by a moment; None leaves nothing out.
    """

    kind: str = ""
    origin: Origin | None = None
    start: date | None = None
    end: date | None = None
    said_by: datetime | None = None
    is_newest_first: bool = True


@dataclass(frozen=True, slots=True)
class Log:
    """One transparency log of this database; the newest one grows. `origin` names it for ever."""

    number: int
    origin: str
    is_replay: bool
    started_at: datetime
    place: str


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key that signs a log's checkpoints from `since` to `until` (None: still)."""

    name: str
    public_key: bytes
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A tree head and the C2SP note that signs it."""

    size: int
    root: bytes
    note: bytes
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class PrivateStatement:
    """A statement of which the log knows only `commitment` = hex SHA-256(`salt` || `statement`).

    `entry` are the bytes in the log; `log` and `position` say where, once the transaction that
    saves the statement has ended (None before).
    """

    account_id: str
    published_at: datetime
    statement: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    commitment: str
    entry: bytes
    log: int | None = None
    position: int | None = None
