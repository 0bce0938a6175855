"""How far a venue's clock is from ours, and how long its messages take.

NTP's reasoning (RFC 5905, sections 8 and 10): of a request sent at t1 and answered at t4 with the
venue's time v, the offset of its clock is `v - (t1 + t4) / 2`, wrong by at most half the round
trip; of the last eight the shortest round trip is wrong by the least. Formulas and their limits:
docs/method/feeds.md.
"""

from collections import deque
from statistics import median

_EXCHANGES = 8
_EVENTS = 128
_STEP_MS = 250.0
"""Our own clock is slewed by less than this between two looks, and stepped by more."""


class ClockFilter:
    """The offset of one venue's clock; all times in milliseconds.

    `offset_ms` (the venue's clock less ours) and `error_ms` (its largest error) are None until an
    exchange was added, `latency_ms` (from the venue's stamp to our receipt, median of the last
    events, never negative) until an event was, too. `jumps` counts how often either clock was put
    right: what was known before is forgotten then.
    """

    def __init__(self) -> None:
        self._exchanges: deque[tuple[float, float]] = deque(maxlen=_EXCHANGES)
        self._events: deque[float] = deque(maxlen=_EVENTS)
        self._own: tuple[float, float] | None = None
        self.jumps = 0

    def add_exchange(self, sent_ms: float, venue_ms: float, received_ms: float) -> bool:
        """A request and its answer by our clock, the venue's time between. False where a clock has
        jumped since the last one, and where the answer came before the request.
        """
        delay = received_ms - sent_ms
        if delay < 0:
            self._forget()
            return False
        offset = venue_ms - 0.5 * (sent_ms + received_ms)
        # Each exchange says the true offset to half its round trip: intervals that do not meet
        # cannot both be of the same clocks. A venue may round its time to the millisecond.
        is_steady = all(
            abs(offset - other) <= 0.5 * (delay + round_trip) + 1.0
            for round_trip, other in self._exchanges
        )
        if not is_steady:
            self._forget()
        self._exchanges.append((delay, offset))
        return is_steady

    def add_event(self, event_ms: float, received_ms: float) -> None:
        """A message stamped by the venue and received by us."""
        self._events.append(received_ms - event_ms)

    def check_own_clock(self, wall_ms: float, steady_ms: float) -> float:
        """How far our clock was put right since the last call, against one that never is; 0.0 if
        it was not. After a jump everything is learnt anew.
        """
        before, self._own = self._own, (wall_ms, steady_ms)
        if before is None:
            return 0.0
        jumped = (wall_ms - before[0]) - (steady_ms - before[1])
        if abs(jumped) < _STEP_MS:
            return 0.0
        self._forget()
        return jumped

    @property
    def offset_ms(self) -> float | None:
        """The venue's clock less ours."""
        return min(self._exchanges)[1] if self._exchanges else None

    @property
    def error_ms(self) -> float | None:
        """The most by which `offset_ms` may be wrong."""
        return 0.5 * min(self._exchanges)[0] if self._exchanges else None

    @property
    def latency_ms(self) -> float | None:
        """From the venue's stamp to our receipt: the median of the last events."""
        offset = self.offset_ms
        if offset is None or not self._events:
            return None
        return max(0.0, median(self._events) + offset)

    def _forget(self) -> None:
        self._exchanges.clear()
        self._events.clear()
        self.jumps += 1
