"""What was published, read back as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import orjson

from assay import ledger
from assay.kit.database import Database
from assay.signals.types import Matrix

Bar = tuple[date, int | None]
"""A day, or the hour of one."""
FIELDS = ("signal", "confidence", "target", "stop")


@dataclass(frozen=True)
class Published:
    """Statements on the bars of one axis, [tokens, bars].

    `signals` is NaN before a token's first view and after its last; a bar without a view in between
    is 0, as nobody held a position on it. `confidence`, `target` and `stop` (prices as quoted then)
    are NaN where none was given.
    """

    signals: Matrix
    confidence: Matrix
    target: Matrix
    stop: Matrix
    origins: tuple[str, ...]


@dataclass(frozen=True)
class Frame:
    """Published signals and the closes they are followed on, on the bars of a window."""

    bars: Sequence[Bar]
    token_ids: Sequence[int]
    published: Published
    closes: Matrix


def load_published(
    database: Database, kind: str, bars: Sequence[Bar], token_ids: Sequence[int]
) -> Published:
    """What stands for each of `bars`; a bar of which nothing stands has no view."""
    places = {bar: column for column, bar in enumerate(bars)}
    rows_of = {int(token_id): row for row, token_id in enumerate(token_ids)}
    cells = {name: np.full((len(token_ids), len(bars)), np.nan) for name in FIELDS}
    origins: set[str] = set()
    with database.read() as connection:
        for item in ledger.list_standing(connection, kind, bars[0][0], bars[-1][0]):
            column = places.get((item.as_of, item.hour))
            if column is None:
                continue
            origins.add(item.origin.value)
            payload = ledger.load_publication(connection, item.publication_id).rows
            _write_rows(orjson.loads(payload), rows_of, column, cells)
    signals = settle_signals(cells.pop("signal"))
    return Published(signals, origins=tuple(sorted(origins)), **cells)


def settle_signals(signals: Matrix) -> Matrix:
    """0 for a missing signal between a token's first and last one."""
    known = ~np.isnan(signals)
    begun = np.logical_or.accumulate(known, axis=1)
    lasting = np.logical_or.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    return np.where(begun & lasting & ~known, 0.0, signals)


def _write_rows(
    rows: Sequence[dict[str, str | int | None]],
    rows_of: dict[int, int],
    column: int,
    cells: dict[str, Matrix],
) -> None:
    for said in rows:
        row = rows_of.get(int(said["token_id"] or 0))
        if row is None or said["signal"] is None:
            continue
        for name in FIELDS:
            value = said[name]
            if value is not None:
                cells[name][row, column] = float(value)
