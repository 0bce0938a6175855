"""Backtest: what would it have earned, had someone traded it?

Answers: the equity, turnover and costs of an account that follows target weights or signals, filled
    at a later close, with fees, slippage, impact and forced exits.
Inputs: matrices [tokens, days] of closes (NaN = no bar), weights or signals, volumes. Gives: frozen
    records of arrays. Pure: no clock, disk or network. It simulates outcomes and decides nothing.
    Cadence: on request. Tables: none. Manual: docs/method/backtest.md.
"""

from assay.backtest.compute.orders import run_orders
from assay.backtest.compute.signals import run_signals
from assay.backtest.compute.sweep import sweep_crosses
from assay.backtest.compute.weights import run_weights
from assay.backtest.metric_kernels import METRICS
from assay.backtest.metrics import Metrics, compute_metrics, compute_trailing_metrics
from assay.backtest.types import Account, Costs, Orders, Outcome, Run, Sweep

__all__ = [
    "METRICS",
    "Account",
    "Costs",
    "Metrics",
    "Orders",
    "Outcome",
    "Run",
    "Sweep",
    "compute_metrics",
    "compute_trailing_metrics",
    "run_orders",
    "run_signals",
    "run_weights",
    "sweep_crosses",
]
