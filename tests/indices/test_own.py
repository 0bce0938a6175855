"""Users' own indices: made whole or not at all, private, followed to the newest day, deleted."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text
from tests.indices.worlds import DAYS, FIRST, create_panel, list_levels

from assay import indices, markets
from assay.indices import create_own, delete_own, list_own, load_own, measure_own
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import AssayError, BadInput, Conflict, InFuture, NotEnoughData, NotFound
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.markets.types import Interval, Panel
from assay.publishing import FIRST_DAY

CLOCK = FixedClock(datetime(2024, 1, 1, tzinfo=UTC))
QUIET = SilentProgress()
OWN = """
slug = "mine"
name = "Mine"
every_days = 10
[basket]
members = ["SYN100", "SYN101", "SYN102", "SYN103"]
count = 3
"""


class Listener:
    """Hears how far the work is."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int]] = []

    def step(self, label: str, done: int, total: int) -> None:
        self.steps.append((label, done, total))


def write_candles(panel: Panel, path: Path, days: range) -> Path:
    rows = [
        {
            "symbol": f"SYN{key}",
            "time": panel.day(column),
            "open": panel.close[row, column],
            "high": panel.close[row, column],
            "low": panel.close[row, column],
            "close": panel.close[row, column],
            "volume": panel.volume[row, column],
        }
        for row, key in enumerate(panel.token_ids.tolist())
        for column in days
    ]
    pl.DataFrame(rows).write_parquet(path)
    return path


def take(home: Home, path: Path) -> None:
    markets.import_candles(home, path, Interval.DAY, "binance", CLOCK, QUIET)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home").create()
    take(home, write_candles(create_panel(tokens=6), tmp_path / "a.parquet", range(DAYS - 20)))
    return home


@pytest.fixture
def database(home: Home) -> Database:
    return Database(home)


def create(home: Home, database: Database, rules: str = OWN) -> indices.OwnIndex:
    return create_own(home, database, rules, CLOCK, QUIET)


def test_created_listed_shown_grown_and_deleted(
    home: Home, database: Database, tmp_path: Path
) -> None:
    listener = Listener()
    own = create_own(home, database, OWN, CLOCK, listener)
    assert own.start == FIRST_DAY
    assert own.last_day == FIRST + timedelta(days=DAYS - 21)
    assert own.newest["coins"] == 3
    assert listener.steps[-1][1] == listener.steps[-1][2] == len(own.levels)
    assert [item.slug for item in list_own(database)] == ["mine"]
    assert load_own(home, database, "mine", CLOCK, QUIET) == own
    take(home, write_candles(create_panel(tokens=6), tmp_path / "b.parquet", range(DAYS)))
    grown = load_own(home, database, "mine", CLOCK, QUIET)
    assert grown.last_day == FIRST + timedelta(days=DAYS - 1)
    assert grown.levels[: len(own.levels)] == own.levels
    assert list_own(database) == [grown]
    delete_own(home, database, "mine")
    assert list_own(database) == []
    again = create(home, database)
    assert again.levels == grown.levels
    assert again.newest == grown.newest


def test_it_is_never_published(home: Home, database: Database) -> None:
    create(home, database)
    with database.read() as connection:
        count = connection.execute(text("select count(*) from publications")).scalar()
    assert count == 0


def test_its_figures_are_those_of_its_levels(home: Home, database: Database) -> None:
    own = create(home, database)
    figures = measure_own(own)
    levels = list_levels([{"level": level} for level in own.levels])
    assert figures.total_return == pytest.approx(levels[-1] / 1000.0 - 1.0)
    assert figures.max_drawdown == pytest.approx(
        min(level / max(levels[: n + 1]) - 1.0 for n, level in enumerate(levels))
    )
    assert figures.months[0][:2] == (2021, 4)


@pytest.mark.parametrize(
    ("rules", "error", "words"),
    [
        (OWN.replace("count = 3", "count = 0"), BadInput, "count is 0"),
        (OWN.replace("SYN103", "NEVER"), BadInput, "Nothing was ever called NEVER"),
        (OWN.replace('slug = "mine"', 'slug = "trader"'), Conflict, "public index"),
        (OWN.replace("every_days", "start = 2023-05-01\nevery_days"), InFuture, "newest complete"),
        (OWN.replace("count = 3", "outside_top = 100"), NotEnoughData, "not have held a coin"),
        (
            OWN.replace("count = 3", 'count = 3\nrank_by = "trader_grade"'),
            NotEnoughData,
            "not have held a coin",
        ),
    ],
)
def test_a_bad_file_keeps_nothing(
    home: Home, database: Database, rules: str, error: type[AssayError], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        create(home, database, rules)
    assert caught.value.hint
    assert list_own(database) == []


def test_a_name_is_used_once_and_must_exist(home: Home, database: Database) -> None:
    first = create(home, database)
    with pytest.raises(Conflict, match="already have"):
        create(home, database, OWN.replace("count = 3", "count = 2"))
    assert list_own(database) == [first]
    with pytest.raises(NotFound, match="no index"):
        delete_own(home, database, "yours")
    with pytest.raises(NotFound, match="no index"):
        load_own(home, database, "yours", CLOCK, QUIET)


@pytest.mark.slow
def test_killed_in_the_middle_it_leaves_no_half_index(home: Home, tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text(OWN)
    script = (
        "import sys, time\nfrom pathlib import Path\n"
        "from assay import indices\nfrom assay.kit.clock import SystemClock\n"
        "from assay.kit.database import Database\nfrom assay.kit.home import Home\n"
        "class Slow:\n"
        "    def step(self, label, done, total):\n"
        "        print(done, flush=True)\n"
        "        time.sleep(60)\n"
        "home = Home(Path(sys.argv[1]))\n"
        "indices.create_own(home, Database(home), Path(sys.argv[2]).read_text(), SystemClock(),"
        " Slow())\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(home.path), str(rules)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "50"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    time.sleep(0.1)
    database = Database(home)
    assert list_own(database) == []
    assert create(home, database).newest["coins"] == 3
