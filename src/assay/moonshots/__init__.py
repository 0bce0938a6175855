"""Moonshots: coins outside the top 100, with the chance of a rise and of a fall within 90 days.

Answers   moonshots: probability, base rate, past events, interval and measured lift of a 2x, 5x,
          10x and of an 80 % fall, lowest risk first; moonshots.outcomes: what came of the coins
          that stood first at each month's start; whether any of it predicts
Inputs    the panel and registry as known at the close; for outcomes also what was said before
Cadence   daily after the close
Tables    none: what is said lies in the ledger
Manual    docs/method/moonshots.md
"""

from assay.moonshots.compute.outcomes import compute_outcomes
from assay.moonshots.judging import MOONSHOTS
from assay.moonshots.measuring import evaluate_moonshots
from assay.moonshots.outcomes import OUTCOMES
from assay.moonshots.types import Event, Outcomes

SPEAKERS = (MOONSHOTS, OUTCOMES)

__all__ = [
    "MOONSHOTS",
    "OUTCOMES",
    "SPEAKERS",
    "Event",
    "Outcomes",
    "compute_outcomes",
    "evaluate_moonshots",
]
