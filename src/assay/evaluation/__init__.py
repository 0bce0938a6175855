"""Evaluation: does a judgement predict?

Answers: how well an order foretells returns (rank IC, its decay, its distance from a permutation
    null), what it would have earned before and after costs, whether probabilities and intervals
    hold, what was said of coins that died.
Inputs: arrays, [tokens, days]. Gives: frozen records, JSON, one self-contained HTML page. Pure: no
    clock, disk or network. Used for grades, and for every later judgement with the same
    instruments. Cadence: on request. Tables: none.
"""

from assay.evaluation.calibration import score_calibration
from assay.evaluation.document import NOT_ADVICE, create_document, create_json
from assay.evaluation.events import (
    EventBrier,
    EventGroup,
    EventScore,
    compute_daily_auc,
    compute_effective_count,
    compute_event_percentiles,
    compute_wilson,
    group_by_rank,
    mark_top_share,
    number_episodes,
    score_events,
    score_groups,
    score_percentiles,
    score_probabilities,
)
from assay.evaluation.labels import compute_forward_returns, compute_relative_returns
from assay.evaluation.page import (
    Card,
    Section,
    create_blank_page,
    create_page,
    create_table,
    draw_bars,
    draw_groups,
    draw_lines,
    format_number,
)
from assay.evaluation.performance import (
    Performance,
    compute_monthly_returns,
    deflate_residual,
    score_performance,
)
from assay.evaluation.quantiles import (
    PairScore,
    QuantileScore,
    Windows,
    compute_pinball,
    compute_quantile_crps,
    compute_walk_quantiles,
    score_quantiles,
)
from assay.evaluation.ranks import (
    compute_buckets,
    compute_daily_rank_ics,
    compute_newey_west_t,
    score_ranks,
)
from assay.evaluation.report import evaluate_scores
from assay.evaluation.timing import (
    SHARE_HEAD,
    BesideControls,
    Excess,
    Hits,
    compare_with_controls,
    compute_drawdowns,
    compute_exposures,
    compute_growth,
    create_constant,
    create_holding,
    draw_offsets,
    format_shares,
    measure_excess,
    measure_hits,
    measure_turnover,
    shift_signals,
)
from assay.evaluation.trials import (
    compute_deflated_sharpe,
    compute_overfit_probability,
    create_permuted_labels,
    score_trials,
)
from assay.evaluation.types import (
    Calibration,
    Death,
    EvaluationInputs,
    EvaluationReport,
    Trials,
    Tried,
)

__all__ = [
    "NOT_ADVICE",
    "SHARE_HEAD",
    "BesideControls",
    "Calibration",
    "Card",
    "Death",
    "EvaluationInputs",
    "EvaluationReport",
    "EventBrier",
    "EventGroup",
    "EventScore",
    "Excess",
    "Hits",
    "PairScore",
    "Performance",
    "QuantileScore",
    "Section",
    "Trials",
    "Tried",
    "Windows",
    "compare_with_controls",
    "compute_buckets",
    "compute_daily_auc",
    "compute_daily_rank_ics",
    "compute_deflated_sharpe",
    "compute_drawdowns",
    "compute_effective_count",
    "compute_event_percentiles",
    "compute_exposures",
    "compute_forward_returns",
    "compute_growth",
    "compute_monthly_returns",
    "compute_newey_west_t",
    "compute_overfit_probability",
    "compute_pinball",
    "compute_quantile_crps",
    "compute_relative_returns",
    "compute_walk_quantiles",
    "compute_wilson",
    "create_blank_page",
    "create_constant",
    "create_document",
    "create_holding",
    "create_json",
    "create_page",
    "create_permuted_labels",
    "create_table",
    "deflate_residual",
    "draw_bars",
    "draw_groups",
    "draw_lines",
    "draw_offsets",
    "evaluate_scores",
    "format_number",
    "format_shares",
    "group_by_rank",
    "mark_top_share",
    "measure_excess",
    "measure_hits",
    "measure_turnover",
    "number_episodes",
    "score_calibration",
    "score_events",
    "score_groups",
    "score_percentiles",
    "score_performance",
    "score_probabilities",
    "score_quantiles",
    "score_ranks",
    "score_trials",
    "shift_signals",
]
