"""Publications and facts straight from their stores, and the arithmetic of the contract, written
apart from the code of the face.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

import orjson
import polars as pl

from assay import ledger
from assay.api import ApiState
from assay.markets.types import Interval, Panel

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Truth:
    """Publications and facts, read straight from their stores."""

    state: ApiState

    @cached_property
    def panel(self) -> Panel:
        return self.state.markets.load_panel(self.state.home)

    @cached_property
    def newest(self) -> date:
        return self.panel.complete_through

    @cached_property
    def _said(self) -> dict[tuple[str, date, int | None], list[dict[str, Any]]]:
        return {}

    def rows(self, kind: str, day: date, hour: int | None = None) -> list[dict[str, Any]]:
        key = (kind, day, hour)
        if key not in self._said:
            with self.state.database.read() as connection:
                found = ledger.load_latest(connection, kind, day, hour=hour)
            self._said[key] = [] if found is None else orjson.loads(found.rows)
        return self._said[key]

    def row(self, kind: str, day: date, token_id: int, hour: int | None = None) -> dict[str, Any]:
        rows = self.rows(kind, day, hour)
        return next((row for row in rows if row.get("token_id") == token_id), {})

    def newest_day(self, kind: str) -> date:
        with self.state.database.read() as connection:
            found = ledger.load_latest(connection, kind)
        assert found is not None
        return found.as_of

    def candle(self, token_id: int, day: date, field: str) -> float:
        panel = self.panel
        return float(getattr(panel, field)[panel.row(token_id), panel.column(day)])

    @cached_property
    def hours(self) -> dict[tuple[int, datetime], dict[str, Any]]:
        batches = self.state.markets.stream_candles(self.state.home, Interval.HOUR)
        rows = [row for batch in batches for row in pl.DataFrame(batch).iter_rows(named=True)]
        return {(row["token_id"], row["time"]): row for row in rows}

    def index(self, day: date, name: object) -> dict[str, Any]:
        return next(r for r in self.rows("indices", day) if name in (r["index_id"], r["slug"]))


def exact(value: str | int | None) -> float | None:
    """A published number as a JSON number."""
    return None if value is None else float(value)


def times(value: str | None, factor: int) -> float | None:
    return None if value is None else float(Decimal(value) * factor)


def change(now: str | None, before: str | None) -> float | None:
    """The contract's rule for changes in percent."""
    if now is None or before is None or Decimal(before) <= 0:
        return None
    ratio = (Decimal(now) - Decimal(before)) / Decimal(before) * 100
    return float(ratio.quantize(Decimal("0.01"), ROUND_HALF_UP))


def over(price: str, today: str) -> float:
    return float(round(Decimal(price) / Decimal(today) - 1, 4))


def day_of(row: Row) -> date:
    text = row.get("DATE") or row.get("PORTFOLIO_DATE") or row["TIMESTAMP"]
    return date.fromisoformat(text[:10])


def moment_of(row: Row) -> datetime:
    return datetime.fromisoformat(row["TIMESTAMP"])
