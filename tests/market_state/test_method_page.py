"""The method page says what the code does: every field, component and constant."""

from pathlib import Path

import pytest

from assay.market_state.coin_rows import ANNUALISED, WHOLE, YEARLY
from assay.market_state.types import (
    BEAR_BREADTH,
    BULL_BREADTH,
    COMPONENTS,
    CORRELATION_LISTED,
    CORRELATION_MINIMUM,
    CORRELATION_NOISE,
    CORRELATION_REACH,
    FEAR_MINIMUM,
    HIGH_GRADE,
    LARGEST_LISTED,
    METRIC_MINIMUM,
    MOODS,
    REGIME_MINIMUM,
    STRONG_GRADE,
    TOP,
    TREND_DAYS,
    NoView,
)

PAGE = Path(__file__).parents[2] / "docs" / "method" / "market_state.md"


@pytest.fixture(scope="module")
def page() -> str:
    return " ".join(PAGE.read_text(encoding="utf-8").split())


def test_every_figure_and_component_is_explained(page: str) -> None:
    for name in WHOLE:
        assert f"`{name}`" in page, name
    for name in COMPONENTS:
        assert f"| {name} |" in page, name
    for reason in NoView:
        assert f"`{reason.value}`" in page


def test_what_a_year_leaves_out_is_named(page: str) -> None:
    for name in set(WHOLE) - set(YEARLY):
        assert f"`{name}`" in page[page.index("`year` leaves out") :]
    assert all(f"`{name}`" in page for name in ANNUALISED)


def test_moods_have_their_bounds(page: str) -> None:
    (_, extreme), (greed, _), (neutral, _), (fear, _), _ = MOODS
    assert f"Extreme Fear below {fear}" in page
    assert f"Fear to {neutral - 1}, Neutral to {greed - 1}, Greed to 74, {extreme}" in page


@pytest.mark.parametrize(
    "words",
    [
        f"at least {BULL_BREADTH:.0%}".replace("%", " %"),
        f"at most {BEAR_BREADTH:.0%}".replace("%", " %"),
        f"its {TREND_DAYS}-day mean",
        f"null before {REGIME_MINIMUM} days",
        f"(at least {FEAR_MINIMUM} known)",
        f"graded {HIGH_GRADE} or more (`high`) and {STRONG_GRADE} or more",
        f"fewer than {METRIC_MINIMUM} returns",
        f"the {LARGEST_LISTED} coins with the largest",
        f"{TOP} largest",
        f"the {CORRELATION_LISTED} most and the {CORRELATION_LISTED} least",
        f"at least {CORRELATION_MINIMUM} in common",
        f"cut to {CORRELATION_REACH:g} robust deviations",
        f"s2 = {CORRELATION_NOISE:g} / (n - 3)",
    ],
)
def test_constants_are_those_of_the_code(page: str, words: str) -> None:
    assert words in page
