"""What is sealed of single coins: their figures, and whom they move with.

Pure. The fields are documented in `docs/api.md` and `docs/method/market_state.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from assay.backtest import METRICS
from assay.market_state.types import (
    CORRELATION_LISTED,
    REASONS,
    SHORT_OVERLAP,
    Counts,
    Matrix,
    NoView,
    Series,
)
from assay.markets.types import Token

Json = dict[str, object]

WHOLE: Mapping[str, int] = {
    "total_return": 4,
    "cagr": 4,
    "mean": 6,
    "deviation": 6,
    "volatility": 4,
    "sharpe": 3,
    "sortino": 3,
    "max_drawdown": 4,
    "calmar": 3,
    "omega": 4,
    "payoff_ratio": 4,
    "tail_ratio": 4,
    "var_95": 4,
    "cvar_95": 4,
    "skew": 3,
    "kurtosis": 3,
    "share_positive": 4,
    "beta": 4,
    "alpha": 4,
    "correlation": 4,
}
"""Metrics since a coin's first bar that are published, and their decimals."""

YEARLY: Mapping[str, int] = {
    name: places
    for name, places in WHOLE.items()
    if name not in ("cagr", "mean", "deviation", "payoff_ratio", "tail_ratio", "share_positive")
}
"""The same over the last 365 days, where the total return is the CAGR."""

ANNUALISED = ("cagr", "calmar", "alpha")
"""Not said of less than a year: a month's return to the power of twelve is no record."""

_TIDY: dict[str, str | None] = {"nan": None, "inf": None, "-inf": None}
_TIDY |= {f"-0.{'0' * places}": f"0.{'0' * places}" for places in (3, 4, 6)}


class WindowFormat:
    """Formats the chosen metrics of a window in one go: a back-fill writes ten million of them."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._names = tuple(places)
        self._places = [METRICS.index(name) for name in places]
        self._template = " ".join(f"%.{digits}f" for digits in places.values())

    def select(self, figures: Matrix) -> list[list[float]]:
        """The chosen ones of `figures` [tokens, metrics], a list for each token."""
        chosen: list[list[float]] = figures[:, self._places].tolist()
        return chosen

    def format(self, chosen: Sequence[float], since: str, days: float, is_year: bool) -> Json:
        """Decimal strings, None where undefined; what is annualised only with `is_year`."""
        text = self._template % tuple(chosen)
        window: Json = dict(zip(self._names, text.split(" "), strict=True))
        if "n" in text or "-0.0" in text:
            window = {name: _TIDY.get(str(value), value) for name, value in window.items()}
        if not is_year:
            window.update((name, None) for name in ANNUALISED if name in window)
        window["since"] = since
        window["days"] = int(days)
        return window


def create_silent_row(token: Token, code: NoView, empty: Sequence[str], reason: str = "") -> Json:
    """A coin without a view: the reason, and None for every field of `empty`."""
    return {
        **create_names(token),
        "no_view": {"code": code.value, "reason": reason or REASONS[code]},
        **dict.fromkeys(empty),
    }


def create_names(token: Token) -> Json:
    """What every row of a coin begins with."""
    return {"token_id": int(token.token_id), "symbol": token.symbol, "name": token.name}


def order_by_volume(
    median_volumes: Series, rows: Counts, token_ids: NDArray[np.int64]
) -> list[int]:
    """`rows` with the largest 30-day median dollar volume first, the unknown last, ties by id."""
    sizes = np.nan_to_num(median_volumes[rows], nan=-1.0)
    return [int(row) for row in rows[np.lexsort((token_ids[rows], -sizes))]]


def choose_ends(values: Matrix, ids: Counts) -> tuple[Counts, Counts]:
    """Columns of the 10 highest and of the 10 lowest `values` [tokens, peers] of each row, ties by
    the peers' `ids`; unknown ones come last.
    """
    by_id = np.argsort(ids, kind="stable")
    ordered = np.ascontiguousarray(values[:, by_id])
    most = np.argsort(-ordered, axis=1, kind="stable")[:, :CORRELATION_LISTED]
    least = np.argsort(ordered, axis=1, kind="stable")[:, :CORRELATION_LISTED]
    return by_id[most], by_id[least]


def create_correlation_rows(
    tokens: Sequence[Token],
    values: Matrix,
    means: Series,
    days: Counts,
    ends: Mapping[str, tuple[Counts, Matrix]],
) -> list[Json]:
    """One row per coin. `values` [tokens, peers] are the correlations with the first of `tokens`,
    NaN where unknown; `ends` give by name the columns chosen and their plain correlations.
    """
    ids = np.array([int(token.token_id) for token in tokens], np.int64)
    rows = []
    for i, token in enumerate(tokens):
        lists = {
            name: _list_pairs(ids[chosen[i]], values[i, chosen[i]], plain[i])
            for name, (chosen, plain) in ends.items()
        }
        rows.append(_create_correlation_row(token, int(days[i]), float(means[i]), lists))
    return rows


def _list_pairs(ids: Counts, values: Series, plain: Series) -> list[Json]:
    return [
        {"token_id": token_id, "correlation": text, "plain": raw}
        for token_id, text, raw in zip(
            ids.tolist(), _format_each(values), _format_each(plain), strict=True
        )
        if text is not None
    ]


def _format_each(values: Series) -> list[str | None]:
    texts = ("%.4f " * values.size % tuple(values.tolist())).split()
    return [_TIDY.get(text, text) for text in texts]


def _create_correlation_row(
    token: Token, days: int, mean: float, lists: Mapping[str, list[Json]]
) -> Json:
    if not all(lists.values()):
        silent = create_silent_row(token, NoView.SHORT_HISTORY, ("mean", *lists), SHORT_OVERLAP)
        return {**silent, "days": days}
    return {
        **create_names(token),
        "no_view": None,
        "days": days,
        "mean": _format_each(np.array([mean]))[0],
        **lists,
    }
