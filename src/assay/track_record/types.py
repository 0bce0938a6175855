"""The words of the track record: what is measured of each kind, results, scores, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.ledger.types import Origin

Row = dict[str, Any]
Matrix = NDArray[np.float64]
Series = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
Lines = Mapping[str, NDArray[Any]]
"""Columns of many scores of one measure and origin, in the order of their publications; `as_of` in
days since 1970, `hour` -1 for a whole day, a missing figure NaN.
"""
NOTHING = float("nan")


class Result(IntEnum):
    """What became of one statement. The numbers are stored."""

    NO_VIEW = 0
    NO_CALL = 1
    OPEN = 2
    HIT = 3
    MISS = 4
    UNDECIDED = 5

    @property
    def word(self) -> str:
        """As it is served."""
        return self.name.lower()


class Status(StrEnum):
    """What was said of a publication later; it stays in the record whatever that is."""

    STANDS = "stands"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


class Order(StrEnum):
    """How the order of a publication's rows is compared with what happened."""

    RANK_IC = "rank_ic"
    AUC = "auc"
    NONE = "none"

    @property
    def neutral(self) -> float:
        """What an order that knows nothing gets."""
        return 0.5 if self is Order.AUC else 0.0


class By(StrEnum):
    """What calibration points are grouped by."""

    PROBABILITY = "probability"
    DECILE = "decile"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that every row of a kind claims, and how it is judged.

    An outcome is known at the close of the bar `lag + horizon` bars after the judged one. `claim`
    says when a row is a hit, `convention` where prices are taken, `control` what the same rows
    would have got without knowledge.
    """

    kind: str
    name: str
    horizon: int
    lag: int
    claim: str
    convention: str
    control: str
    order: Order = Order.NONE
    is_hourly: bool = False

    @property
    def bars(self) -> int:
        """Bars from the judged one to the one at whose close the outcome is known."""
        return self.lag + self.horizon

    @property
    def days(self) -> int:
        """The same in days, rounded up."""
        return -(-self.bars // 24) if self.is_hourly else self.bars


@dataclass(frozen=True, slots=True)
class Unscored:
    """A kind whose rows have no outcome of their own, and why."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class SaidRows:
    """The sealed rows of one publication."""

    sequence: int
    digest: str
    as_of: date
    hour: int | None
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Bin:
    """Statements of a publication that said alike: sums of what was said, of hits, of outcomes."""

    by: By
    place: int
    stated: float
    count: int
    hits: int
    outcome: float


@dataclass(frozen=True)
class Scored:
    """What came of the rows of one publication by one measure; arrays are aligned.

    `rows` are places in the publication, `subjects` ids of tokens or indices, `said` the sealed
    texts, `stated` the probability that was claimed for a hit (NaN: none), `outcomes` numbers in
    the unit of the measure (NaN: none). `control_hits` of `control_trials` is what the control got;
    `loss` sums the penalty of what was stated over `loss_count` statements, `loss_control` that of
    the control (NaN: the base rate's). `order` is the day's IC or AUC, `order_control` that of the
    same rows shuffled.
    """

    rows: Places
    subjects: Places
    names: Sequence[str]
    said: Sequence[str | None]
    stated: Series
    outcomes: Series
    results: NDArray[np.int8]
    control_hits: float = 0.0
    control_trials: int = 0
    loss: float = 0.0
    loss_count: int = 0
    loss_control: float = NOTHING
    order: float = NOTHING
    order_control: float = NOTHING
    bins: Sequence[Bin] = ()

    def count(self, result: Result) -> int:
        """How many statements came to a result."""
        return int((self.results == result).sum())

    @property
    def decided(self) -> Flags:
        """Hits and misses."""
        return np.asarray((self.results == Result.HIT) | (self.results == Result.MISS))


@dataclass(frozen=True, slots=True)
class Score:
    """One kept line: what came of a publication by a measure, without its single statements."""

    sequence: int
    measure: str
    kind: str
    as_of: date
    hour: int | None
    origin: Origin
    publication_id: str
    log: int
    position: int
    is_first: bool
    is_closed: bool
    closes_on: date
    status: Status
    overruled_by: str | None
    statements: int
    no_view: int
    no_call: int
    open: int
    hits: int
    misses: int
    undecided: int
    stated: float
    stated_count: int
    outcome: float
    control_hits: float
    control_trials: int
    loss: float
    loss_count: int
    loss_control: float | None
    order_figure: float | None
    order_control: float | None


@dataclass(frozen=True, slots=True)
class Statement:
    """One row of a sealed publication and what came of it."""

    score: Score
    number: int
    row: int
    subject: int
    name: str
    said: str | None
    stated: float | None
    outcome: float | None
    result: Result


@dataclass(frozen=True, slots=True)
class Selection:
    """Which statements: of a kind, an origin, a measure, days `start` to `end` (both included).

    There is no way to choose by outcome.
    """

    kind: str | None = None
    origin: Origin | None = None
    measure: str | None = None
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the record reaches: facts through a day, publications up to a sequence number.

    `version` changes exactly when an answer may; `is_complete` is False while the first build or a
    rebuild is under way. `unsealed` publications are in no log yet and so in no figure.
    """

    version: int
    through: date | None
    sequence: int
    is_complete: bool
    unsealed: int = 0


@dataclass(frozen=True, slots=True)
class OrderFigures:
    """Daily ICs (or AUCs) in one line. `noise` is the half width of the band around the neutral
    value in which a judgement that knows nothing stays in 95 of 100 records of this length.
    """

    days: int
    mean: float
    standard_error: float
    noise: float
    control_mean: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The record of one measure in one origin. Shares are of hits and misses; NaN without any."""

    measure: Measure
    origin: Origin
    first_day: date
    last_day: date
    publications: int
    repeated: int
    repeated_statements: int
    corrected: int
    withdrawn: int
    closed: int
    statements: int
    no_view: int
    no_call: int
    open: int
    hits: int
    misses: int
    undecided: int
    rate: float
    rate_low: float
    rate_high: float
    stated_rate: float
    control_rate: float
    mean_outcome: float
    loss: float
    loss_control: float
    order: OrderFigures | None


@dataclass(frozen=True, slots=True)
class Point:
    """One calibration point: what was said, and what happened, with its 90 % interval."""

    measure: Measure
    origin: Origin
    by: By
    place: int
    stated: float
    observed: float
    low: float
    high: float
    count: int
    hits: int
    mean_outcome: float


@dataclass(frozen=True)
class Running:
    """The record as it grew, publication by publication: means so far and their noise."""

    mean: Series
    noise: Series
    rate: Series = field(default_factory=lambda: np.empty(0))
