"""The method page says what the code does."""

from pathlib import Path

import pytest
from tests.briefing.world import BRIEFING, flat_facts, said_on_the_day, write_briefing

from assay.briefing.compute import grades, picks, record

PAGE = Path(__file__).parents[2] / "docs" / "method" / "briefing.md"


@pytest.fixture(scope="module")
def page() -> str:
    return " ".join(PAGE.read_text(encoding="utf-8").split())


def test_every_part_of_the_row_is_described(page: str) -> None:
    row = write_briefing(said_on_the_day(), flat_facts())
    for part in row.keys() - {"as_of"}:
        assert f"| `{part}` |" in page
    for kind in BRIEFING.reads:
        assert f"`{kind}`" in page


def test_the_rules_are_those_of_the_code(page: str) -> None:
    assert f"at least {grades.MIN_MOVE_CENTI // 100} points" in page
    assert f"by at least {grades.MIN_PART} points" in page
    assert f"${grades.MIN_VOLUME_USD // 1_000_000}m" in page
    assert (grades.SHOWN_MOVES, picks.SHOWN) == (4, 5)
    assert "the largest four each way" in page
    assert "the five highest grades" in page
    assert f"newest {record.RECORD_LISTS} Mondays" in page
    for _, days in grades.BOARDS:
        assert f"{days}" in page
