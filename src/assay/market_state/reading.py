"""What was published of the market, read back for measuring; and the known fear-and-greed index."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from assay import ledger
from assay.kit.database import Database
from assay.kit.errors import BadInput
from assay.kit.moments import parse_day
from assay.market_state.compute.market import Coins
from assay.market_state.persistence import Said
from assay.market_state.types import CORRELATIONS, STATE, TOKENS, Series
from assay.markets.types import Panel
from assay.publishing import load_days

WEAKEST_FIRST = ("backfilled", "replay", "live")
KNOWN_HEAD = ("date", "fear_greed_index")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """What was said of the market, by day, beside the bars.

    `figures` are numbers by name and `names` the regimes and moods, all one a day; `market` [days
    of the panel] are the simple returns of the equal-weight universe.
    """

    days: Sequence[date]
    columns: Sequence[int]
    figures: Mapping[str, Series]
    names: Mapping[str, Sequence[str | None]]
    panel: Panel
    coins: Coins
    market: Series


def read_state(
    database: Database, first: date, last: date
) -> tuple[list[date], dict[str, Series], dict[str, list[str | None]]]:
    """Days, figures and names of what stands in a window; a figure that was not said is NaN."""
    days: list[date] = []
    figures: dict[str, list[object]] = {}
    names: dict[str, list[str | None]] = {"mood": [], "regime": []}
    for day, payload in load_days(database, STATE, first, last):
        (row,) = orjson.loads(payload)
        days.append(day)
        names["mood"].append(row["fear_and_greed"]["label"])
        names["regime"].append(row["volatility"]["regime"])
        for name, value in _list_figures(row).items():
            figures.setdefault(name, []).append(value)
    read = {
        name: np.array([np.nan if v is None else float(str(v)) for v in values])
        for name, values in figures.items()
    }
    return days, read, names


def _list_figures(row: Row) -> dict[str, object]:
    return {
        "fear_and_greed": row["fear_and_greed"]["value"],
        "signal": row["indicator"]["signal"],
        "last_signal": row["indicator"]["last_signal"],
        "above_mean_50": row["breadth"]["above_mean_50"],
        "above_mean_200": row["breadth"]["above_mean_200"],
        "volatility": row["volatility"]["days_30"],
        "percentile": row["volatility"]["percentile"],
        "correlation": row["correlation"]["mean"],
        "btc_share": row["volume"]["btc_share"],
        "trader_high": row["grades"]["trader"]["high"],
        "investor_high": row["grades"]["investor"]["high"],
    }


def read_pairs(database: Database, panel: Panel, days: Sequence[date]) -> list[Said]:
    """The most and the least correlated pairs of some days."""
    found = []
    for day in days:
        one: list[int] = []
        other: list[int] = []
        values: list[float] = []
        is_most: list[bool] = []
        for row in _read_rows(database, CORRELATIONS, day):
            for end in ("most", "least"):
                for pair in row[end] or ():
                    one.append(panel.row(row["token_id"]))
                    other.append(panel.row(pair["token_id"]))
                    values.append(float(pair["correlation"]))
                    is_most.append(end == "most")
        found.append(Said(panel.column(day), one, other, np.array(values), is_most))
    return found


def read_year_figures(
    database: Database, panel: Panel, days: Sequence[date], names: Sequence[str]
) -> dict[int, dict[str, Series]]:
    """Figures of every coin's trailing year by column and name, [tokens of the panel]."""
    found = {}
    for day in days:
        table = {name: np.full(panel.n_tokens, np.nan) for name in names}
        for row in _read_rows(database, TOKENS, day):
            if row["year"] is None:
                continue
            place = panel.row(row["token_id"])
            for name in names:
                value = row["year"][name]
                table[name][place] = np.nan if value is None else float(value)
        found[panel.column(day)] = table
    return found


def _read_rows(database: Database, kind: str, day: date) -> list[Row]:
    rows: list[Row] = []
    for _, payload in load_days(database, kind, day, day):
        rows = orjson.loads(payload)
    return rows


def list_origins(database: Database, first: date, last: date) -> str:
    """How the days of a window were said; the weakest of them where they differ."""
    with database.read() as connection:
        standing = ledger.list_standing(connection, STATE, first, last)
    origins = {item.origin.value for item in standing}
    return next((origin for origin in WEAKEST_FIRST if origin in origins), "")


def load_known(path: Path) -> dict[date, float]:
    """The known fear-and-greed index by the date it bears.

    The file is CSV with the columns date (YYYY-MM-DD) and fear_greed_index (0 to 100). Raises
    BadInput for one that cannot be read so.
    """
    try:
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
        return {parse_day(row[KNOWN_HEAD[0]]): float(row[KNOWN_HEAD[1]]) for row in rows}
    except (OSError, KeyError, TypeError, ValueError, BadInput) as error:
        raise BadInput(
            f"{path.name} is no fear-and-greed index: {error}",
            hint=f"Give a CSV file with the columns {KNOWN_HEAD[0]} and {KNOWN_HEAD[1]}.",
        ) from error


def align_known(known: Mapping[date, float], days: Sequence[date], ahead: int) -> Series:
    """The index that bears the date `ahead` days after each of `days`; NaN where there is none."""
    return np.array([known.get(day + timedelta(days=ahead), np.nan) for day in days])
