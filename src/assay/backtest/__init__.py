"""Backtest: what would it have earned, had someone traded it?

Answers: the equity, turnover and costs of an account that follows target weights or signals, filled
    at a later close, with fees, slippage, impact and forced exits.
Inputs: matrices [tokens, days] of closes (NaN = no bar), weights or signals, volumes. Gives: frozen
    records of arrays. Pure: no clock, disk or network. It simulates outcomes and decides nothing.
    Cadence: on request. Tables: none. Manual: docs/method/backtest.md.
"""

from assay.backtest.compute.signals import run_signals
from assay.backtest.compute.weights import run_weights
from assay.backtest.types import Costs, Run

__all__ = ["Costs", "Run", "run_signals", "run_weights"]
