"""The panel on disk and its digests: immutable generations, equal facts, equal bytes."""

import hashlib
import struct
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from assay.kit.errors import Corrupt, NotFound
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.markets import digest_days, digest_inputs, load_panel, reconcile
from assay.markets.compute.assemble import find_complete_through
from assay.markets.types import Panel

from .conftest import START, Importer, bar


def flat(tokens: int, days: int, market_cap: bool = False) -> Panel:
    values = np.arange(tokens * days, dtype=np.float64).reshape(tokens, days) + 1
    return Panel(
        token_ids=np.arange(tokens) * 10,
        first_day=START,
        open=values,
        high=values + 2,
        low=values,
        close=values + 1,
        volume=values * 3,
        unit=np.ones((tokens, days)),
        complete_through=START + timedelta(days=days - 1),
        market_cap=values * 9 if market_cap else None,
    )


def test_columns_and_days_are_each_other() -> None:
    panel = flat(2, 5)
    assert [panel.column(panel.day(j)) for j in range(5)] == list(range(5))
    assert panel.day(-1) == panel.last_day
    assert (panel.row(10), panel.n_tokens, panel.n_days) == (1, 2, 5)
    for outside in (START - timedelta(days=1), START + timedelta(days=5)):
        with pytest.raises(NotFound):
            panel.column(outside)
    with pytest.raises(NotFound):
        panel.row(7)


def test_a_prefix_is_a_view_and_knows_its_newest_day() -> None:
    panel = flat(3, 6, market_cap=True)
    prefix = panel.until(START + timedelta(days=2))
    assert prefix.n_days == 3
    assert prefix.complete_through == START + timedelta(days=2)
    assert np.shares_memory(prefix.close, panel.close)
    assert prefix.market_cap is not None


def test_a_day_is_digested_as_documented() -> None:
    panel = flat(2, 1, market_cap=True)
    words = b"".join(
        struct.pack(
            "<q7d",
            panel.token_ids[i],
            *(float(getattr(panel, name)[i, 0]) for name in ("open", "high", "low", "close")),
            panel.volume[i, 0],
            1.0,
            float(panel.close[i, 0] - 1) * 9,
        )
        for i in range(2)
    )
    assert digest_days(panel) == [hashlib.sha256(words).digest()]
    whole = hashlib.sha256(START.isoformat().encode() + hashlib.sha256(words).digest())
    assert digest_inputs(panel) == whole.hexdigest()


@given(arrays(np.float64, (3, 70), elements=st.sampled_from([np.nan, 1.0, 2.0, -0.0])))
def test_rows_without_bars_and_signs_of_zero_leave_digests_alone(
    close: NDArray[np.float64],
) -> None:
    panel = replace(flat(3, 70), close=close)
    days = digest_days(panel)
    wider = Panel(
        **{
            **panel.__dict__,
            "token_ids": np.append(panel.token_ids, 99),
            **{
                name: np.vstack([getattr(panel, name), np.full(70, np.nan)])
                for name in ("open", "high", "low", "close", "volume", "unit")
            },
        }
    )
    assert digest_days(wider) == days
    assert digest_days(replace(panel, close=close + 0.0)) == days
    assert digest_days(replace(panel, close=np.asfortranarray(close))) == days
    for column in range(70):
        if np.isnan(close[:, column]).all():
            assert days[column] == hashlib.sha256(b"").digest()


@given(st.integers(0, 2), st.integers(0, 69), st.sampled_from(["open", "volume", "unit"]))
def test_any_other_fact_gives_another_digest_that_day_only(row: int, day: int, name: str) -> None:
    panel = flat(3, 70)
    field = np.array(getattr(panel, name))
    field[row, day] += 1
    changed = digest_days(Panel(**{**panel.__dict__, name: field}))
    assert [
        j for j, (a, b) in enumerate(zip(changed, digest_days(panel), strict=True)) if a != b
    ] == [day]


def test_old_readers_keep_their_generation(home: Home, take: Importer) -> None:
    take([bar("BTC", 0, 1.0)])
    first = load_panel(home)
    for day in range(1, 5):
        take([bar("BTC", day, 1.0 + day)])
    assert first.close.tolist() == [[1.0]]
    assert load_panel(home).close.tolist() == [[1.0, 2.0, 3.0, 4.0, 5.0]]
    assert len(list(home.panel.glob("gen-*"))) == 2


def test_the_panel_cannot_be_written_through(home: Home, take: Importer) -> None:
    take([bar("BTC", 0, 1.0)])
    with pytest.raises(ValueError, match="read-only"):
        load_panel(home).close[0, 0] = 2.0


def test_a_damaged_panel_is_named_and_rebuilt(home: Home, take: Importer) -> None:
    take([bar("BTC", 0, 1.0)])
    for path in home.panel.rglob("meta.json"):
        path.write_text("{")
    with pytest.raises(Corrupt, match="cannot be read"):
        load_panel(home)
    reconcile(home, SilentProgress())
    assert load_panel(home).close.tolist() == [[1.0]]


def test_other_venues_and_quotes_stay_out_of_the_panel(home: Home, take: Importer) -> None:
    take([bar("BTC", 0, 1.0)])
    take([bar("BTC", 1, 5.0)], venue="elsewhere")
    take([bar("BTC/EUR", 1, 5.0)])
    assert load_panel(home).close.tolist() == [[1.0]]


def test_thinly_covered_days_are_not_complete() -> None:
    number = np.ones((100, 30), np.int32)
    assert find_complete_through(number, START, {}) == START + timedelta(days=29)
    number[:70, 29] = 0
    assert find_complete_through(number, START, {}) == START + timedelta(days=28)
    number[:, 20:] = 7
    partial = {7: START + timedelta(days=25)}
    assert find_complete_through(number, START, partial) == START + timedelta(days=24)
    assert find_complete_through(np.zeros((1, 1), np.int32), START, {}) == START
