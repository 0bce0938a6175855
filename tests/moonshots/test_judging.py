"""A day's list: whole, honest where nothing is known, the same alone and with any future."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.moonshots.worlds import DAYS, World, create_world, draw_world, seal

from assay.markets.types import TokenKind
from assay.moonshots import MOONSHOTS, Event
from assay.moonshots.types import RISES
from assay.publishing import FIRST_DAY

WORLD = draw_world()
LISTED = [WORLD.panel.day(column) for column in range(440, DAYS)]
EVENT_FIELDS = {
    "probability", "low", "high", "base_rate", "past_events", "among", "lift", "auc", "skill",
}  # fmt: skip


def read(world: World, column: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = orjson.loads(seal(MOONSHOTS, world, [world.panel.day(column)])[0])
    return rows


@pytest.fixture(scope="module")
def batch() -> list[bytes]:
    return seal(MOONSHOTS, WORLD, LISTED)


@pytest.mark.parametrize("place", [0, 45, 46, 79])
def test_a_day_alone_and_among_others_gives_equal_bytes(place: int, batch: list[bytes]) -> None:
    day = LISTED[place]
    assert seal(MOONSHOTS, WORLD.until(day), [day])[0] == batch[place]


@settings(max_examples=6)
@given(place=st.integers(0, 78), seed=st.integers(0, 2**32 - 1))
def test_whatever_happens_later_changes_no_byte(place: int, seed: int, batch: list[bytes]) -> None:
    generator = np.random.default_rng(seed)
    day, t = LISTED[place], 440 + place
    close, volume = WORLD.panel.close.copy(), WORLD.panel.volume.copy()
    later = close[:, t + 1 :]
    later *= np.exp(generator.normal(0, 2, later.shape))
    later[generator.random(later.shape) < 0.3] = np.nan
    volume[:, t + 1 :] *= generator.uniform(0, 1e4)
    volume[np.isnan(close)] = np.nan
    other = replace(WORLD, panel=replace(WORLD.panel, close=close, volume=volume))
    assert seal(MOONSHOTS, other, [day, LISTED[-1]])[0] == batch[place]


def test_a_list_holds_the_coins_outside_the_top_100_by_rising_risk() -> None:
    rows = read(WORLD, DAYS - 1)
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert len({row["token_id"] for row in rows}) == len(rows) > 20
    for row in rows:
        assert row["size_rank"] > 100
        assert row["age_days"] >= 14
        assert row["no_view"] is None
        assert set(row["events"]) == {event.value for event in RISES}
        for said in (*row["events"].values(), row["fall_80"]):
            assert set(said) == EVENT_FIELDS
            low, chance, high = (float(said[k]) for k in ("low", "probability", "high"))
            assert 0.0 <= low <= chance <= high <= 1.0
            assert said["among"] in ("all_coins", "outside_top_100")
            if not said["skill"]:
                assert said["probability"] == said["base_rate"]
        assert "no skill shown" in row["reason"]
        row_index = WORLD.panel.row(row["token_id"])
        assert float(row["price"]) == pytest.approx(WORLD.panel.close[row_index, -1], rel=1e-7)
        before = WORLD.panel.close[row_index, -8]
        if np.isfinite(before):
            change = WORLD.panel.close[row_index, -1] / before - 1
            assert float(row["return_7d"]) == pytest.approx(change, abs=6e-5)


def test_where_a_model_speaks_risk_and_rank_agree() -> None:
    rows = read(draw_world(tokens=400), DAYS - 1)
    assert all(row["fall_80"]["skill"] for row in rows)
    assert rows[0]["fall_80"]["past_events"] >= 30
    chances = [float(row["fall_80"]["probability"]) for row in rows]
    assert chances == sorted(chances)
    assert chances[0] < float(rows[0]["fall_80"]["base_rate"]) < chances[-1]
    assert float(rows[0]["fall_80"]["lift"]) > 5
    assert float(rows[0]["fall_80"]["auc"]) > 0.8
    assert "usually" in rows[0]["reason"]
    assert not any(row["events"]["up_10x"]["skill"] for row in rows)


def test_with_too_few_events_the_base_rate_stands_with_a_wide_interval() -> None:
    """On the first day nothing was known of listed coins: one rate for all, and no claim."""
    rows = read(WORLD, 216)
    assert rows
    for event in Event:
        said = [row["fall_80"] if event.is_fall else row["events"][event.value] for row in rows]
        assert not any(item["skill"] for item in said)
        assert {item["among"] for item in said} == {"all_coins"}
        assert len({item["probability"] for item in said}) == 1
        assert said[0]["lift"] is None
        assert said[0]["auc"] is None
    fall = rows[0]["fall_80"]
    assert float(fall["high"]) - float(fall["low"]) > 0.05
    assert "base rate" in rows[0]["reason"]


def test_without_any_known_outcome_there_is_no_number() -> None:
    world = World(replace(WORLD.panel.until(WORLD.panel.day(60)), first_day=FIRST_DAY))
    rows = read(world, 60)
    assert rows
    assert rows[0]["fall_80"]["probability"] is None
    assert rows[0]["fall_80"]["low"] is None
    assert rows[0]["fall_80"]["past_events"] == 0
    assert "No outcome is known yet" in rows[0]["reason"]


def test_coins_of_other_kinds_and_those_about_to_end_are_not_listed() -> None:
    day = WORLD.panel.last_day
    usual = {row["token_id"] for row in read(WORLD, DAYS - 1)}
    stable, ending = sorted(usual)[:2]
    other = replace(
        WORLD,
        kinds={stable: TokenKind.STABLE},
        ended={ending: day - timedelta(days=3)},
    )
    left = {row["token_id"] for row in read(other, DAYS - 1)}
    assert not {stable, ending} & left
    assert len(left) >= len(usual) - 2


def test_thirteen_days_of_history_are_not_enough() -> None:
    close = np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.03, (120, 300)), axis=1))
    close[115, :250] = np.nan
    world = create_world(close)
    assert 1160 not in {row["token_id"] for row in read(world, 262)}
    young = next(row for row in read(world, 263) if row["token_id"] == 1160)
    assert young["age_days"] == 14
    assert young["return_7d"] is not None


def test_a_redenomination_is_no_fall() -> None:
    panel = WORLD.panel
    close, unit, volume = panel.close.copy(), panel.unit.copy(), panel.volume.copy()
    row = panel.row(read(WORLD, DAYS - 1)[5]["token_id"])
    close[row, 450:] /= 1000.0
    volume[row, 450:] *= 1000.0
    unit[row, 450:] = 1000.0
    split = replace(WORLD, panel=replace(panel, close=close, unit=unit, volume=volume))
    before, after = (
        {item["token_id"]: item for item in read(world, DAYS - 1)} for world in (WORLD, split)
    )
    token = int(panel.token_ids[row])
    for field in ("return_7d", "volume_24h_usd", "size_rank", "age_days"):
        assert before[token][field] == after[token][field]
    assert before[token]["drivers"]["daily_move"] == after[token]["drivers"]["daily_move"]
    base = [world[token]["fall_80"]["base_rate"] for world in (before, after)]
    assert base[0] == base[1]


def test_a_hundred_coins_give_an_empty_list() -> None:
    world = create_world(np.full((100, 300), 1.0))
    assert read(world, 299) == []
