"""The method page says what the code does: the numbers of the books, the fields, the tries."""

from pathlib import Path

import pytest

from assay.signals.accounts import TRIED_BESIDE_BOOK
from assay.signals.compute.confidence import MINIMAL_LABELS, RIDGE
from assay.signals.judging import FIRST_HOURLY_REFIT
from assay.signals.measuring import SHIFTS
from assay.signals.report import TARGET
from assay.signals.rows import FIELDS, RETURNS, label_rule
from assay.signals.types import BANDS, DAILY, HOURLY, RULES, NoView, Shape, Source

PAGE = Path(__file__).parents[2] / "docs" / "method" / "signals.md"


@pytest.fixture(scope="module")
def page() -> str:
    return " ".join(PAGE.read_text(encoding="utf-8").split())


def test_the_books_are_those_of_the_code(page: str) -> None:
    assert f"{len(Shape)} x {len(Source)} x {len(BANDS)} = {len(RULES)}" in page
    for enter, leave in BANDS:
        assert f"({enter:g}, {leave:g})" in page
    assert f"{DAILY.warm_up} days after their first one" in page
    assert f"hourly: {HOURLY.warm_up} hours" in page
    assert f"every {DAILY.refit_every} days" in page
    assert f"every {HOURLY.refit_every} hours from the {FIRST_HOURLY_REFIT}th" in page
    assert f"at least {DAILY.minimal_hold} days (hourly: {HOURLY.minimal_hold} hours)" in page
    assert f"multiplies every lookback by {HOURLY.scale}" in page
    assert f"{DAILY.minimal_past} such bars (hourly {HOURLY.minimal_past})" in page
    assert f"{DAILY.fee_bps:g} bp fee and {DAILY.slippage_bps:g} bp slippage" in page
    assert f"sqrt({DAILY.horizon} days) (hourly: {HOURLY.horizon} hours)" in page
    assert (DAILY.target_width, DAILY.stop_width) == (1.0, 0.5)
    assert label_rule(RULES[DAILY.default]) == "own + bitcoin trend 7-56 0.6"


def test_every_field_and_reason_is_named(page: str) -> None:
    for name in (*FIELDS, *RETURNS, "trend_days", "horizon_hours", "returns_since", "no_view"):
        assert f"`{name}`" in page
    for reason in NoView:
        assert f"`{reason.value}`" in page


def test_the_measures_are_those_of_the_code(page: str) -> None:
    assert f"**{len(RULES) + TRIED_BESIDE_BOOK} tries**" in page
    assert len(RULES) + TRIED_BESIDE_BOOK == 112 + 112 + 52 + 30 + 17
    assert f"{SHIFTS} seeded offsets" in page
    assert f"The target ({TARGET:.0%} of coins".replace("%", " %") in page
    assert f"ridge {RIDGE:g}" in page
    assert f"fewer than {MINIMAL_LABELS:,} labels" in page
