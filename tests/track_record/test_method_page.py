"""The method page says what the code does."""

from pathlib import Path

from assay.track_record import MEASURES, UNSCORED
from assay.track_record.building import AT_ONCE

PAGE = Path(__file__).parents[2] / "docs" / "method" / "track_record.md"


def test_every_measure_and_its_end_is_described() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for (kind, name), measure in MEASURES.items():
        line = next(line for line in page.splitlines() if f"`{name}`" in line)
        if not name.startswith(("range", "band")):
            assert f"t+{measure.bars}" in line, name
        assert f"`{kind}`" in page
    for item in UNSCORED:
        assert f"`{item.kind}`" in page
    assert f"Batches of {AT_ONCE} publications" in page
