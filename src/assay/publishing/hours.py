"""Hourly candles as aligned arrays, and the digest over them."""

import hashlib
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assay import markets
from assay.kit.home import Home
from assay.kit.moments import close_of
from assay.markets.types import Interval
from assay.publishing.types import Hours

FIELDS = ("open", "high", "low", "close", "volume")
_HOUR = timedelta(hours=1)


def load_hours(home: Home, as_of: date, recorded_by: datetime) -> Hours:
    """Hourly bars of every token's own pair, as known at the close of `as_of` and recorded by
    `recorded_by`. Empty where there are none.
    """
    registry = markets.load_registry(home)
    series: dict[int, pl.DataFrame] = {}
    for token_id in markets.list_pairs(home, Interval.HOUR)["token_id"].unique().sort().to_list():
        if registry.record(token_id).first_day > as_of:
            continue
        candles = markets.load_candles(
            home,
            int(token_id),
            Interval.HOUR,
            end=close_of(as_of),
            as_of=as_of,
            recorded_by=recorded_by,
        )
        if candles.height:
            series[int(token_id)] = candles
    return align_hours(series, as_of)


def align_hours(series: dict[int, pl.DataFrame], as_of: date) -> Hours:
    """Candles by token (columns time and `FIELDS`) on one axis that ends with `as_of`."""
    if not series:
        empty = {name: np.empty((0, 0)) for name in FIELDS}
        return Hours(np.empty(0, np.int64), datetime(1970, 1, 1, tzinfo=UTC), **empty)
    first = min(_moment(candles["time"][0]) for candles in series.values())
    width = int((close_of(as_of) - first) / _HOUR)
    cells = {name: np.full((len(series), width), np.nan) for name in FIELDS}
    for row, candles in enumerate(series.values()):
        columns = ((candles["time"] - first).dt.total_hours()).to_numpy()
        for name in FIELDS:
            cells[name][row, columns] = candles[name].cast(pl.Float64).to_numpy()
    return Hours(np.array(list(series), np.int64), first, **cells)


def digest_hours(hours: Hours) -> list[bytes]:
    """SHA-256 of each hour's bars, oldest first, as little-endian words with one quiet NaN."""
    words = np.stack([_canonical(getattr(hours, name)) for name in FIELDS], axis=-1)
    ids = np.broadcast_to(hours.token_ids[:, None, None].astype("<i8"), (*words.shape[:2], 1))
    by_hour = np.ascontiguousarray(np.concatenate([ids, words], axis=-1).transpose(1, 0, 2))
    has_bar = ~np.isnan(hours.close.T)
    return [
        hashlib.sha256(by_hour[hour][has_bar[hour]].tobytes()).digest()
        for hour in range(hours.n_hours)
    ]


def _canonical(block: NDArray[np.float64]) -> NDArray[np.int64]:
    values = np.ascontiguousarray(block, "<f8") + 0.0
    values[np.isnan(values)] = np.nan
    return values.view("<i8")


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError("a candle's time is a moment")
    return value if value.tzinfo else value.replace(tzinfo=UTC)
