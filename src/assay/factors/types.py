"""The words of the factors room."""

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """What a factor looks at; a grade has one sub-grade for each family it uses."""

    TECHNICAL = "technical"
    QUANT = "quant"
    MOMENTUM = "momentum"
    VOLATILITY = "volatility"
    LIQUIDITY = "liquidity"
    VALUATION = "valuation"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One technical indicator: a number for each token and bar, from that token's own bars.

    `lookback` counts bars, the newest included: with fewer the indicator is NaN.
    `is_scale_free` says that multiplying every price by a constant changes nothing.
    """

    name: str
    family: Family
    formula: str
    lookback: int
    is_scale_free: bool
