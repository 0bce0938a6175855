"""Walk-forward: two scores refitted every 90 days, each event's calibration and record so far.

A refit on day R reads outcomes of days up to R - 91 and nothing later. Its scores and
probabilities hold for the 90 days from R on; what they were worth is measured, once it is known, by
the refits after it. So every record that a list quotes is of scores that had not seen the outcome.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.evaluation import (
    EventScore,
    compute_event_percentiles,
    mark_top_share,
    score_percentiles,
    score_probabilities,
)
from assay.factors import logistic_
from assay.kit.compiled import kernel
from assay.moonshots.compute.base_rates import BaseRates
from assay.moonshots.compute.logistic import fit_logistic
from assay.moonshots.compute.outcomes import mark_extremes
from assay.moonshots.types import (
    HORIZON_DAYS,
    OUTCOME_DAYS,
    Event,
    Flags,
    Matrix,
    Outcomes,
    Refit,
    Sections,
    Series,
    TrackRecord,
)

REFIT_EVERY_DAYS = 90
"""Counted from the first day that is published."""

EXTREME_SHARE = 0.05
"""The scores learn who is among the day's worst (best) 5 %: events themselves are too rare."""

SCORE_PENALTY = 1e-3
CALIBRATION_PENALTY = 1e-4
ENOUGH_EPISODES = 30
"""Episodes known before a probability is calibrated at all."""

LEAST_AUC = 0.6
LEAST_LIFT = 1.5
"""Below these an order is no skill: that of 30 episodes by chance has a deviation of 0.05."""

TOP_SHARE = 0.1
_FALLBACK = np.array([0.0, 1.0, 0.0, 0.0])
_LEAST_EXTREMES = 30


@dataclass(frozen=True)
class Learnt:
    """What walk-forward learning said, [tokens, days], NaN before the first refit.

    `fall_scores` and `rise_scores` order the day's coins (high: more likely). `candidates` hold
    each event's probability by its calibration, the base rate where there was none yet.
    """

    refits: list[Refit]
    fall_scores: Matrix
    rise_scores: Matrix
    candidates: dict[Event, Matrix]

    def refit(self, column: int) -> Refit:
        """The newest refit at or before a column."""
        return [refit for refit in self.refits if refit.column <= column][-1]


def list_refit_columns(first: int, days: int) -> list[int]:
    """Columns of the refits in `days` columns, `first` being that of the first published day.

    A panel that begins after that day has one more, at its own first column.
    """
    if first >= 0:
        return list(range(first, days, REFIT_EVERY_DAYS))
    return sorted({0, *range(first % REFIT_EVERY_DAYS, days, REFIT_EVERY_DAYS)})


@kernel
def _score(features: Matrix, weights: Series, out: Series) -> None:
    for i in range(out.size):
        total = weights[0]
        for a in range(features.shape[0]):
            value = features[a, i]
            if value == value:
                total += weights[a + 1] * value
        out[i] = total


@kernel
def _logistic_each(scores: Series, intercept: float, slope: float, out: Series) -> None:
    for i in range(out.size):
        out[i] = logistic_(intercept + slope * scores[i])


def learn(
    sections: Sections, outcomes: Outcomes, base_rates: BaseRates, columns: Sequence[int]
) -> Learnt:
    """Refit at each of the ascending `columns`, and score every coin from the first of them on.

    Columns of the result up to c do not change when days after c are added.
    """
    scorer = _Scorer(sections, outcomes, base_rates)
    ends = [*columns[1:], sections.alive.shape[1]]
    spans = list(zip(columns, ends, strict=True))
    weights = [scorer.refit(*span) for span in spans]
    records = {
        event: _Recorder(
            event,
            scorer.falls if event.is_fall else scorer.rises,
            sections,
            outcomes,
            base_rates,
            columns[0],
        )
        for event in Event
    }
    refits = [
        Refit(
            column,
            fall,
            rise,
            base_rates.uses_all_coins(column),
            {event: recorder.refit(column, stop) for event, recorder in records.items()},
        )
        for (column, stop), (fall, rise) in zip(spans, weights, strict=True)
    ]
    candidates = {event: recorder.candidates for event, recorder in records.items()}
    return Learnt(refits, scorer.falls, scorer.rises, candidates)


class _Scorer:
    """Fits the two scores and writes them forward."""

    def __init__(self, sections: Sections, outcomes: Outcomes, base_rates: BaseRates) -> None:
        self._sections = sections
        self._base_rates = base_rates
        self._labels = {
            (is_fall, of_all): mark_extremes(
                -outcomes.lowest if is_fall else outcomes.highest,
                sections.alive if of_all else sections.eligible,
                EXTREME_SHARE,
            )
            for is_fall in (True, False)
            for of_all in (True, False)
        }
        self.falls = np.full(sections.alive.shape, np.nan)
        self.rises = np.full(sections.alive.shape, np.nan)

    def refit(self, column: int, stop: int) -> tuple[Series, Series]:
        """Weights for falls and rises by outcomes known at the close of `column`; writes scores up
        to `stop`.
        """
        of_all = self._base_rates.uses_all_coins(column)
        fall, rise = (self._fit(self._labels[side, of_all], column) for side in (True, False))
        self._write(self.falls, fall, column, stop)
        self._write(self.rises, rise, column, stop)
        return fall, rise

    def _fit(self, labels: Matrix, column: int) -> Series:
        known = max(column - OUTCOME_DAYS + 1, 0)
        used = np.isfinite(labels[:, :known])
        outcome = labels[:, :known][used]
        if not _LEAST_EXTREMES <= int(outcome.sum()) < outcome.size:
            return _FALLBACK.copy()
        features = self._sections.features[:, :, :known]
        design = np.stack([np.nan_to_num(values[used]) for values in features], axis=1)
        return fit_logistic(design, outcome, SCORE_PENALTY)

    def _write(self, scores: Matrix, weights: Series, column: int, stop: int) -> None:
        days = slice(column, stop)
        members = self._sections.alive[:, days]
        features = self._sections.features[:, :, days][:, members]
        out = np.empty(features.shape[1])
        _score(np.ascontiguousarray(features), weights, out)
        scores[:, days][members] = out


class _Recorder:
    """Follows one event: what its score had been worth at each refit, and its probability."""

    def __init__(
        self,
        event: Event,
        scores: Matrix,
        sections: Sections,
        outcomes: Outcomes,
        base_rates: BaseRates,
        first_column: int,
    ) -> None:
        self._event = event
        self._scores = scores
        self._base_rates = base_rates
        self._eligible = sections.eligible
        self._first = first_column
        self._members = sections.eligible & np.isfinite(outcomes.highest)
        self._members[:, :first_column] = False
        self._happened = outcomes.happened(event) & self._members
        self._order = self._place(scores)
        self._volatility = self._place(np.nan_to_num(sections.features[0]))
        self._usual = np.full(scores.shape, np.nan)
        self._is_calibrated = np.zeros(scores.shape[1], np.bool_)
        self.candidates = np.full(scores.shape, np.nan)

    def refit(self, column: int, stop: int) -> TrackRecord:
        """The record at the close of `column`; writes probabilities up to `stop`."""
        days = slice(self._first, max(column - OUTCOME_DAYS + 1, self._first))
        score, volatility = self._measure(self._order, days), self._measure(self._volatility, days)
        intercept, slope = self._calibrate(days, score.episodes)
        brier = score_probabilities(
            self.candidates[:, days],
            self._usual[:, days],
            self._happened[:, days],
            self._members[:, days] & self._is_calibrated[None, days],
        )
        self._write(column, stop, intercept, slope)
        return TrackRecord(
            episodes=score.episodes,
            auc=score.auc_episodes,
            auc_daily=score.auc_daily,
            volatility_auc=volatility.auc_episodes,
            lift=score.lift,
            brier_skill=brier.skill,
            intercept=intercept,
            slope=slope,
            has_skill=_has_skill(score, volatility, brier.skill, slope),
        )

    def _place(self, scores: Matrix) -> tuple[Matrix, Flags]:
        percentiles = compute_event_percentiles(scores, self._happened, self._members)
        return percentiles, mark_top_share(scores, self._members, TOP_SHARE)

    def _measure(self, placed: tuple[Matrix, Flags], days: slice) -> EventScore:
        percentiles, top = placed
        happened, members = self._happened[:, days], self._members[:, days]
        return score_percentiles(
            percentiles[:, days], top[:, days], happened, members, gap_days=HORIZON_DAYS
        )

    def _calibrate(self, days: slice, episodes: int) -> tuple[float, float]:
        members = self._members[:, days]
        happened = self._happened[:, days][members].astype(np.float64)
        if episodes < ENOUGH_EPISODES or happened.all():
            return math.nan, math.nan
        scores = self._scores[:, days][members]
        weights = fit_logistic(scores[:, None], happened, CALIBRATION_PENALTY)
        return float(weights[0]), float(weights[1])

    def _write(self, start: int, stop: int, intercept: float, slope: float) -> None:
        for column in range(start, stop):
            members = self._eligible[:, column]
            self._usual[members, column] = self._base_rates.find(self._event, column).rate
            self.candidates[members, column] = self._usual[members, column]
            if slope > 0.0:
                out = np.empty(int(members.sum()))
                _logistic_each(self._scores[members, column], intercept, slope, out)
                self.candidates[members, column] = out
                self._is_calibrated[column] = True


def _has_skill(score: EventScore, volatility: EventScore, brier_skill: float, slope: float) -> bool:
    """Whether the past allows a model to speak: enough episodes, an order clearly better than
    chance and better than volatility alone, more events at its top, and probabilities that were no
    worse than the base rate as far as any are known.
    """
    orders = score.auc_episodes >= max(LEAST_AUC, volatility.auc_episodes)
    beats_base = math.isnan(brier_skill) or brier_skill > 0.0
    is_enough = score.episodes >= ENOUGH_EPISODES and slope > 0.0
    return bool(is_enough and orders and score.lift >= LEAST_LIFT and beats_base)
