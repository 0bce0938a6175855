"""Do prices turn at the levels that were named, more than at levels that mean nothing?"""

from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from assay.forecasts.compute.touches import BOUNCED, BROKEN, UNTOUCHED, follow_levels
from assay.forecasts.measuring.reading import Places, SaidLevels, Window
from assay.forecasts.types import Series

SAMPLED_EVERY = 7
FOLLOWED_DAYS = 30
LEAST_T = 3.0
WELL_TRIED = 5
_SEED = 11
_LEAST_A_MONTH = 30

Codes = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class LevelScore:
    """Of the levels that lay outside the price's own band and were reached within 30 days, the
    share at which the price turned; beside it levels of other coins of the same day and side, at
    the same distance in tolerances. `t` is of the monthly differences.
    """

    named: int
    reached: float
    reached_random: float
    bounced: float
    bounced_random: float
    difference: float
    t: float
    months: int
    bounced_well_tried: float
    bounced_well_tried_random: float

    @property
    def has_skill(self) -> bool:
        """Prices turned at the levels more often than chance explains."""
        return isfinite(self.t) and self.t >= LEAST_T


def score_levels(said: SaidLevels, window: Window) -> LevelScore | None:
    """What became of the sampled levels; None when none could be followed."""
    clear = np.abs(said.distances) > said.tolerances
    if not clear.any():
        return None
    rows, days, tolerances = said.rows[clear], said.days[clear], said.tolerances[clear]
    units = said.distances[clear] / tolerances
    columns = days + window.columns.start
    closes = np.log(window.closes[rows, columns])
    panel = window.panel
    bars = (
        np.asarray(panel.high * panel.unit),
        np.asarray(panel.low * panel.unit),
        window.closes,
    )
    other = units[_shuffle_within(days, units > 0.0)]

    def follow(distance: Series) -> Codes:
        levels = closes + distance * tolerances
        return follow_levels(bars, rows, columns, levels, tolerances, FOLLOWED_DAYS)

    real, random = follow(units), follow(other)
    tried = said.touches[clear] >= WELL_TRIED
    months = days // 30
    difference, t, count = _compare_by_month(real, random, months)
    return LevelScore(
        named=int(clear.sum()),
        reached=float((real != UNTOUCHED).mean()),
        reached_random=float((random != UNTOUCHED).mean()),
        bounced=_share(real),
        bounced_random=_share(random),
        difference=difference,
        t=t,
        months=count,
        bounced_well_tried=_share(real[tried]),
        bounced_well_tried_random=_share(random[tried]),
    )


def _shuffle_within(days: Places, is_above: NDArray[np.bool_]) -> Places:
    """A permutation of the places that stays within each day and side."""
    generator = np.random.default_rng(_SEED)
    drawn = generator.random(days.size)
    group = days * 2 + is_above
    order = np.argsort(group, kind="stable")
    shuffled = np.lexsort((drawn, group))
    result = np.empty(days.size, np.int64)
    result[order] = shuffled
    return result


def _share(codes: Codes) -> float:
    decided = (codes == BOUNCED) | (codes == BROKEN)
    return float((codes[decided] == BOUNCED).mean()) if decided.any() else float("nan")


def _compare_by_month(real: Codes, random: Codes, months: Places) -> tuple[float, float, int]:
    differences = []
    for month in np.unique(months):
        here = months == month
        decided = [np.isin(codes[here], (BOUNCED, BROKEN)).sum() for codes in (real, random)]
        if min(decided) >= _LEAST_A_MONTH:
            differences.append(_share(real[here]) - _share(random[here]))
    if len(differences) < 3:
        return float("nan"), float("nan"), len(differences)
    values = np.array(differences)
    spread = float(values.std(ddof=1))
    t = float(values.mean()) / (spread / sqrt(values.size)) if spread > 0.0 else float("nan")
    return float(values.mean()), t, values.size
