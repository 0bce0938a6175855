"""What was said of coins before they died, and how much a judgement moves from day to day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from assay.evaluation.ranks import compute_daily_rank_ics
from assay.evaluation.types import Death, DeathRecord, DeathReport, Flags, Matrix, Stability

LAST_DAYS = 30


def score_deaths(
    scores: Matrix,
    viewed: Flags,
    universe: Flags,
    deaths: Sequence[Death],
    *,
    first_day: date,
    symbols: Sequence[str],
    high_score: float,
) -> DeathReport:
    """Share of real deaths judged above `high_score` in their last 30 days (the last bar's day
    included).

    Two definitions: on any day at all, and by the mean of the days with a view. A death counts when
    its coin was in the universe on at least one of those days inside the matrices; one that was
    never given a view then counts as not high. Shares are NaN when no death counts.
    """
    records = []
    for death in deaths:
        last = (death.last_day - first_day).days
        window = slice(max(0, last - LAST_DAYS + 1), max(0, last + 1))
        judged = universe[death.row, window]
        if not judged.any():
            continue
        seen = scores[death.row, window][viewed[death.row, window]]
        records.append(
            DeathRecord(
                symbol=symbols[death.row],
                last_day=death.last_day,
                days_judged=int(judged.sum()),
                days_viewed=int(seen.size),
                days_high=int((seen > high_score).sum()),
                highest=float(seen.max()) if seen.size else float("nan"),
                mean=float(seen.mean()) if seen.size else float("nan"),
            )
        )
    records.sort(key=lambda record: (record.last_day, record.symbol))
    any_high = sum(record.days_high > 0 for record in records)
    mean_high = sum(record.mean > high_score for record in records)
    count = len(records)
    base_any, base_mean = _base_shares(scores, viewed, universe, high_score)
    return DeathReport(
        count=count,
        high_score=high_score,
        any_day_high=any_high,
        share_any_day=any_high / count if count else float("nan"),
        mean_high=mean_high,
        share_mean=mean_high / count if count else float("nan"),
        without_view=sum(record.days_viewed == 0 for record in records),
        base_share_any_day=base_any,
        base_share_mean=base_mean,
        records=tuple(records),
    )


def _base_shares(
    scores: Matrix, viewed: Flags, universe: Flags, high_score: float
) -> tuple[float, float]:
    known = np.where(viewed, scores, 0.0)
    high = _sum_last_days((viewed & (known > high_score)).astype(np.float64))
    count = _sum_last_days(viewed.astype(np.float64))
    mean = _sum_last_days(known) / np.maximum(count, 1.0)
    if not universe.any():
        return float("nan"), float("nan")
    return float((high[universe] > 0.5).mean()), float((mean[universe] > high_score).mean())


def _sum_last_days(values: Matrix) -> Matrix:
    total = np.cumsum(values, axis=1)
    total[:, LAST_DAYS:] -= total[:, :-LAST_DAYS].copy()
    return total


def score_stability(scores: Matrix, viewed: Flags) -> Stability:
    """Mean absolute change of a viewed score from one day to the next, and its rank autocorrelation
    over 1 and 7 days.
    """
    both = viewed[:, 1:] & viewed[:, :-1]
    change = np.abs(scores[:, 1:] - scores[:, :-1])[both]
    return Stability(
        mean_absolute_change=float(change.mean()) if change.size else float("nan"),
        rank_autocorrelation_1d=_autocorrelation(scores, viewed, 1),
        rank_autocorrelation_7d=_autocorrelation(scores, viewed, 7),
    )


def _autocorrelation(scores: Matrix, viewed: Flags, days: int) -> float:
    if scores.shape[1] <= days:
        return float("nan")
    both = viewed[:, days:] & viewed[:, :-days]
    daily = compute_daily_rank_ics(scores[:, :-days], scores[:, days:], both, minimum_coins=3)
    present = daily[np.isfinite(daily)]
    return float(present.mean()) if present.size else float("nan")
