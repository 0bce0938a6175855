"""Reading the panel beside SQLite: one series of 365 days, one cross-section, in the same run.

Usage: python bench/panel/run.py [TOKENS DAYS]

Prints p50 in milliseconds. Targets at 2,000 x 2,000: a series in 0.05 ms, a cross-section in 0.2.
The numbers are noise around a price of 1: reading does not look at them.
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from assay.kit.home import Home
from assay.markets import digest_days, load_panel
from assay.markets.compute.assemble import pack_late
from assay.markets.layout import FIELDS, LateRows, Layout
from assay.markets.store.lake import SCHEMA
from assay.markets.store.panels import save_generation

FIRST = date(2018, 1, 1)


def build(home: Home, tokens: int, days: int) -> None:
    import polars as pl

    random = np.random.default_rng(7)
    fields = {name: random.normal(1.0, 0.1, (tokens, days)) for name in FIELDS[:-1]}
    fields["market_cap"] = np.full((tokens, days), np.nan)
    layout = Layout(np.arange(tokens), FIRST, fields, np.ones((tokens, days), np.int32))
    late: LateRows = pack_late(pl.DataFrame(schema=SCHEMA))
    meta = {
        "first_day": FIRST.isoformat(),
        "complete_through": (FIRST + timedelta(days=days - 1)).isoformat(),
        "imports": [],
        "recorded_at": {"1": datetime(2024, 1, 1, tzinfo=UTC).isoformat()},
        "changes": [],
        "digest": "",
    }
    start = time.perf_counter()
    save_generation(home, layout, np.ones((tokens, days)), late, meta)
    print(f"panel written          {time.perf_counter() - start:8.2f} s")


def build_sqlite(path: Path, close: np.ndarray) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(
        "CREATE TABLE bars (token INTEGER, day INTEGER, close REAL, PRIMARY KEY (token, day))"
        " WITHOUT ROWID"
    )
    tokens, days = close.shape
    rows = ((t, d, float(close[t, d])) for t in range(tokens) for d in range(days))
    connection.executemany("INSERT INTO bars VALUES (?, ?, ?)", rows)
    connection.execute("CREATE INDEX by_day ON bars (day, token, close)")
    connection.commit()
    return connection


def p50(work: Callable[[int], object], rounds: int) -> float:
    times = []
    for i in range(rounds):
        start = time.perf_counter()
        work(i)
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def main() -> None:
    tokens, days = (int(a) for a in sys.argv[1:3]) if len(sys.argv) > 2 else (2000, 2000)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        build(home, tokens, days)
        panel = load_panel(home)
        random = np.random.default_rng(11)
        which = random.integers(0, tokens, 2000)
        when = random.integers(365, days, 2000)
        sql = build_sqlite(Path(folder) / "bars.db", panel.close)
        series = "SELECT close FROM bars WHERE token = ? AND day > ? AND day <= ? ORDER BY day"
        section = "SELECT close FROM bars WHERE day = ? ORDER BY token"

        def panel_series(i: int) -> object:
            row = panel.row(int(which[i]))
            return np.array(panel.close[row, when[i] - 364 : when[i] + 1])

        def panel_section(i: int) -> object:
            return np.array(panel.close[:, when[i]])

        def sqlite_series(i: int) -> object:
            bounds = (int(which[i]), int(when[i]) - 365, int(when[i]))
            return np.array(sql.execute(series, bounds).fetchall())

        def sqlite_section(i: int) -> object:
            return np.array(sql.execute(section, (int(when[i]),)).fetchall())

        figures = {
            "series of 365 days     ": (p50(panel_series, 2000), p50(sqlite_series, 500), 0.05),
            f"cross-section of {tokens:<5} ": (
                p50(panel_section, 2000),
                p50(sqlite_section, 200),
                0.2,
            ),
        }
        for label, (ours, peer, target) in figures.items():
            ratio = peer / ours
            print(
                f"{label} panel {ours:.4f} ms (target {target}) SQLite {peer:.3f} ms {ratio:.0f} x"
            )
        start = time.perf_counter()
        load_panel(home)
        print(f"opening the panel      {1000 * (time.perf_counter() - start):8.2f} ms")
        start = time.perf_counter()
        digest_days(panel)
        print(f"digest of all days     {time.perf_counter() - start:8.2f} s")


if __name__ == "__main__":
    main()
