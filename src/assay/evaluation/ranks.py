"""Rank information coefficients: does the order of the scores foretell the order of the returns?

Every figure is per day over that day's members, with average ranks for ties. A coin with no view
stands at the median of the day's views, so abstaining on the hard ones cannot buy correlation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.evaluation.types import Flags, Matrix, RankScore, Series
from assay.kit.compiled import kernel
from assay.kit.errors import BadInput


@kernel
def _fill_median(values: Series) -> None:
    present = values[np.isfinite(values)]
    middle = 0.0
    if present.size > 0:
        middle = np.median(present)
    for index in range(values.size):
        if not np.isfinite(values[index]):
            values[index] = middle


@kernel
def _average_ranks(values: Series) -> Series:
    count = values.size
    order = np.argsort(values)
    ranks = np.empty(count)
    start = 0
    while start < count:
        end = start
        while end + 1 < count and values[order[end + 1]] == values[order[start]]:
            end += 1
        for index in range(start, end + 1):
            ranks[order[index]] = 0.5 * (start + end) + 1.0
        start = end + 1
    return ranks


@kernel
def _correlation(left: Series, right: Series) -> float:
    count = left.size
    mean_left = left.mean()
    mean_right = right.mean()
    cross = 0.0
    square_left = 0.0
    square_right = 0.0
    for index in range(count):
        a = left[index] - mean_left
        b = right[index] - mean_right
        cross += a * b
        square_left += a * a
        square_right += b * b
    if square_right <= 0.0:
        return np.nan
    if square_left <= 0.0:
        # Saying the same of every coin foretells nothing; leaving the day out would reward silence.
        return 0.0
    return float(max(-1.0, min(1.0, cross / np.sqrt(square_left * square_right))))


@kernel
def _residual_ranks(ranks: Series, control: Series) -> Series:
    mean_ranks = ranks.mean()
    mean_control = control.mean()
    cross = 0.0
    square = 0.0
    for index in range(ranks.size):
        cross += (ranks[index] - mean_ranks) * (control[index] - mean_control)
        square += (control[index] - mean_control) ** 2
    slope = 0.0
    if square > 0.0:
        slope = cross / square
    residual = (ranks - mean_ranks) - slope * (control - mean_control)
    # Rounding ties what differs only by summation order, so that row order cannot matter.
    rounded: Series = np.round(residual, 9)
    return rounded


@kernel
def _daily_rank_ic(
    scores: Matrix, returns: Matrix, members: Flags, control: Matrix, use_control: bool, least: int
) -> Series:
    days, tokens = scores.shape
    result = np.full(days, np.nan)
    chosen = np.empty(tokens, np.int64)
    for day in range(days):
        count = 0
        for token in range(tokens):
            if members[day, token] and np.isfinite(returns[day, token]):
                chosen[count] = token
                count += 1
        if count < least:
            continue
        today = chosen[:count]
        said = scores[day][today]
        _fill_median(said)
        ranks = _average_ranks(said)
        if use_control:
            against = control[day][today]
            _fill_median(against)
            ranks = _average_ranks(_residual_ranks(ranks, _average_ranks(against)))
        result[day] = _correlation(ranks, _average_ranks(returns[day][today]))
    return result


@kernel
def _buckets(values: Matrix, members: Flags, count: int) -> NDArray[np.int8]:
    days, tokens = values.shape
    buckets = np.full((days, tokens), -1, np.int8)
    for day in range(days):
        today = np.flatnonzero(members[day])
        if today.size < count:
            continue
        column = values[day][today]
        _fill_median(column)
        ranks = _average_ranks(column)
        for index in range(today.size):
            share = (ranks[index] - 0.5) / today.size
            buckets[day, today[index]] = min(count - 1, int(share * count))
    return buckets


def _by_day(values: NDArray[np.generic]) -> NDArray[np.generic]:
    # A copy on purpose: read-only memory maps would make the kernels compile twice.
    return np.array(values.T, order="C", copy=True)


def compute_daily_rank_ics(
    scores: Matrix,
    returns: Matrix,
    members: Flags,
    *,
    control: Matrix | None = None,
    minimum_coins: int = 30,
) -> Series:
    """Spearman's rank correlation of `scores` with `returns`, one number a day, [days].

    All matrices are [tokens, days]. A member with a known return and no score is put at the median
    score. A day with fewer than `minimum_coins` such members is NaN; a day on which every coin has
    the same score is 0.

    With `control`, the residual rank IC: the ranks of the scores are regressed on the ranks of
    `control` within the day (least squares with an intercept), the residuals are ranked again, and
    those are correlated with the ranks of the returns. Raises BadInput when shapes differ.
    """
    shapes = {scores.shape, returns.shape, members.shape}
    shapes |= {control.shape} if control is not None else set()
    if len(shapes) != 1:
        raise BadInput(
            f"matrices of different shapes: {sorted(shapes)}",
            hint="Give every matrix as [tokens, days] on the same axes.",
        )
    said = np.asarray(_by_day(scores), dtype=np.float64)
    against = said if control is None else np.asarray(_by_day(control), dtype=np.float64)
    return _daily_rank_ic(
        said,
        np.asarray(_by_day(returns), dtype=np.float64),
        np.asarray(_by_day(members), dtype=np.bool_),
        against,
        control is not None,
        max(2, minimum_coins),
    )


def compute_buckets(values: Matrix, members: Flags, count: int) -> NDArray[np.int8]:
    """Which of `count` equal parts by value each member is in that day: 0 lowest, -1 no member.
    [tokens, days].

    Ties go together (average rank), a missing value stands at the median, and a day with fewer than
    `count` members has no parts at all.
    """
    buckets = _buckets(
        np.asarray(_by_day(values), dtype=np.float64),
        np.asarray(_by_day(members), dtype=np.bool_),
        count,
    )
    return np.ascontiguousarray(buckets.T)


def compute_newey_west_t(values: Series, lags: int) -> float:
    """t-statistic of the mean of `values` with Bartlett weights over `lags` autocovariances (Newey
    and West 1987).

    NaN values are left out first. NaN for fewer than 3 values or no variance.
    """
    present = values[np.isfinite(values)]
    if present.size < 3:
        return float("nan")
    centred = present - present.mean()
    variance = float(centred @ centred) / present.size
    for lag in range(1, min(lags, present.size - 1) + 1):
        weight = 1.0 - lag / (lags + 1.0)
        variance += 2.0 * weight * float(centred[lag:] @ centred[:-lag]) / present.size
    if variance <= 0.0:
        return float("nan")
    return float(present.mean() / np.sqrt(variance / present.size))


def compute_running_newey_west(values: Series, lags: int) -> tuple[Series, Series]:
    """Mean so far and its standard error, [days] each: what `compute_newey_west_t` would give at
    every day for the days up to it, the mean over t.

    NaN values are left out of both and repeat what stood before them. The error is NaN below 3
    values and where the variance is not positive.
    """
    known = np.isfinite(values)
    present = values[known]
    count = np.arange(1, present.size + 1, dtype=np.float64)
    total = np.cumsum(present)
    mean = total / count
    variance = np.cumsum(present * present) / count - mean * mean
    for lag in range(1, min(lags, present.size - 1) + 1):
        n = count[lag:]
        weight = 1.0 - lag / (lags + 1.0)
        products = np.cumsum(present[lag:] * present[:-lag])
        late = total[lag:] - total[lag - 1]
        early = total[:-lag]
        centre = mean[lag:]
        covariance = products - centre * (late + early) + (n - lag) * centre * centre
        variance[lag:] += 2.0 * weight * covariance / n
    error = np.where(
        (count >= 3) & (variance > 0.0), np.sqrt(np.maximum(variance, 0.0) / count), np.nan
    )
    place = np.cumsum(known) - 1
    if not present.size:
        return np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    spread = np.maximum(place, 0)
    return (
        np.where(place >= 0, mean[spread], np.nan),
        np.where(place >= 0, error[spread], np.nan),
    )


def choose_lags(horizon_days: int, days: int) -> int:
    """The Newey-West lag of a record: the horizon, since neighbouring days share that many days of
    return, and at least 4 (n/100)^(2/9).
    """
    return max(horizon_days, int(4.0 * (days / 100.0) ** (2.0 / 9.0)))


def score_ranks(daily: Series, horizon_days: int) -> RankScore:
    """Daily rank ICs in one line; NaN days are left out.

    ICIR is mean over standard deviation of the daily figures (not annualised). The Newey-West lag
    is that of `choose_lags`.
    """
    present = daily[np.isfinite(daily)]
    if present.size == 0:
        nothing = float("nan")
        return RankScore(nothing, nothing, nothing, 0, nothing, nothing)
    spread = float(present.std(ddof=1)) if present.size > 1 else float("nan")
    lags = choose_lags(horizon_days, present.size)
    mean = float(present.mean())
    return RankScore(
        rank_ic_mean=mean,
        icir=mean / spread if spread > 0.0 else float("nan"),
        share_positive=float((present > 0.0).mean()),
        days=int(present.size),
        rank_ic_sd=spread,
        newey_west_t=compute_newey_west_t(present, lags),
    )
