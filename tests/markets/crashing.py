"""A process that imports a file and is killed when its progress reaches a given step.

Usage: python crashing.py HOME FILE LABEL STEP
"""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.markets import import_candles
from assay.markets.types import Interval


class KillingProgress:
    """Ends the process like a power cut, without any clean-up."""

    def __init__(self, label: str, step: int) -> None:
        self.label, self.at = label, step

    def step(self, label: str, done: int, total: int) -> None:
        if label.startswith(self.label) and done == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    home, path, label, step = sys.argv[1:]
    import_candles(
        Home(Path(home)),
        Path(path),
        Interval.DAY,
        "binance",
        FixedClock(datetime(2024, 6, 1, 12, tzinfo=UTC)),
        KillingProgress(label, int(step)),
    )
