"""A small home and three speakers: one from facts and its own past, one from what was said, one
that speaks every hour.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from assay import markets
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.ledger import Kind
from assay.markets.types import Interval
from assay.publishing import FIRST_DAY, Facts, Judgement, Said, Speaker, daily_kind, list_coins
from assay.publishing import format_price as price

DAYS = 40
LAST = FIRST_DAY + timedelta(days=DAYS - 1)
NOW = datetime(2024, 1, 1, tzinfo=UTC)
CLOCK = FixedClock(NOW)
ONE_DAY = timedelta(days=1)


def write_bars(path: Path, step: timedelta, start: datetime, count: int, seed: int = 1) -> Path:
    generator = np.random.default_rng(seed)
    closes = 10 * np.exp(np.cumsum(generator.normal(0, 0.05, (3, count)), axis=1))
    rows = [
        {"symbol": f"TOY{token}", "time": start + n * step, "close": float(closes[token, n]),
         "volume": 1000.0}
        for token in range(3)
        for n in range(count)
    ]  # fmt: skip
    pl.DataFrame(rows).write_parquet(path)
    return path


def take(home: Home, path: Path, interval: Interval = Interval.DAY, now: datetime = NOW) -> None:
    markets.import_candles(home, path, interval, "binance", FixedClock(now), SilentProgress())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home").create()
    start = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
    take(home, write_bars(tmp_path / "days.parquet", ONE_DAY, start, DAYS))
    hours = start + timedelta(days=DAYS - 3)
    take(
        home,
        write_bars(tmp_path / "hours.parquet", timedelta(hours=1), hours, 72),
        Interval.HOUR,
    )
    return home


@pytest.fixture
def database(home: Home) -> Database:
    return Database(home)


def judge_closes(days: Sequence[date], facts: Facts, said: Said) -> Iterable[Judgement]:
    for day in days:
        before = said.rows("toy.closes", day - ONE_DAY)
        counts = {row["token_id"]: row["count"] for row in before or ()}
        column = facts.panel.column(day)
        rows = [
            {
                "token_id": int(token.token_id),
                "symbol": token.symbol,
                "close": price(float(facts.panel.close[facts.panel.row(token.token_id), column])),
                "count": counts.get(int(token.token_id), 0) + 1,
                "known_before": len(facts.tokens(day - 7 * ONE_DAY)),
            }
            for token in list_coins(facts, day)
        ]
        yield Judgement(day, rows, "rules:1")


def judge_echo(days: Sequence[date], facts: Facts, said: Said) -> Iterable[Judgement]:
    for day in days:
        rows = said.rows("toy.closes", day)
        heard = None if rows is None else len(rows)
        yield Judgement(day, [{"day": day.isoformat(), "heard": heard}], "rules:2")


def judge_hours(days: Sequence[date], facts: Facts, said: Said) -> Iterable[Judgement]:
    for day in days:
        hours = facts.hours(day)
        for hour in range(24):
            column = hours.column(day, hour)
            rows = [
                {"token_id": int(token), "close": price(float(hours.close[row, column]))}
                for row, token in enumerate(hours.token_ids)
            ]
            yield Judgement(day, rows, "rules:3", hour)


SOURCES = ("publishing",)
CLOSES = Speaker(daily_kind("toy.closes"), judge_closes, SOURCES)
ECHO = Speaker(daily_kind("toy.echo"), judge_echo, SOURCES, reads=("toy.closes",))
HOURLY = Speaker(
    Kind("toy.hourly", timedelta(hours=1), timedelta(hours=1)),
    judge_hours,
    SOURCES,
    is_hourly=True,
)
SPEAKERS = (CLOSES, ECHO, HOURLY)
