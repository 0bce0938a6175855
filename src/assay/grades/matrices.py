"""Published rows as aligned arrays, for measuring what was said. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import orjson
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Said:
    """What was published, [tokens, days] on the panel's axes; NaN where nothing was said."""

    grades: Matrix
    no_view: NDArray[np.bool_]
    probabilities: Matrix
    interval_low: Matrix
    interval_high: Matrix


def parse_said(
    publications: Iterable[tuple[date, bytes]],
    token_ids: NDArray[np.int64],
    first_day: date,
    n_days: int,
) -> Said:
    """Read (day, canonical rows) into arrays. Tokens that the panel lacks are left out."""
    shape = (token_ids.size, n_days)
    row_of = {int(token_id): row for row, token_id in enumerate(token_ids)}
    fields = [np.full(shape, np.nan) for _ in range(4)]
    no_view = np.zeros(shape, np.bool_)
    for day, payload in publications:
        column = (day - first_day).days
        if not 0 <= column < n_days:
            continue
        for item in orjson.loads(payload):
            row = row_of.get(item["token_id"])
            if row is None:
                continue
            if item["grade"] is None:
                no_view[row, column] = True
                continue
            interval = item["interval"] or {"low": "nan", "high": "nan"}
            values = (
                item["grade"],
                item["probability"] or "nan",
                interval["low"],
                interval["high"],
            )
            for field, value in zip(fields, values, strict=True):
                field[row, column] = float(value)
    grades, probabilities, low, high = fields
    return Said(grades, no_view, probabilities, low, high)
