"""From the panel to what a model reads: the ranks of every characteristic within a day's universe.

Causal to the bit: a cross-section reads bars up to its day, whatever the panel holds after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from assay import factors
from assay.grades.types import Flags, Matrix
from assay.kit.compiled import kernel
from assay.markets.types import Panel

FEATURES = tuple(item.name for item in factors.CHARACTERISTICS)
_RETURN_30 = FEATURES.index("return_30")
# The longest window over the market's return is 180 days and starts with the universe before it.
_LOOKBACK = 200
_DAYS_AT_ONCE = 256


@dataclass(frozen=True)
class CrossSections:
    """What was known of every token on each day from `start` (a panel column) on.

    `ranks` [days, tokens, features] float32 in [-0.5, 0.5], 0 where a feature is missing, NaN
    outside the universe; `values` [days, features, tokens] likewise unranked, only when asked for;
    `universe`, `has_bar`, `has_history`, `volatility`, `median_volumes`, `week_returns` are
    [tokens, days]; `regimes` [regimes, days] in the order of `factors.REGIMES`.
    """

    token_ids: NDArray[np.int64]
    first_day: date
    ranks: NDArray[np.float32]
    values: NDArray[np.float64] | None
    universe: Flags
    has_bar: Flags
    has_history: Flags
    volatility: Matrix
    median_volumes: Matrix
    week_returns: Matrix
    regimes: Matrix

    @property
    def n_days(self) -> int:
        """Number of days."""
        return int(self.ranks.shape[0])

    def position(self, day: date) -> int:
        """Where `day` stands on the axis."""
        return (day - self.first_day).days

    def day(self, position: int) -> date:
        """The day at a position."""
        return self.first_day + timedelta(days=position)


@kernel
def _write_ranks(source: Matrix, out: NDArray[np.float32]) -> None:
    # [features, tokens] to [tokens, features]
    for token in range(out.shape[0]):
        for feature in range(out.shape[1]):
            out[token, feature] = source[feature, token]


def compute_cross_sections(
    panel: Panel,
    is_coin: Flags,
    start: int = 0,
    stop: int | None = None,
    *,
    keep_values: bool = False,
) -> CrossSections:
    """Cross-sections of the panel's columns from `start` to `stop` (the newest complete day + 1).

    `is_coin` [tokens] says which rows are of kind coin. Columns after `stop` are not read.
    """
    end = panel.column(panel.complete_through) + 1 if stop is None else stop
    unit = panel.unit[:, :end]
    high, low, close = (field[:, :end] * unit for field in (panel.high, panel.low, panel.close))
    volume = panel.volume[:, :end] / unit
    close = np.where(close > 0.0, close, np.nan)
    before = max(start - _LOOKBACK, 0)
    median_volumes = factors.compute_median_volumes(close, volume, before)
    universe = factors.compute_universe(close, median_volumes, is_coin)
    market = factors.compute_market_returns(close, universe)
    bars = (high, low, close, volume, market)
    broad = factors.find_broad_start(close, is_coin)
    ranks = np.empty((end - start, close.shape[0], len(FEATURES)), np.float32)
    kept = np.empty((end - start, len(FEATURES), close.shape[0])) if keep_values else None
    months = np.empty((close.shape[0], end - start))
    weeks = np.empty_like(months)
    for first in range(start, end, _DAYS_AT_ONCE):
        last = min(first + _DAYS_AT_ONCE, end)
        values = factors.compute_characteristics(*bars, broad_start=broad, start=first, stop=last)
        months[:, first - start : last - start] = values[_RETURN_30]
        weeks[:, first - start : last - start] = values[FEATURES.index("return_7")]
        by_day = np.ascontiguousarray(values.transpose(2, 0, 1))
        if kept is not None:
            kept[first - start : last - start] = by_day
        for offset, day in enumerate(by_day):
            ranked = factors.compute_centred_ranks(day, universe[:, first + offset])
            _write_ranks(ranked, ranks[first - start + offset])
    return CrossSections(
        token_ids=panel.token_ids,
        first_day=panel.day(start),
        ranks=ranks,
        values=kept,
        universe=np.ascontiguousarray(universe[:, start:]),
        has_bar=np.isfinite(close[:, start:]),
        has_history=_compute_history(close)[:, start:],
        volatility=factors.compute_relative_volatility(close, universe, start)[:, start:],
        median_volumes=median_volumes[:, start:],
        week_returns=weeks,
        regimes=factors.compute_regimes(market, months, universe, start),
    )


def _compute_history(close: Matrix) -> Flags:
    # Thirty days since the first bar, that day included, as the universe asks for.
    begun = np.maximum.accumulate(np.isfinite(close), axis=1)
    old = np.zeros_like(begun)
    old[:, 29:] = begun[:, : max(begun.shape[1] - 29, 0)]
    return np.asarray(old)
