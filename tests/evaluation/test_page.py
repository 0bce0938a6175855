import re
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import numpy as np
import pytest

from assay.evaluation import EvaluationInputs, Trials, create_page, evaluate_scores
from assay.evaluation.page.svg import choose_form, format_signed, list_log_ticks, list_ticks
from assay.evaluation.page.tables import format_number
from assay.kit.progress import SilentProgress

LARGEST_BYTES = 1_500_000


def create(inputs: EvaluationInputs) -> str:
    return create_page(evaluate_scores(inputs, SilentProgress()))


def test_the_page_stands_alone(inputs: EvaluationInputs) -> None:
    page = create(inputs)
    assert len(page.encode()) < LARGEST_BYTES
    assert "<script" not in page
    assert not re.search(r"(src|href)=|url\(|@import|https?://", page)
    assert "prefers-color-scheme:dark" in page
    assert "Not investment advice" in page
    assert "not said before the outcome" in page
    assert "Research, not investable" in page


def test_every_drawing_is_well_formed_and_has_finite_places(inputs: EvaluationInputs) -> None:
    drawings = re.findall(r"<svg.*?</svg>", create(inputs), flags=re.DOTALL)
    assert len(drawings) >= 12
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)  # noqa: S314 - our own words
        assert root.attrib["aria-label"]
        assert not re.search(r'"[^"]*\b(nan|inf)\b[^"]*"', drawing), root.attrib["aria-label"]


def test_names_from_outside_cannot_inject(inputs: EvaluationInputs) -> None:
    bad = "<script>alert(1)</script>"
    page = create(replace(inputs, kind=bad, symbols=[bad] * 48, baselines={bad: inputs.volatility}))
    assert "<script" not in page


@pytest.mark.parametrize("origin", ["live", "replay", "elsewhere"])
def test_the_page_lives_without_optional_parts(inputs: EvaluationInputs, origin: str) -> None:
    page = create(
        replace(
            inputs,
            origin=origin,
            probabilities=None,
            interval_low=None,
            interval_high=None,
            null_daily_ics=None,
            deaths=(),
            baselines={},
            benchmark_row=None,
            liquid_usd=1e15,
            window_to=date(2021, 4, 30),
        )
    )
    assert "how much of it is luck is not known" in page
    assert "Does it mean what it says?" not in page
    assert "nan" not in re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL).lower().split()


def test_many_deaths_silence_and_tries_are_drawn(inputs: EvaluationInputs) -> None:
    quiet = inputs.no_view.copy()
    quiet[3] = inputs.universe[3]
    dead = [replace(inputs.deaths[0], row=row) for row in range(14)]
    page = create(
        replace(
            inputs,
            no_view=quiet,
            deaths=dead,
            trials=Trials(40, np.array([0.1, 0.9, 1.4])),
            null_daily_ics=np.random.default_rng(0).normal(0.0, 0.2, 30),
        )
    )
    assert "no view" in page
    assert "not enough to rule out luck" in page


def test_numbers_are_written_with_a_true_minus_and_a_dash_for_nothing() -> None:
    assert format_number(-0.1234) == "−0.123"
    assert format_number(float("nan")) == "–"
    assert format_signed(-0.0001, ".2f") == "0.00"
    assert format_signed(-0.25, ".0%") == "−25%"


def test_ticks_are_round_and_inside() -> None:
    assert list_ticks(0.0, 1.0, 5) == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert list_ticks(3.0, 3.0) == [3.0]
    assert list_log_ticks(0.09, 2.2)[-1] == 2.0
    assert all(0.002 <= tick <= 3000 for tick in list_log_ticks(0.002, 3000.0))
    assert choose_form([0.0, 0.025]) == ".3f"
    assert choose_form([0.85, 0.9], percent=True) == ".0%"
