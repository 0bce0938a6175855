"""Laying candles out as the panel: aligned arrays, units, and which days are complete. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assay.kit.moments import close_of
from assay.markets.layout import COLUMNS, EPOCH, FIELDS, LateRows, Layout
from assay.markets.types import Panel, Redenomination


def split_late(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part rows of daily candles into those known when their day closed and corrections after it.

    Of the first the highest revision of each bar is kept: a partly recorded day that was completed
    was never judged, so its completion takes its place.
    """
    on_time = pl.col("known_at") <= pl.col("time") + timedelta(days=1)
    if rows.select(((pl.col("revision") == 0) & on_time).all()).item():
        return rows, rows.clear()
    prompt = rows.filter(on_time).sort("revision")
    prompt = prompt.unique(("token_id", "time"), keep="last", maintain_order=True)
    return prompt, rows.filter(~on_time).sort("known_at", "revision")


def place(layout: Layout | None, rows: pl.DataFrame) -> Layout | None:
    """Put rows (`token_id, time, open .. market_cap_usd, number`) onto the layout; rows win.

    The axes grow where needed. Returns None for no rows on no layout.
    """
    if rows.is_empty():
        return layout
    ids = rows["token_id"].to_numpy()
    days = rows["time"].dt.epoch("d").cast(pl.Int64).to_numpy()
    first, last = int(days.min()), int(days.max())
    token_ids = np.unique(ids)
    if layout is not None:
        old_first = (layout.first_day - EPOCH).days
        first, last = min(first, old_first), max(last, old_first + layout.n_days - 1)
        token_ids = np.union1d(token_ids, layout.token_ids)
    shape = (token_ids.size, last - first + 1)
    fields = {name: np.full(shape, np.nan) for name in FIELDS}
    number = np.zeros(shape, np.int32)
    if layout is not None:
        block = (
            np.searchsorted(token_ids, layout.token_ids),
            slice(old_first - first, old_first - first + layout.n_days),
        )
        for name in FIELDS:
            fields[name][block] = layout.fields[name]
        number[block] = layout.number
    cell = (np.searchsorted(token_ids, ids), days - first)
    for name, column in zip(FIELDS, COLUMNS, strict=True):
        fields[name][cell] = rows[column].fill_null(np.nan).to_numpy()
    number[cell] = rows["number"].to_numpy()
    return Layout(token_ids, EPOCH + timedelta(days=first), fields, number)


def is_late(change: Redenomination) -> bool:
    """True if a redenomination was only declared after its first day had been judged."""
    return change.known_at > close_of(change.day)


def compute_unit(
    token_ids: NDArray[np.int64],
    first_day: date,
    n_days: int,
    changes: Iterable[tuple[int, Redenomination]],
) -> NDArray[np.float64]:
    """Cumulative redenomination factor, [tokens, days]; 1 before the first one."""
    unit = np.ones((token_ids.size, n_days))
    for token_id, change in sorted(changes, key=lambda item: (item[0], item[1].day)):
        row = int(np.searchsorted(token_ids, token_id))
        if row < token_ids.size and token_ids[row] == token_id:
            unit[row, max(0, (change.day - first_day).days) :] *= change.factor
    return unit


def select_changes(
    changes: Iterable[tuple[int, Redenomination]],
    as_of: datetime | None,
    recorded_by: datetime | None,
) -> list[tuple[int, Redenomination]]:
    """The redenominations that count at `as_of`: those known on their day, and late ones since."""
    chosen = []
    for token_id, change in changes:
        unknown = as_of is not None and is_late(change) and change.known_at > as_of
        unrecorded = (
            recorded_by is not None
            and change.recorded_at is not None
            and change.recorded_at > recorded_by
        )
        if not (unknown or unrecorded):
            chosen.append((token_id, change))
    return chosen


def find_complete_through(
    number: NDArray[np.int32], first_day: date, partial_from: Mapping[int, date]
) -> date:
    """The newest day that may be graded.

    Every stored bar has closed; a day is complete when enough coins have one: at least 80 % of the
    median of the seven days before, and at least 10 % of the best day of the year before (so that
    a single coin that runs ahead of the rest moves nothing). Bars of imports that call a day
    only partly recorded (`partial_from`, by import number) do not count. The first day counts.
    """
    counted = number > 0
    for which, day in partial_from.items():
        column = max(0, (day - first_day).days)
        counted[:, column:] &= number[:, column:] != which
    counts = counted.sum(axis=0)
    for column in range(counts.size - 1, 0, -1):
        week, year = counts[max(0, column - 7) : column], counts[max(0, column - 365) : column]
        if counts[column] >= max(0.8 * float(np.median(week)), 0.1 * float(year.max()), 1.0):
            return first_day + timedelta(days=column)
    return first_day


def pack_late(rows: pl.DataFrame) -> LateRows:
    """Corrections as arrays."""
    return LateRows(
        token_ids=rows["token_id"].to_numpy(),
        days=rows["time"].dt.epoch("d").cast(pl.Int64).to_numpy(),
        values=rows.select(pl.col(COLUMNS).fill_null(np.nan)).to_numpy().reshape(-1, len(COLUMNS)),
        known_at=rows["known_at"].dt.epoch("us").to_numpy(),
        recorded_at=rows["recorded_at"].dt.epoch("us").to_numpy(),
    )


def _micros(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def apply_late(
    panel: Panel, late: LateRows, as_of: datetime | None, recorded_by: datetime | None
) -> Panel:
    """The panel with the corrections that were known at `as_of`; untouched arrays are shared."""
    counts = np.ones(late.days.size, np.bool_)
    if as_of is not None:
        counts &= late.known_at <= _micros(as_of)
    if recorded_by is not None:
        counts &= late.recorded_at <= _micros(recorded_by)
    columns = late.days - (panel.first_day - EPOCH).days
    counts &= (columns >= 0) & (columns < panel.n_days)
    if not counts.any():
        return panel
    rows = np.searchsorted(panel.token_ids, late.token_ids[counts])
    arrays: dict[str, NDArray[np.float64]] = {}
    for position, name in enumerate(FIELDS):
        old = getattr(panel, name)
        values = late.values[counts, position]
        if old is None and np.isnan(values).all():
            continue
        new = np.full(panel.close.shape, np.nan) if old is None else np.array(old)
        # numpy does not promise which of two values for one cell wins, so later ones come last.
        for row, column, value in zip(rows, columns[counts], values, strict=True):
            new[row, column] = value
        arrays[name] = new
    return replace(panel, **arrays)  # type: ignore[arg-type]


def hide_unrecorded(panel: Panel, is_hidden: NDArray[np.bool_]) -> Panel:
    """The panel without the bars in `is_hidden` [tokens, days]."""
    if not is_hidden.any():
        return panel
    arrays: dict[str, NDArray[np.float64]] = {
        name: np.where(is_hidden, np.nan, getattr(panel, name))
        for name in FIELDS
        if getattr(panel, name) is not None
    }
    return replace(panel, **arrays)  # type: ignore[arg-type]
