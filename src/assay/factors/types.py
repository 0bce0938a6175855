"""The words of the factors room."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from assay.kit.errors import BadInput


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


@dataclass(frozen=True, slots=True)
class Bars:
    """Daily bars of many tokens, aligned: float64, C-contiguous [tokens, days], NaN = missing.

    Prices and volumes are continuous through redenominations. A bar is a day whose close is finite
    and positive; high, low and volume may be missing on it. `market` [days] is the level of the
    market that beta and correlation compare with (`compute_market_level`). Raises BadInput for
    arrays that do not fit together.
    """

    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    market: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = self.close.shape
        if len(shape) != 2 or self.market.shape != shape[1:]:
            raise BadInput(
                f"closes of shape {shape} and a market of shape {self.market.shape} do not fit",
                hint="give closes as [tokens, days] and the market as [days]",
            )
        for name in ("high", "low", "close", "volume", "market"):
            array: NDArray[np.float64] = getattr(self, name)
            if name != "market" and array.shape != shape:
                raise BadInput(
                    f"{name} has shape {array.shape}, close {shape}", hint="align the arrays first"
                )
            if array.dtype != np.float64 or not array.flags.c_contiguous:
                raise BadInput(
                    f"{name} is not a C-contiguous float64 array",
                    hint="use numpy.ascontiguousarray(values, dtype=float)",
                )
