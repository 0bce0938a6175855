"""The circuit breaker of one host."""

from collections.abc import Callable
from enum import StrEnum
from time import monotonic


class State(StrEnum):
    """What a breaker does with the next call."""

    CLOSED = "closed"
    """Lets it through."""
    OPEN = "open"
    """Refuses it: the host has failed too often."""
    HALF_OPEN = "half-open"
    """Lets one through, to see whether the host is back."""


class Admitted:
    """One call that a breaker let through; exactly one of its methods ends it.

    The results of calls that were let through before the breaker last opened or closed say nothing
    about the host as it is now: they change nothing.
    """

    __slots__ = ("_breaker", "_era")

    def __init__(self, breaker: "Breaker", era: int) -> None:
        self._breaker = breaker
        self._era = era

    def succeed(self) -> None:
        """The host answered."""
        if self._era == self._breaker.era:
            self._breaker.close()

    def fail(self) -> None:
        """The host did not answer, or said that it cannot."""
        if self._era == self._breaker.era:
            self._breaker.count_failure()

    def abandon(self) -> None:
        """The call ended without saying anything about the host."""
        if self._era == self._breaker.era:
            self._breaker.end_trial()


class Breaker:
    """Opens after `limit` failures in a row, and lets one trial through after `open_s` seconds.

    The trial's success closes it, its failure opens it anew. `now` tells seconds that only grow.
    One event loop.
    """

    def __init__(
        self, limit: int = 10, open_s: float = 30.0, now: Callable[[], float] = monotonic
    ) -> None:
        self.limit = limit
        self.open_s = open_s
        self.era = 0
        """Counts how often it has opened, tried or closed."""
        self._now = now
        self._failures = 0
        self._opened_at: float | None = None
        self._is_trying = False

    @property
    def state(self) -> State:
        """Closed, open, or half-open once the time is over."""
        if self._opened_at is None:
            return State.CLOSED
        return State.HALF_OPEN if self.wait_s <= 0.0 else State.OPEN

    @property
    def wait_s(self) -> float:
        """Seconds until a trial may be made; 0.0 and less: now."""
        if self._opened_at is None:
            return 0.0
        return self._opened_at + self.open_s - self._now()

    def admit(self) -> Admitted | None:
        """A call that may be made now; None while the host is left alone or being tried."""
        if self._opened_at is not None:
            if self._is_trying or self.wait_s > 0.0:
                return None
            self._is_trying = True
            self.era += 1
        return Admitted(self, self.era)

    def close(self) -> None:
        """Forget every failure."""
        if self._opened_at is not None:
            self.era += 1
        self._failures = 0
        self._opened_at = None
        self._is_trying = False

    def count_failure(self) -> None:
        """One more failure in a row; the last that is allowed, or that of a trial, opens."""
        self._failures += 1
        if self._is_trying or self._failures >= self.limit:
            self.era += 1
            self._opened_at = self._now()
            self._is_trying = False

    def end_trial(self) -> None:
        """The trial said nothing: the next call is one."""
        self._is_trying = False
