"""What requests weigh, as headers and answers tell it; nobody is turned away for it."""

from time import monotonic
from typing import Final

MINUTE_S: Final = 60


class Weights:
    """The weight that the running minute has used."""

    def __init__(self) -> None:
        self._minute = -1
        self._used = 0

    def add(self, weight: int) -> int:
        """Count a request; returns what the minute has used."""
        minute = int(monotonic()) // MINUTE_S
        if minute != self._minute:
            self._minute, self._used = minute, 0
        self._used += weight
        return self._used
