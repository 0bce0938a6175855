"""Signals: long, short or nothing, for every coin, each day and each hour.

Answers   the signal of a bar, since when, why, with which stop, target and chance; what following
          it earned against holding and against its controls; whether it times anything
Inputs    the panel and the hourly candles as known at `as_of`; the rule book in `types`
Cadence   daily after the close, hourly where there are hourly candles; `publishing` back-fills
Tables    none: what was said lies in the ledger's publications
Manual    docs/method/signals.md
"""

from assay.signals.compute.barriers import find_touches, label_touches
from assay.signals.judging import DAILY_SIGNALS, HOURLY_SIGNALS
from assay.signals.measuring import evaluate_signals
from assay.signals.types import DAILY, HOURLY

SPEAKERS = (DAILY_SIGNALS, HOURLY_SIGNALS)

__all__ = [
    "DAILY",
    "DAILY_SIGNALS",
    "HOURLY",
    "HOURLY_SIGNALS",
    "SPEAKERS",
    "evaluate_signals",
    "find_touches",
    "label_touches",
]
