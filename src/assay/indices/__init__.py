"""Indices: baskets of coins by printed rules, followed from one published day to the next.

Answers   indices: level, returns, drawdown, holdings, transactions, orders, regime and rule book of
          every public index; a user's own indices, private; what they were worth net of costs; the
          lists of sectors
Inputs    the panel and registry as known at the close; the grades and the fall risks that stand;
          the index's own row of the day before
Cadence   daily after the close, after grades and moonshots; own indices on request
Tables    indices_own (private rule books and their levels); what was said lies in the ledger
Manual    docs/method/indices.md
"""

from assay.indices.books import load_sectors
from assay.indices.judging import create_watcher
from assay.indices.measured import BTC, EQUAL_WEIGHT
from assay.indices.measuring import compute_benchmarks, evaluate_indices
from assay.indices.service import (
    check_rules,
    create_own,
    delete_own,
    follow_own,
    list_own,
    load_own,
    measure_own,
)
from assay.indices.speakers import INDICES, SPEAKERS
from assay.indices.types import OwnFigures, OwnIndex

__all__ = [
    "BTC",
    "EQUAL_WEIGHT",
    "INDICES",
    "SPEAKERS",
    "OwnFigures",
    "OwnIndex",
    "check_rules",
    "compute_benchmarks",
    "create_own",
    "create_watcher",
    "delete_own",
    "evaluate_indices",
    "follow_own",
    "list_own",
    "load_own",
    "load_sectors",
    "measure_own",
]
