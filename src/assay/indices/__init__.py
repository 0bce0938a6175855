"""Indices: baskets of coins by printed rules, followed from one published day to the next.

Answers   indices: level, returns, drawdown, holdings, transactions, orders, regime and rule book of
          every public index; a user's own indices, private; what they were worth net of costs
Inputs    the panel and registry as known at the close; the grades and the fall risks that stand;
          the index's own row of the day before
Cadence   daily after the close, after grades and moonshots; own indices on request
Tables    indices_own (private rule books and their levels); what was said lies in the ledger
Manual    docs/method/indices.md
"""

from assay.indices.measuring import evaluate_indices
from assay.indices.service import create_own, delete_own, list_own, load_own, measure_own
from assay.indices.speakers import INDICES, SPEAKERS
from assay.indices.types import OwnFigures, OwnIndex

__all__ = [
    "INDICES",
    "SPEAKERS",
    "OwnFigures",
    "OwnIndex",
    "create_own",
    "delete_own",
    "evaluate_indices",
    "list_own",
    "load_own",
    "measure_own",
]
