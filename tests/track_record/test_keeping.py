"""Keeping the record of a real home: what is owed, corrections of candles, the worker's minute."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.publishing.conftest import CLOCK, DAYS, NOW, take, write_bars
from tests.track_record.worlds import LATER, grade, publish
from typer.testing import CliRunner

from assay import markets, track_record
from assay.cli.app import app
from assay.cli.context import Context
from assay.cli.workers import keep_record
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import NotFound
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.kit.settings import Settings
from assay.publishing import FIRST_DAY
from assay.track_record import Selection

START = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
ONE_DAY = timedelta(days=1)
DAY = FIRST_DAY + 31 * ONE_DAY
"""Its outcome is known on the last day but one; each coin has then traded for 30 days."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home").create()
    path = write_bars(tmp_path / "days.parquet", ONE_DAY, START, DAYS)
    # Enough trading for the universe whose median coin is to be beaten.
    pl.read_parquet(path).with_columns(volume=pl.lit(1e6)).write_parquet(path)
    take(home, path)
    return home


def say(home: Home, database: Database) -> None:
    tokens = markets.load_registry(home).tokens(DAY)
    toys = [token for token in tokens if token.symbol.startswith("TOY")]
    rows = [grade(int(token.token_id), 60.0, "0.6000") for token in toys]
    publish(database, rows, day=DAY, at=LATER)


def count(database: Database) -> tuple[int, int]:
    asked = Selection(kind="grades.trader", measure="beats_median")
    (summary,) = track_record.load_record(database, asked).summaries
    return summary.hits, summary.misses


def correct(home: Home, folder: Path) -> None:
    """The last candles again, with another order of closes."""
    bars = pl.read_parquet(folder / "days.parquet")
    last = pl.col("time") >= START + (DAYS - 3) * ONE_DAY
    other = pl.col("close") * (1.0 + 2.0 * (pl.col("symbol") == "TOY0"))
    bars.filter(last).with_columns(close=other).write_parquet(folder / "late.parquet")
    take(home, folder / "late.parquet", now=NOW + ONE_DAY)


def test_what_is_owed_is_scored_once_and_again_after_a_correction(
    home: Home, tmp_path: Path
) -> None:
    database = Database(home)
    assert track_record.check_owed(home, database)
    say(home, database)
    built = track_record.update_record(home, database, CLOCK)
    assert (built.scored, built.unsealed) == (1, 0)
    assert not track_record.check_owed(home, database)
    assert track_record.update_record(home, database, CLOCK).scored == 0
    hits, misses = count(database)
    assert hits + misses == 3
    correct(home, tmp_path)
    assert track_record.check_owed(home, database)
    later = FixedClock(NOW + 2 * ONE_DAY)
    assert track_record.update_record(home, database, later).scored == 1
    statements = [
        item
        for _, listed in track_record.walk_statements(
            database, Selection(kind="grades.trader", measure="beats_median")
        )
        for item in listed
    ]
    assert max(item.outcome or 0.0 for item in statements) > 0.5
    before = track_record.load_coverage(database)
    track_record.rebuild_record(home, database, later)
    assert track_record.load_coverage(database).through == before.through
    database.close()


def test_before_the_first_import_nothing_is_owed(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    database = Database(home)
    assert not track_record.check_owed(home, database)
    with pytest.raises(NotFound):
        track_record.update_record(home, database, CLOCK)
    database.close()


def test_a_worker_keeps_the_record(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    context = Context(Settings(home=home.path), home, CLOCK, SilentProgress())
    say(home, context.database)
    stop, done = threading.Event(), threading.Event()
    update = track_record.update_record

    def watched(*stores: object) -> object:
        made = update(*stores)  # type: ignore[arg-type]
        done.set()
        return made

    monkeypatch.setattr(track_record, "update_record", watched)
    keeper = threading.Thread(target=keep_record, args=(context, stop, 0.01))
    keeper.start()
    assert done.wait(300)
    stop.set()
    keeper.join()
    assert sum(count(context.database)) == 3
    context.database.close()


def test_the_command_scores_shows_and_draws(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(home)
    say(home, database)
    monkeypatch.setenv("ASSAY_HOME", str(home.path))
    page = home.path / "record.html"
    shown = CliRunner().invoke(app, ["track-record", "--html", str(page)])
    assert shown.exit_code == 0
    assert "Track record" in page.read_text(encoding="utf-8")
    assert sum(count(database)) == 3
    wrong = CliRunner().invoke(app, ["track-record", "--kind", "luck"])
    assert wrong.exit_code == 2
    again = CliRunner().invoke(app, ["track-record", "rebuild"])
    assert again.exit_code == 0
    assert np.isfinite(track_record.load_record(database, Selection()).summaries[0].rate)
    database.close()
