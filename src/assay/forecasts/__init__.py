"""Forecasts: how far a price may go, where it turned before, and what follows from the market.

Answers   quantiles of the price and log return in 1, 7, 30 and 90 days, the trend; support and
          resistance levels with their evidence; bear, base and bull scenarios; whether they hold
Inputs    the panel and registry as known at `as_of`
Cadence   daily after the close; publishing back-fills
Tables    none: what was said lies in the ledger
Manual    docs/method/forecasts.md
"""

from assay.forecasts.compute.conformal import compute_outcomes
from assay.forecasts.compute.touches import BOUNCED, BROKEN, follow_levels
from assay.forecasts.market import compute_market_moves
from assay.forecasts.measuring import evaluate_forecasts
from assay.forecasts.speakers import SPEAKERS
from assay.forecasts.types import HORIZONS, QUANTILES, SCENARIO_HORIZONS

__all__ = [
    "BOUNCED",
    "BROKEN",
    "HORIZONS",
    "QUANTILES",
    "SCENARIO_HORIZONS",
    "SPEAKERS",
    "compute_market_moves",
    "compute_outcomes",
    "evaluate_forecasts",
    "follow_levels",
]
