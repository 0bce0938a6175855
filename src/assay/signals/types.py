"""The words of the signals room: the rule book, what was chosen, reasons for no view."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Series = NDArray[np.float64]
Flags = NDArray[np.bool_]
States = NDArray[np.int8]
"""[tokens, bars]: 1 long, -1 short, 0 none."""


class Source(IntEnum):
    """Whose trend a rule reads: the coin's, Bitcoin's, the equal-weight market's, or two of them.

    AND takes the weaker of two trends that agree (0 where they disagree), PLUS their mean.
    """

    OWN = 0
    OWN_AND_MARKET = 1
    OWN_AND_BITCOIN = 2
    OWN_PLUS_MARKET = 3
    OWN_PLUS_BITCOIN = 4
    MARKET = 5
    BITCOIN = 6


class Shape(IntEnum):
    """How a trend is measured; the numbers are bars (times `Book.scale`), formulas in
    `compute.trends`.
    """

    TREND_5_20 = 0
    TREND_7_56 = 1
    TREND_14_84 = 2
    MOMENTUM_28 = 3
    AVERAGES_10_50 = 4
    AVERAGES_20_100 = 5
    CHANNEL_20 = 6
    CHANNEL_55 = 7


class NoView(StrEnum):
    """Why nothing is said about a token."""

    STALE = "stale"
    SHORT_HISTORY = "short_history"


@dataclass(frozen=True, slots=True)
class Rule:
    """Long from score >= `enter` until score < `leave`; short likewise with the sign turned."""

    source: Source
    shape: Shape
    enter: float
    leave: float


BANDS = ((0.3, 0.0), (0.6, 0.1))
RULES = tuple(
    Rule(source, shape, enter, leave)
    for shape in Shape
    for source in Source
    for enter, leave in BANDS
)
"""All rules that may be chosen, in a fixed order that breaks ties."""


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that decides signals of one bar length besides the bars; lengths in bars.

    `scale` multiplies every lookback of the shapes. `warm_up`: bars since the first one before
    anything is said. `minimal_hold`: bars a position is kept unless the opposite one is entered.
    `side_cost`: fee and slippage of one side, as a share. Every `refit_every` bars the rule with
    the best past is chosen again and confidence is fitted again. `horizon`, `target_width`,
    `stop_width`: the barriers, widths in deviations over the horizon. `per_year`: bars a year.
    """

    name: str
    unit: str
    rules: tuple[Rule, ...]
    default: int
    scale: int
    warm_up: int
    minimal_hold: int
    fee_bps: float
    slippage_bps: float
    refit_every: int
    minimal_past: int
    horizon: int
    target_width: float
    stop_width: float
    per_year: float

    @property
    def side_cost(self) -> float:
        """Fee and slippage of one side, as a share of what is traded."""
        return (self.fee_bps + self.slippage_bps) / 10_000.0


FEE_BPS = 10.0
SLIPPAGE_BPS = 5.0
DEFAULT_RULE = RULES.index(Rule(Source.OWN_PLUS_BITCOIN, Shape.TREND_7_56, 0.6, 0.1))

DAILY = Book(
    name="daily",
    unit="day",
    rules=RULES,
    default=DEFAULT_RULE,
    scale=1,
    warm_up=100,
    minimal_hold=3,
    fee_bps=FEE_BPS,
    slippage_bps=SLIPPAGE_BPS,
    refit_every=90,
    minimal_past=60,
    horizon=20,
    target_width=1.0,
    stop_width=0.5,
    per_year=365.0,
)
HOURLY = Book(
    name="hourly",
    unit="hour",
    rules=RULES,
    default=DEFAULT_RULE,
    scale=4,
    warm_up=400,
    minimal_hold=12,
    fee_bps=FEE_BPS,
    slippage_bps=SLIPPAGE_BPS,
    refit_every=336,
    minimal_past=240,
    horizon=48,
    target_width=1.0,
    stop_width=0.5,
    per_year=8760.0,
)


@dataclass(frozen=True, slots=True)
class Bars:
    """Closes, highs and lows [tokens, bars], continuous through redenominations; NaN = no bar."""

    token_ids: NDArray[np.int64]
    close: Matrix
    high: Matrix
    low: Matrix


@dataclass(frozen=True, slots=True)
class Choice:
    """The rule in force from `column` on; `growth` is its past: median coin's growth a bar above
    constant equal exposure, NaN for the default rule.
    """

    column: int
    rule: int
    growth: float
