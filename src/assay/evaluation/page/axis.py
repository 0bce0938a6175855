"""Calendar axes shared by the charts over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from assay.evaluation.page.svg import Frame, Point, draw_rule, draw_text
from assay.evaluation.types import Series


def draw_calendar(frame: Frame, days: Sequence[date]) -> list[str]:
    """Quarters under a chart whose horizontal axis counts days; a January carries its year."""
    starts = [
        (column, day)
        for column, day in enumerate(days)
        if day.day == 1 and day.month in (1, 4, 7, 10)
    ]
    room = (frame.width - frame.left - frame.right) / max(1, len(starts))
    parts = []
    for column, day in starts:
        x = frame.x(column)
        year = day.month == 1
        height = frame.height - frame.bottom
        parts.append(draw_rule(x, height, x, height + (6 if year else 3), "axis"))
        if year or room > 44 or (room > 24 and day.month == 7):
            text = str(day.year) if year else day.strftime("%b")
            parts.append(
                draw_text(x, frame.height - 6, text, "tick strong" if year else "tick", "middle")
            )
    return parts


def place_series(frame: Frame, values: Series, step: int = 1) -> list[Point]:
    """Drawing places of a daily series, every `step`-th day and the last."""
    columns = list(range(0, values.size, step))
    if columns and columns[-1] != values.size - 1:
        columns.append(values.size - 1)
    return [
        (frame.x(column), frame.y(float(values[column])) if np.isfinite(values[column]) else np.nan)
        for column in columns
    ]
