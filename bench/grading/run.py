"""Grading the newest day of 2,000 tokens with 2,000 days of history, facts in the lake.

    .bench-venv/bin/python bench/grading/run.py [TOKENS DAYS]

A made-up market is imported into a home of its own; each of the last days is then judged and
published as `assay grade` does it, kernels warm. Target: 1 s on 2 cores. Exits with 1 above it.
"""

import json
import resource
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

from assay import grades, markets
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.markets.types import Interval
from assay.publishing import load_facts

LAST = date(2023, 12, 20)
CLOCK = FixedClock(datetime(2024, 1, 10, tzinfo=UTC))
ROUNDS = 5
TARGET_S = 1.0


def write_market(path: Path, tokens: int, days: int) -> None:
    """SYNTHETIC random walks with a common market."""
    random = np.random.default_rng(3)
    market = random.normal(0, 0.03, days)
    walk = np.cumsum(market + random.normal(0, 0.05, (tokens, days)), axis=1)
    close = np.exp(np.clip(walk, -12, 12))
    low, high = close * 0.97, close * 1.03
    volume = (
        np.exp(random.normal(15, 1.5, (tokens, 1)) + random.normal(0, 0.5, close.shape)) / close
    )
    first = LAST - timedelta(days=days - 1)
    frame = pl.DataFrame(
        {
            "symbol": np.repeat([f"SYN{i}" for i in range(tokens)], days),
            "time": pl.concat([pl.date_range(first, LAST, eager=True)] * tokens),
            "open": close.ravel(),
            "high": high.ravel(),
            "low": low.ravel(),
            "close": close.ravel(),
            "volume": volume.ravel(),
        }
    )
    frame.write_parquet(path)


def main() -> int:
    tokens, days = (int(a) for a in sys.argv[1:3]) if len(sys.argv) > 2 else (2000, 2000)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").create()
        write_market(Path(folder) / "market.parquet", tokens, days)
        start = time.perf_counter()
        markets.import_candles(
            home, Path(folder) / "market.parquet", Interval.DAY, "binance", CLOCK, SilentProgress()
        )
        print(f"import of {tokens * days:,} candles  {time.perf_counter() - start:6.1f} s")
        database = Database(home)
        figures = {}
        for kind in grades.GradeKind:
            times = []
            for back in range(ROUNDS, -1, -1):
                day = LAST - timedelta(days=back)
                start = time.perf_counter()
                grades.publish_grades(home, database, kind, CLOCK, as_of=day)
                times.append(time.perf_counter() - start)
            figures[kind.value] = median(times[1:])
            print(
                f"{kind.value:<10} first {times[0]:6.2f} s, then {figures[kind.value]:6.3f} s a day"
            )
        start = time.perf_counter()
        load_facts(home, LAST, CLOCK.now())
        print(f"of which loading and hashing the facts {time.perf_counter() - start:6.3f} s")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory {memory:.1f} GB; target {TARGET_S} s a day")
    Path("bench/results").mkdir(exist_ok=True)
    Path("bench/results/grading.json").write_text(json.dumps(figures))
    return int(max(figures.values()) > TARGET_S)


if __name__ == "__main__":
    sys.exit(main())
