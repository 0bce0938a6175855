"""What could not be read or believed: counted by reason, the newest few kept for the maintainer."""

import logging
from collections import Counter, deque
from dataclasses import dataclass
from typing import Final

from assay.kit.telemetry import redact

SAMPLES: Final = 20
SAMPLE_BYTES: Final = 500
REASONS: Final = 50
"""Different reasons that are counted apart; a venue's words do not make figures without end."""
QUIET_MS: Final = 60_000
"""One line of log a minute and venue, however many messages are wrong."""

log = logging.getLogger("assay.feeds")


@dataclass(frozen=True, slots=True)
class Sample:
    """A message that was put aside, shortened, with secrets masked."""

    venue: str
    time_ms: int
    reason: str
    text: str


class Quarantine:
    """The messages of one venue that were put aside."""

    def __init__(self, venue: str) -> None:
        self.venue = venue
        self.count = 0
        self.reasons: Counter[str] = Counter()
        self._samples: deque[tuple[int, str, bytes]] = deque(maxlen=SAMPLES)
        self._said_ms: int | None = None

    def put(self, reason: str, sample: bytes, now_ms: int) -> None:
        """Put a message aside."""
        self.count += 1
        known = reason in self.reasons or len(self.reasons) < REASONS
        self.reasons[reason if known else "other"] += 1
        self._samples.append((now_ms, reason, bytes(sample[:SAMPLE_BYTES])))
        if self._said_ms is None or abs(now_ms - self._said_ms) >= QUIET_MS:
            self._said_ms = now_ms
            log.warning("%s: a message was put aside: %s", self.venue, reason)

    def list_samples(self) -> list[Sample]:
        """The newest of them, oldest first."""
        return [
            Sample(self.venue, at_ms, reason, redact(text.decode("utf-8", "replace")))
            for at_ms, reason, text in list(self._samples)
        ]
