"""A killed process and a full disk: the next start sees all of an import, or nothing of it."""

import resource
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from assay.kit.clock import FixedClock
from assay.kit.errors import NotFound, StorageFull
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.markets import (
    import_candles,
    list_quarantine,
    load_candles,
    load_panel,
    load_registry,
    reconcile,
)
from assay.markets.service.settling import is_settled
from assay.markets.store.lake import remove_orphans, table_path
from assay.markets.types import Interval

from .conftest import NOW, Importer, bar

pytestmark = pytest.mark.slow

IMPORT, PANEL = "Importing", "Building"
ROWS = [*(bar("BTC", day, 2.0, volume=5.0) for day in range(3, 6)), bar("NEW", 5, 1.0)]


def _kill(home: Home, folder: Path, label: str, step: int) -> None:
    path = folder / "killed.parquet"
    pl.DataFrame([*ROWS, bar("BAD", 5, -1.0)]).write_parquet(path)
    script = Path(__file__).with_name("crashing.py")
    ended = subprocess.run(
        [sys.executable, str(script), str(home.path), str(path), label, str(step)], check=False
    )
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("label", "step", "is_kept"),
    [
        (IMPORT, 1, False),
        (IMPORT, 2, False),
        (IMPORT, 3, False),
        (IMPORT, 4, True),
        (IMPORT, 5, True),
        (PANEL, 1, True),
        (PANEL, 2, True),
        (PANEL, 3, True),
        (IMPORT, 6, True),
    ],
)
def test_a_killed_import_has_happened_or_has_not(
    home: Home, take: Importer, tmp_path: Path, label: str, step: int, *, is_kept: bool
) -> None:
    take([bar("BTC", day, 1.0) for day in range(4)])
    _kill(home, tmp_path, label, step)
    reconcile(home, SilentProgress())
    assert is_settled(home)
    expected = [1.0] * 3 + [1.0 if not is_kept else 2.0] + ([2.0, 2.0] if is_kept else [])
    assert load_candles(home, "BTC", Interval.DAY)["close"].to_list() == expected
    panel = load_panel(home)
    assert panel.n_tokens == (2 if is_kept else 1)
    assert panel.close[0].tolist() == expected
    assert list_quarantine(home).height == int(is_kept)
    if not is_kept:
        with pytest.raises(NotFound):
            load_registry(home).resolve("NEW")
    again = take(ROWS)
    assert (again.accepted, again.corrections) == ((0, 0) if is_kept else (3, 1))
    assert load_registry(home).resolve("NEW").token_id == 1_000_000


def test_files_that_no_commit_names_are_removed(home: Home, take: Importer) -> None:
    take([bar("BTC", 0, 1.0)])
    stray = table_path(home, Interval.DAY) / "period=2024" / "part-00000-killed.parquet"
    stray.write_bytes(b"half")
    assert remove_orphans(home) == 1
    assert not stray.exists()
    assert load_candles(home, "BTC", Interval.DAY).height == 1


def test_a_full_disk_is_named_and_harms_nothing(home: Home, take: Importer, tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: writes fail half way, as there."""
    take([bar("BTC", day, 1.0) for day in range(4)])
    path = tmp_path / "many.parquet"
    rows = [bar(f"C{n}", day, 1.0 + n / 977 + day / 883) for n in range(60) for day in range(140)]
    pl.DataFrame(rows).write_parquet(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard))
    try:
        with pytest.raises(StorageFull) as caught:
            import_candles(home, path, Interval.DAY, "binance", FixedClock(NOW), SilentProgress())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert "Free some space" in caught.value.hint
    reconcile(home, SilentProgress())
    assert load_panel(home).close.tolist() == [[1.0] * 4]
    clock = FixedClock(NOW + timedelta(hours=1))
    report = import_candles(home, path, Interval.DAY, "binance", clock, SilentProgress())
    assert report.accepted == len(rows)
    assert load_panel(home).n_tokens == 61
