"""Do intervals hold what they promise? Coverage, and the price of it against a naive baseline.

Outcomes are log returns minus the day's median coin. The Winkler score (Winkler 1972; the interval
score of Gneiting and Raftery 2007) is the width plus 2/alpha times any miss: it rewards narrow
intervals only as long as they cover.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from assay.evaluation.labels import compute_day_medians
from assay.evaluation.ranks import compute_buckets
from assay.evaluation.types import Coverage, Flags, Matrix
from assay.kit.compiled import kernel

EWMA_DECAY = 0.94
_WARM_UP_RETURNS = 20
_LEAST_DAYS_A_MONTH = 10


@kernel
def _ewma_variance(returns: Matrix, decay: float, warm_up: int) -> Matrix:
    tokens, days = returns.shape
    result = np.full((tokens, days), np.nan)
    for token in range(tokens):
        seen = 0
        variance = 0.0
        for day in range(days):
            value = returns[token, day]
            if np.isfinite(value):
                seen += 1
                if seen <= warm_up:
                    variance += (value * value - variance) / seen
                else:
                    variance = decay * variance + (1.0 - decay) * value * value
            if seen >= warm_up:
                result[token, day] = variance
    return result


def compute_ewma_intervals(
    closes: Matrix, universe: Flags, horizon_days: int, level: float
) -> tuple[Matrix, Matrix]:
    """The naive interval of the relative log return: 0 plus or minus z sigma sqrt(horizon), as
    (low, high).

    sigma is the exponentially weighted deviation (RiskMetrics, decay 0.94, started with the mean
    square of the first 20) of the coin's daily log return minus the universe's median one, known at
    the close of t. A missing bar leaves it as it was. NaN before 20 returns.
    """
    daily = np.full(closes.shape, np.nan)
    daily[:, 1:] = np.log(closes[:, 1:] / closes[:, :-1])
    centre = np.nan_to_num(compute_day_medians(daily, universe))
    variance = _ewma_variance(daily - centre[None, :], EWMA_DECAY, _WARM_UP_RETURNS)
    reach = NormalDist().inv_cdf(0.5 + level / 2.0) * np.sqrt(variance * horizon_days)
    return -reach, reach


def compute_winkler_scores(low: Matrix, high: Matrix, outcome: Matrix, level: float) -> Matrix:
    """Interval score of each outcome: width + 2/(1-level) times the distance outside. NaN where any
    part is missing.
    """
    penalty = 2.0 / (1.0 - level)
    below = np.maximum(low - outcome, 0.0)
    above = np.maximum(outcome - high, 0.0)
    return np.asarray((high - low) + penalty * (below + above))


def score_coverage(
    low: Matrix,
    high: Matrix,
    outcome: Matrix,
    *,
    baseline: tuple[Matrix, Matrix],
    volatility: Matrix,
    members: Flags,
    level: float,
    months: Sequence[str],
) -> Coverage | None:
    """Coverage overall, by the day's third of volatility, by calendar month, and the Winkler score
    against `baseline`.

    All matrices are [tokens, days]; `months` names each day's month. Only members with an interval,
    a known outcome and a baseline count, the same ones for both. Months with fewer than 10 such
    days cannot be the worst. None when there is nothing to count.
    """
    used = members & np.isfinite(low) & np.isfinite(high) & np.isfinite(outcome)
    used &= np.isfinite(baseline[0])
    if not used.any():
        return None
    inside = (outcome >= low) & (outcome <= high)
    inside_baseline = (outcome >= baseline[0]) & (outcome <= baseline[1])
    thirds = compute_buckets(volatility, used, 3)
    by_third = [_share(inside, used & (thirds == third)) for third in range(3)]
    by_third_baseline = [_share(inside_baseline, used & (thirds == third)) for third in range(3)]
    monthly = _monthly_coverage(inside, used, months)
    worst = min(monthly, key=lambda month: month[1], default=("", float("nan")))
    winkler = float(compute_winkler_scores(low, high, outcome, level)[used].mean())
    naive = float(compute_winkler_scores(*baseline, outcome, level)[used].mean())
    return Coverage(
        level=level,
        overall=_share(inside, used),
        low_vol=by_third[0],
        mid_vol=by_third[1],
        high_vol=by_third[2],
        worst_month=worst[1],
        worst_month_name=worst[0],
        winkler=winkler,
        winkler_baseline=naive,
        winkler_ratio=winkler / naive,
        baseline_overall=_share(inside_baseline, used),
        baseline_low_vol=by_third_baseline[0],
        baseline_mid_vol=by_third_baseline[1],
        baseline_high_vol=by_third_baseline[2],
        intervals=int(used.sum()),
        months=monthly,
    )


def _share(hits: Flags, used: Flags) -> float:
    return float(hits[used].mean()) if used.any() else float("nan")


def _monthly_coverage(
    inside: Flags, used: Flags, months: Sequence[str]
) -> tuple[tuple[str, float], ...]:
    names: NDArray[np.str_] = np.array(months)
    found = []
    for name in sorted(set(months)):
        days = names == name
        here = used[:, days]
        if int(here.any(axis=0).sum()) >= _LEAST_DAYS_A_MONTH:
            found.append((name, _share(inside[:, days], here)))
    return tuple(found)
