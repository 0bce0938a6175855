"""A home in which a bit of everything happened: imports, statements, quarantine, an own index."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
from tests.publishing.conftest import CLOCK, DAYS, NOW, ONE_DAY, SPEAKERS, take, write_bars

from assay import markets, publishing
from assay.indices.store import save_own
from assay.indices.types import OwnIndex
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.markets.types import Interval
from assay.publishing import FIRST_DAY

START = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
OWN = OwnIndex("mine", NOW, 'slug = "mine"', ("100", "101.5"), {"level": "101.5"})


def fill(home: Home, folder: Path) -> None:
    """Import days and hours, say everything, keep an own index and a redenomination."""
    days = write_bars(folder / "days.parquet", ONE_DAY, START, DAYS)
    hours = START + (DAYS - 3) * ONE_DAY
    take(home, days)
    take(home, write_bars(folder / "hours.parquet", ONE_DAY / 24, hours, 72), Interval.HOUR)
    bad = (
        pl.read_parquet(days)
        .tail(2)
        .with_columns(symbol=pl.lit("TOY\0" + "Y" * 5000), close=pl.lit(-1.0))
    )
    bad.write_parquet(folder / "bad.parquet")
    for _ in range(2):
        take(home, folder / "bad.parquet")
    markets.declare_redenomination(home, "TOY2USDT", date(2021, 4, 10), 10.0, FixedClock(NOW))
    database = Database(home)
    for speaker in SPEAKERS:
        assert publishing.publish_missing(home, database, speaker, CLOCK) > 0
    for _ in range(2):
        with database.write() as connection:
            save_own(connection, OWN)
    database.close()
