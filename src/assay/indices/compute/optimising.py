"""Weights by skfolio: hierarchical risk parity, risk parity and minimum CVaR.

Lopez de Prado (2016) for HRP, Maillard, Roncalli and Teiletche (2010) for equal risk contributions,
Rockafellar and Uryasev (2000) for CVaR. These solvers use BLAS, so their last digits may differ
between processors: what is published and traded are weights cut to ten-thousandths.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.indices.compute.caps import floor_weights
from assay.indices.types import Scheme, Weights

Matrix = NDArray[np.float64]

TEN_THOUSAND = 10_000
CVAR_LEVEL = 0.95


def optimise_weights(
    returns: Matrix,
    rules: Weights,
    previous: list[float],
    daily_cost: float,
) -> list[float]:
    """Weights of the columns of `returns` [days, coins] (simple daily returns without holes).

    None is above the cap (where the cap allows all to be placed). `previous` are the shares held
    now; minimum CVaR pays `daily_cost` (one side, spread over the days until the next rebalance)
    for each change of them and keeps their sum below `maximum_turnover` where that can be done. A
    column that never moved, or fewer than three coins, gives equal weights.
    """
    coins = returns.shape[1]
    cap = max(rules.cap, 1.0 / coins)
    if coins < 3 or bool((returns.std(axis=0) <= 0.0).any()):
        return floor_weights([1.0 / coins] * coins, TEN_THOUSAND)
    fitted = _fit(returns, rules, cap, previous, daily_cost)
    kept = [min(max(weight, 0.0), cap) for weight in fitted]
    return floor_weights(kept, TEN_THOUSAND)


def _fit(
    returns: Matrix, rules: Weights, cap: float, previous: list[float], daily_cost: float
) -> list[float]:
    # Importing skfolio takes three seconds, which a command that does not rebalance need not wait.
    from skfolio import RiskMeasure  # noqa: PLC0415
    from skfolio.exceptions import OptimizationError  # noqa: PLC0415
    from skfolio.optimization import (  # noqa: PLC0415
        HierarchicalRiskParity,
        MeanRisk,
        RiskBudgeting,
    )

    if rules.scheme is Scheme.HRP:
        return list(HierarchicalRiskParity(max_weights=cap).fit(returns).weights_)
    if rules.scheme is Scheme.RISK_PARITY:
        return list(RiskBudgeting(max_weights=cap).fit(returns).weights_)
    has_previous = sum(weight > 0.0 for weight in previous) > 0
    settings: dict[str, Any] = {
        "risk_measure": RiskMeasure.CVAR,
        "cvar_beta": CVAR_LEVEL,
        "max_weights": cap,
        "transaction_costs": daily_cost,
        "previous_weights": np.array(previous) if has_previous else None,
    }
    limit = rules.maximum_turnover if has_previous else None
    try:
        return list(MeanRisk(**settings, max_turnover=limit).fit(returns).weights_)
    except OptimizationError:
        # More members left than the limit allows to be replaced: their places must be filled.
        return list(MeanRisk(**settings).fit(returns).weights_)
