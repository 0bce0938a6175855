"""Our own time on the hot path: steady milliseconds for ages, and the wall's for what is shown."""

import time

from assay.kit.clock import Clock


class OwnTime:
    """Two times read cheaply. Ages are differences of `steady_ms`, which no correction of the clock
    moves; `wall_ms` follows the clock whenever `refresh` is called.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shift_ms = 0
        self.refresh()

    def steady_ms(self) -> int:
        """Milliseconds since some moment; they only grow."""
        return int(time.monotonic() * 1_000)

    def wall_ms(self) -> int:
        """Milliseconds since 1970 by the clock."""
        return self.steady_ms() + self._shift_ms

    def refresh(self) -> None:
        """Look at the clock."""
        self._shift_ms = int(self._clock.now().timestamp() * 1_000) - self.steady_ms()
