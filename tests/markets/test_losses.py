"""A store that lost a part: named at the next start, never mended with made-up facts."""

import shutil

import pytest

from assay.kit.clock import FixedClock
from assay.kit.errors import Corrupt
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.markets import ensure_ready, load_panel

from .conftest import NOW, Importer, bar


def start(home: Home) -> None:
    ensure_ready(home, FixedClock(NOW), SilentProgress())


@pytest.fixture
def filled(home: Home, take: Importer) -> Home:
    take([bar("NEWX", day, 1.0 + day) for day in range(9)])
    return home


def test_a_lost_panel_is_built_again(filled: Home) -> None:
    before = load_panel(filled).close.tobytes()
    shutil.rmtree(filled.panel)
    start(filled)
    assert load_panel(filled).close.tobytes() == before


def test_a_lost_lake_is_named(filled: Home) -> None:
    shutil.rmtree(filled.lake)
    with pytest.raises(Corrupt, match="gone from the lake") as caught:
        start(filled)
    assert "ASSAY_HOME" in caught.value.hint


def test_a_lost_database_is_named(filled: Home) -> None:
    """New tokens would get ids that the lake has given to others."""
    filled.database.unlink()
    with pytest.raises(Corrupt, match="it was lost"):
        start(filled)


def test_a_torn_file_of_the_lake_is_named(filled: Home) -> None:
    for path in filled.lake.rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:300])
    shutil.rmtree(filled.panel)
    with pytest.raises(Corrupt, match="candles_1d"):
        start(filled)
