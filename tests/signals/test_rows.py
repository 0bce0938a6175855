"""Reasons in words."""

import pytest

from assay.signals.rows import SHAPES, explain_state, label_rule, name_rule
from assay.signals.types import DAILY, HOURLY, RULES, Rule, Shape, Source

RULE = Rule(Source.BITCOIN, Shape.TREND_7_56, 0.6, 0.1)


@pytest.mark.parametrize(
    ("state", "score", "words"),
    [
        (1, 0.72, "scores 0.72: long from 0.60 on, until below 0.10."),
        (-1, -0.72, "scores -0.72: short from -0.60 on, until above -0.10."),
        (0, -0.001, "scores -0.00: a position begins at 0.60 or -0.60."),
        (1, 0.05, "scores 0.05: long, kept for at least 3 days."),
        (-1, 0.05, "scores 0.05: short, kept for at least 3 days."),
    ],
)
def test_a_reason_names_the_rule_and_its_numbers(state: int, score: float, words: str) -> None:
    read = name_rule(DAILY, RULE)
    assert read == "Bitcoin's trend over 7 to 56 days"
    assert explain_state(read, DAILY, RULE, state, score) == f"{read} {words}"


def test_lookbacks_are_in_the_books_own_bars() -> None:
    assert name_rule(HOURLY, RULE) == "Bitcoin's trend over 28 to 224 hours"


def test_every_rule_has_words_and_labels_differ() -> None:
    assert set(SHAPES) == set(Shape)
    assert len({label_rule(rule) for rule in RULES}) == len(RULES) == 112
    assert label_rule(RULE) == "bitcoin trend 7-56 0.6"
    assert len({name_rule(DAILY, rule) for rule in RULES}) == 56
