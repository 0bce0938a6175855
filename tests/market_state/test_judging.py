"""What is said of a day: the same alone or among others, blind to the future, whole in words."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market_state.worlds import FIRST, Book, World, create_world, draw_world, seal

from assay.backtest import compute_metrics
from assay.market_state import (
    MARKET_STATE,
    MARKET_STATE_CORRELATIONS,
    MARKET_STATE_TOKENS,
    SPEAKERS,
)
from assay.markets.types import TokenKind
from assay.publishing import Speaker

WORLD = draw_world(24, 460, seed=11)
DAYS = [WORLD.day(column) for column in range(380, 460)]


def draw_book(days: list[date], seed: int = 0) -> Book:
    generator = np.random.default_rng(seed)
    return Book({day: [None, *(f"{g:.2f}" for g in generator.uniform(0, 100, 9))] for day in days})


BOOK = draw_book([day - timedelta(days=1) for day in DAYS] + DAYS[-1:])


def read(speaker: Speaker, world: World, day: date, book: Book = BOOK) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = orjson.loads(seal(speaker, world, [day], book)[0])
    return rows


@pytest.fixture(scope="module")
def batches() -> dict[str, list[bytes]]:
    return {speaker.kind.name: seal(speaker, WORLD, DAYS, BOOK) for speaker in SPEAKERS}


@pytest.mark.parametrize("speaker", SPEAKERS, ids=lambda s: s.kind.name)
@pytest.mark.parametrize("place", [0, 33, 79])
def test_a_day_alone_and_among_others_gives_equal_bytes(
    speaker: Speaker, place: int, batches: dict[str, list[bytes]]
) -> None:
    day = DAYS[place]
    alone = seal(speaker, WORLD.until(day), [day], BOOK)[0]
    assert alone == batches[speaker.kind.name][place]


@settings(max_examples=12)
@given(place=st.integers(0, 78), seed=st.integers(0, 2**32 - 1))
def test_whatever_happens_later_changes_no_byte(place: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    day, t = DAYS[place], 380 + place
    close, volume = WORLD.panel.close.copy(), WORLD.panel.volume.copy()
    later = close[:, t + 1 :]
    later *= np.exp(generator.normal(0, 2, later.shape))
    later[generator.random(later.shape) < 0.3] = np.nan
    volume[:, t + 1 :] *= generator.uniform(0, 1e4)
    volume[np.isnan(close)] = np.nan
    other = replace(WORLD, panel=replace(WORLD.panel, close=close, volume=volume))
    for speaker in SPEAKERS:
        days = [day, DAYS[-1]]
        assert seal(speaker, other, days, BOOK)[0] == seal(speaker, WORLD, days, BOOK)[0]


def test_tokens_say_what_their_returns_give() -> None:
    day, t = DAYS[-1], 459
    rows = {row["token_id"]: row for row in read(MARKET_STATE_TOKENS, WORLD, day)}
    close = WORLD.panel.close[1, : t + 1]
    returns = close[1:] / close[:-1] - 1
    btc = WORLD.panel.close[0, 1 : t + 1] / WORLD.panel.close[0, :t] - 1
    for window, own, market in (
        ("all", returns, btc),
        ("year", returns[-365:], btc[-365:]),
    ):
        said = rows[20][window]
        expected = asdict(compute_metrics(own, market))
        figures = set(said) - {"since", "days"}
        assert {"total_return", "sharpe", "var_95", "omega", "skew", "beta"} <= figures
        for name in figures:
            places = len(said[name].split(".")[1])
            assert float(said[name]) == pytest.approx(expected[name], abs=0.51 * 10**-places), name
        assert said["days"] == own.size
    assert rows[20]["all"]["since"] == (FIRST + timedelta(days=1)).isoformat()
    assert rows[20]["year"]["since"] == (day - timedelta(days=364)).isoformat()
    assert rows[10]["all"]["beta"] == "1.0000"


def test_young_coins_are_not_annualised_and_have_no_year() -> None:
    close = np.full((3, 500), np.nan)
    close[0], close[1, 380:], close[2, 480:] = 1.0, 2.0, 3.0
    close *= np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.02, (3, 500)), axis=1))
    world = create_world(close)
    rows = {r["token_id"]: r for r in read(MARKET_STATE_TOKENS, world, world.day(499))}
    assert rows[10]["year"] is not None
    young = rows[20]
    assert young["year"] is None
    assert young["all"]["cagr"] is young["all"]["calmar"] is young["all"]["alpha"] is None
    assert young["all"]["sharpe"] is not None
    assert rows[30]["no_view"]["code"] == "short_history"
    assert rows[30]["all"] is rows[30]["year"] is None


def test_dying_coins_are_listed_without_a_view_for_thirty_days() -> None:
    close = np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.03, (5, 200)), axis=1))
    close[3, 150:] = np.nan
    world = create_world(close)

    def codes(column: int) -> dict[int, str | None]:
        rows = read(MARKET_STATE_TOKENS, world, world.day(column))
        return {r["token_id"]: r["no_view"] and r["no_view"]["code"] for r in rows}

    assert codes(149)[40] is None
    assert codes(150)[40] == codes(179)[40] == "stale"
    assert 40 not in codes(180)
    listed = {r["token_id"] for r in read(MARKET_STATE_CORRELATIONS, world, world.day(150))}
    assert listed == {10, 20, 30, 50}


def test_liquid_coins_come_first_and_only_coins_are_listed() -> None:
    close = np.ones((4, 120)) * np.exp(np.random.default_rng(3).normal(0, 0.01, (4, 120)))
    volume = np.array([[1e6], [5e6], [2e6], [9e6]]) * np.ones((4, 120))
    world = replace(create_world(close, volume), kinds={40: TokenKind.STABLE})
    for speaker in (MARKET_STATE_TOKENS, MARKET_STATE_CORRELATIONS):
        assert [r["token_id"] for r in read(speaker, world, world.day(119))] == [20, 30, 10]
    state = read(MARKET_STATE, world, world.day(119))[0]
    assert state["breadth"]["coins"] == 3
    assert float(state["volume"]["total_usd"]) == pytest.approx(8e6, rel=0.05)


def test_correlation_rows_hold_the_ends_of_the_order() -> None:
    day = DAYS[-1]
    rows = read(MARKET_STATE_CORRELATIONS, WORLD, day)
    row = rows[0]
    most, least = ([float(p["correlation"]) for p in row[name]] for name in ("most", "least"))
    assert len(most) == len(least) == 10
    assert most == sorted(most, reverse=True)
    assert least == sorted(least)
    assert row["token_id"] not in {p["token_id"] for p in row["most"] + row["least"]}
    assert least[0] <= float(row["mean"]) <= most[0]
    close = WORLD.panel.close[:, 459 - 90 : 460]
    changes = np.diff(
        np.log(close[[row["token_id"] // 10 - 1, row["most"][0]["token_id"] // 10 - 1]])
    )
    known = np.isfinite(changes).all(axis=0)
    plain = np.asarray(np.corrcoef(changes[:, known]))[0, 1]
    assert float(row["most"][0]["plain"]) == pytest.approx(plain, abs=1e-4)
    by_id = {r["token_id"]: r for r in rows}
    best = row["most"][0]
    back = {p["token_id"]: p["correlation"] for p in by_id[best["token_id"]]["most"]}
    assert back.get(row["token_id"], best["correlation"]) == best["correlation"]


def test_a_coin_too_young_to_correlate_says_so() -> None:
    close = np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.03, (5, 200)), axis=1))
    close[4, :150] = np.nan
    rows = {
        r["token_id"]: r
        for r in read(MARKET_STATE_CORRELATIONS, create_world(close), FIRST + timedelta(days=199))
    }
    assert rows[50]["no_view"]["code"] == "short_history"
    assert "60" in rows[50]["no_view"]["reason"]
    assert (rows[50]["days"], rows[50]["most"], rows[50]["mean"]) == (49, None, None)
    assert len(rows[10]["most"]) == 3


def test_market_of_one_coin() -> None:
    close = np.exp(np.cumsum(np.random.default_rng(4).normal(0, 0.03, (1, 300)), axis=1))
    world = create_world(close)
    state = read(MARKET_STATE, world, world.day(299), Book())[0]
    assert state["breadth"]["coins"] == 1
    assert state["breadth"]["above_mean_50"] in ("0.0000", "1.0000")
    assert state["volatility"]["days_30"] is None
    assert state["correlation"] == {"mean": None, "change": None, "coins": 1}
    assert state["eth"] is None
    assert "ETH has no candle on this day." in state["gaps"]
    assert state["grades"]["trader"]["reason"] == "No Trader Grades stand for this day."
    (row,) = read(MARKET_STATE_CORRELATIONS, world, world.day(299))
    assert row["no_view"]["code"] == "short_history"
    (coin,) = read(MARKET_STATE_TOKENS, world, world.day(299))
    assert coin["all"]["beta"] == "1.0000"


def test_market_of_nothing() -> None:
    close = np.full((2, 50), np.nan)
    close[0, 0] = 1.0
    world = create_world(close)
    day = world.day(49)
    state = read(MARKET_STATE, world, day, Book())[0]
    assert state["btc"] is None
    assert state["volume"]["total_usd"] is None
    assert state["fear_and_greed"]["value"] is None
    assert read(MARKET_STATE_TOKENS, world, day) == []
    assert read(MARKET_STATE_CORRELATIONS, world, day) == []


def test_the_first_day_of_a_market() -> None:
    world = create_world(np.ones((3, 5)))
    state = read(MARKET_STATE, world, FIRST, Book())[0]
    assert state["btc"] == {"token_id": 10, "price_usd": "1", "change": None}
    assert state["volume"]["change"] is None


def test_share_of_coins_graded_high_and_its_change() -> None:
    day = DAYS[-1]
    book = Book({day: ["60.00", "59.99", "75.00", None], day - timedelta(days=1): ["80.00", "1"]})
    grades = read(MARKET_STATE, WORLD, day, book)[0]["grades"]["trader"]
    assert (grades["graded"], grades["high"], grades["strong"]) == (3, "0.6667", "0.3333")
    assert grades["high_change"] == "0.1667"


def test_changes_are_steps_from_yesterday() -> None:
    today, before = (read(MARKET_STATE, WORLD, day)[0] for day in (DAYS[-1], DAYS[-2]))
    for part, name, change in (
        ("breadth", "above_mean_50", "above_mean_50_change"),
        ("volatility", "days_30", "days_30_change"),
        ("correlation", "mean", "change"),
        ("fear_and_greed", "value", "change"),
    ):
        step = float(today[part][name]) - float(before[part][name])
        assert float(today[part][change]) == pytest.approx(step, abs=1.1e-4), name
    ratio = float(today["volume"]["total_usd"]) / float(before["volume"]["total_usd"]) - 1
    assert float(today["volume"]["change"]) == pytest.approx(ratio, abs=1e-4)


def test_market_with_caps_tells_them_and_has_no_gap_for_them() -> None:
    caps = np.full(WORLD.panel.close.shape, 1e9)
    world = replace(WORLD, panel=replace(WORLD.panel, market_cap=caps))
    state = read(MARKET_STATE, world, DAYS[-1])[0]
    assert state["market_cap"]["total_usd"] == "24000000000"
    assert state["market_cap"]["change"] == "0.0000"
    assert state["market_cap"]["reason"] is None
    assert not any("caps" in gap for gap in state["gaps"])


def test_redenomination_is_no_crash() -> None:
    close = np.exp(np.cumsum(np.random.default_rng(6).normal(0, 0.02, (4, 120)), axis=1))
    unit = np.ones_like(close)
    unit[2, 60:] = 1000.0
    plain = create_world(close)
    world = replace(
        plain, panel=replace(plain.panel, close=close / unit, unit=unit, volume=1e6 * unit / close)
    )
    for speaker in (MARKET_STATE_TOKENS, MARKET_STATE_CORRELATIONS):
        assert read(speaker, world, world.day(119)) == read(speaker, plain, plain.day(119))
    assert not math.isnan(
        float(read(MARKET_STATE, world, world.day(119))[0]["volume"]["total_usd"])
    )
