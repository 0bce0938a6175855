"""Factors: what a token's bars say about it, as numbers a model can compare.

Answers   30 technical indicators of every token and day; the 55 characteristics behind the grades;
          the market's regime; a value's rank across the market
Inputs    panel arrays [tokens, days] of high, low, close and volume (NaN = no bar), continuous
          through redenominations, tokens in ascending id
Cadence   none: pure functions, called by whoever holds a panel
Tables    none
Promise   causal to the bit (a longer panel changes no earlier value); equal bytes on any CPU
Manual    docs/method/factors.md
"""

from assay.factors.compute.catalogue import INDICATORS
from assay.factors.compute.characteristics import (
    CHARACTERISTICS,
    Characteristic,
    compute_characteristics,
    find_broad_start,
)
from assay.factors.compute.indicators import compute_indicators, compute_market_level
from assay.factors.compute.mathematics import (
    compute_exp,
    compute_log,
    exp_,
    log_,
    logistic_,
    round_significant,
    round_significant_values,
)
from assay.factors.compute.ranks import Ties, compute_centred_ranks, compute_quantised_ranks
from assay.factors.compute.regime import (
    REGIMES,
    compute_market_returns,
    compute_median_volumes,
    compute_regimes,
    compute_relative_volatility,
    compute_universe,
)
from assay.factors.compute.wash import SUSPICIOUS_SIGNS, compute_wash_signs
from assay.factors.types import Bars, Family, Indicator

__all__ = [
    "CHARACTERISTICS",
    "INDICATORS",
    "REGIMES",
    "SUSPICIOUS_SIGNS",
    "Bars",
    "Characteristic",
    "Family",
    "Indicator",
    "Ties",
    "compute_centred_ranks",
    "compute_characteristics",
    "compute_exp",
    "compute_indicators",
    "compute_log",
    "compute_market_level",
    "compute_market_returns",
    "compute_median_volumes",
    "compute_quantised_ranks",
    "compute_regimes",
    "compute_relative_volatility",
    "compute_universe",
    "compute_wash_signs",
    "exp_",
    "find_broad_start",
    "log_",
    "logistic_",
    "round_significant",
    "round_significant_values",
]
