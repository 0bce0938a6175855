"""The evaluation of what was published, on a small home with a made-up (synthetic) market."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.signals.worlds import create_closes

from assay import markets, publishing
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import BadInput, InFuture, NotEnoughData
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.ledger import canonical_json
from assay.markets.types import Interval
from assay.publishing import FIRST_DAY, Evaluation
from assay.signals import DAILY_SIGNALS, evaluate_signals
from assay.signals.reading import load_published, settle_signals

pytestmark = pytest.mark.slow

NOW = datetime(2024, 1, 1, tzinfo=UTC)
CLOCK = FixedClock(NOW)
START = date(2020, 11, 1)
DAYS = 290
LAST = START + timedelta(days=DAYS - 1)
HOURS = 24 * 24
SYMBOLS = ("BTC", "ETH", "TOYA", "TOYB", "TOYC", "YOUNG")
DEAD = "TOYB"


def write(path: Path, close: np.ndarray, start: datetime, step: timedelta) -> Path:
    generator = np.random.default_rng(3)
    spread = np.abs(generator.normal(0.0, 0.01, close.shape))
    rows = [
        {
            "symbol": SYMBOLS[row],
            "time": start + column * step,
            "open": close[row, column],
            "high": close[row, column] * (1.0 + spread[row, column]),
            "low": close[row, column] / (1.0 + spread[row, column]),
            "close": close[row, column],
            "volume": 1e6,
        }
        for row in range(close.shape[0])
        for column in range(close.shape[1])
        if np.isfinite(close[row, column])
    ]
    pl.DataFrame(rows).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("signals")
    home = Home(folder / "home").create()
    daily = create_closes(21, len(SYMBOLS), DAYS, drift=0.01)
    daily[SYMBOLS.index(DEAD), DAYS - 60 :] = np.nan
    daily[-1, : DAYS - 50] = np.nan
    begin = datetime(START.year, START.month, START.day, tzinfo=UTC)
    hourly = create_closes(22, 2, HOURS, drift=0.004)
    first_hour = begin + timedelta(days=DAYS) - timedelta(hours=HOURS)
    for path, close, start, step, interval in (
        (folder / "days.parquet", daily, begin, timedelta(days=1), Interval.DAY),
        (folder / "hours.parquet", hourly, first_hour, timedelta(hours=1), Interval.HOUR),
    ):
        file = write(path, close, start, step)
        markets.import_candles(home, file, interval, "binance", CLOCK, SilentProgress())
    return home


@pytest.fixture(scope="module")
def database(home: Home) -> Iterator[Database]:
    database = Database(home)
    yield database
    database.close()


@pytest.fixture(scope="module")
def evaluation(home: Home, database: Database) -> Evaluation:
    return evaluate_signals(home, database, CLOCK, SilentProgress())


@pytest.fixture(scope="module")
def document(evaluation: Evaluation) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(json.dumps(evaluation.document, allow_nan=False))
    return loaded


def test_everything_is_measured(document: dict[str, Any]) -> None:
    assert document["kind"] == "signals"
    assert document["origin"] == "backfilled"
    assert document["window"] == {"from": FIRST_DAY.isoformat(), "to": LAST.isoformat()}
    assert document["universe"] == {"coins": 5, "died_inside": 1}
    assert document["never_viewed"] == 1
    assert set(document["lags"]) == {"0", "1", "2"}
    assert document["lags"]["1"] == document["headline"]
    assert set(document["years"]) == {"2021"}
    assert document["costs"] == {"fee_bps": 10.0, "slippage_bps": 5.0}
    assert document["tried"]["configurations"] == 112 + 211
    assert len(document["rules"]) == 112
    assert document["choices"][0]["day"] <= FIRST_DAY.isoformat()
    assert document["hours"]["hours"] == 23 * 24
    assert document["hours"]["lags"]["1"]["shares"]["coins"] == 2
    assert document["advice"] == "Measured on past data. Not investment advice."


def test_losers_come_first_and_the_dead_are_among_them(document: dict[str, Any]) -> None:
    coins = document["coins"]
    assert {coin["symbol"] for coin in coins} == {"BTC", "ETH", "TOYA", "TOYB", "TOYC"}
    excess = [coin["signal_return"] - coin["constant_return"] for coin in coins]
    assert excess == sorted(excess)
    dead = next(coin for coin in coins if coin["symbol"] == DEAD)
    assert dead["died"] == (LAST - timedelta(days=60)).isoformat()
    assert all(coin["died"] is None for coin in coins if coin is not dead)


def walk(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


def test_no_share_stands_without_its_controls(
    evaluation: Evaluation, document: dict[str, Any]
) -> None:
    shares = [record for record in walk(document) if "beat_holding" in record]
    assert len(shares) == 1 + 3 + 1 + 1 + 3
    for record in shares:
        assert {
            "constant_beat_holding", "shifted_beat_holding", "shifted_beat_constant", "chance",
        } <= record.keys()  # fmt: skip
    words = re.sub(r"<[^>]+>", "\n", evaluation.page).split("\n")
    spoken = [text for _, text in evaluation.summary] + words + document["notes"]
    for text in spoken:
        if re.search(r"\d%? of \d+ coins beat holding", text):
            assert "constant equal exposure" in text
            assert "shifted signals" in text
        if re.search(r"\d%? of \d+ coins beat constant", text):
            assert "shifted signals" in text
    for table in re.findall(r"<table>.*?</table>", evaluation.page, re.S):
        if "beat holding" in table:
            assert "constant exposure did" in table
            assert table.count("shifted signals did") == 2


def test_the_figures_are_those_of_what_was_published(
    home: Home, database: Database, document: dict[str, Any]
) -> None:
    panel = markets.load_panel(home)
    days = [FIRST_DAY + timedelta(days=n) for n in range((LAST - FIRST_DAY).days + 1)]
    bars: list[tuple[date, int | None]] = [(day, None) for day in days]
    said = load_published(database, "signals.daily", bars, panel.token_ids.tolist())
    row = panel.row(3375)
    signals, column = said.signals[row], panel.column(FIRST_DAY)
    worth, position = 1.0, 0.0
    for n in range(len(days)):
        if n:
            worth *= 1.0 + position * (
                panel.close[row, column + n] / panel.close[row, column + n - 1] - 1.0
            )
        wish = max(signals[n - 1], 0.0) if n else 0.0
        worth *= (1.0 - 0.0015) if wish < position else 1.0 / 1.0015 if wish > position else 1.0
        position = wish
    coin = next(coin for coin in document["coins"] if coin["symbol"] == "BTC")
    assert coin["signal_return"] == pytest.approx(worth - 1.0, abs=1e-4)
    assert coin["exposure"] == pytest.approx(np.maximum(signals[:-2], 0.0).mean(), abs=1e-6)


def test_every_published_row_is_sealed_without_floats(database: Database) -> None:
    for day, rows in publishing.load_days(database, "signals.daily", LAST, LAST):
        assert day == LAST
        assert canonical_json(json.loads(rows)) == rows
        assert {row["symbol"] for row in json.loads(rows)} == set(SYMBOLS) - {DEAD}


def test_measuring_again_gives_the_same_document(
    home: Home, database: Database, evaluation: Evaluation
) -> None:
    start = LAST - timedelta(days=40)
    short = [
        evaluate_signals(home, database, CLOCK, SilentProgress(), start=start) for _ in range(2)
    ]
    assert short[0].document == short[1].document
    assert short[0].page == short[1].page
    assert short[0].document["days"] == 41


def test_windows_that_cannot_be_measured_are_refused(home: Home, database: Database) -> None:
    def measure(start: date | None = None, end: date | None = None) -> Evaluation:
        return evaluate_signals(home, database, CLOCK, SilentProgress(), start=start, end=end)

    with pytest.raises(BadInput):
        measure(LAST, LAST - timedelta(days=5))
    with pytest.raises(InFuture):
        measure(end=LAST + timedelta(days=1))
    with pytest.raises(NotEnoughData):
        measure(LAST - timedelta(days=3), LAST)


def test_publishing_a_day_again_changes_nothing(home: Home, database: Database) -> None:
    one = publishing.publish_day(home, database, DAILY_SIGNALS, CLOCK)
    other = publishing.publish_day(home, database, DAILY_SIGNALS, CLOCK)
    assert one.publication_id == other.publication_id
    assert publishing.reproduce_publication(
        home, database, (DAILY_SIGNALS,), one.publication_id
    ).is_equal


def test_gaps_between_signals_are_no_position() -> None:
    nan = float("nan")
    settled = settle_signals(np.array([[nan, 1.0, nan, -1.0, nan], [nan] * 5]))
    np.testing.assert_array_equal(settled, [[nan, 1.0, 0.0, -1.0, nan], [nan] * 5])
