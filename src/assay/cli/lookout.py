"""The lookout of a worker: a thread that lets witnesses and the chain hear of the log's news."""

import logging
import threading
from typing import Final

from assay import ledger
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.ledger import Outside

log = logging.getLogger("assay.log")

LOOK_S: Final = 5.0
"""How often it looks for news; each task has its own turns, in the database."""


class Lookout:
    """Looks until it is stopped; does nothing where nobody is configured to look from outside."""

    def __init__(
        self, database: Database, outside: Outside, clock: Clock, *, look_s: float = LOOK_S
    ) -> None:
        self._database = database
        self._outside = outside
        self._clock = clock
        self._look_s = look_s
        self._is_stopping = threading.Event()

    def start(self) -> None:
        """Begin to look."""
        if self._outside.witnesses or self._outside.chain:
            # A daemon: what a killed request has left undone is done in a later turn.
            threading.Thread(target=self._look, name="assay-lookout", daemon=True).start()

    def stop(self) -> None:
        """Look no more; a look that is under way ends by itself."""
        self._is_stopping.set()

    def _look(self) -> None:
        while not self._is_stopping.is_set():
            try:
                ledger.watch(self._database, self._outside, self._clock)
            except Exception:  # last resort of this thread: a database that is away comes back
                log.exception("the lookout could not look; it tries again")
            self._is_stopping.wait(self._look_s)
