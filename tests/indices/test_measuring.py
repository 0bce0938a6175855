"""Measured is what was published: figures, target, page; and windows that cannot be."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest
from tests.indices.test_own import take, write_candles
from tests.indices.worlds import DAYS, FIRST, create_panel

from assay import publishing
from assay.indices import INDICES, evaluate_indices
from assay.indices.measured import (
    EQUAL_WEIGHT,
    Measured,
    check_target,
    create_document,
    create_summary,
)
from assay.indices.measuring import load_paths, measure
from assay.indices.page import create_page
from assay.indices.types import KIND
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import BadInput, NotEnoughData
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.publishing import FIRST_DAY

pytestmark = pytest.mark.slow

CLOCK = FixedClock(datetime(2024, 1, 1, tzinfo=UTC))
LAST = FIRST + timedelta(days=DAYS - 1)
QUIET = SilentProgress()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder: Path = tmp_path_factory.mktemp("measured")
    home = Home(folder / "home").create()
    take(home, write_candles(create_panel(tokens=30), folder / "a.parquet", range(DAYS)))
    database = Database(home)
    publishing.publish_missing(home, database, INDICES, CLOCK, QUIET)
    return home


@pytest.fixture(scope="module")
def database(home: Home) -> Iterator[Database]:
    database = Database(home)
    yield database
    database.close()


@pytest.fixture(scope="module")
def measured(home: Home, database: Database) -> Measured:
    return measure(home, database, CLOCK, FIRST_DAY, LAST)


def test_the_figures_are_those_of_the_published_levels(
    database: Database, measured: Measured
) -> None:
    rows = [
        (day, row)
        for day, payload in publishing.load_days(database, KIND)
        for row in orjson.loads(payload)
        if row["slug"] == "top-10"
    ]
    assert rows[0][0] == FIRST_DAY
    assert len(rows) == (LAST - FIRST_DAY).days + 1
    levels = np.array([float(row["level"]) for _, row in rows])
    found = measured.performances["top-10"]
    assert found.total_return == pytest.approx(levels[-1] / 1000.0 - 1.0)
    falls = levels / np.maximum.accumulate(levels) - 1.0
    assert found.max_drawdown == pytest.approx(falls.min())
    assert rows[-1][1]["drawdown"] == f"{falls[-1]:.6f}"
    assert rows[-1][1]["return_7d"] == f"{levels[-1] / levels[-8] - 1.0:.6f}"


def test_the_universe_beside_itself_leaves_nothing(measured: Measured) -> None:
    own = measured.performances[EQUAL_WEIGHT]
    assert own.against[EQUAL_WEIGHT].beta == pytest.approx(1.0)
    whole = measured.performances["top-100"].against[EQUAL_WEIGHT]
    assert whole.beta == pytest.approx(1.0, abs=0.15)


def test_graded_indices_without_grades_stay_in_cash_and_miss(measured: Measured) -> None:
    assert measured.paths["trader"].cash[-1] == 1.0
    assert check_target(measured, "trader")["reached"] is False


def test_the_document_is_json_and_the_page_stands_alone(measured: Measured) -> None:
    document = create_document(measured)
    text = orjson.dumps(document)
    assert b"NaN" not in text
    assert document["target"]["investor"]["reached"] is False
    assert len(document["candidates"]) == document["tried"]["trader"]["configurations"]
    assert document["universe"] == {"coins": 30, "died_inside": 0}
    page = create_page(measured)
    assert page.startswith("<!doctype html>")
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "equal-weight" in page
    assert dict(create_summary(measured))["window"].startswith("2021-04-05 to")


def test_a_window_that_ends_before_it_begins_or_is_too_short(
    home: Home, database: Database
) -> None:
    with pytest.raises(BadInput, match="ends before it begins"):
        evaluate_indices(home, database, CLOCK, QUIET, start=date(2021, 8, 1), end=date(2021, 7, 1))
    with pytest.raises(NotEnoughData, match="31 days tell nothing"):
        evaluate_indices(
            home, database, CLOCK, QUIET, start=date(2021, 5, 1), end=date(2021, 5, 31)
        )


def test_paths_are_read_by_name(database: Database) -> None:
    paths = load_paths(database, FIRST_DAY, FIRST_DAY + timedelta(days=9))
    assert {len(path.levels) for path in paths.values()} == {10}
    assert {"top-10", "trader", "moonshot"} <= set(paths)
