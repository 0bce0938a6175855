"""What was published, read back into arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from assay import ledger, publishing
from assay.forecasts.types import (
    HORIZONS,
    QUANTILES,
    SCENARIO_HORIZONS,
    Cube,
    Direction,
    Flags,
    Matrix,
    Series,
)
from assay.kit.database import Database
from assay.markets.types import Panel
from assay.publishing import Speaker

Row = dict[str, Any]
Places = NDArray[np.int64]
DIRECTIONS = {Direction.DOWN.value: -1, Direction.NONE.value: 0, Direction.UP.value: 1}


@dataclass(frozen=True)
class Window:
    """The measured days of a panel."""

    panel: Panel
    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def columns(self) -> slice:
        """Where they stand in the panel."""
        start = self.panel.column(self.first)
        return slice(start, start + self.days)

    @property
    def closes(self) -> Matrix:
        """Continuous closes of the whole panel."""
        return np.asarray(self.panel.close * self.panel.unit)


@dataclass(frozen=True)
class SaidQuantiles:
    """`returns` [horizons, quantiles, tokens, days], NaN where nothing was said; `trends` -1, 0, 1
    and 9 where none; `is_listed`: a row stands, with or without a view.
    """

    returns: Cube
    trends: NDArray[np.int8]
    is_listed: Flags


@dataclass(frozen=True)
class SaidLevels:
    """Every level that was named, one place each: row and day of its token, log of its price over
    the close, and the tolerance.
    """

    rows: Places
    days: Places
    distances: Series
    tolerances: Series
    touches: Places


@dataclass(frozen=True)
class SaidScenarios:
    """Beta and half width of the band, [tokens, days]; the market's bear and bull log return,
    [days]; the latter two by horizon.
    """

    beta: Matrix
    bands: dict[int, Matrix]
    tails: dict[int, Matrix]


def list_origins(database: Database, speaker: Speaker, window: Window) -> str:
    """The origins of what stands in the window, in words."""
    with database.read() as connection:
        standing = ledger.list_standing(connection, speaker.kind.name, window.first, window.last)
    return ", ".join(sorted({item.origin.value for item in standing}))


def _load_rows(
    database: Database, speaker: Speaker, window: Window
) -> Iterator[tuple[int, list[Row]]]:
    days = publishing.load_days(database, speaker.kind.name, window.first, window.last)
    for day, payload in days:
        yield (day - window.first).days, orjson.loads(payload)


def _find_rows(window: Window, said: list[Row]) -> Places:
    ids = np.array([row["token_id"] for row in said], np.int64)
    return np.searchsorted(window.panel.token_ids, ids)


def read_quantiles(database: Database, speaker: Speaker, window: Window) -> SaidQuantiles:
    """The published quantiles and trends of a window."""
    shape = (window.panel.n_tokens, window.days)
    returns = np.full((len(HORIZONS), len(QUANTILES), *shape), np.nan)
    trends = np.full(shape, 9, np.int8)
    is_listed = np.zeros(shape, np.bool_)
    for day, said in _load_rows(database, speaker, window):
        is_listed[_find_rows(window, said), day] = True
        viewed = [row for row in said if row["no_view"] is None]
        rows = _find_rows(window, viewed)
        words = [
            float(word)
            for row in viewed
            for horizon in row["horizons"]
            for word in horizon["returns"]
        ]
        values = np.array(words).reshape(len(viewed), len(HORIZONS), len(QUANTILES))
        returns[:, :, rows, day] = values.transpose(1, 2, 0)
        trends[rows, day] = [
            DIRECTIONS[row["trend"]["direction"]] if row["trend"] else 9 for row in viewed
        ]
    return SaidQuantiles(returns, trends, is_listed)


def read_levels(database: Database, speaker: Speaker, window: Window, step: int) -> SaidLevels:
    """The levels published on every `step`-th day of a window."""
    found: list[tuple[int, int, float, float, int]] = []
    for day, said in _load_rows(database, speaker, window):
        if day % step:
            continue
        viewed = [row for row in said if row["no_view"] is None]
        for place, row in zip(_find_rows(window, viewed).tolist(), viewed, strict=True):
            price, tolerance = float(row["price"]), float(row["tolerance"])
            found += [
                (place, day, float(level["price"]) / price, tolerance, level["touches"])
                for level in row["supports"] + row["resistances"]
            ]
    rows, days, ratios, tolerances, touches = (
        zip(*found, strict=True) if found else ((), (), (), (), ())
    )
    return SaidLevels(
        rows=np.array(rows, np.int64),
        days=np.array(days, np.int64),
        distances=np.log(np.array(ratios, np.float64)),
        tolerances=np.array(tolerances, np.float64),
        touches=np.array(touches, np.int64),
    )


def read_scenarios(database: Database, speaker: Speaker, window: Window) -> SaidScenarios:
    """The published scenarios of a window."""
    shape = (window.panel.n_tokens, window.days)
    beta = np.full(shape, np.nan)
    bands = {horizon: np.full(shape, np.nan) for horizon in SCENARIO_HORIZONS}
    tails = {horizon: np.full((2, window.days), np.nan) for horizon in SCENARIO_HORIZONS}
    for day, said in _load_rows(database, speaker, window):
        viewed = [row for row in said if row["no_view"] is None]
        for place, row in zip(_find_rows(window, viewed).tolist(), viewed, strict=True):
            beta[place, day] = float(row["beta"])
            for part in row["horizons"]:
                low, high = float(part["prices_low"][1]), float(part["prices_high"][1])
                bands[part["days"]][place, day] = 0.5 * np.log(high / low)
                moves = part["market_returns"]
                tails[part["days"]][:, day] = float(moves[0]), float(moves[2])
    return SaidScenarios(beta, bands, tails)
