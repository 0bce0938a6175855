"""Candles in bulk: what the server streams of a lake of ten million rows, against reading the lake.

Makes the lake in scratch, then in the same run, in turn: reads it into memory (Polars over Delta,
the same columns, a fresh process each time), and streams it as Arrow from a served application to a
client in another process, which counts bytes. Prints rows a second, their ratio and how far the
memory of the server grew (RSS above what it was once the application had answered a list).

    python bench/bulk/run.py [--rows 10000000] [--rounds 3] [--json FILE]

The goals are a ratio of at least 0.5 and growth below 200 MB: exits with 1 when one is missed.
"""

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import types
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
GOAL_RATIO = 0.5
GOAL_GROWTH_MB = 200.0
TOKENS = 380
COLUMNS = ["token_id", "time", "open", "high", "low", "close", "volume", "market_cap_usd"]
TARGET = "/v1/candles?interval=1h&format=arrow"
PAGE_BYTES = 4_096


def make_lake(folder: str, rows: int) -> int:
    """Hourly candles of the shipped tokens from 2021 on, one import a month; rows written."""
    import polars as pl

    from assay.kit.home import Home
    from assay.markets.service.reading import shipped_registry
    from assay.markets.store.lake import save_candles
    from assay.markets.types import Interval

    home, rng = Home(Path(folder)), np.random.default_rng(1)
    ids = [int(record.token_id) for record in shipped_registry().records][:TOKENS]
    left, written, month = -(-rows // len(ids)), 0, datetime(2021, 1, 1, tzinfo=UTC)
    while left > 0:
        following = (month + timedelta(days=32)).replace(day=1)
        count = min(left, int((following - month) / timedelta(hours=1)))
        times = [month + timedelta(hours=hour) for hour in range(count)]
        close = np.exp(np.cumsum(rng.normal(0, 0.01, (len(ids), count)), axis=1)).ravel() * 100
        frame = pl.DataFrame(
            {
                "token_id": np.repeat(ids, count),
                "time": times * len(ids),
                "open": np.round(close * 1.001, 4),
                "high": np.round(close * 1.01, 4),
                "low": np.round(close * 0.99, 4),
                "close": np.round(close, 4),
                "volume": np.round(rng.lognormal(8, 1, close.size), 3),
            }
        ).with_columns(
            pl.lit("USDT").alias("quote"),
            pl.lit("binance").alias("venue"),
            pl.lit(None, pl.Float64).alias("market_cap_usd"),
            pl.lit(None, pl.Float64).alias("quote_volume"),
            (pl.col("time") + timedelta(hours=1)).alias("known_at"),
            pl.lit(datetime(2025, 1, 1, tzinfo=UTC)).alias("recorded_at"),
            pl.lit(f"bench-{month:%Y-%m}").alias("import_id"),
            pl.lit(0, pl.Int32).alias("revision"),
        )
        save_candles(home, Interval.HOUR, frame, f"bench-{month:%Y-%m}")
        written, left, month = written + frame.height, left - count, following
    return written


def read_lake(folder: str) -> None:
    """A child process: the lake into memory, once cold for the imports and once measured."""
    import polars as pl
    from deltalake import DeltaTable

    path = f"{folder}/lake/candles_1h"
    for _ in range(2):
        start = time.perf_counter()
        frame = pl.scan_delta(DeltaTable(path)).select([*COLUMNS, "quote_volume"]).collect()
        seconds = time.perf_counter() - start
    print(json.dumps({"rows": frame.height, "seconds": seconds}))


def serve(folder: str) -> None:
    """A child process: the real application, its candles from the lake, the rest made up."""
    package = types.ModuleType("tests")  # a package of that name is installed with a peer
    package.__path__ = [str(ROOT / "tests")]
    sys.modules["tests"] = package
    from tests.api import world as worlds

    from assay import markets
    from assay.api.serve import name_url, open_socket
    from assay.api.server import create_server

    facts = worlds.FakeMarkets

    def make_markets(registry: object) -> object:
        """The test world's facts with the lake's tokens and candles."""
        made = facts(markets.load_registry(worlds.Home(Path(folder))))
        made.stream_candles = markets.stream_candles
        made.list_stored_days = markets.list_stored_days
        return made

    worlds.FakeMarkets = make_markets
    worlds.NEWEST = datetime(2026, 1, 1, tzinfo=UTC).date()
    app = worlds.make_world(Path(folder), days=0).app
    listener = open_socket("127.0.0.1", 0)
    print(name_url(listener), flush=True)
    server = create_server(app.entry, app.state.settings, app.state.draining)
    server.run(sockets=[listener])


def fetch(address: str, target: str, pause_s: float = 0.0) -> tuple[int, float]:
    """Bytes of one answer and the seconds they took; a slow client pauses after each read."""
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    total, buffer = 0, bytearray(1 << 20)
    start = time.perf_counter()
    with socket.create_connection((host, int(port))) as connection:
        request = f"GET {target} HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n\r\n"
        connection.sendall(request.encode())
        while count := connection.recv_into(buffer):
            total += count
            if pause_s:
                time.sleep(pause_s)
    return total, time.perf_counter() - start


def read_rss_mb(pid: int) -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / 1e6


class Peak(threading.Thread):
    """Watches the memory of a process until stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak_mb, self.running = pid, 0.0, True

    def run(self) -> None:
        while self.running:
            self.peak_mb = max(self.peak_mb, read_rss_mb(self.pid))
            time.sleep(0.02)


def start_child(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def measure(folder: str, rounds: int) -> dict[str, float]:
    """Both sides in turn; medians of the rounds."""
    server = start_child("--serve", folder)
    try:
        address = server.stdout.readline().strip()
        fetch(address, "/v1/tokens?format=csv")
        before = read_rss_mb(server.pid)
        watch = Peak(server.pid)
        watch.start()
        read_s, sent_s = [], []
        for _ in range(rounds):
            child = start_child("--read", folder)
            read = json.loads(child.communicate()[0])
            read_s.append(read["seconds"])
            size, seconds = fetch(address, TARGET)
            sent_s.append(seconds)
        watch.running = False
        watch.join()
    finally:
        server.terminate()
        server.wait()
    rows = read["rows"]
    return {
        "rows": rows,
        "body_mb": size / 1e6,
        "read_rows_s": rows / statistics.median(read_s),
        "sent_rows_s": rows / statistics.median(sent_s),
        "ratio": statistics.median(read_s) / statistics.median(sent_s),
        "growth_mb": watch.peak_mb - before,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve")
    parser.add_argument("--read")
    parser.add_argument("--lake", help="a lake of an earlier run")
    asked = parser.parse_args()
    if asked.serve or asked.read:
        serve(asked.serve) if asked.serve else read_lake(asked.read)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.lake or scratch
        if asked.lake is None:
            make_lake(folder, asked.rows)
        found = measure(folder, asked.rounds)
    print(
        f"{found['rows']:,} candle rows as Arrow, {found['body_mb']:.0f} MB\n"
        f"reading the lake into memory  {found['read_rows_s'] / 1e6:6.1f} million rows/s\n"
        f"streamed by the server        {found['sent_rows_s'] / 1e6:6.1f} million rows/s\n"
        f"ratio {found['ratio']:.2f} (goal {GOAL_RATIO}), memory of the server grew "
        f"{found['growth_mb']:.0f} MB (goal {GOAL_GROWTH_MB:.0f})"
    )
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=1))
    if found["ratio"] < GOAL_RATIO or found["growth_mb"] >= GOAL_GROWTH_MB:
        sys.exit(1)


if __name__ == "__main__":
    main()
