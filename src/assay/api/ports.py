"""What the API asks of the rooms below; the rooms' front doors fit, and so do a test's fakes."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Protocol

import polars as pl

from assay.grades import GradeKind
from assay.kit.database import Database
from assay.kit.home import Home
from assay.markets import Order
from assay.markets.types import AsOf, Interval, Panel, Registry


class Point(Protocol):
    """One day of one token's history."""

    @property
    def as_of(self) -> date:
        """The day judged."""
        ...

    @property
    def grade(self) -> str | None:
        """The grade as a decimal string; None for no view."""
        ...

    @property
    def label(self) -> str | None:
        """Its label, from Strong Sell to Strong Buy."""
        ...

    @property
    def no_view_code(self) -> str | None:
        """Why there is no view."""
        ...

    @property
    def origin(self) -> str:
        """live, replay or backfilled."""
        ...

    @property
    def publication_id(self) -> str:
        """The publication that said it."""
        ...


class Grades(Protocol):
    """The front door of the grades room, as far as the API needs it."""

    def load_grade_history(
        self,
        database: Database,
        kind: GradeKind,
        token_id: int,
        start: date | None,
        end: date | None,
        said_by: datetime | None,
    ) -> Sequence[Point]:
        """One token's grades, ascending by day."""
        ...

    def explain_grade(
        self, home: Home, database: Database, kind: GradeKind, token_id: int, as_of: date
    ) -> object:
        """A dataclass that says why; heavy, so it runs in the one compute thread."""
        ...


class Markets(Protocol):
    """The front door of the markets room, as far as the API needs it."""

    def load_facts_version(self, home: Home) -> str | None:
        """Changes whenever registry, panel or lake change; None before the first load.

        Asked twice a second, so it must be cheap.
        """
        ...

    def load_registry(self, home: Home) -> Registry:
        """Every token there ever was."""
        ...

    def load_panel(self, home: Home, as_of: AsOf | None = None) -> Panel:
        """The daily panel, memory-mapped: with every correction, or those known at `as_of`."""
        ...

    def stream_candles(
        self,
        home: Home,
        interval: Interval,
        token_ids: Sequence[int] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        as_of: AsOf | None = None,
        order: Order = Order.STORED,
    ) -> Iterator[Any]:
        """Candles of many tokens (None: all), `start` <= time < `end`, as known at `as_of`: Arrow
        record batches of token_id, time, open, high, low, close, volume, market_cap_usd,
        quote_volume, in constant memory.
        """
        ...

    def list_stored_days(self, home: Home, interval: Interval) -> tuple[date, date] | None:
        """The days of the first and last candle stored; None where there is none."""
        ...

    def list_quarantine(self, home: Home) -> pl.DataFrame:
        """Rows that imports turned away: venue, interval, symbol, time, reason, content,
        import_id.
        """
        ...
