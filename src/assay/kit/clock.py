"""The only place that reads the clock. Everything else takes `as_of` or a `Clock`."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time: the system's, a replay's, or a test's."""

    def now(self) -> datetime:
        """The current moment, aware and in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The machine's current moment in UTC."""
        return datetime.now(UTC)  # noqa: TID251


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still, for replays of one moment and for tests."""

    at: datetime

    def now(self) -> datetime:
        """The moment the clock was set to."""
        return self.at


def close_of(day: date) -> datetime:
    """The moment a day's bar is complete: 24:00 UTC, which is 00:00 UTC of the next day."""
    return datetime.combine(day + timedelta(days=1), time(0), UTC)


def last_closed_day(moment: datetime) -> date:
    """The newest day whose bar is complete at `moment` (aware UTC)."""
    return (moment.astimezone(UTC) - timedelta(days=1)).date()


def format_utc(moment: datetime) -> str:
    """`moment` as RFC 3339 in UTC with a `Z`, microseconds kept only when there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_utc(text: str) -> datetime:
    """Read what `format_utc` wrote. Raises ValueError for a malformed or naive moment."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)
