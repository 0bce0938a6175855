"""The candles in the lake: three append-only Delta tables, read as known at a moment.

A bar is keyed by token, quote, venue and time. Its first row has revision 0; a correction is a new
row with the next revision and the moment it was recorded as `known_at`. Nothing is ever changed.
Each import is one commit that carries its id, so a killed import has happened or has not.
"""

import contextlib
import errno
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from assay.kit.atomic import storage_errors
from assay.kit.errors import FRESH_START, Corrupt, StorageFull
from assay.kit.home import Home
from assay.markets.types import Interval

MOMENT = pl.Datetime("us", "UTC")
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "token_id": pl.Int64,
    "quote": pl.String,
    "venue": pl.String,
    "time": MOMENT,
    "open": pl.Float64,
    "high": pl.Float64,
    "low": pl.Float64,
    "close": pl.Float64,
    "volume": pl.Float64,
    "market_cap_usd": pl.Float64,
    "quote_volume": pl.Float64,
    "known_at": MOMENT,
    "recorded_at": MOMENT,
    "import_id": pl.String,
    "revision": pl.Int32,
    "period": pl.String,
}
BAR = ("token_id", "quote", "venue", "time")
# One partition is what a reader of that interval usually wants: a year, a month, a day.
_PERIOD = {Interval.DAY: "%Y", Interval.HOUR: "%Y-%m", Interval.MINUTE: "%Y-%m-%d"}
_WRITER = WriterProperties(compression="ZSTD", compression_level=3, max_row_group_size=1 << 20)


def table_path(home: Home, interval: Interval) -> Path:
    """Folder of the table of an interval."""
    return home.lake / f"candles_{interval.value}"


@contextlib.contextmanager
def lake_errors(path: Path) -> Iterator[None]:
    """Say what the libraries of the lake raise as an error of the family."""
    try:
        with storage_errors(str(path)):
            yield
    except (
        DeltaError,
        OSError,
        pl.exceptions.ComputeError,
        pl.exceptions.PanicException,
    ) as error:
        text = str(error)
        full = any(f"os error {code}" in text for code in _FULL) or "No space left" in text
        if full or getattr(error, "errno", None) in _FULL:
            raise StorageFull(
                f"No space left on the disk while writing {path.name}.",
                hint="Free some space and run the command again; what was stored is unharmed.",
            ) from error
        raise Corrupt(
            f"The table {path.name} cannot be used: {text.splitlines()[0] if text else error!r}.",
            hint=FRESH_START,
        ) from error


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _open(home: Home, interval: Interval) -> DeltaTable | None:
    path = table_path(home, interval)
    if not (path / "_delta_log").is_dir():
        return None
    try:
        with lake_errors(path):
            return DeltaTable(str(path))
    except Corrupt as error:
        if isinstance(error.__cause__, TableNotFoundError):
            return None
        raise


def save_candles(home: Home, interval: Interval, rows: pl.DataFrame, import_id: str) -> None:
    """Append `rows` (all columns of `SCHEMA` but `period`) in one commit that carries `import_id`.

    Raises `StorageFull`; the table is then as it was.
    """
    path = table_path(home, interval)
    period = pl.col("time").dt.strftime(_PERIOD[interval]).alias("period")
    table = rows.with_columns(period).select(list(SCHEMA)).cast(SCHEMA)  # type: ignore[arg-type]
    table = table.sort("period", "token_id", "quote", "time")
    path.parent.mkdir(parents=True, exist_ok=True)
    with lake_errors(path):
        # Compressed, rows take about an eighth of their size in memory. Looking first spares the
        # reader the traces that Delta's threads print when they meet a full disk.
        if shutil.disk_usage(path.parent).free < max(1 << 16, table.estimated_size() // 8):
            raise OSError(errno.ENOSPC, "No space left on device")
        write_deltalake(
            str(path),
            table,
            mode="append",
            partition_by=["period"],
            writer_properties=_WRITER,
            commit_properties=CommitProperties(
                custom_metadata={"import_id": import_id},
                app_transactions=[Transaction(import_id, 1)],
            ),
        )


def has_table(home: Home, interval: Interval) -> bool:
    """True if candles of this interval were ever committed and their log is there."""
    log = table_path(home, interval) / "_delta_log"
    return log.is_dir() and any(file.suffix == ".json" for file in log.iterdir())


def is_committed(home: Home, import_id: str) -> bool:
    """True if some table holds the commit of this import."""
    tables = (_open(home, interval) for interval in Interval)
    return any(t is not None and t.transaction_version(import_id) is not None for t in tables)


def describe_files(home: Home, interval: Interval) -> pl.DataFrame | None:
    """The files of a table as its newest commit has them: `path, period, rows, first, last` (times
    of the first and last bar), `known_at, revision` (the greatest), `quote, venue` (null where
    there are several). None before the first import.
    """
    table = _open(home, interval)
    if table is None:
        return None
    path = table_path(home, interval)
    with lake_errors(path):
        files = pl.DataFrame(table.get_add_actions(flatten=True))
    return files.select(
        pl.concat_str(pl.lit(f"{path}/"), "path").alias("path"),
        pl.col("partition.period").alias("period"),
        pl.col("num_records").alias("rows"),
        pl.col("min.time").alias("first"),
        pl.col("max.time").alias("last"),
        pl.col("max.known_at").alias("known_at"),
        pl.col("max.revision").alias("revision"),
        pl.when(pl.col("min.quote") == pl.col("max.quote")).then("min.quote").alias("quote"),
        pl.when(pl.col("min.venue") == pl.col("max.venue")).then("min.venue").alias("venue"),
    )


def _scan(home: Home, interval: Interval) -> pl.LazyFrame | None:
    table = _open(home, interval)
    return None if table is None else pl.scan_delta(table)


def load_revisions(
    home: Home,
    interval: Interval,
    *,
    token_ids: list[int] | None = None,
    quote: str | None = None,
    venue: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> pl.DataFrame:
    """Every row ever recorded, `start` <= time < `end`, of all tokens unless some are named."""
    frame = _scan(home, interval)
    if frame is None:
        return pl.DataFrame(schema=SCHEMA)
    if start is not None:
        frame = frame.filter(pl.col("time") >= start)
        frame = frame.filter(pl.col("period") >= start.strftime(_PERIOD[interval]))
    if end is not None:
        frame = frame.filter(pl.col("time") < end)
        frame = frame.filter(pl.col("period") <= end.strftime(_PERIOD[interval]))
    if token_ids is not None and len(token_ids) <= 64:
        frame = frame.filter(pl.col("token_id").is_in(token_ids))
    if quote is not None:
        frame = frame.filter(pl.col("quote") == quote)
    if venue is not None:
        frame = frame.filter(pl.col("venue") == venue)
    with lake_errors(table_path(home, interval)):
        loaded = frame.collect()
    return loaded.select(list(SCHEMA))


def latest(rows: pl.DataFrame) -> pl.DataFrame:
    """The highest revision of each bar."""
    if rows.select((pl.col("revision") == 0).all()).item():
        return rows
    return rows.sort("revision").unique(BAR, keep="last", maintain_order=True)


def known(rows: pl.DataFrame, as_of: datetime | None, recorded_by: datetime | None) -> pl.DataFrame:
    """Of each bar, the highest revision known at `as_of` and recorded by `recorded_by`."""
    if as_of is not None:
        rows = rows.filter(pl.col("known_at") <= as_of)
    if recorded_by is not None:
        rows = rows.filter(pl.col("recorded_at") <= recorded_by)
    return latest(rows)


def compact(home: Home, interval: Interval) -> int:
    """Merge small files of a table; rows and revisions stay all. Returns the files replaced.

    Old files stay on disk, so a reader that opened the table before goes on reading them.
    """
    table = _open(home, interval)
    if table is None:
        return 0
    with lake_errors(table_path(home, interval)):
        metrics = table.optimize.compact(writer_properties=_WRITER)
        table.create_checkpoint()
    return int(metrics["numFilesRemoved"])


def remove_orphans(home: Home) -> int:
    """Delete files that no commit names, left by a killed writer. Returns how many there were.

    Only call it under the writer's lock: another writer's files are not named yet. Files that
    compaction replaced are named and stay for readers that opened the table before.
    """
    removed = 0
    for interval in Interval:
        path = table_path(home, interval)
        named: set[str] = set()
        table = _open(home, interval)
        if table is not None:
            with lake_errors(path):
                replaced = table.vacuum(retention_hours=0, enforce_retention_duration=False)
            named = {Path(uri).name for uri in [*table.file_uris(), *replaced]}
        for file in path.rglob("*.parquet"):
            if "_delta_log" not in file.parts and file.name not in named:
                file.unlink()
                removed += 1
    return removed
