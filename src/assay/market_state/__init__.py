"""The state of the market: how it stands, what each coin's record is worth, who moves with whom.

Answers   market_state: volume or cap, breadth, bull or bear, volatility regime, fear and greed,
          share of coins graded high, mean correlation of a day; market_state.tokens: performance
          and risk of every coin since its first bar and over a year; market_state.correlations:
          the 10 coins most and least correlated with each of the 150 most liquid; whether any of
          it says something of what comes after
Inputs    the panel and registry as known at the close; the grades that stand for the day
Cadence   daily after the close, after the grades
Tables    none: what is said lies in the ledger
Manual    docs/method/market_state.md
"""

from assay.market_state.judging import (
    MARKET_STATE,
    MARKET_STATE_CORRELATIONS,
    MARKET_STATE_TOKENS,
    SPEAKERS,
)
from assay.market_state.measuring import evaluate_market_state
from assay.market_state.scoring import compute_market_outcomes

__all__ = [
    "MARKET_STATE",
    "MARKET_STATE_CORRELATIONS",
    "MARKET_STATE_TOKENS",
    "SPEAKERS",
    "compute_market_outcomes",
    "evaluate_market_state",
]
