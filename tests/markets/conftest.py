"""Homes with few candles for the tests of the markets room."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.markets import import_candles
from assay.markets.reports import ImportReport
from assay.markets.types import Interval

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
START = date(2024, 1, 1)

Row = dict[str, object]
Importer = Callable[..., ImportReport]


def bar(symbol: str, day: int | date, close: float, **changes: object) -> Row:
    """A flat daily bar; `day` counts from 2024-01-01."""
    when = START + timedelta(days=day) if isinstance(day, int) else day
    row: Row = {
        "symbol": symbol,
        "time": when,
        "open": close,
        "high": close,
        "low": close,
        "close": close,
        "volume": 1000.0,
    }
    return row | changes


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


@pytest.fixture
def take(home: Home, tmp_path: Path) -> Importer:
    """Imports rows through a file, as a user does."""
    count = 0

    def importer(
        rows: Iterable[Row],
        *,
        now: datetime = NOW,
        kind: str = "parquet",
        interval: Interval = Interval.DAY,
        venue: str = "binance",
    ) -> ImportReport:
        nonlocal count
        count += 1
        path = tmp_path / f"file{count}.{kind}"
        frame = pl.DataFrame(list(rows))
        if kind == "csv":
            frame.write_csv(path)
        else:
            frame.write_parquet(path)
        return import_candles(home, path, interval, venue, FixedClock(now), SilentProgress())

    return importer
