"""Homes with a made-up (synthetic) market and models trained on it, for tests of the grades."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.grades.worlds import FIRST, create_panel

from assay import markets
from assay.grades.artefacts import save_artefact
from assay.grades.train import prepare_training, train_walk_forward
from assay.grades.types import GradeKind
from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.markets.types import Interval, Panel

NOW = datetime(2024, 1, 1, tzinfo=UTC)
TRAINED_DAYS = 330
REFIT = FIRST + timedelta(days=300)


def write_candles(panel: Panel, path: Path, days: slice = slice(None)) -> Path:
    """The panel's bars as a Parquet file that `import_candles` reads."""
    columns = range(*days.indices(panel.n_days))
    rows = [
        {
            "symbol": f"SYN{token}",
            "time": panel.day(column),
            "open": panel.open[row, column],
            "high": max(panel.high[row, column], panel.open[row, column]),
            "low": min(panel.low[row, column], panel.open[row, column]),
            "close": panel.close[row, column],
            "volume": panel.volume[row, column],
        }
        for row, token in enumerate(panel.token_ids.tolist())
        for column in columns
    ]
    pl.DataFrame(rows).write_parquet(path)
    return path


def take(home: Home, path: Path, now: datetime = NOW) -> None:
    """Import a file as a user would, at a moment."""
    markets.import_candles(home, path, Interval.DAY, "binance", FixedClock(now), SilentProgress())


@pytest.fixture(scope="session")
def world() -> Panel:
    return create_panel(edge=0.02)


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory, world: Panel) -> Home:
    """Candles of the first 330 days, and a Trader model refitted on day 300."""
    folder = tmp_path_factory.mktemp("world")
    home = Home(folder / "home").create()
    take(home, write_candles(world, folder / "candles.parquet", slice(0, TRAINED_DAYS)))
    facts = prepare_training(world, np.ones(world.n_tokens, np.bool_))
    trained = train_walk_forward(facts, GradeKind.TRADER, refit_days=[REFIT])
    for artefact in trained.artefacts:
        save_artefact(home.artefacts, artefact)
    return home


@pytest.fixture
def copy_home(trained_home: Home, tmp_path: Path) -> Callable[[], Home]:
    """Copies of the trained home that a test may change."""
    count = 0

    def copy() -> Home:
        nonlocal count
        count += 1
        return Home(Path(shutil.copytree(trained_home.path, tmp_path / f"home{count}")))

    return copy


def newest_day() -> date:
    """The newest complete day of the trained home."""
    return FIRST + timedelta(days=TRAINED_DAYS - 1)
