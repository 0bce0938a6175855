"""When the past changed, and the word that tells a server to look again."""

from datetime import timedelta

from assay.kit.home import Home
from assay.markets import list_revision_moments, load_facts_version

from .conftest import NOW, Importer, bar

LATER = NOW + timedelta(days=3)


def test_only_corrections_change_the_known_past(home: Home, take: Importer) -> None:
    take([bar("BTC", day, 100.0) for day in range(5)])
    take([bar("BTC", 5, 101.0)], now=NOW + timedelta(days=1))
    assert list_revision_moments(home) == []
    take([bar("BTC", 2, 110.0)], now=LATER)
    assert list_revision_moments(home) == [LATER]


def test_the_version_word_changes_with_facts_and_only_with_them(home: Home, take: Importer) -> None:
    assert load_facts_version(home) is None
    take([bar("BTC", day, 100.0) for day in range(5)])
    first = load_facts_version(home)
    take([bar("BTC", day, 100.0) for day in range(5)])
    assert load_facts_version(home) == first
    take([bar("BTC", 2, 110.0)], now=LATER)
    assert load_facts_version(home) != first
