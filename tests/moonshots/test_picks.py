"""Hits and misses: every month's first coins, followed to the end, the dead included."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import orjson
import pytest
from tests.moonshots.worlds import Book, World, create_world, seal

from assay import ledger
from assay.moonshots import OUTCOMES
from assay.moonshots.outcomes import PICKS, follow_coin, list_month_starts
from assay.moonshots.types import OUTCOME_DAYS
from assay.publishing import FIRST_DAY

SAID = date(2021, 6, 1)
OVER = SAID + timedelta(days=OUTCOME_DAYS)


def say(token_ids: list[int], day: date = SAID) -> Book:
    """A published list with the fields that are followed."""
    rows: list[dict[str, Any]] = [
        {
            "token_id": token_id,
            "symbol": f"C{token_id}",
            "name": f"Coin {token_id}",
            "rank": rank,
            "events": {name: {"probability": "0.10000"} for name in ("up_2x", "up_5x", "up_10x")},
            "fall_80": {"probability": "0.01000"},
        }
        for rank, token_id in enumerate(token_ids, start=1)
    ]
    return Book({("moonshots", day): ledger.canonical_json(rows)})


def create_paths() -> World:
    """Five coins bought on the day after the list: a hit, a fall, both, a miss and a death."""
    close = np.full((20, 460), 10.0)
    t = (SAID - (FIRST_DAY - timedelta(days=216))).days
    close[0, t + 10 : t + 12] = 21.0
    close[1, t + 10 :] = 1.0
    close[2, t + 10 : t + 12] = 55.0
    close[2, t + 20 :] = 2.0
    close[4, t + 30] = 4.0
    close[4, t + 31 :] = np.nan
    return create_world(close)


def read(world: World, day: date, book: Book) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = orjson.loads(seal(OUTCOMES, world, [day], book)[0])
    return rows


def test_every_pick_gets_its_verdict_when_its_90_days_are_over() -> None:
    world = create_paths()
    rows = read(world, OVER, say([10, 20, 30, 40, 50]))
    assert [row["verdict"] for row in rows] == ["hit", "fall", "hit and fall", "miss", "miss"]
    assert {row["state"] for row in rows} == {"ended"}
    assert [row["return"] for row in rows] == ["0.0000", "-0.9000", "-0.8000", "0.0000", "-0.6000"]
    assert [row["highest"] for row in rows] == ["1.1000", "0.0000", "4.5000", "0.0000", "0.0000"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[2]["events"] == {"up_2x": True, "up_5x": True, "up_10x": False, "fall_80": True}
    assert rows[0]["said"] == {
        "up_2x": "0.10000", "up_5x": "0.10000", "up_10x": "0.10000", "fall_80": "0.01000",
    }  # fmt: skip
    assert rows[0]["bought_on"] == "2021-06-02"
    assert rows[0]["ends_on"] == OVER.isoformat()


def test_a_dead_coin_keeps_its_last_price_and_says_when_it_stopped() -> None:
    world = create_paths()
    dead = World(world.panel, ended={50: SAID + timedelta(days=32)})
    row = read(dead, OVER, say([50]))[0]
    assert row["stopped_on"] == (SAID + timedelta(days=30)).isoformat()
    assert row["price_now"] == "4"
    assert row["return"] == "-0.6000"


def test_running_picks_have_no_verdict_unless_something_happened() -> None:
    world = create_paths()
    book = say([10, 40])
    waiting = read(world, SAID, book)
    assert [row["state"] for row in waiting] == ["waiting", "waiting"]
    assert [row["price_then"] for row in waiting] == [None, None]
    running = read(world, SAID + timedelta(days=15), book)
    assert [row["state"] for row in running] == ["running", "running"]
    assert [row["verdict"] for row in running] == ["hit", None]
    day_before = read(world, OVER - timedelta(days=1), book)
    assert day_before[1]["verdict"] is None
    assert read(world, OVER, book)[1]["verdict"] == "miss"


def test_only_the_first_ten_are_followed_for_a_year() -> None:
    world = create_paths()
    book = say([10 * place for place in range(1, 16)])
    assert len(read(world, OVER, book)) == PICKS
    late = SAID + timedelta(days=364)
    assert len(read(create_long(), late, book)) == PICKS
    assert read(create_long(), late + timedelta(days=1), book) == []


def create_long() -> World:
    return create_world(np.full((20, 800), 10.0))


def test_days_of_one_call_equal_days_alone() -> None:
    world, book = create_paths(), say([10, 20, 30, 40, 50])
    days = [OVER + timedelta(days=n) for n in (-2, 0, 3)]
    together = seal(OUTCOMES, world, days, book)
    assert together == [seal(OUTCOMES, world.until(day), [day], book)[0] for day in days]


def test_months_start_at_the_first_published_day() -> None:
    assert list_month_starts(date(2021, 4, 30)) == []
    assert list_month_starts(date(2021, 6, 1)) == [date(2021, 6, 1), date(2021, 5, 1)]
    year = list_month_starts(date(2023, 3, 1))
    assert year[0] == date(2023, 3, 1)
    assert year[-1] == date(2022, 4, 1)


@pytest.mark.parametrize("gap", [1, 5])
def test_a_halted_coin_is_bought_at_its_next_bar(gap: int) -> None:
    close = np.full(200, 5.0)
    close[51 : 51 + gap] = np.nan
    close[51 + gap] = 8.0
    path = follow_coin(close, 50, 199)
    assert path.bought == 51 + gap
    assert path.final == pytest.approx(5 / 8)
    assert path.last_bar == 50 + OUTCOME_DAYS
