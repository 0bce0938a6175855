"""The page of the method lists every indicator as the catalogue has it."""

from pathlib import Path

from assay.factors import INDICATORS

PAGE = Path(__file__).parents[2] / "docs" / "method" / "factors.md"


def test_the_page_lists_every_indicator_as_the_catalogue_has_it() -> None:
    page = PAGE.read_text()
    for indicator in INDICATORS:
        free = "yes" if indicator.is_scale_free else "no"
        row = f"| `{indicator.name}` | {indicator.family} | {indicator.lookback} | {free} | "
        assert row + indicator.formula + " |" in page
