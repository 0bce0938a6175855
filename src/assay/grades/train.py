"""Walk-forward training: a model every 90 days, each from what was known on its refit day.

Fold k is refitted at the close of its refit day and judges the 90 days from then on. It learns from
days s with s + longest horizon + 1 <= refit day (purged), from the first day with ten graded coins
on. Its probability is calibrated on scores of earlier folds whose outcomes were known; the first
fold on those of a model refitted 180 days before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from assay import evaluation
from assay.grades.compute.cross_sections import FEATURES, CrossSections, compute_cross_sections
from assay.grades.compute.encoding import seal_artefact
from assay.grades.compute.fitting import (
    LEAST_TOKENS,
    PLANS,
    TREE_SETTINGS,
    Plan,
    RidgeSums,
    add_days,
    calibrate,
    fit_linear,
    fit_trees,
)
from assay.grades.compute.grading import compute_scores
from assay.grades.compute.scoring import Trees
from assay.grades.compute.targets import Targets, compute_steady_target, compute_targets
from assay.grades.types import (
    Artefact,
    Calibration,
    Flags,
    GradeKind,
    Matrix,
    Series,
)
from assay.kit.errors import NotEnoughData
from assay.kit.progress import Progress, SilentProgress
from assay.markets.types import Panel

FIRST_REFIT = date(2021, 4, 5)
REFIT_DAYS = 90
DESIGN_VERSION = 1
_INNER_DAYS = 180
_UNCALIBRATED = Calibration(0.0, 0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0, 0)


@dataclass(frozen=True)
class TrainingFacts:
    """What a walk-forward reads: the whole panel's cross-sections and adjusted closes."""

    sections: CrossSections
    closes: Matrix


@dataclass(frozen=True)
class WalkForward:
    """Artefacts in order of refit day, and the scores z [tokens, days] they gave their own days."""

    kind: GradeKind
    artefacts: tuple[Artefact, ...]
    scores: Matrix


def prepare_training(panel: Panel, is_coin: Flags) -> TrainingFacts:
    """Cross-sections of every complete day of the panel, with their values."""
    stop = panel.column(panel.complete_through) + 1
    closes = np.asarray(panel.close[:, :stop] * panel.unit[:, :stop])
    return TrainingFacts(compute_cross_sections(panel, is_coin, 0, stop, keep_values=True), closes)


def list_refit_days(last: date, first: date = FIRST_REFIT) -> list[date]:
    """Refit days up to `last`, 90 days apart."""
    count = (last - first).days // REFIT_DAYS + 1
    return [first + timedelta(days=REFIT_DAYS * k) for k in range(max(count, 0))]


def train_walk_forward(
    facts: TrainingFacts,
    kind: GradeKind,
    *,
    refit_days: list[date] | None = None,
    permutation_seed: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> WalkForward:
    """Train one kind. `permutation_seed` trains the null instead: targets shuffled within each day.

    Deterministic on one machine for any number of `threads`. Raises NotEnoughData where a refit day
    has nothing to learn from.
    """
    news = progress or SilentProgress()
    sections = facts.sections
    days = refit_days or list_refit_days(sections.day(sections.n_days - 1))
    fitter = _Fitter(facts, kind, permutation_seed, threads)
    scores = np.full(sections.universe.shape, np.nan)
    artefacts = []
    inner = fitter.fit(days[0] - timedelta(days=_INNER_DAYS), None)
    positions = sections.position(days[0]) + np.arange(-_INNER_DAYS, 0)
    _write_scores(inner, sections, positions, scores)
    for number, refit in enumerate(days):
        news.step(f"training {kind.value}", number, len(days))
        artefact = fitter.fit(refit, scores)
        last = days[number + 1] if number + 1 < len(days) else sections.day(sections.n_days)
        positions = np.arange(sections.position(refit), sections.position(last))
        _write_scores(artefact, sections, positions, scores)
        artefacts.append(artefact)
    news.step(f"training {kind.value}", len(days), len(days))
    scores[:, : sections.position(days[0])] = np.nan
    return WalkForward(kind, tuple(artefacts), scores)


def compute_null_daily_ics(
    facts: TrainingFacts,
    kind: GradeKind,
    seeds: list[int],
    first: date,
    last: date,
    *,
    refit_days: list[date] | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> Matrix:
    """Daily rank ICs, [seeds, days from first to last], of the whole pipeline trained on shuffled
    labels and measured on the true ones at lag 1; NaN on days with fewer than 30 coins.
    """
    news = progress or SilentProgress()
    sections = facts.sections
    returns = evaluation.compute_forward_returns(facts.closes, kind.horizon_days, 1)
    window = slice(sections.position(first), sections.position(last) + 1)
    result = []
    for number, seed in enumerate(seeds):
        news.step(f"null of {kind.value}", number, len(seeds))
        trained = train_walk_forward(
            facts, kind, refit_days=refit_days, permutation_seed=seed, threads=threads
        )
        result.append(
            evaluation.compute_daily_rank_ics(
                trained.scores[:, window], returns[:, window], sections.universe[:, window]
            )
        )
    news.step(f"null of {kind.value}", len(seeds), len(seeds))
    return np.array(result)


def _write_scores(
    artefact: Artefact, sections: CrossSections, positions: NDArray[np.int64], scores: Matrix
) -> None:
    trees = Trees(artefact.trees)
    days = compute_scores(artefact, trees, sections, positions)
    for t, (rows, z, _) in zip(positions, days, strict=True):
        scores[rows, t] = z


class _Fitter:
    """One kind's targets, and the ridge's sums from fold to fold."""

    def __init__(
        self, facts: TrainingFacts, kind: GradeKind, seed: int | None, threads: int
    ) -> None:
        generator = None if seed is None else np.random.default_rng(seed)
        self.sections = facts.sections
        self.kind = kind
        self.plan: Plan = PLANS[kind]
        self.threads = threads
        self.seed = seed
        self.targets: Targets = compute_targets(kind, facts.closes, facts.sections, generator)
        share = self.plan.linear_plain_share
        self.linear_target = share * self.targets.plain + (1.0 - share) * self.targets.relative
        returns = evaluation.compute_forward_returns(facts.closes, kind.horizon_days, 1)
        members = np.where(facts.sections.universe, returns, np.nan)
        self.outcome = evaluation.compute_relative_returns(members, facts.sections.universe)
        self.sums: RidgeSums | None = None

    def fit(self, refit: date, scores: Matrix | None) -> Artefact:
        """The model of a refit day, calibrated on `scores` made before it."""
        stop = self.sections.position(refit) - self.targets.outcome_days + 1
        fitted = np.arange(max(stop, 0))
        if stop < 1 or self.sections.universe[:, fitted].sum(axis=0).max() < LEAST_TOKENS:
            raise NotEnoughData(
                f"There is too little before {refit} to train the {self.kind.value} model.",
                hint="Import older candles or choose a later first refit day.",
            )
        self.sums = add_days(self.sums, self.linear_target, self.sections, self.plan, stop)
        steady = compute_steady_target(self.targets, self.sections, fitted)
        mixed = 0.5 * self.targets.relative + 0.5 * steady
        trees, rows = fit_trees(mixed, self.sections, self.plan, stop, self.threads)
        calibration = _UNCALIBRATED
        if scores is not None:
            known = self.sections.position(refit) - self.kind.horizon_days
            calibration = calibrate(
                self.sections,
                self.outcome,
                self.kind.horizon_days,
                known,
                self._list_scored(scores, known),
            )
        return seal_artefact(
            Artefact(
                kind=self.kind,
                refit_day=refit,
                trained_through=self.sections.day(stop - 1),
                outcome_days=self.targets.outcome_days,
                features=FEATURES,
                linear=fit_linear(self.sums, self.plan),
                trees=trees,
                tree_regimes=self.plan.tree_regimes,
                calibration=calibration,
                training_rows=self.sums.rows,
                training_days=self.sums.days,
                settings=self._settings(rows),
                digest="",
            )
        )

    def _list_scored(self, scores: Matrix, stop: int) -> tuple[Series, Series, int]:
        outcome = self.outcome[:, :stop]
        used = np.isfinite(scores[:, :stop]) & np.isfinite(outcome)
        beats = np.asarray(outcome[used] > 0.0, np.float64)
        return scores[:, :stop][used], beats, int(used.any(axis=0).sum())

    def _settings(self, tree_rows: int) -> dict[str, object]:
        return {
            "design_version": DESIGN_VERSION,
            "permutation_seed": self.seed,
            "tree_rows": tree_rows,
            "trees": self.plan.trees,
            "tree_day_step": self.plan.tree_day_step,
            "learning_rate": self.plan.learning_rate,
            "penalty": self.plan.penalty,
            "interaction_penalty": self.plan.interaction_penalty,
            "linear_plain_share": self.plan.linear_plain_share,
            **{name: value for name, value in TREE_SETTINGS.items() if name != "verbose"},
        }
