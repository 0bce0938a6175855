"""Evaluation: does a judgement predict?

Answers: how well an order foretells returns (rank IC, its decay, its distance from a permutation
    null), what it would have earned before and after costs, whether probabilities and intervals
    hold, what was said of coins that died.
Inputs: arrays, [tokens, days]. Gives: frozen records, JSON, one self-contained HTML page. Pure: no
    clock, disk or network. Used for grades, and for every later judgement with the same
    instruments. Cadence: on request. Tables: none.
"""

from assay.evaluation.document import create_document
from assay.evaluation.labels import compute_forward_returns, compute_relative_returns
from assay.evaluation.page import (
    Card,
    Section,
    create_blank_page,
    create_page,
    create_table,
    draw_bars,
    draw_lines,
    format_number,
)
from assay.evaluation.ranks import compute_buckets, compute_daily_rank_ics, score_ranks
from assay.evaluation.report import evaluate_scores
from assay.evaluation.trials import (
    compute_deflated_sharpe,
    compute_overfit_probability,
    create_permuted_labels,
)
from assay.evaluation.types import Death, EvaluationInputs, EvaluationReport, Trials

__all__ = [
    "Card",
    "Death",
    "EvaluationInputs",
    "EvaluationReport",
    "Section",
    "Trials",
    "compute_buckets",
    "compute_daily_rank_ics",
    "compute_deflated_sharpe",
    "compute_forward_returns",
    "compute_overfit_probability",
    "compute_relative_returns",
    "create_blank_page",
    "create_document",
    "create_page",
    "create_permuted_labels",
    "create_table",
    "draw_bars",
    "draw_lines",
    "evaluate_scores",
    "format_number",
    "score_ranks",
]
