"""What happened, as matrices that every scorer shares; each is made when it is first asked for.

Nothing here is a formula of its own: outcomes are those that the rooms' own evaluations use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from assay import evaluation, factors, forecasts, market_state, moonshots
from assay.markets.types import Panel
from assay.publishing.types import Hours
from assay.track_record.types import Flags, Matrix, Measure, Places, Series

Intervals = tuple[Matrix, Matrix]


@dataclass(frozen=True)
class IndexPaths:
    """Published levels of a day by index (empty where nothing stands), and levels of the
    benchmarks, 1 on `first_day`.
    """

    read_levels: Callable[[date], Mapping[int, float]]
    first_day: date
    equal_weight: Series
    bitcoin: Series | None


class World:
    """Facts known now, up to the newest complete day, and what follows from them.

    `day_digests` name the bars of each day, `registry` what tokens are; `fetch_hours` and
    `fetch_indices` are called when a measure needs them.
    """

    def __init__(
        self,
        panel: Panel,
        is_coin: Flags,
        day_digests: Sequence[bytes],
        registry: bytes,
        fetch_hours: Callable[[], Hours],
        fetch_indices: Callable[[], IndexPaths],
    ) -> None:
        self.panel = panel
        self.is_coin = is_coin
        self._day_digests = day_digests
        self._registry = registry
        self._fetch_hours = fetch_hours
        self._fetch_indices = fetch_indices
        self._kept: dict[tuple[str, int], Matrix] = {}
        self._walks: dict[int, Matrix] = {}
        self._intervals: dict[int, Intervals] = {}

    @property
    def newest_day(self) -> date:
        """The last day whose bars are complete."""
        return self.panel.complete_through

    def column(self, day: date) -> int:
        """Where a day stands; may lie outside the axis."""
        return (day - self.panel.first_day).days

    def find_rows(self, subjects: Places) -> Places:
        """Where tokens stand in the panel; -1 for one without bars."""
        return _find(self.panel.token_ids, subjects)

    @cached_property
    def closes(self) -> Matrix:
        """Closes continuous through redenominations."""
        return np.ascontiguousarray(self.panel.close * self.panel.unit)

    @cached_property
    def highs(self) -> Matrix:
        """Highs likewise."""
        return np.ascontiguousarray(self.panel.high * self.panel.unit)

    @cached_property
    def lows(self) -> Matrix:
        """Lows likewise."""
        return np.ascontiguousarray(self.panel.low * self.panel.unit)

    @cached_property
    def universe(self) -> Flags:
        """Whom the grades judge on each day."""
        closes = np.where(self.closes > 0.0, self.closes, np.nan)
        volumes = factors.compute_median_volumes(closes, self.panel.volume / self.panel.unit)
        return factors.compute_universe(closes, volumes, self.is_coin)

    def forward(self, horizon: int) -> Matrix:
        """Log returns bought at the next close and held `horizon` days."""
        return self._keep(
            ("forward", horizon),
            lambda: evaluation.compute_forward_returns(self.closes, horizon, 1),
        )

    def relative(self, horizon: int) -> Matrix:
        """The same minus the median of the day's universe."""
        return self._keep(
            ("relative", horizon),
            lambda: evaluation.compute_relative_returns(self.forward(horizon), self.universe),
        )

    def ahead(self, horizon: int) -> Matrix:
        """Log returns from the close of the day itself, as forecasts state them."""
        return self._keep(
            ("ahead", horizon), lambda: forecasts.compute_outcomes(self.closes, horizon)
        )

    def naive(self, horizon: int) -> Intervals:
        """The naive 90 % interval of the relative return: an exponentially weighted deviation."""
        if horizon not in self._intervals:
            self._intervals[horizon] = evaluation.compute_ewma_intervals(
                self.closes, self.universe, horizon, 0.9
            )
        return self._intervals[horizon]

    def walk(self, horizon: int) -> Matrix:
        """Quantiles of a driftless random walk, [levels, tokens, days]."""
        if horizon not in self._walks:
            self._walks[horizon] = evaluation.compute_walk_quantiles(
                self.closes, horizon, forecasts.QUANTILES
            )
        return self._walks[horizon]

    @cached_property
    def moonshots(self) -> moonshots.Outcomes:
        """What became of coins within 90 days."""
        return moonshots.compute_outcomes(self.closes)

    def market(self, horizon: int) -> Series:
        """Return of the equal-weight market bought at the next close, [days]."""
        return self._keep(
            ("market", horizon),
            lambda: market_state.compute_market_outcomes(self.panel, self.is_coin, horizon),
        )

    @cached_property
    def market_moves(self) -> Mapping[int, Series]:
        """Where the market of the scenarios went, [days] by horizon."""
        return {
            horizon: forecasts.compute_market_moves(self.panel, self.is_coin, self.closes, horizon)
            for horizon in forecasts.SCENARIO_HORIZONS
        }

    @cached_property
    def hours(self) -> Hours:
        """Hourly bars."""
        return self._fetch_hours()

    @cached_property
    def indices(self) -> IndexPaths:
        """Published levels."""
        return self._fetch_indices()

    def forget(self) -> None:
        """Let go of the matrices that were made; they are made again when they are asked for."""
        for kept in (self._kept, self._walks, self._intervals):
            kept.clear()
        for name in ("moonshots", "market_moves", "indices"):
            self.__dict__.pop(name, None)

    def close_day(self, measure: Measure, as_of: date, hour: int | None) -> date:
        """The day at whose close a statement's outcome is known."""
        if hour is None:
            return as_of + timedelta(days=measure.bars)
        return as_of + timedelta(days=(hour + measure.bars) // 24)

    def is_known(self, measure: Measure, as_of: date, hour: int | None) -> bool:
        """True once every bar that the outcome reads is complete."""
        if hour is None:
            return self.close_day(measure, as_of, None) <= self.newest_day
        return self.hours.column(as_of, hour) + measure.bars < self.hours.n_hours

    def name_facts(self, measure: Measure, as_of: date, hour: int | None) -> str:
        """Names all that a score may have read: every bar up to the one that closes it."""
        if hour is None:
            column = self.column(as_of) + measure.bars
            return self._daily_names[min(column, len(self._daily_names) - 1)]
        column = self.hours.column(as_of, hour) + measure.bars
        return self._hourly_names[min(column, len(self._hourly_names) - 1)]

    @cached_property
    def _daily_names(self) -> list[str]:
        start = self._registry + self.panel.first_day.isoformat().encode()
        return _chain(start, self._day_digests)

    @cached_property
    def _hourly_names(self) -> list[str]:
        hours = self.hours
        bars = np.stack([hours.close, hours.high, hours.low]).transpose(2, 0, 1)
        start = hours.first_hour.isoformat().encode() + hours.token_ids.astype("<i8").tobytes()
        return _chain(start, [np.ascontiguousarray(bar, "<f8").tobytes() for bar in bars])

    def _keep(self, key: tuple[str, int], make: Callable[[], Matrix]) -> Matrix:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]


def _find(ids: Places, subjects: Places) -> Places:
    if not ids.size:
        return np.full(subjects.shape, -1, np.int64)
    rows = np.minimum(np.searchsorted(ids, subjects), ids.size - 1)
    return np.where(ids[rows] == subjects, rows, -1)


def find_hour_rows(hours: Hours, subjects: Places) -> Places:
    """Where tokens stand among the hourly bars; -1 for one without any."""
    return _find(hours.token_ids, subjects)


def _chain(start: bytes, parts: Sequence[bytes]) -> list[str]:
    whole = hashlib.sha256(start)
    names = []
    for part in parts:
        whole.update(part)
        names.append(whole.copy().hexdigest())
    return names
