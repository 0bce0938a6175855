"""Walk-forward training: purged, deterministic, refuses the future, and finds what is there."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.grades.worlds import FIRST, create_panel

from assay import evaluation
from assay.grades.artefacts import load_artefact, load_artefacts, parse_folder, save_artefact
from assay.grades.compute.grading import compute_scores, grade_days
from assay.grades.compute.scoring import Trees
from assay.grades.train import (
    TrainingFacts,
    WalkForward,
    compute_null_daily_ics,
    list_refit_days,
    prepare_training,
    train_walk_forward,
)
from assay.grades.types import GradeKind
from assay.kit.errors import Conflict, Corrupt, NotEnoughData, NotFound
from assay.kit.home import Home

REFITS = [FIRST + timedelta(days=300), FIRST + timedelta(days=390)]


def measure_ic(facts: TrainingFacts, trained: WalkForward) -> float:
    """Mean daily rank IC at lag 1 from the first refit day on."""
    start = facts.sections.position(REFITS[0])
    returns = evaluation.compute_forward_returns(facts.closes, 7, 1)
    daily = evaluation.compute_daily_rank_ics(
        trained.scores[:, start:], returns[:, start:], facts.sections.universe[:, start:]
    )
    return float(np.nanmean(daily))


@pytest.fixture(scope="module")
def facts() -> TrainingFacts:
    return prepare_training(create_panel(edge=0.02), np.ones(40, np.bool_))


@pytest.fixture(scope="module")
def trained(facts: TrainingFacts) -> WalkForward:
    return train_walk_forward(facts, GradeKind.TRADER, refit_days=REFITS)


def test_it_is_purged_by_the_longest_horizon(trained: WalkForward) -> None:
    for artefact in trained.artefacts:
        assert artefact.known_from == artefact.refit_day
        assert artefact.outcome_days == 11
        assert artefact.trained_through + timedelta(days=11) == artefact.refit_day


def test_it_finds_an_edge_that_is_there(facts: TrainingFacts, trained: WalkForward) -> None:
    assert measure_ic(facts, trained) > 0.12


def test_the_future_changes_no_model_and_no_score(
    facts: TrainingFacts, trained: WalkForward
) -> None:
    panel = create_panel(edge=0.02)
    cut = 300
    for field in (panel.high, panel.low, panel.close, panel.volume):
        field[:, cut + 1 :] *= np.linspace(1.0, 3.0, field.shape[1] - cut - 1)[::-1]
    other = train_walk_forward(
        prepare_training(panel, np.ones(40, np.bool_)), GradeKind.TRADER, refit_days=REFITS
    )
    assert other.artefacts[0].digest == trained.artefacts[0].digest
    assert other.artefacts[1].digest != trained.artefacts[1].digest
    np.testing.assert_array_equal(other.scores[:, cut], trained.scores[:, cut])


def test_training_twice_and_on_two_threads_gives_the_same_bytes(
    facts: TrainingFacts, trained: WalkForward
) -> None:
    again = train_walk_forward(facts, GradeKind.TRADER, refit_days=REFITS[:1], threads=2)
    assert again.artefacts[0].digest == trained.artefacts[0].digest


def test_shuffled_labels_teach_nothing(facts: TrainingFacts, trained: WalkForward) -> None:
    null = train_walk_forward(facts, GradeKind.TRADER, refit_days=REFITS[:1], permutation_seed=3)
    assert null.artefacts[0].digest != trained.artefacts[0].digest
    assert abs(measure_ic(facts, null)) < 0.5 * measure_ic(facts, trained)


def test_the_null_has_a_row_a_seed(facts: TrainingFacts) -> None:
    window = (REFITS[0], REFITS[0] + timedelta(days=60))
    null = compute_null_daily_ics(facts, GradeKind.TRADER, [1, 2], *window, refit_days=REFITS[:1])
    assert null.shape == (2, 61)
    assert np.isfinite(null).all()
    assert (null[0] != null[1]).any()


def test_too_little_history_is_said(facts: TrainingFacts) -> None:
    with pytest.raises(NotEnoughData, match="too little before"):
        train_walk_forward(facts, GradeKind.TRADER, refit_days=[FIRST + timedelta(days=100)])


def test_a_model_refuses_days_whose_outcomes_it_knows(
    facts: TrainingFacts, trained: WalkForward
) -> None:
    artefact = trained.artefacts[1]
    position = np.array([facts.sections.position(artefact.known_from) - 1])
    with pytest.raises(Conflict, match="may not judge"):
        grade_days(artefact, Trees(artefact.trees), facts.sections, position)


def test_a_model_of_other_features_is_refused(facts: TrainingFacts, trained: WalkForward) -> None:
    artefact = replace(trained.artefacts[0], features=("other",))
    position = np.array([facts.sections.position(REFITS[0])])
    with pytest.raises(Conflict, match="other features"):
        grade_days(artefact, Trees(artefact.trees), facts.sections, position)


def test_refit_days_are_ninety_apart() -> None:
    days = list_refit_days(date(2023, 12, 29))
    assert (len(days), days[0], days[-1]) == (12, date(2021, 4, 5), date(2023, 12, 21))
    assert list_refit_days(date(2020, 1, 1)) == []


class TestFolders:
    def test_what_is_saved_is_read_back(
        self, tmp_path: Path, facts: TrainingFacts, trained: WalkForward
    ) -> None:
        home = Home(tmp_path)
        for artefact in trained.artefacts:
            folder = save_artefact(home.artefacts, artefact)
            assert save_artefact(home.artefacts, artefact) == folder
            assert (folder / "card.md").read_text(encoding="utf-8").startswith("# trader-")
        everything = load_artefacts(home, GradeKind.TRADER)
        loaded = [item for item in everything if item.refit_day in REFITS]
        assert [item.digest for item in loaded] == [item.digest for item in trained.artefacts]
        position = np.array([facts.sections.position(REFITS[0])])
        pairs = [
            compute_scores(item, Trees(item.trees), facts.sections, position)[0][1]
            for item in (loaded[0], trained.artefacts[0])
        ]
        np.testing.assert_array_equal(pairs[0], pairs[1])
        assert load_artefact(home, GradeKind.TRADER, loaded[1].digest).name == loaded[1].name
        with pytest.raises(NotFound, match="not here any more"):
            load_artefact(home, GradeKind.TRADER, "0" * 64)

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("linear.json", b"{}"),
            ("manifest.json", b'{"format": 99}'),
            ("manifest.json", b"no json"),
            ("manifest.json", b"[1]"),
            ("trees.txt.zst", b"torn"),
            ("trees.txt.zst", None),
        ],
    )
    def test_a_damaged_folder_is_refused(
        self, tmp_path: Path, trained: WalkForward, name: str, content: bytes | None
    ) -> None:
        folder = save_artefact(tmp_path, trained.artefacts[0])
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)
        with pytest.raises(Corrupt, match="is not usable"):
            parse_folder(folder)
