"""The method page says what the code does: constants, fields, events, how many were tried."""

from pathlib import Path

import orjson
import pytest
from tests.moonshots.worlds import DAYS, draw_world, seal

from assay.moonshots import MOONSHOTS, OUTCOMES, Event
from assay.moonshots.compute import base_rates, learning, sections
from assay.moonshots.measuring import load_trials
from assay.moonshots.outcomes import KEPT_DAYS, PICKS
from assay.moonshots.types import HORIZON_DAYS, LARGEST, MINIMUM_HISTORY_DAYS, SizeMeasure

PAGE = Path(__file__).parents[2] / "docs" / "method" / "moonshots.md"


@pytest.fixture(scope="module")
def page() -> str:
    return " ".join(PAGE.read_text(encoding="utf-8").split())


def test_every_constant_is_the_one_of_the_code(page: str) -> None:
    assert f"within {HORIZON_DAYS} days" in page
    assert f"at least {MINIMUM_HISTORY_DAYS} days" in page
    assert f"largest {LARGEST}." in page
    assert f"fewer than {base_rates.ENOUGH_LISTED:,} coin-days" in page
    assert f"blocks of {base_rates.BLOCK_DAYS} days" in page
    assert f"refitted every {learning.REFIT_EVERY_DAYS} days" in page
    assert f"the day's {learning.EXTREME_SHARE:.0%} with".replace("%", " %") in page
    assert f"at least {learning.ENOUGH_EPISODES} episodes" in page
    assert f"of {learning.LEAST_AUC} or more" in page
    assert f"lift of {learning.LEAST_LIFT} or more" in page
    assert f"ridge {learning.SCORE_PENALTY} per row" in page
    assert f"the {PICKS} coins with the lowest risk" in page
    assert f"for {KEPT_DAYS}:" in page
    assert f"of {sections.MOVE_DAYS} days ({sections.MINIMUM_RETURNS} returns or more)" in page
    assert f"from {sections.OLDEST_DAYS:g} days (-0.5) to {sections.YOUNGEST_DAYS:g} (+0.5)" in page
    assert f"{len(load_trials())} configurations were tried" in page


def test_every_feature_event_and_kind_is_named(page: str) -> None:
    for name in sections.FEATURES:
        assert f"| {name} |" in page
    for speaker in (MOONSHOTS, OUTCOMES):
        assert f"`{speaker.kind.name}`" in page
    for measure in SizeMeasure:
        assert f"`{measure.value}`" in page
    assert [event.ratio for event in Event] == [2.0, 5.0, 10.0, 0.2]
    assert "times 2, 5, 10 or 0.2" in page


def test_every_field_of_a_row_is_described(page: str) -> None:
    world = draw_world()
    row = orjson.loads(seal(MOONSHOTS, world, [world.panel.day(DAYS - 1)])[0])[0]
    fields = set(row) - {"token_id", "symbol", "name", "events"}
    for field in sorted(fields | set(row["fall_80"]) | set(row["drivers"])):
        assert f"`{field}`" in page, field
