"""The only place that reads the clock. Everything else takes `as_of` or a `Clock`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time: the system's, a replay's, or a test's."""

    @property
    def is_replay(self) -> bool:
        """True if this clock replays a past: what is said under it is marked `replay`."""
        ...

    def now(self) -> datetime:
        """The current moment, aware and in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    is_replay: bool = False

    def now(self) -> datetime:
        """The machine's current moment in UTC."""
        return datetime.now(UTC)  # noqa: TID251


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still, for replays of one moment and for tests."""

    at: datetime
    is_replay: bool = False

    def now(self) -> datetime:
        """The moment the clock was set to."""
        return self.at
