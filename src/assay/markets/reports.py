"""What became of the rows that an import read: the faults, and the counts that add up."""

from dataclasses import dataclass
from enum import StrEnum

from assay.markets.types import Interval


class Fault(StrEnum):
    """Why a row of candles went to quarantine."""

    SYMBOL = "unreadable symbol"
    TIME = "unreadable time"
    NUMBER = "unreadable number"
    MISALIGNED = "time is not the start of a bar"
    FUTURE = "in the future"
    UNFINISHED = "not closed yet"
    NO_CLOSE = "no close"
    NOT_FINITE = "not finite"
    NOT_POSITIVE = "price not positive"
    NEGATIVE_VOLUME = "negative volume"
    HIGH_BELOW_LOW = "high below low"
    OUTSIDE = "open or close outside low..high"
    DUPLICATE = "duplicate"
    CONFLICT = "duplicate with other values"
    JUMP = "20x jump without a redenomination"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every row that an import read; the counts add up to `rows`.

    `accepted` rows are new, `corrections` replace a stored value from the moment they were
    recorded on, `completed` fill a day that was only partly recorded, `unchanged` were known.
    """

    source: str
    interval: Interval
    venue: str
    rows: int
    accepted: int
    corrections: int
    completed: int
    unchanged: int
    quarantined: dict[Fault, int]
    new_tokens: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    import_id: str | None = None

    @property
    def has_changed_anything(self) -> bool:
        """False when everything was known before: the store is byte for byte as it was."""
        return self.import_id is not None
