"""The look-ahead fuzzer: whatever becomes known after a day, its grades keep their bytes."""

import copy
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.grades.conftest import NOW, TRAINED_DAYS, newest_day, take, write_candles

from assay import markets
from assay.grades.artefacts import load_artefacts
from assay.grades.judging import Judged, Models, judge_days
from assay.grades.types import GradeKind
from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.kit.moments import close_of
from assay.markets.types import Panel
from assay.publishing import load_facts

pytestmark = pytest.mark.slow

LATER = NOW + timedelta(days=10)


def judge(home: Home, day: date) -> Judged:
    models = Models(load_artefacts(home, GradeKind.TRADER))
    changes = markets.list_revision_moments(home)
    return next(iter(judge_days([day], models, lambda d: load_facts(home, d, LATER), changes)))


def correct_past(home: Home, folder: Path, random: np.random.Generator) -> None:
    """A correction of old bars, known only from now on."""
    rows = markets.load_panel(home)
    token, column = int(random.integers(rows.n_tokens)), int(random.integers(rows.n_days))
    symbol = markets.load_registry(home).by_id(int(rows.token_ids[token])).symbol
    price = float(rows.close[token, column]) * float(random.uniform(0.5, 1.5))
    if not np.isfinite(price):
        return
    frame = {
        "symbol": [symbol], "time": [rows.day(column)], "open": [price], "high": [price],
        "low": [price], "close": [price], "volume": [float(random.uniform(1, 1e7))],
    }  # fmt: skip
    pl.DataFrame(frame).write_parquet(folder / "correction.parquet")
    take(home, folder / "correction.parquet", LATER)


def add_future(home: Home, folder: Path, world: Panel, random: np.random.Generator) -> None:
    """Days after the judged one, with arbitrary prices."""
    scale = random.uniform(0.2, 5.0, world.close.shape)
    for field in (world.open, world.high, world.low, world.close):
        field[:, TRAINED_DAYS:] *= scale[:, TRAINED_DAYS:]
    days = slice(TRAINED_DAYS, TRAINED_DAYS + int(random.integers(1, 40)))
    take(home, write_candles(world, folder / "future.parquet", days), LATER)


def redenominate(home: Home, random: np.random.Generator) -> None:
    """A redenomination declared after its day had been judged."""
    day = newest_day() - timedelta(days=int(random.integers(0, 100)))
    factor = float(random.choice([0.01, 10.0, 1000.0]))
    markets.declare_redenomination(home, "SYN105", day, factor, FixedClock(LATER))


@given(st.integers(0, 2**32 - 1), st.integers(0, 25))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_becomes_known_later_changes_no_byte(
    trained_home: Home, world: Panel, tmp_path: Path, seed: int, back: int
) -> None:
    day = newest_day() - timedelta(days=back)
    before = judge(trained_home, day)
    folder = tmp_path / str(seed)
    shutil.rmtree(folder, ignore_errors=True)
    home = Home(Path(shutil.copytree(trained_home.path, folder / "home")))
    random = np.random.default_rng(seed)
    copied = copy.deepcopy(world)
    for change in random.permutation(3)[: int(random.integers(1, 4))]:
        if change == 0:
            correct_past(home, folder, random)
        elif change == 1:
            add_future(home, folder, copied, random)
        else:
            redenominate(home, random)
    after = judge(home, day)
    assert after.payload == before.payload
    assert after.inputs_digest == before.inputs_digest
    shutil.rmtree(folder)


def test_a_fact_of_the_day_itself_does_change_it(
    copy_home: Callable[[], Home], tmp_path: Path, world: Panel
) -> None:
    """The fuzzer can fail: a change that was known in time is seen."""
    home = copy_home()
    day = newest_day()
    before = judge(home, day)
    extra = {
        "symbol": ["SYN100"], "time": [world.first_day - timedelta(days=1)], "open": [9.0],
        "high": [9.0], "low": [9.0], "close": [9.0], "volume": [1e6],
    }  # fmt: skip
    pl.DataFrame(extra).write_parquet(tmp_path / "older.parquet")
    take(home, tmp_path / "older.parquet", LATER)
    assert judge(home, day).inputs_digest != before.inputs_digest


def test_a_correction_counts_from_the_day_it_was_known(
    copy_home: Callable[[], Home], tmp_path: Path, world: Panel
) -> None:
    home = copy_home()
    take(home, write_candles(world, tmp_path / "more.parquet", slice(TRAINED_DAYS, 400)))
    known = newest_day() + timedelta(days=20)
    frame = {
        "symbol": ["SYN110"], "time": [newest_day()], "open": [5.0], "high": [5.0], "low": [5.0],
        "close": [5.0], "volume": [3e6],
    }  # fmt: skip
    pl.DataFrame(frame).write_parquet(tmp_path / "c.parquet")
    days = [known - timedelta(days=1), known, known + timedelta(days=1)]
    before = {day: judge(home, day).payload for day in days}
    take(home, tmp_path / "c.parquet", close_of(known) - timedelta(hours=1))
    after = {day: judge(home, day).payload for day in days}
    assert [after[day] == before[day] for day in days] == [True, False, False]
