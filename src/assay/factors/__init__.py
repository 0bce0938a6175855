"""Factors: what a token's bars say about it, as numbers a model can compare.

Answers   30 technical indicators of every token and day; a value's rank across the market
Inputs    panel arrays [tokens, days] of high, low, close and volume (NaN = no bar), continuous
          through redenominations, tokens in ascending id
Cadence   none: pure functions, called by whoever holds a panel
Tables    none
Promise   causal to the bit (a longer panel changes no earlier value); equal bytes on any CPU
Manual    docs/method/factors.md
"""

from assay.factors.compute.catalogue import INDICATORS
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
from assay.factors.types import Bars, Family, Indicator

__all__ = [
    "INDICATORS",
    "Bars",
    "Family",
    "Indicator",
    "Ties",
    "compute_centred_ranks",
    "compute_exp",
    "compute_indicators",
    "compute_log",
    "compute_market_level",
    "compute_quantised_ranks",
    "exp_",
    "log_",
    "logistic_",
    "round_significant",
    "round_significant_values",
]
