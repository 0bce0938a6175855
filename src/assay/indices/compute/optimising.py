"""Weights by skfolio: hierarchical risk parity, risk parity and minimum CVaR.

Lopez de Prado (2016) for HRP, Maillard, Roncalli and Teiletche (2010) for equal risk contributions,
Rockafellar and Uryasev (2000) for CVaR. These solvers use BLAS, so their last digits may differ
between processors: what is published and traded are weights cut to ten-thousandths. Minimum CVaR is
a linear programme and goes to the dual simplex method, whose corner is exact: the interior-point
default stopped up to 1e-4 away from it.
"""

import warnings
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
    for each change of them and keeps their sum below `maximum_turnover` where that can be done.
    Equal weights where a column never moved, for fewer than three coins, and where the solver finds
    no answer.
    """
    coins = returns.shape[1]
    cap = max(rules.cap, 1.0 / coins)
    if coins < 3 or bool((returns.std(axis=0) <= 0.0).any()):
        return floor_weights([1.0 / coins] * coins, TEN_THOUSAND)
    with warnings.catch_warnings():
        # Fewer days than coins: skfolio then clips the covariance, which is what we want.
        warnings.filterwarnings("ignore", "The covariance matrix is not positive definite")
        # What a solver is not sure of may differ between machines, so it counts as no answer.
        warnings.filterwarnings("error", "Solution may be inaccurate")
        fitted = _fit(returns, rules, cap, previous, daily_cost) or [1.0 / coins] * coins
    kept = [min(max(weight, 0.0), cap) for weight in fitted]
    return floor_weights(kept, TEN_THOUSAND)


def _fit(
    returns: Matrix, rules: Weights, cap: float, previous: list[float], daily_cost: float
) -> list[float] | None:
    # Importing skfolio takes three seconds, which a command that does not rebalance need not wait.
    from skfolio.exceptions import OptimizationError  # noqa: PLC0415
    from skfolio.optimization import HierarchicalRiskParity, RiskBudgeting  # noqa: PLC0415

    if rules.scheme is Scheme.HRP:
        models = [HierarchicalRiskParity(max_weights=cap)]
    elif rules.scheme is Scheme.RISK_PARITY:
        models = [RiskBudgeting(max_weights=cap)]
    else:
        models = _create_min_cvar(rules, cap, previous, daily_cost)
    for model in models:
        try:
            return list(model.fit(returns).weights_)
        except (OptimizationError, UserWarning):
            continue
    return None


def _create_min_cvar(
    rules: Weights, cap: float, previous: list[float], daily_cost: float
) -> list[Any]:
    from cvxpy.atoms.norm1 import norm1  # noqa: PLC0415 - comes with skfolio
    from skfolio import RiskMeasure  # noqa: PLC0415
    from skfolio.optimization import MeanRisk  # noqa: PLC0415

    has_previous = any(weight > 0.0 for weight in previous)
    held, limit = np.array(previous), rules.maximum_turnover
    settings: dict[str, Any] = {
        "risk_measure": RiskMeasure.CVAR,
        "cvar_beta": CVAR_LEVEL,
        "max_weights": cap,
        "transaction_costs": daily_cost,
        "previous_weights": held if has_previous else None,
        "solver": "SCIPY",
        "solver_params": {"scipy_options": {"method": "highs-ds"}},
    }
    free = MeanRisk(**settings)
    if limit is None or not has_previous:
        return [free]

    def hold_turnover(weights: Any) -> list[Any]:  # noqa: ANN401 - a cvxpy variable
        # skfolio's own max_turnover limits each coin; this limits the sum over all of them.
        return [norm1(weights - held) <= limit]

    # Where more members left than the limit lets be replaced, their places must be filled.
    return [MeanRisk(**settings, add_constraints=hold_turnover), free]
