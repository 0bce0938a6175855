"""The words of publishing: who speaks, what is judged of a day, what an evaluation gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assay.ledger.types import Kind
from assay.markets.types import Panel, Token

FIRST_DAY = date(2021, 4, 5)
"""The first day anything is said of: before it the bundled market holds survivors only."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Hours:
    """Aligned token x hour arrays, float64 [tokens, hours]; NaN = no bar.

    Column j is the bar that opens at `first_hour + j` hours. Only tokens with hourly candles have a
    row, ascending by id. Prices are as quoted, `volume` is in base units.
    """

    token_ids: NDArray[np.int64]
    first_hour: datetime
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    @property
    def n_hours(self) -> int:
        """Number of columns."""
        return int(self.close.shape[1])

    @property
    def first_day(self) -> date:
        """Day of the first column."""
        return self.first_hour.date()

    def column(self, day: date, hour: int) -> int:
        """Where the bar of `day` that opens at `hour` stands; may lie outside the axis."""
        days = (day - self.first_day).days
        return days * 24 + hour - self.first_hour.hour

    def until(self, day: date) -> Hours:
        """The prefix up to and including the last hour of `day`, as views."""
        width = max(0, min(self.column(day, 23) + 1, self.n_hours))
        fields = ("open", "high", "low", "close", "volume")
        return replace(self, **{name: getattr(self, name)[:, :width] for name in fields})


class Facts(Protocol):
    """Facts of a group of days that see the same corrections (made by `load_facts`)."""

    @property
    def panel(self) -> Panel:
        """The panel, up to the newest of the days."""
        ...

    def tokens(self, day: date) -> list[Token]:
        """The tokens that had begun to trade by `day`, as known then, ascending by id."""
        ...

    def hours(self, day: date) -> Hours:
        """Hourly bars up to the last hour of `day`."""
        ...


@dataclass(frozen=True, slots=True)
class SaidRows:
    """What stands for a day of a kind: parsed rows and the hex SHA-256 of their bytes."""

    kind: str
    as_of: date
    rows: Rows
    rows_digest: str


class Said(Protocol):
    """What other rooms (and one's own, on earlier days) have said; every look is recorded."""

    def find(self, kind: str, day: date) -> SaidRows | None:
        """What stands for a day; None where nothing does. Raises ValueError for a kind that the
        speaker does not declare in `reads`.
        """
        ...

    def rows(self, kind: str, day: date) -> Rows | None:
        """The rows alone; not to be changed."""
        ...


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said of a day (or of one hour of it).

    `rows` hold integers, booleans, null, decimal strings, lists and objects, never floats. `model`
    names what judged beside the code: digests of artefacts or of a rule book.
    """

    day: date
    rows: Sequence[Mapping[str, Any]]
    model: str
    hour: int | None = None


class Judge(Protocol):
    """Judges ascending days from facts and from what was said; pure but for `said`.

    A day is judged from columns up to its own, so that a day judged alone and among others gives
    equal bytes. What a day reads of `said` is asked for between the judgement before and its own.
    An hourly judge gives the hours of each day in order and uses the daily panel up to the day
    before only.
    """

    def __call__(self, days: Sequence[date], facts: Facts, said: Said) -> Iterable[Judgement]:
        """One judgement a day, or one an hour, in order; a day may be left out."""
        ...


@dataclass(frozen=True)
class Speaker:
    """One kind of public statement and how it is made.

    `sources` are the files and folders below the package that decide its bytes, `reads` the other
    kinds that `judge` may read through `said`; they are published before it. A day of a kind that
    `is_continuing` goes on from its own days before, so those are published first.
    """

    kind: Kind
    judge: Judge
    sources: tuple[str, ...]
    reads: tuple[str, ...] = ()
    is_hourly: bool = False
    is_continuing: bool = False
    first_day: date = FIRST_DAY


DAILY_LIVE_WITHIN = timedelta(hours=24)
DAILY_OPENS_AFTER = timedelta(days=1)


def daily_kind(name: str) -> Kind:
    """A kind judged at a close and traded at the next one: live for the day in between."""
    return Kind(name, DAILY_LIVE_WITHIN, DAILY_OPENS_AFTER)


@dataclass(frozen=True)
class Evaluation:
    """Whether what was published is worth anything: figures, a page, and a few lines for people.

    `document` is JSON-ready, a missing figure is null.
    """

    kind: str
    document: Mapping[str, Any]
    page: str
    summary: Sequence[tuple[str, str]] = field(default_factory=tuple)
