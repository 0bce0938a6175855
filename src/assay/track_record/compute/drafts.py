"""What all scorers share: columns of a publication's rows, shuffles, bins, losses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.track_record.types import NOTHING, Bin, By, Flags, Places, Result, Row, Series

SHARES = np.linspace(0.0, 1.0, 51)
"""Edges of stated probabilities."""
CHANCES = np.array([0, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0])
"""Edges of chances of rare events."""


def read_number(text: object) -> float:
    """A sealed decimal string; NaN for null."""
    return NOTHING if text is None else float(str(text))


def list_subjects(rows: Sequence[Row], member: str = "token_id") -> Places:
    """Ids of the rows; 0 where a row is of nobody."""
    return np.array([int(row.get(member) or 0) for row in rows], np.int64)


def take(matrix: Series, rows: Places, column: int) -> Series:
    """One column for some rows; NaN for row -1 and outside the axis. [tokens, bars] to [rows]."""
    if not 0 <= column < matrix.shape[-1] or not matrix.shape[0]:
        return np.full(rows.shape, np.nan)
    return np.where(rows >= 0, matrix[rows, column], np.nan)


def create_generator(digest: str) -> np.random.Generator:
    """The chance that shuffles a publication: the same whenever it is scored."""
    return np.random.default_rng(int(digest[:16], 16))


def start_results(is_viewed: Flags) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """Open where there is a view."""
    return np.where(is_viewed, Result.OPEN, Result.NO_VIEW).astype(np.int8)


def settle(
    results: np.ndarray[tuple[int], np.dtype[np.int8]], is_hit: Flags, is_decided: Flags
) -> None:
    """Close what is open: hit or miss where it is decided, else undecided. In place."""
    waiting = results == Result.OPEN
    results[waiting] = Result.UNDECIDED
    results[waiting & is_decided & is_hit] = Result.HIT
    results[waiting & is_decided & ~is_hit] = Result.MISS


def group_stated(
    by: By, edges: Series, stated: Series, happened: Flags, outcomes: Series, used: Flags
) -> list[Bin]:
    """Bins of statements by what they stated; a value on an edge belongs above it, the last one
    below.
    """
    place = np.clip(np.searchsorted(edges, stated, side="right") - 1, 0, edges.size - 2)
    return sum_bins(by, np.where(used, place, -1), stated, happened, outcomes)


def sum_bins(by: By, place: Places, stated: Series, happened: Flags, outcomes: Series) -> list[Bin]:
    """Sums by place; -1 is left out, a missing outcome counts 0."""
    found = []
    known = np.nan_to_num(outcomes)
    for number in np.unique(place[place >= 0]).tolist():
        here = place == number
        found.append(
            Bin(
                by,
                int(number),
                float(stated[here].sum()),
                int(here.sum()),
                int(happened[here].sum()),
                float(known[here].sum()),
            )
        )
    return found
