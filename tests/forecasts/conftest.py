"""A home with the made-up market in it, and its evaluation."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from tests.forecasts import worlds

from assay import markets
from assay.forecasts import evaluate_forecasts
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.markets.types import Interval
from assay.publishing import Evaluation

CLOCK = FixedClock(datetime(2024, 1, 1, tzinfo=UTC))
WINDOW = date(2021, 9, 1), date(2022, 2, 24)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("forecasts")
    panel = worlds.create_panel()
    rows = [
        {
            "symbol": "BTC" if item == worlds.BITCOIN else f"SYN{item}",
            "time": panel.day(column),
            "open": panel.close[row, column],
            "high": panel.high[row, column],
            "low": panel.low[row, column],
            "close": panel.close[row, column],
            "volume": 1e6,
        }
        for row, item in enumerate(worlds.IDS)
        if item != worlds.SPLIT
        for column in range(panel.n_days)
        if panel.close[row, column] > 0.0
    ]
    path = folder / "candles.parquet"
    pl.DataFrame(rows).write_parquet(path)
    made = Home(folder / "home").create()
    markets.import_candles(made, path, Interval.DAY, "binance", CLOCK, SilentProgress())
    return made


@pytest.fixture(scope="session")
def database(home: Home) -> Database:
    return Database(home)


@pytest.fixture(scope="session")
def evaluation(home: Home, database: Database) -> Evaluation:
    return evaluate_forecasts(
        home, database, CLOCK, SilentProgress(), start=WINDOW[0], end=WINDOW[1]
    )
