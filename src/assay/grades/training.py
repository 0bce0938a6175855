"""Training from the facts of a home, and keeping what came of it."""

from datetime import date

from assay import markets
from assay.grades.artefacts import save_artefact
from assay.grades.judging import mark_coins
from assay.grades.records import NullIcs, save_null
from assay.grades.train import (
    FIRST_REFIT,
    TrainingFacts,
    compute_null_daily_ics,
    prepare_training,
    train_walk_forward,
)
from assay.grades.types import Artefact, GradeKind
from assay.kit.clock import Clock
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.publishing import load_facts


def train_models(
    home: Home,
    kind: GradeKind,
    clock: Clock,
    progress: Progress,
    *,
    permutations: int = 0,
    threads: int = 2,
) -> tuple[Artefact, ...]:
    """Train the walk-forward set of a kind from everything known now, and keep it in the home.

    Artefacts are saved when all are trained, so a run that breaks off changes nothing.
    `permutations` further trains that many sets on labels shuffled within each day and keeps their
    daily rank ICs, which evaluations then measure against. Raises NotEnoughData where a refit day
    has too little to learn from.
    """
    newest = markets.load_panel(home).complete_through
    facts = load_training_facts(home, newest, clock)
    trained = train_walk_forward(facts, kind, threads=threads, progress=progress)
    for artefact in trained.artefacts:
        save_artefact(home.artefacts, artefact)
    if permutations:
        daily = compute_null_daily_ics(
            facts,
            kind,
            list(range(1, permutations + 1)),
            FIRST_REFIT,
            newest,
            threads=threads,
            progress=progress,
        )
        save_null(home.artefacts, kind, NullIcs(FIRST_REFIT, daily))
    return trained.artefacts


def load_training_facts(home: Home, newest: date, clock: Clock) -> TrainingFacts:
    """What training reads: the panel as known at the close of `newest`."""
    facts = load_facts(home, newest, clock.now())
    return prepare_training(facts.panel, mark_coins(facts.panel, facts.tokens(newest)))
