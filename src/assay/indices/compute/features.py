"""What every index reads of the panel, computed once; a longer panel changes no earlier column."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assay import factors
from assay.indices.compute import market
from assay.indices.types import CashRule
from assay.markets.types import Panel

Matrix = NDArray[np.float64]
Series = NDArray[np.float64]
Flags = NDArray[np.bool_]

STALE_DAYS = 7
"""Days without a bar after which a holding counts as ended, though nobody said so."""


@dataclass(frozen=True)
class Features:
    """Matrices are [tokens, days] on the panel's axes, `level` is [days].

    `filled` is the last price known, continuous through redenominations; `universe` and `medians`
    are those of the grades; `volumes` is the 90-day mean dollar volume.
    """

    panel: Panel
    filled: Matrix
    has_bar: Flags
    universe: Flags
    medians: Matrix
    volumes: Matrix
    level: Series
    _votes: dict[tuple[int, float], tuple[Series, Flags]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @cached_property
    def rows(self) -> dict[int, int]:
        """Row of each token id."""
        return {int(key): row for row, key in enumerate(self.panel.token_ids.tolist())}

    def votes(self, days: int, band: float) -> tuple[Series, Flags]:
        """`compute_votes` of the market's level; computed once a mean."""
        key = (days, band)
        if key not in self._votes:
            self._votes[key] = market.compute_votes(self.level, days, band)
        return self._votes[key]

    def invested_share(self, rule: CashRule, column: int) -> float:
        """The share a cash rule invests on a day: floor + (1 - floor) * share of its means that the
        market counts as above.
        """
        above = sum(bool(self.votes(days, rule.band)[1][column]) for days in rule.means)
        return rule.floor + (1.0 - rule.floor) * above / len(rule.means)

    def sizes(self, column: int, count: int) -> tuple[Series, str]:
        """What a coin's size is on a day, and its name: market cap where the panel has one for at
        least `count` coins of the universe, else the mean dollar volume of 90 days.
        """
        caps = self.panel.market_cap
        if caps is not None:
            day = np.asarray(caps[:, column], dtype=np.float64)
            if int((np.isfinite(day) & self.universe[:, column]).sum()) >= count:
                return day, "market cap"
        return self.volumes[:, column], "volume"

    def has_ended(self, row: int, column: int) -> bool:
        """Whether a token had no bar for the last `STALE_DAYS` days."""
        return not self.has_bar[row, max(column - STALE_DAYS + 1, 0) : column + 1].any()


def compute_features(panel: Panel, coin_ids: Collection[int]) -> Features:
    """Features of a panel; only `coin_ids` can be in an index."""
    close = np.ascontiguousarray(panel.close * panel.unit)
    volume = np.ascontiguousarray(panel.volume / panel.unit)
    is_coin = np.array([int(key) in coin_ids for key in panel.token_ids], dtype=np.bool_)
    medians = factors.compute_median_volumes(close, volume)
    universe = factors.compute_universe(close, medians, is_coin)
    filled = market.fill_forward(close)
    return Features(
        panel=panel,
        filled=filled,
        has_bar=np.isfinite(close),
        universe=universe,
        medians=medians,
        volumes=market.compute_mean_volumes(close, volume),
        level=market.compute_market_level(filled, universe),
    )
