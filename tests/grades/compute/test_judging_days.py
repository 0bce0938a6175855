"""From cross-sections to grades: causal, bounded, equal for one day and many, adding up exactly."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.grades.worlds import FIRST, create_panel

from assay.grades.compute.cross_sections import FEATURES, CrossSections, compute_cross_sections
from assay.grades.compute.explaining import explain_token, split_exactly
from assay.grades.compute.grading import (
    CAP_CENTI,
    compute_grades,
    compute_intervals,
    compute_thin,
    compute_thirds,
    grade_days,
    label_grade,
)
from assay.grades.compute.scoring import Trees, blend, moments
from assay.grades.train import prepare_training, train_walk_forward
from assay.grades.types import Artefact, Calibration, GradeKind, Label, NoView

REFIT = FIRST + timedelta(days=300)
ALL = np.ones(40, np.bool_)


@pytest.fixture(scope="module")
def sections() -> CrossSections:
    return compute_cross_sections(create_panel(edge=0.02), ALL, keep_values=True)


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    facts = prepare_training(create_panel(edge=0.02), ALL)
    return train_walk_forward(facts, GradeKind.TRADER, refit_days=[REFIT]).artefacts[0]


@pytest.fixture(scope="module")
def trees(artefact: Artefact) -> Trees:
    return Trees(artefact.trees)


def test_one_day_alone_equals_the_same_day_in_a_longer_run(sections: CrossSections) -> None:
    panel = create_panel(edge=0.02)
    for column in (299, 350):
        alone = compute_cross_sections(panel, ALL, column, column + 1, keep_values=True)
        np.testing.assert_array_equal(alone.ranks[0], sections.ranks[column])
        np.testing.assert_array_equal(alone.regimes[:, 0], sections.regimes[:, column])
        np.testing.assert_array_equal(alone.volatility[:, 0], sections.volatility[:, column])
        np.testing.assert_array_equal(alone.universe[:, 0], sections.universe[:, column])
        assert alone.values is not None
        assert sections.values is not None
        np.testing.assert_array_equal(alone.values[0], sections.values[column])


def test_a_redenomination_changes_nothing(sections: CrossSections) -> None:
    panel = create_panel(edge=0.02)
    panel.unit[3, 200:] = 8.0
    for field in (panel.open, panel.high, panel.low, panel.close):
        field[3, 200:] /= 8.0
    panel.volume[3, 200:] *= 8.0
    other = compute_cross_sections(panel, ALL)
    np.testing.assert_array_equal(other.ranks, sections.ranks)


def test_many_days_at_once_equal_each_alone(
    sections: CrossSections, artefact: Artefact, trees: Trees
) -> None:
    positions = np.arange(300, 320)
    together = grade_days(artefact, trees, sections, positions)
    for position, day in zip(positions, together, strict=True):
        alone = grade_days(artefact, trees, sections, np.array([position]))[0]
        np.testing.assert_array_equal(alone.grades, day.grades)
        np.testing.assert_array_equal(alone.scores, day.scores)
        np.testing.assert_array_equal(alone.sub_grades, day.sub_grades)
        np.testing.assert_array_equal(alone.low, day.low)


def test_what_is_said_is_within_its_bounds(
    sections: CrossSections, artefact: Artefact, trees: Trees
) -> None:
    for day in grade_days(artefact, trees, sections, np.arange(300, 420)):
        said = np.array([reason is None for reason in day.no_view])
        assert said.sum() >= 30
        assert ((day.grades[said] >= 0) & (day.grades[said] <= 10_000)).all()
        assert ((day.sub_grades[:, said] >= 0) & (day.sub_grades[:, said] <= 10_000)).all()
        assert (day.low[said] < day.high[said]).all()
        assert ((day.probabilities[said] > 0) & (day.probabilities[said] < 1)).all()
        assert (day.grades[day.capped] == CAP_CENTI).all()
        assert (day.grades[~said] == -1).all()
        assert np.isnan(day.probabilities[~said]).all()
        order = np.argsort(day.scores[said])
        assert (np.diff(day.probabilities[said][order]) * artefact.calibration.slope >= 0).all()


def test_a_thin_coin_is_never_a_strong_buy(
    sections: CrossSections, artefact: Artefact, trees: Trees
) -> None:
    capped = 0
    for day in grade_days(artefact, trees, sections, np.arange(300, 420)):
        members = np.flatnonzero(day.in_universe)
        ranks = sections.ranks[sections.position(day.day)][members]
        thin = members[compute_thin(ranks)]
        assert (day.grades[thin] <= CAP_CENTI).all()
        assert label_grade(CAP_CENTI) is Label.BUY
        capped += int(day.capped.sum())
    assert capped > 0


def test_reasons_for_no_view(artefact: Artefact, trees: Trees) -> None:
    panel = create_panel(edge=0.02)
    position = 310
    for field in (panel.open, panel.high, panel.low, panel.close, panel.volume):
        field[0, position] = np.nan
        field[1, : position - 20] = np.nan
    panel.volume[2] *= 1e-6
    for field in (panel.open, panel.high, panel.low, panel.close):
        field[3, position:] *= 0.02
    panel.volume[3, position:] *= 50.0
    blocked = {panel.day(position): {104: NoView.WASHED_VOLUME}}
    sections = compute_cross_sections(panel, ALL)
    day = grade_days(artefact, trees, sections, np.array([position]), blocked)[0]
    assert day.no_view[:6] == (
        NoView.STALE,
        NoView.SHORT_HISTORY,
        NoView.THIN_TRADING,
        NoView.DELISTING_EVIDENT,
        NoView.WASHED_VOLUME,
        None,
    )
    assert (day.grades[:5] == -1).all()


def test_contributions_add_up_exactly(
    sections: CrossSections, artefact: Artefact, trees: Trees
) -> None:
    for token_id in range(100, 140, 7):
        why = explain_token(artefact, trees, sections, 320, token_id)
        assert why.raw_centi is not None
        assert why.raw_centi == 5000 + sum(part.points_centi for part in why.contributions)
        assert [part.feature for part in why.contributions] == list(FEATURES)


def test_contributions_are_near_the_models_own(
    sections: CrossSections, artefact: Artefact, trees: Trees
) -> None:
    # Rounding alone is left to the largest remainder: no part moves by more than a hundredth.
    why = explain_token(artefact, trees, sections, 320, 105)
    linear = sum(part.linear_centi for part in why.contributions)
    assert why.raw_centi is not None
    assert abs(linear) < 100_000


@given(
    st.integers(-20_000, 20_000),
    arrays.arrays(np.float64, st.integers(1, 60), elements=st.floats(-500, 500)),
)
def test_a_split_is_exact(total: int, shares: np.ndarray) -> None:
    shares = shares + (total - shares.sum()) / shares.size
    parts = split_exactly(total, shares)
    assert sum(parts) == total
    assert np.abs(np.array(parts) - shares).max() <= 1.5


@given(arrays.arrays(np.float64, st.integers(3, 50), elements=st.floats(-1e3, 1e3)))
def test_a_blend_is_standardised(values: np.ndarray) -> None:
    scores = blend(values, values[::-1].copy())
    mean, _ = moments(scores)
    assert abs(mean) < 1e-6
    assert np.isfinite(scores).all()


@settings(max_examples=50)
@given(arrays.arrays(np.float64, st.integers(2, 40), elements=st.floats(-6, 6)))
def test_grades_rise_with_scores(scores: np.ndarray) -> None:
    ordered = np.sort(scores)
    assert (np.diff(compute_grades(ordered)) >= 0).all()
    assert compute_grades(np.zeros(1))[0] == 5000
    np.testing.assert_allclose(compute_grades(-ordered), 10_000 - compute_grades(ordered), atol=1)


@pytest.mark.parametrize(
    ("grade", "label"),
    [
        (10_000, Label.STRONG_BUY),
        (7501, Label.STRONG_BUY),
        (7500, Label.BUY),
        (5800, Label.BUY),
        (5799, Label.HOLD),
        (4200, Label.HOLD),
        (4199, Label.SELL),
        (2500, Label.SELL),
        (2499, Label.STRONG_SELL),
        (0, Label.STRONG_SELL),
    ],
)
def test_labels(grade: int, label: Label) -> None:
    assert label_grade(grade) is label


def test_thirds_and_intervals() -> None:
    volatility = np.array([0.05, np.nan, 0.01, 0.03, 0.02, 0.09, 0.04])
    assert compute_thirds(volatility).tolist() == [2, 1, 0, 1, 0, 2, 1]
    calibration = Calibration(0.2, 1, (-1.0, -2.0, -3.0), (1.0, 2.0, 3.0), 0.4, 1)
    low, high = compute_intervals(volatility, calibration, 4)
    reach = 2.0 * (0.6 * np.where(np.isnan(volatility), 0.035, volatility) + 0.4 * 0.035)
    np.testing.assert_allclose(high, reach * np.array([3, 2, 1, 2, 1, 3, 2]), atol=1e-4)
    np.testing.assert_array_equal(low, -high)
