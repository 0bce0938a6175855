"""The bundled sample: real, whole, free of false alarms, and loaded once."""

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.markets import (
    compact_lake,
    digest_days,
    digest_inputs,
    ensure_ready,
    import_candles,
    list_pairs,
    list_quarantine,
    load_candles,
    load_panel,
    load_registry,
    load_sample,
    reconcile,
)
from assay.markets.sources.sample.fetch import fetch_manifest, fetch_sample_file
from assay.markets.store.records import load_imports, opened
from assay.markets.types import Interval, TokenKind

from .conftest import bar

CLOCK = FixedClock(datetime(2024, 6, 1, tzinfo=UTC))
DATA = Path(__file__).parents[3] / "shared" / "data" / "markets"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("sample"))
    ensure_ready(home, CLOCK, SilentProgress())
    return home


def test_the_sample_is_small_enough_to_ship() -> None:
    sizes = [len((files("assay.samples") / f.name).read_bytes()) for f in fetch_manifest().files]
    assert sum(sizes) <= 12_000_000
    assert max(sizes) <= 2_000_000


def test_nothing_of_the_sample_is_turned_away(sample: Home) -> None:
    """Terra's collapse and the redenominations are real, and the checks know it."""
    assert list_quarantine(sample).is_empty()
    rows = sum(file.rows for file in fetch_manifest().files)
    assert sum(list_pairs(sample, interval)["bars"].sum() for interval in Interval) == rows


def test_the_panel_covers_the_dead_and_ends_at_the_newest_complete_day(sample: Home) -> None:
    panel, registry = load_panel(sample), load_registry(sample)
    assert panel.complete_through == date(2023, 12, 29)
    assert panel.last_day == date(2023, 12, 30)
    assert panel.n_tokens == 410
    coins = [t for t in registry.tokens() if t.kind is TokenKind.COIN]
    assert len(coins) == 394
    luna = panel.row(registry.resolve("LUNC").token_id)
    assert panel.close[luna, panel.column(date(2022, 5, 12))] < 0.01
    assert np.isnan(panel.close[luna, panel.column(date(2022, 6, 1))])


def test_units_run_smoothly_through_every_redenomination(sample: Home) -> None:
    panel, registry = load_panel(sample), load_registry(sample)
    changed = [r for r in registry.records if r.redenominations]
    assert len(changed) == 7
    for record in changed:
        row = panel.row(record.token_id)
        price = (panel.close * panel.unit)[row]
        price = price[~np.isnan(price)]
        assert np.abs(np.diff(np.log(price))).max() < 1.5, record.tickers[0].symbol
        column = panel.column(record.redenominations[0].day)
        assert (panel.unit[row, :column] == 1).all()


def test_minute_candles_hold_triangles(sample: Home) -> None:
    pairs = list_pairs(sample, Interval.MINUTE)
    assert pairs.height == 150
    quotes = pairs.group_by("token_id").agg(pl.col("quote").n_unique())
    assert (quotes["quote"] == 5).sum() >= 28
    assert load_candles(sample, "FTT/BNB", Interval.MINUTE).height == 1000
    assert load_candles(sample, "BTC", Interval.HOUR).height == 120 * 24


def test_loading_it_again_changes_nothing(sample: Home) -> None:
    before = digest_inputs(load_panel(sample))
    assert not any(
        report.has_changed_anything for report in load_sample(sample, CLOCK, SilentProgress())
    )
    assert digest_inputs(load_panel(sample)) == before


def test_a_prefix_has_the_digest_it_had_then(sample: Home) -> None:
    panel = load_panel(sample)
    days = digest_days(panel)
    assert len(days) == panel.n_days
    for day in (date(2018, 1, 1), date(2022, 5, 12), date(2023, 12, 29)):
        then = load_panel(sample, day)
        assert digest_inputs(then) == digest_inputs(then, days)


def test_the_panel_is_rebuilt_from_the_lake_to_the_same_bytes(sample: Home) -> None:
    before = digest_inputs(load_panel(sample))
    for path in sample.panel.rglob("*"):
        if path.is_file():
            path.unlink()
    reconcile(sample, SilentProgress())
    assert digest_inputs(load_panel(sample)) == before


def test_a_killed_first_load_is_completed_by_the_next_start(tmp_path: Path) -> None:
    class Stopping:
        def step(self, label: str, done: int, total: int) -> None:
            if label == "Importing sample:1d" and done == 3:
                raise KeyboardInterrupt

    home = Home(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        ensure_ready(home, CLOCK, Stopping())
    ensure_ready(home, CLOCK, SilentProgress())
    with opened(home) as database:
        assert [row.source for row in load_imports(database)] == [
            "sample:1m",
            "sample:1h",
            "sample:1d",
        ]
    assert load_panel(home).n_tokens == 410


def test_a_new_day_extends_the_panel_as_a_rebuild_would(tmp_path: Path) -> None:
    home, news = Home(tmp_path / "home"), SilentProgress()
    ensure_ready(home, CLOCK, news)
    panel, registry = load_panel(home), load_registry(home)
    column = panel.column(date(2023, 12, 30))
    rows = []
    for row, token_id in enumerate(panel.token_ids):
        close = float(panel.close[row, column])
        token = registry.by_id(int(token_id))
        if not np.isnan(close):
            rows += [bar(token.pair, date(2023, 12, 30), close)]
            rows += [bar(token.pair, date(2023, 12, 31), close)]
    path = tmp_path / "new.parquet"
    pl.DataFrame(rows).write_parquet(path)
    report = import_candles(home, path, Interval.DAY, "binance", CLOCK, news)
    assert report.quarantined == {}
    assert (report.accepted, report.completed) == (364, 364)
    extended = load_panel(home)
    assert extended.complete_through == date(2023, 12, 31)
    days = digest_days(extended)
    compact_lake(home)
    for path in home.panel.rglob("*.npy"):
        path.unlink()
    reconcile(home, news)
    assert digest_days(load_panel(home)) == days


def test_the_sample_is_what_was_recorded() -> None:
    source = DATA / "binance_usdt_daily.parquet"
    if not source.exists():
        pytest.skip(f"the recorded data are not at {source}")
    columns = ["symbol", "time", "open", "high", "low", "close", "volume"]
    daily = [f for f in fetch_manifest().files if f.interval is Interval.DAY]
    shipped = pl.concat([fetch_sample_file(f) for f in daily])
    recorded = pl.read_parquet(source).rename({"date": "time"}).select(columns)
    order = ["symbol", "time"]
    assert shipped.select(columns).sort(order).equals(recorded.sort(order))


def test_past_units_match_the_recorded_adjustment(sample: Home) -> None:
    source = DATA / "binance_usdt_daily.parquet"
    if not source.exists():
        pytest.skip(f"the recorded data are not at {source}")
    panel, registry = load_panel(sample), load_registry(sample)
    frame = pl.read_parquet(source).sort("symbol", "date")
    checked = 0
    for (symbol,), part in frame.filter(pl.col("asset") != "STRAX").group_by("symbol"):
        row = panel.row(registry.resolve(str(symbol)[:-4], part["date"][0]).token_id)
        first = panel.column(part["date"][0])
        adjusted = part["close_adj"].to_numpy()
        columns = first + (part["date"] - part["date"][0]).dt.total_days().to_numpy()
        ours = panel.close[row, columns] * panel.unit[row, columns]
        if part["asset"].n_unique() == 1:
            ratio = ours / adjusted
            assert np.allclose(ratio, ratio[0], rtol=1e-9), symbol
            checked += 1
    assert checked >= 400
    assert timedelta(days=panel.n_days) > timedelta(days=2000)
