"""The method page says what the code does: every characteristic, regime, cut-off and constant."""

from pathlib import Path

import pytest

from assay.factors import CHARACTERISTICS, REGIMES
from assay.grades.compute.fitting import PLANS
from assay.grades.compute.grading import CUT_OFFS, GRADE_SLOPE, POINTS_PER_SCORE
from assay.grades.compute.targets import list_horizons
from assay.grades.types import GradeKind, NoView

PAGE = Path(__file__).parents[2] / "docs" / "method" / "grades.md"


@pytest.fixture(scope="module")
def page() -> str:
    return " ".join(PAGE.read_text(encoding="utf-8").split())


def test_every_characteristic_is_listed(page: str) -> None:
    for item in CHARACTERISTICS:
        formula = item.formula.replace("|", "&#124;")
        assert f"| {item.name} | {item.family.value} | {formula} |" in page


def test_every_reason_and_label_is_named(page: str) -> None:
    for reason in NoView:
        assert f"`{reason.value}`" in page
    for lowest, label in CUT_OFFS:
        assert label.value in page
        assert lowest in (0, 7501) or f"from {lowest // 100}" in page


def test_the_scales_are_those_of_the_code(page: str) -> None:
    assert f"100 / (1 + exp(-{GRADE_SLOPE} z))" in page
    assert f"50 + {POINTS_PER_SCORE:g} z points" in page


@pytest.mark.parametrize("kind", GradeKind)
def test_the_plans_are_those_of_the_code(page: str, kind: GradeKind) -> None:
    plan = PLANS[kind]
    assert f"{kind.value.title()} {', '.join(str(h) for h in list_horizons(kind))}" in page
    assert f"{kind.value.title()}: {', '.join(plan.regimes)}" in page
    assert set(plan.regimes) | set(plan.tree_regimes) <= set(REGIMES)
    assert f"{plan.trees} trees" in page
