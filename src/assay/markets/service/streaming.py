"""Many candles in constant memory: straight from the lake, piece by piece."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from assay.kit.home import Home
from assay.markets.service.reading import load_registry
from assay.markets.store.lake import known
from assay.markets.store.windows import (
    BATCH_ROWS,
    SHOWN,
    Order,
    Partition,
    list_partitions,
    load_window,
    read_batches,
    split_partition,
)
from assay.markets.types import AsOf, Interval, Registry, moment_of


def stream_candles(
    home: Home,
    interval: Interval,
    token_ids: Sequence[int] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    as_of: AsOf | None = None,
    order: Order = Order.STORED,
) -> Iterator[Any]:
    """Candles of many tokens (None: all), `start` <= time < `end`, as known at `as_of` (None: with
    all corrections), each from the token's own venue and quote.

    Arrow record batches of `token_id, time, open, high, low, close, volume, market_cap_usd,
    quote_volume`, null where missing, in the given order; in order of time ties go by token id.
    """
    registry = load_registry(home)
    wanted = None if token_ids is None else sorted(set(token_ids))
    everyone = [int(record.token_id) for record in registry.records] if wanted is None else wanted
    moment = None if as_of is None else moment_of(as_of)
    partitions = list_partitions(home, interval, start, end)
    for partition in reversed(partitions) if order is Order.NEWEST else partitions:
        own = list_own(registry, everyone, partition.series)
        is_known = moment is None or partition.known_at <= moment
        if own is not None and is_known and order is Order.STORED:
            for batch in read_batches(home, interval, partition):
                yield from cut_batch(batch, partition, own, start, end)
            continue
        for window in split_partition(partition, everyone, start, end, order):
            rows = known(load_window(home, interval, window, wanted), moment, None)
            frame = sort_rows(keep_series(rows, registry), order).select(SHOWN)
            yield from frame.to_arrow().to_batches(BATCH_ROWS)


def list_stored_days(home: Home, interval: Interval) -> tuple[date, date] | None:
    """The days of the first and the last bar in the lake; None where there is none."""
    partitions = list_partitions(home, interval, None, None)
    if not partitions:
        return None
    return partitions[0].first.date(), partitions[-1].last.date()


def list_own(
    registry: Registry, token_ids: Sequence[int], series: tuple[str, str] | None
) -> Any | None:  # noqa: ANN401 - pyarrow has no types
    """Those of the tokens whose own candles are of a quote and venue, as an Arrow array; None where
    there is more than one series to tell apart.
    """
    if series is None:
        return None
    records = (registry.record(token_id) for token_id in token_ids)
    own = [int(r.token_id) for r in records if (r.quote, r.venue) == series]
    return pa.array(own, pa.int64())


def cut_batch(
    batch: Any,  # noqa: ANN401 - pyarrow has no types
    partition: Partition,
    own: Any,  # noqa: ANN401
    start: datetime | None,
    end: datetime | None,
) -> Iterator[Any]:
    """The rows of a batch that are asked for; those of a whole batch are not copied."""
    present = pc.unique(batch.column("token_id"))
    masks = []
    if not pc.all(pc.is_in(present, own)).as_py():
        masks.append(pc.is_in(batch.column("token_id"), own))
    if start is not None and partition.first < start:
        masks.append(pc.greater_equal(batch.column("time"), pa.scalar(start)))
    if end is not None and partition.last >= end:
        masks.append(pc.less(batch.column("time"), pa.scalar(end)))
    for mask in masks[1:]:
        masks[0] = pc.and_(masks[0], mask)
    kept = batch.filter(masks[0]) if masks else batch
    if kept.num_rows:
        yield kept


def keep_series(rows: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """The rows of the tokens' own venues and quotes."""
    series = pl.DataFrame(
        [(int(record.token_id), record.quote, record.venue) for record in registry.records],
        schema={"token_id": pl.Int64, "quote": pl.String, "venue": pl.String},
        orient="row",
    )
    return rows.join(series, on=series.columns, how="semi", maintain_order="left")


def sort_rows(rows: pl.DataFrame, order: Order) -> pl.DataFrame:
    """Rows in an order."""
    if order is Order.STORED:
        return rows.sort("token_id", "time")
    return rows.sort("time", "token_id", descending=[order is Order.NEWEST, False])
