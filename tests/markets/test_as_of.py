"""As known then: what is added after a moment never changes what was known at it."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kit.clock import FixedClock
from assay.kit.errors import BadInput, InFuture, NotFound
from assay.kit.home import Home
from assay.kit.moments import close_of
from assay.kit.progress import SilentProgress
from assay.markets import (
    declare_redenomination,
    digest_inputs,
    import_candles,
    load_candles,
    load_panel,
)
from assay.markets.service.importing import Source, save_table
from assay.markets.types import Interval

from .conftest import NOW, START, Importer, Row, bar

LATER = NOW + timedelta(days=3)


def test_a_correction_keeps_what_was_known_before(home: Home, take: Importer) -> None:
    take([bar("BTC", day, 100.0) for day in range(5)])
    report = take([bar("BTC", 2, 110.0)], now=LATER)
    assert (report.accepted, report.corrections) == (0, 1)
    then = START + timedelta(days=4)
    assert load_candles(home, "BTC", Interval.DAY, as_of=then)["close"].to_list() == [100.0] * 5
    assert load_panel(home, then).close.tolist() == [[100.0] * 5]
    now = load_candles(home, "BTC", Interval.DAY)
    assert now["close"].to_list() == [100.0, 100.0, 110.0, 100.0, 100.0]
    assert now["revision"].to_list() == [0, 0, 1, 0, 0]
    assert now["known_at"][2] == LATER
    assert load_panel(home).close[0, 2] == 110.0


def test_the_newest_correction_known_at_a_moment_counts(home: Home, take: Importer) -> None:
    take([bar("BTC", day, 100.0) for day in range(200)])
    take([bar("BTC", 2, 110.0)], now=NOW)
    take([bar("BTC", 2, 120.0)], now=LATER)
    closes = [
        load_panel(home, moment, recorded).close[0, 2]
        for moment, recorded in (
            (START + timedelta(days=3), None),
            (NOW, None),
            (LATER, None),
            (LATER, NOW),
            (None, None),
        )
    ]
    assert closes == [100.0, 110.0, 120.0, 110.0, 120.0]


def test_correcting_back_is_a_correction_too(home: Home, take: Importer) -> None:
    take([bar("BTC", 0, 100.0)])
    take([bar("BTC", 0, 110.0)], now=NOW + timedelta(hours=1))
    take([bar("BTC", 0, 100.0)], now=LATER)
    assert load_panel(home).close[0, 0] == 100.0
    assert load_candles(home, "BTC", Interval.DAY)["revision"].to_list() == [2]


def test_recorded_by_hides_what_was_stored_later(home: Home, take: Importer) -> None:
    take([bar("BTC", day, 100.0) for day in range(3)])
    before = digest_inputs(load_panel(home))
    take([bar("ETH", day, 10.0) for day in range(3)], now=LATER)
    hidden = load_panel(home, START + timedelta(days=2), recorded_by=NOW)
    assert digest_inputs(hidden) == before
    assert digest_inputs(load_panel(home, START + timedelta(days=2))) != before
    assert load_candles(home, "ETH", Interval.DAY, recorded_by=NOW).is_empty()


def test_days_outside_the_data_are_refused_with_the_days_to_ask_for(
    home: Home, take: Importer
) -> None:
    with pytest.raises(NotFound, match="no daily candles"):
        load_panel(home)
    take([bar("BTC", day, 100.0) for day in range(3)])
    with pytest.raises(BadInput) as early:
        load_panel(home, date(2009, 1, 1))
    with pytest.raises(InFuture) as late:
        load_panel(home, date(2031, 1, 1))
    assert "2024-01-01" in early.value.hint
    assert "2024-01-03" in late.value.hint


def test_a_moment_within_a_day_does_not_see_its_bar(home: Home, take: Importer) -> None:
    take([bar("BTC", day, 100.0) for day in range(3)])
    close = close_of(START + timedelta(days=1))
    assert load_panel(home, close).n_days == 2
    assert load_panel(home, close - timedelta(microseconds=1)).n_days == 1
    candles = load_candles(home, "BTC", Interval.DAY, as_of=close - timedelta(seconds=1))
    assert candles.height == 1


later_rows = st.lists(
    st.tuples(
        st.sampled_from(["BTC", "ETH", "NEW", "LUNA"]), st.integers(0, 60), st.floats(0.6, 1.6)
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=12, deadline=None)
@given(st.integers(5, 30), st.lists(later_rows, min_size=1, max_size=3), st.booleans())
def test_facts_added_later_never_change_what_was_known(
    tmp_path_factory: pytest.TempPathFactory,
    cut: int,
    batches: list[list[tuple[str, int, float]]],
    is_redenominated: bool,
) -> None:
    """New bars after the cut, and corrections of any bar, leave every earlier view as it was."""
    folder = tmp_path_factory.mktemp("later")
    home = Home(folder / "home").create()
    count = 0

    def add(rows: list[Row], hours: int) -> None:
        nonlocal count
        count += 1
        path = folder / f"{count}.parquet"
        pl.DataFrame(rows).write_parquet(path)
        clock = FixedClock(NOW + timedelta(hours=hours))
        import_candles(home, path, Interval.DAY, "binance", clock, SilentProgress())

    add([bar(s, day, 1.0 + day / 100) for s in ("BTC", "ETH") for day in range(cut + 1)], 0)
    as_of = START + timedelta(days=cut)
    panel = load_panel(home, as_of)
    seen = digest_inputs(panel)
    candles = load_candles(home, "BTC", Interval.DAY, as_of=as_of)
    for hours, batch in enumerate(batches, start=1):
        rows = [
            bar(symbol, day, price)
            for symbol, day, price in batch
            if day > cut or symbol in {"BTC", "ETH"}
        ]
        if rows:
            add(rows, hours)
    if is_redenominated:
        declare_redenomination(home, "BTC", as_of, 2.0, FixedClock(NOW + timedelta(hours=9)))
    again = load_panel(home, as_of)
    assert digest_inputs(again) == seen
    assert again.complete_through == panel.complete_through
    assert load_candles(home, "BTC", Interval.DAY, as_of=as_of).equals(candles)


def test_a_partly_recorded_day_is_completed_not_corrected(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    clock, news = FixedClock(NOW), SilentProgress()
    coins = ["BTC", "ETH", "LTC", "XRP"]
    rows = [bar(coin, day, 1.0) for coin in coins for day in range(10)]
    source = Source("first", Interval.DAY, "binance", START + timedelta(days=9))
    save_table(home, pl.DataFrame(rows), source, clock, news)
    assert load_panel(home).complete_through == START + timedelta(days=8)
    whole = [bar(coin, 9, 1.0, volume=2000.0) for coin in coins]
    path = tmp_path / "whole.parquet"
    pl.DataFrame(whole).write_parquet(path)
    report = import_candles(home, path, Interval.DAY, "binance", FixedClock(LATER), news)
    assert (report.completed, report.corrections) == (4, 0)
    panel = load_panel(home, START + timedelta(days=9))
    assert panel.complete_through == START + timedelta(days=9)
    assert panel.volume[:, 9].tolist() == [2000.0] * 4


def test_one_coin_that_runs_ahead_makes_no_day_complete(home: Home, take: Importer) -> None:
    coins = [f"C{n}" for n in range(30)]
    take([bar(coin, day, 1.0) for coin in coins for day in range(20)])
    take([bar("C0", day, 1.0) for day in range(20, 40)])
    panel = load_panel(home)
    assert panel.n_days == 40
    assert panel.complete_through == START + timedelta(days=19)
    assert np.isnan(panel.close[1:, 20:]).all()
