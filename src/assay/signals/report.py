"""What an evaluation of the signals found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from assay.evaluation import Calibration, Tried
from assay.signals.accounts import Figures

TARGET = 0.55
"""Share of coins that should beat constant equal exposure."""


@dataclass(frozen=True, slots=True)
class CoinRecord:
    """One coin's account over the window, total returns net of costs; `died`: its last day."""

    symbol: str
    days: int
    died: date | None
    exposure: float
    signal_return: float
    constant_return: float
    holding_return: float

    @property
    def excess(self) -> float:
        """Return of following less that of its constant exposure."""
        return self.signal_return - self.constant_return


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """One rule of the book over the same coins and days: yearly Sharpe ratio of the pooled excess
    over constant exposure, and the median coin's log growth beyond it.
    """

    name: str
    sharpe: float
    median: float


@dataclass(frozen=True, slots=True)
class ChoiceRecord:
    """A rule in force from `day` on; `gain` is its past, a year, NaN for the default rule."""

    day: date
    rule: str
    gain: float


@dataclass(frozen=True, slots=True)
class HourlyReport:
    """The hourly signals by lag in hours."""

    first_day: date
    last_day: date
    hours: int
    lags: Mapping[str, Figures]


@dataclass(frozen=True)
class SignalsReport:
    """Everything measured; `coins` losers first, `equity` by name over `days`, all coins alike."""

    origin: str
    days: tuple[date, ...]
    coins: tuple[CoinRecord, ...]
    never_viewed: int
    headline: Figures
    lags: Mapping[str, Figures]
    long_short: Figures
    years: Mapping[str, Figures]
    tried: Tried
    rules: tuple[RuleRecord, ...]
    choices: tuple[ChoiceRecord, ...]
    calibration: Calibration | None
    equity: Mapping[str, tuple[float, ...]]
    hours: HourlyReport | None

    @property
    def died_inside(self) -> int:
        """Coins that ended inside the window."""
        return sum(coin.died is not None for coin in self.coins)

    def with_hours(self, hours: HourlyReport | None) -> SignalsReport:
        """The same with an hourly part."""
        return replace(self, hours=hours)
