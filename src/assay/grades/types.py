"""The words of the grades room: kinds, labels, reasons for no view, artefacts, judgements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from assay.factors.types import Family

Matrix = NDArray[np.float64]
Series = NDArray[np.float64]
Flags = NDArray[np.bool_]


class GradeKind(StrEnum):
    """Which grade: over 7 days or over 90."""

    TRADER = "trader"
    INVESTOR = "investor"

    @property
    def horizon_days(self) -> int:
        """Days that the grade looks ahead, from the close after the one it was judged at."""
        return 7 if self is GradeKind.TRADER else 90


class Label(StrEnum):
    """A grade in words; the cut-offs are `compute.grading.CUT_OFFS`."""

    STRONG_SELL = "Strong Sell"
    SELL = "Sell"
    HOLD = "Hold"
    BUY = "Buy"
    STRONG_BUY = "Strong Buy"


class NoView(StrEnum):
    """Why nothing is said about a token."""

    STALE = "stale"
    SHORT_HISTORY = "short_history"
    THIN_TRADING = "thin_trading"
    DELISTING_ANNOUNCED = "delisting_announced"
    DELISTING_EVIDENT = "delisting_evident"
    WASHED_VOLUME = "washed_volume"


FAMILIES = tuple(Family)


@dataclass(frozen=True, slots=True)
class LinearPart:
    """A linear score on centred ranks k of one day, for regime numbers g of that day.

    score = sum over features of k * (weights + sum over regimes of g * interactions) +
    (k * k - 1/12) * squares. Shapes: [features], [features], [regimes, features].
    """

    weights: Series
    squares: Series
    interactions: Matrix
    regimes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What earlier days taught: estimated before the refit, applied after it.

    `slope`: probability of beating the median coin = logistic(slope * z). `low`, `high`: 5 % and
    95 % quantiles of the relative log return over shrunk volatility * sqrt(horizon), by the day's
    third of volatility (calm first). `shrink`: weight of the market's median volatility.
    """

    slope: float
    slope_days: int
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    shrink: float
    interval_days: int


@dataclass(frozen=True, slots=True)
class Artefact:
    """One trained model, everything a judgement needs besides the facts of its day.

    `trained_through` is the last day whose features were trained on, `outcome_days` how many days
    after it its last outcome was known (longest target horizon + 1): no later than `refit_day`.
    `trees` is LightGBM's text. `digest` is over all parts.
    """

    kind: GradeKind
    refit_day: date
    trained_through: date
    outcome_days: int
    features: tuple[str, ...]
    linear: LinearPart
    trees: str
    tree_regimes: tuple[str, ...]
    calibration: Calibration
    training_rows: int
    training_days: int
    settings: dict[str, object]
    digest: str

    @property
    def horizon_days(self) -> int:
        """Days the grade looks ahead."""
        return self.kind.horizon_days

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.kind.value}-{self.refit_day.isoformat()}-{self.digest[:12]}"

    @property
    def known_from(self) -> date:
        """The first day that may be judged with it: every outcome it learnt from had happened."""
        return self.trained_through + timedelta(days=self.outcome_days)


@dataclass(frozen=True, slots=True)
class DayGrades:
    """One day's judgement of every token that had begun to trade, aligned by position.

    `grades` and `raw` (uncapped, in points) are in hundredths; -1 and 0 where there is no view.
    `scores` is the standardised score z, NaN outside the universe. `probabilities`, `low`, `high`
    (log return minus the median coin's, from the close of the next day over the horizon) are
    rounded to 4 decimals, NaN without a view. `sub_grades` [families, tokens] in hundredths, in the
    order of `FAMILIES`, -1 without a view. `capped`: the grade was held at 75 for thin trading.
    `no_view` holds a code or None.
    """

    day: date
    token_ids: NDArray[np.int64]
    in_universe: Flags
    grades: NDArray[np.int64]
    raw: NDArray[np.int64]
    scores: Series
    probabilities: Series
    low: Series
    high: Series
    sub_grades: NDArray[np.int64]
    capped: Flags
    no_view: tuple[NoView | None, ...]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature added to a raw score, in hundredths of a point, against the average coin."""

    feature: str
    family: Family
    points_centi: int
    linear_centi: int
    rank: float
    value: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a token has its raw score: `raw_centi` = 5000 + the sum of all `points_centi`, exactly.

    Without a view there are no contributions.
    """

    token_id: int
    day: date
    raw_centi: int | None
    grade_centi: int | None
    no_view: NoView | None
    contributions: tuple[Contribution, ...]
