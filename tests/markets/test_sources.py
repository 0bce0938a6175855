"""The contract of every source: the same candles, however they come, are the same rows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.markets import digest_inputs, load_panel
from assay.markets.service.importing import Source, save_table
from assay.markets.sources.ccxt.parse import parse_ohlcv
from assay.markets.sources.file.fetch import fetch_file
from assay.markets.types import Interval

from .conftest import NOW

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
CANDLES = [
    (FIRST + timedelta(days=day), 10.5, 12.25, 9.125, 10.0 + day, 0.1 * day) for day in range(9)
]
# The digest is part of what publications promise: it may never change for the same facts.
GOLDEN = "390976776a868813fa5c62b7a4549ff284465adf455fca5dfbfb695e057051ea"
COLUMNS = ["time", "open", "high", "low", "close", "volume"]


def _frame() -> pl.DataFrame:
    rows = pl.DataFrame(CANDLES, schema=COLUMNS, orient="row")
    rows = rows.with_columns(high=pl.max_horizontal("high", "close"))
    return rows.insert_column(0, pl.Series("symbol", ["BTC/USDT"] * rows.height))


def from_csv(folder: Path) -> pl.DataFrame:
    path = folder / "candles.csv"
    _frame().write_csv(path)
    return fetch_file(path)


def from_packed_csv(folder: Path) -> pl.DataFrame:
    path = folder / "candles.csv.gz"
    _frame().write_csv(path, compression="gzip")
    return fetch_file(path)


def from_parquet(folder: Path) -> pl.DataFrame:
    path = folder / "candles.parquet"
    _frame().write_parquet(path)
    return fetch_file(path)


def from_ccxt(folder: Path) -> pl.DataFrame:
    page = [[int(t.timestamp() * 1000), *numbers] for _, t, *numbers in _frame().iter_rows()]
    return parse_ohlcv(page, "BTC/USDT", timedelta(days=1), NOW)


@pytest.mark.parametrize("source", [from_csv, from_packed_csv, from_parquet, from_ccxt])
def test_every_source_gives_the_same_facts(
    home: Home, tmp_path: Path, source: Callable[[Path], pl.DataFrame]
) -> None:
    clock, news = FixedClock(NOW), SilentProgress()
    where = Source("any", Interval.DAY, "binance")
    report = save_table(home, source(tmp_path), where, clock, news)
    assert (report.accepted, report.quarantined) == (9, {})
    assert digest_inputs(load_panel(home)) == GOLDEN
