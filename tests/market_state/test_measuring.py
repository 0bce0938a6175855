"""From candles to the page: what was published is measured, and says when it shows nothing."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest

from assay import markets
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import BadInput
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.market_state import SPEAKERS, evaluate_market_state
from assay.market_state.reading import align_known, load_known
from assay.markets.types import Interval
from assay.publishing import FIRST_DAY, Evaluation, load_days, publish_missing

NOW = datetime(2024, 1, 1, tzinfo=UTC)
CLOCK = FixedClock(NOW)
DAYS = 480
LAST = FIRST_DAY + timedelta(days=DAYS - 1)
KNOWN = Path(__file__).parents[2].parent / "shared/data/market_state/fear_greed_daily.csv"


def write_known(path: Path, days: int = DAYS) -> Path:
    lines = [f"{FIRST_DAY + timedelta(days=n)},{n % 100}" for n in range(days)]
    path.write_text("\n".join(["date,fear_greed_index", *lines]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("market")
    home = Home(folder / "home").create()
    generator = np.random.default_rng(8)
    common = generator.normal(0, 0.02, DAYS + 1)
    rows = []
    for token in range(24):
        path = 10 * np.exp(np.cumsum(common + generator.normal(0, 0.02 + token / 800, DAYS + 1)))
        end = 300 if token == 23 else DAYS + 1
        rows += [
            {
                "symbol": "BTC" if token == 0 else f"TOY{token}",
                "time": datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=n),
                "close": float(path[n]),
                "volume": 1e6 / float(path[n]),
            }
            for n in range(end)
        ]
    pl.DataFrame(rows).write_parquet(folder / "days.parquet")
    markets.import_candles(
        home, folder / "days.parquet", Interval.DAY, "binance", CLOCK, SilentProgress()
    )
    return home


@pytest.fixture(scope="module")
def found(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    known = write_known(tmp_path_factory.mktemp("known") / "known.csv")
    return evaluate_market_state(
        home, Database(home), CLOCK, SilentProgress(), end=LAST, known=known
    )


pytestmark = pytest.mark.slow


def test_document_is_json_and_whole(found: Evaluation) -> None:
    document = json.loads(json.dumps(found.document, allow_nan=False))
    assert document["kind"] == found.kind == "market_state"
    assert document["window"] == {"first": str(FIRST_DAY), "last": str(LAST), "days": DAYS}
    assert document["origin"] == "backfilled"
    assert document["universe"] == {"coins": 24, "died_inside": 1}
    assert set(document["fear_and_greed"]["links"]) == {"1", "7", "30"}
    assert document["fear_and_greed"]["comparison"]["days"] > 300
    assert document["indicator"]["timing"]["coins"]["coins"] == 24
    assert [r["name"] for r in document["volatility"]["regimes"]] == ["low", "middle", "high"]
    assert document["correlations"]["most"]["pairs"] > 100
    assert document["tokens"]["volatility"]["volatility"] > 0.3
    assert document["grades"]["trader_high"]["days"] == 0


def test_no_skill_is_claimed_on_a_random_walk(found: Evaluation) -> None:
    words = dict(found.summary)
    assert "nothing shown" in words["fear and greed, next 30 d"]
    assert "showed no timing" in found.page
    assert found.document["indicator"]["timing"]["chance"] > 0.05


def test_page_is_one_file_that_fetches_nothing(found: Evaluation) -> None:
    assert found.page.startswith("<!doctype html>")
    assert "http" not in found.page.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in found.page
    for title in ("Fear and greed", "Bull and bear", "Volatility", "Coins and pairs", "Breadth"):
        assert f"<h2>{title}</h2>" in found.page


def test_without_the_known_index_there_is_no_comparison(home: Home) -> None:
    found = evaluate_market_state(home, Database(home), CLOCK, SilentProgress(), end=LAST)
    assert found.document["fear_and_greed"]["comparison"] is None
    assert dict(found.summary)["against the known index"] == "no file of it was given"


def test_what_was_published_comes_out_again(home: Home, found: Evaluation) -> None:
    database = Database(home)
    for speaker in SPEAKERS:
        said = dict(load_days(database, speaker.kind.name))
        assert len(said) == DAYS
        assert publish_missing(home, database, speaker, CLOCK, end=LAST) == 0
        assert isinstance(orjson.loads(said[LAST]), list)


def test_a_short_window_early_in_the_history(home: Home) -> None:
    found = evaluate_market_state(
        home, Database(home), CLOCK, SilentProgress(), end=FIRST_DAY + timedelta(days=11)
    )
    assert found.document["window"]["days"] == 12
    assert found.document["tokens"] == {}
    assert found.document["fear_and_greed"]["links"]["1"]["rho"] is None


def test_a_window_that_ends_before_it_begins_is_refused(home: Home) -> None:
    with pytest.raises(BadInput, match="before it begins"):
        evaluate_market_state(
            home, Database(home), CLOCK, SilentProgress(), start=LAST, end=FIRST_DAY
        )


@pytest.mark.parametrize(
    "text", ["", "day,value\n2021-04-05,3", "date,fear_greed_index\n2021-4-5,3",
             "date,fear_greed_index\n2021-04-05,high", "date,fear_greed_index\n2021-04-05"],
)  # fmt: skip
def test_a_file_that_is_no_index_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(text, encoding="utf-8")
    if text:
        with pytest.raises(BadInput, match=r"other\.csv is no fear-and-greed index"):
            load_known(path)
    else:
        assert load_known(path) == {}
    with pytest.raises(BadInput):
        load_known(tmp_path / "absent.csv")


def test_known_values_are_aligned_with_the_days(tmp_path: Path) -> None:
    known = load_known(write_known(tmp_path / "known.csv", 3))
    days = [FIRST_DAY, FIRST_DAY + timedelta(days=2)]
    np.testing.assert_array_equal(align_known(known, days, 0), [0.0, 2.0])
    np.testing.assert_array_equal(align_known(known, days, 1), [1.0, np.nan])


def test_the_real_known_index_can_be_read() -> None:
    if not KNOWN.is_file():
        if os.environ.get("ASSAY_REQUIRE") == "all":
            pytest.fail("the known index is missing and ASSAY_REQUIRE=all")
        pytest.skip("the known fear-and-greed index lies beside this project only at its authors'")
    known = load_known(KNOWN)
    assert len(known) > 1500
    assert known[date(2020, 3, 13)] < 20
    assert all(0 <= value <= 100 for value in known.values())
