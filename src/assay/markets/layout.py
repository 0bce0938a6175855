"""The panel under construction: words shared by what lays it out and what stores it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

FIELDS = ("open", "high", "low", "close", "volume", "market_cap")
COLUMNS = ("open", "high", "low", "close", "volume", "market_cap_usd")
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Layout:
    """The panel under construction: what was first known of each day.

    `fields` are float64 [tokens, days] by name; `number` says which import a cell came from,
    0 where there is no bar.
    """

    token_ids: NDArray[np.int64]
    first_day: date
    fields: Mapping[str, NDArray[np.float64]]
    number: NDArray[np.int32]

    @property
    def n_days(self) -> int:
        """Number of columns."""
        return int(self.number.shape[1])


@dataclass(frozen=True)
class LateRows:
    """Corrections: cells and their values, with the moments they became known and were recorded.

    Moments are microseconds since 1970; rows are in the order in which they take effect.
    """

    token_ids: NDArray[np.int64]
    days: NDArray[np.int64]
    values: NDArray[np.float64]
    known_at: NDArray[np.int64]
    recorded_at: NDArray[np.int64]
