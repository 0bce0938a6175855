"""Build the sample that ships inside the package from a folder of recorded Binance candles.

Usage: python tools/build_sample.py FOLDER [TARGET]

FOLDER holds `binance_usdt_daily.parquet`, `binance_usdt_hourly_41pairs.parquet` and
`binance_1m_all_pairs_2022-11-08.parquet`. TARGET is `src/assay/samples` unless given.
`registry.toml` in TARGET is edited by hand; tokens that it lacks are named on stderr and stop the
build, because an id is given once and never again.
"""

import hashlib
import json
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from assay.markets.sources.sample.parse import parse_registry

MAJORS = "BTC ETH BNB XRP ADA DOGE SOL TRX LINK LTC DOT AVAX MATIC ATOM UNI NEAR AAVE FTM XMR EOS"
QUOTES = ("USDT", "BTC", "ETH", "BNB", "BUSD")
COMPLETE_THROUGH = date(2023, 12, 29)
PRICES = ["open", "high", "low", "close"]


def daily_candles(folder: Path) -> pl.DataFrame:
    """Every daily bar, as quoted on its day."""
    frame = pl.read_parquet(folder / "binance_usdt_daily.parquet")
    return frame.sort("asset", "date").select(
        "symbol", pl.col("date").alias("time"), *PRICES, "volume"
    )


def hourly_candles(folder: Path) -> pl.DataFrame:
    """The last 120 days of the majors."""
    frame = pl.read_parquet(folder / "binance_usdt_hourly_41pairs.parquet")
    pairs = [f"{coin}USDT" for coin in MAJORS.split()]
    window = pl.datetime(2023, 9, 2), pl.datetime(2023, 12, 30, 23)
    return (
        frame.filter(pl.col("symbol").is_in(pairs), pl.col("ts").is_between(*window))
        .sort("symbol", "ts")
        .select("symbol", pl.col("ts").alias("time"), *PRICES, "volume")
    )


def minute_candles(folder: Path) -> pl.DataFrame:
    """The 28 busiest coins that have all five crosses, and the crosses of the quotes themselves."""
    frame = pl.read_parquet(folder / "binance_1m_all_pairs_2022-11-08.parquet")
    frame = frame.filter(pl.col("ts") >= pl.datetime(2022, 11, 8, 22, 31))
    trades = dict(frame.group_by("symbol").agg(pl.col("trades").sum()).iter_rows())
    coins = {pair.removesuffix("BNB") for pair in trades if pair.endswith("BNB") and len(pair) > 3}
    full = [c for c in coins if c not in QUOTES and all(c + quote in trades for quote in QUOTES)]
    full.sort(key=lambda coin: (-sum(trades[coin + quote] for quote in QUOTES), coin))
    chosen = full[:28] if "FTT" in full[:28] else [*full[:27], "FTT"]
    pairs = [coin + quote for coin in chosen for quote in QUOTES]
    pairs += [base + quote for base in QUOTES for quote in QUOTES if base + quote in trades]
    return (
        frame.filter(pl.col("symbol").is_in(pairs))
        .sort("symbol", "ts")
        .select("symbol", pl.col("ts").alias("time"), *PRICES, pl.col("quote_volume"))
    )


def write(frame: pl.DataFrame, path: Path) -> None:
    """Small files with plain encodings: prices repeat, so a dictionary serves them best."""
    table = frame.with_columns(pl.col("symbol").cast(pl.Categorical)).to_arrow()
    symbols = table.column("symbol").cast(pa.dictionary(pa.int32(), pa.string()))
    table = table.set_column(0, "symbol", symbols)
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=22,
        use_dictionary=["symbol", "time", *PRICES],
        dictionary_pagesize_limit=1 << 26,
        row_group_size=1 << 20,
        store_schema=False,
        version="2.6",
    )


def check_registry(target: Path, daily: pl.DataFrame) -> None:
    """Stop when a pair of the sample has no token, or a token another first day than its bars."""
    registry = parse_registry((target / "registry.toml").read_text(encoding="utf-8"))
    first = daily.group_by("symbol").agg(pl.col("time").min(), pl.col("time").max().alias("end"))
    problems = []
    for symbol, begin, end in first.sort("symbol").iter_rows():
        base = symbol.removesuffix("USDT")
        if registry.holder(base, begin) is None or registry.holder(base, end) is None:
            problems.append(f"{base}: no token bears this ticker from {begin} to {end}")
    if problems:
        sys.exit("registry.toml lacks:\n" + "\n".join(problems))


def main() -> None:
    """Write all files and their manifest."""
    folder = Path(sys.argv[1])
    target = Path(sys.argv[2] if len(sys.argv) > 2 else "src/assay/samples")
    daily = daily_candles(folder)
    check_registry(target, daily)
    for old in target.glob("candles_*.parquet"):
        old.unlink()
    year = pl.col("time").dt.year()
    half = (pl.col("time").dt.month() > 6).cast(pl.Int8)
    parts: dict[str, tuple[str, pl.DataFrame]] = {
        "candles_1d_2017_2020": ("1d", daily.filter(year < 2021))
    }
    for y in (2021, 2022, 2023):
        for h, letter in enumerate("ab"):
            parts[f"candles_1d_{y}{letter}"] = ("1d", daily.filter(year == y, half == h))
    parts["candles_1h_2023"] = ("1h", hourly_candles(folder))
    minutes = minute_candles(folder)
    pairs = minutes["symbol"].unique().sort()
    for i in range(3):
        part = pairs.gather_every(3, i).implode()
        parts[f"candles_1m_20221108{'abc'[i]}"] = (
            "1m",
            minutes.filter(pl.col("symbol").is_in(part)),
        )
    files = []
    for name, (interval, frame) in parts.items():
        path = target / f"{name}.parquet"
        write(frame, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files.append(
            {"file": path.name, "interval": interval, "rows": frame.height, "sha256": digest}
        )
        print(path.name, frame.height, path.stat().st_size)
    manifest = {
        "venue": "binance",
        "complete_through": COMPLETE_THROUGH.isoformat(),
        "files": files,
    }
    (target / "sample.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
