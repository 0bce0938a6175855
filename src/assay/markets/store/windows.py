"""The lake read piece by piece: what is held at once is bounded, however much the lake holds.

A partition without corrections is read batch by batch as it is stored. One with corrections, or
one that is wanted in order of time, is read by windows: all of it, or a part that can be held.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from assay.kit.home import Home
from assay.markets.store.lake import describe_files, lake_errors, table_path
from assay.markets.types import Interval

WINDOW_ROWS = 400_000
"""About how many rows of a window are held at once: some 40 MB."""
BATCH_ROWS = 16_384

VALUES = ("open", "high", "low", "close", "volume", "market_cap_usd", "quote_volume")
SHOWN = ("token_id", "time", *VALUES)
COLUMNS = ("token_id", "quote", "venue", "time", *VALUES, "known_at", "revision")


class Order(Enum):
    """In which order candles of many tokens come."""

    STORED = "stored"
    """By partition (a year of days, a month of hours, a day of minutes), in it as imported: each
    import by token and time."""
    OLDEST = "time"
    NEWEST = "-time"


@dataclass(frozen=True, slots=True)
class Partition:
    """The files of one partition, the times of its first and last bar, its rows, and when the last
    of them became known. `series` is its one quote and venue; None if there are several, or
    corrections.
    """

    files: tuple[str, ...]
    first: datetime
    last: datetime
    rows: int
    known_at: datetime
    series: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Window:
    """Files of one partition, narrowed to tokens `low` to `high` and times `start` to `end`
    (without the last); None where they are not.
    """

    files: tuple[str, ...]
    low: int | None = None
    high: int | None = None
    start: datetime | None = None
    end: datetime | None = None


def list_partitions(
    home: Home, interval: Interval, start: datetime | None, end: datetime | None
) -> list[Partition]:
    """The partitions with bars of `start` <= time < `end`, ascending."""
    files = describe_files(home, interval)
    if files is None:
        return []
    parts = files.sort("period", "first", "path").partition_by("period", maintain_order=True)
    found = [_describe_partition(part) for part in parts]
    return [
        partition
        for partition in found
        if (end is None or partition.first < end) and (start is None or partition.last >= start)
    ]


def read_batches(home: Home, interval: Interval, partition: Partition) -> Iterator[Any]:
    """The rows of a partition as they are stored: record batches of the columns `SHOWN`."""
    for file in partition.files:
        with lake_errors(table_path(home, interval)), pq.ParquetFile(file) as stored:
            yield from stored.iter_batches(BATCH_ROWS, columns=list(SHOWN), use_threads=False)


def split_partition(
    partition: Partition,
    token_ids: Sequence[int],
    start: datetime | None,
    end: datetime | None,
    order: Order,
) -> list[Window]:
    """The windows of a partition, in order. `token_ids` ascend."""
    # A bound that leaves nothing out is left out: reading is then a third faster.
    start = None if start is None or start <= partition.first else start
    end = None if end is None or end > partition.last else end
    count = -(-partition.rows // WINDOW_ROWS)
    if count <= 1 or not token_ids:
        return [Window(partition.files, None, None, start, end)]
    if order is not Order.STORED:
        windows = _split_time(partition, start, end, count)
        return windows[::-1] if order is Order.NEWEST else windows
    size = -(-len(token_ids) // count)
    chunks = [token_ids[at : at + size] for at in range(0, len(token_ids), size)]
    return [Window(partition.files, chunk[0], chunk[-1], start, end) for chunk in chunks]


def load_window(
    home: Home, interval: Interval, window: Window, token_ids: Sequence[int] | None
) -> pl.DataFrame:
    """Every row ever recorded that lies in a window; columns `COLUMNS`."""
    frame = pl.scan_parquet(list(window.files), hive_partitioning=False).select(COLUMNS)
    if window.start is not None:
        frame = frame.filter(pl.col("time") >= window.start)
    if window.end is not None:
        frame = frame.filter(pl.col("time") < window.end)
    if window.low is not None:
        frame = frame.filter(pl.col("token_id").is_between(window.low, window.high))
    if token_ids is not None:
        frame = frame.filter(pl.col("token_id").is_in(list(token_ids)))
    with lake_errors(table_path(home, interval)):
        return frame.collect()


def _describe_partition(files: pl.DataFrame) -> Partition:
    series = files.select("quote", "venue").unique()
    uniform = series.height == 1 and not any(series.select(pl.all().has_nulls()).row(0))
    quote, venue = series.row(0)
    return Partition(
        files=tuple(files["path"]),
        first=files.select(pl.col("first").min()).item(),
        last=files.select(pl.col("last").max()).item(),
        rows=files.select(pl.col("rows").sum()).item(),
        known_at=files.select(pl.col("known_at").max()).item(),
        series=(quote, venue) if uniform and files["revision"].max() == 0 else None,
    )


def _split_time(
    partition: Partition, start: datetime | None, end: datetime | None, count: int
) -> list[Window]:
    first = start or partition.first
    last = end or partition.last + timedelta(microseconds=1)
    step = (last - first) / count
    edges = [first + step * number for number in range(count)]
    return [
        Window(partition.files, None, None, begin, stop)
        for begin, stop in zip(edges, [*edges[1:], last], strict=True)
    ]
