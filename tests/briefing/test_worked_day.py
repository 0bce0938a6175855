"""A day worked out by hand: what changed, why, and what is no change."""

from datetime import timedelta
from typing import Any

import pytest
from tests.briefing.world import (
    DAY,
    EVE,
    Archive,
    flat_facts,
    grade,
    moonshot,
    said_on_the_day,
    write_briefing,
)


@pytest.fixture(scope="module")
def row() -> dict[str, Any]:
    return write_briefing(said_on_the_day(), flat_facts())


def test_grade_moves_name_the_sub_grades_that_moved_the_same_way(row: dict[str, Any]) -> None:
    trader, investor = row["grades"]["boards"]
    assert [(move["symbol"], move["change"]) for move in trader["up"]] == [("BETA", "12.10")]
    (fall,) = trader["down"]
    assert (fall["grade_before"], fall["grade"], fall["change"]) == ("71.50", "44.25", "-27.25")
    assert fall["parts"] == [
        {"family": "momentum", "grade": "12.00", "grade_before": "50.00", "change": "-38.00"},
        {"family": "volatility", "grade": "31.00", "grade_before": "50.00", "change": "-19.00"},
    ]
    assert trader["up"][0]["parts"] == []
    assert trader["graded"] == 2
    assert trader["labels_before"]["Buy"] == 1
    assert (investor["up"], investor["down"], investor["absent"]) == ([], [], None)


def test_signals_enter_flip_and_end(row: dict[str, Any]) -> None:
    changes = row["signals"]["changes"]
    symbols = {name: [coin["symbol"] for coin in group["coins"]] for name, group in changes.items()}
    assert symbols == {
        "long_entry": ["BETA"],
        "short_entry": [],
        "flip_to_long": [],
        "flip_to_short": ["ALPHA"],
        "exit": ["GAMMA"],
    }
    assert row["signals"]["counts"] == {"long": 1, "short": 1, "none": 2}
    assert row["signals"]["counts_before"] == {"long": 2, "short": 0, "none": 2}


def test_an_index_that_traded_shows_its_largest_trades_and_its_regime(row: dict[str, Any]) -> None:
    quiet, traded = row["indices"]["indices"]
    assert (quiet["rebalanced"], quiet["regime"], quiet["regime_before"]) == (
        False, "invested", "invested",
    )  # fmt: skip
    assert (traded["regime_before"], traded["regime"]) == ("invested", "cash")
    assert traded["trades"]["bought"]["count"] == 0
    assert [coin["symbol"] for coin in traded["trades"]["sold"]["coins"]] == ["ALPHA", "BETA"]


def test_risks_are_the_likeliest_falls_and_lost_views(row: dict[str, Any]) -> None:
    falls, silent = row["risks"]["falls"], row["risks"]["silent"]
    assert [(coin["symbol"], coin["probability"]) for coin in falls["coins"]] == [
        ("ALPHA", "0.0456"), ("BETA", "0.0123"),
    ]  # fmt: skip
    assert silent["count"] == 1
    assert silent["coins"][0]["symbol"] == "GAMMA"
    assert silent["coins"][0]["grade_before"] == "40.25"
    assert silent["coins"][0]["no_view"]["code"] == "delisting_evident"


def test_without_skill_no_coin_stands_out() -> None:
    archive = said_on_the_day()
    archive.rows[("moonshots", DAY)] = [moonshot(2, "0.0090", skill=False)]
    falls = write_briefing(archive, flat_facts())["risks"]["falls"]
    assert falls["coins"] == []
    assert "no skill" in falls["absent"]


def test_the_market_and_the_forecasts_are_taken_over(row: dict[str, Any]) -> None:
    market = row["market"]
    assert market["figures"]["volatility"]["regime"] == "wild"
    assert market["figures_before"]["volatility"]["regime"] == "middle"
    assert [point["as_of"] for point in market["trail"]] == [EVE.isoformat(), DAY.isoformat()]
    (coin,) = row["forecasts"]["coins"]
    assert coin["horizons"][0]["returns"] == ["-0.1500", "0.0000", "0.1800"]
    assert row["forecasts"]["absent"] == "No forecast was published of ETH."


def test_picks_are_the_best_liquid_uncapped_grades() -> None:
    archive = said_on_the_day()
    archive.rows[("grades.trader", DAY)] = [
        grade(1, "75.00", 1, capped=True),
        grade(2, "70.00", 2, volume_usd="999999"),
        grade(3, "60.00", 3, volume_usd=None),
        grade(3375, "55.00", 4, volume_usd="1000000"),
    ]
    board = write_briefing(archive, flat_facts())["picks"]["boards"][0]
    assert [coin["symbol"] for coin in board["coins"]] == ["BTC"]


def test_a_pick_keeps_its_first_day_and_a_lost_one_is_named() -> None:
    archive = said_on_the_day()
    days = [DAY - timedelta(days=back) for back in (3, 2, 1)]
    for day in days[:2]:
        archive.rows[("grades.trader", day)] = [grade(1, "70.00", 1)]
    facts = flat_facts()
    row = write_briefing(archive, facts, [*days, DAY])
    alpha = next(c for c in row["picks"]["boards"][0]["coins"] if c["symbol"] == "ALPHA")
    assert alpha["listed_since"] == days[0].isoformat()
    assert alpha["return_since"] == "0.0000"
    (left,) = row["picks"]["boards"][0]["left"]
    assert left["symbol"] == "GAMMA"
    assert left["grade_before"] == "40.25"
    assert left["no_view"]["code"] == "delisting_evident"


def test_a_pick_bought_tomorrow_has_no_return_yet(row: dict[str, Any]) -> None:
    for pick in row["picks"]["boards"][0]["coins"]:
        assert (pick["listed_since"], pick["return_since"]) == (DAY.isoformat(), None)


@pytest.mark.parametrize("gone", sorted({kind for kind, _ in said_on_the_day().rows}))
def test_a_silent_kind_is_named_in_its_part(gone: str) -> None:
    said = said_on_the_day().rows
    archive = Archive({key: rows for key, rows in said.items() if key[0] != gone})
    row = write_briefing(archive, flat_facts())
    sentence = f"Nothing was published for {gone} on {DAY.isoformat()}."
    assert sentence in list_absences(row)


def test_without_yesterday_changes_are_not_known() -> None:
    said = said_on_the_day().rows
    archive = Archive({key: rows for key, rows in said.items() if key[1] == DAY})
    row = write_briefing(archive, flat_facts())
    unknown = f"on {EVE.isoformat()}. Changes are not known."
    assert row["grades"]["boards"][0]["absent"].endswith(unknown)
    assert row["signals"]["absent"].endswith(unknown)
    assert row["signals"]["counts"] == {"long": 1, "short": 1, "none": 2}


def test_a_day_on_which_nobody_spoke_is_still_a_briefing() -> None:
    row = write_briefing(Archive(), flat_facts())
    assert row["sources"] == []
    assert len(set(list_absences(row))) == 9


def list_absences(part: Any) -> list[str]:
    """Every sentence of an `absent` field."""
    if isinstance(part, dict):
        own = [part["absent"]] if part.get("absent") else []
        return own + [text for item in part.values() for text in list_absences(item)]
    if isinstance(part, list):
        return [text for item in part for text in list_absences(item)]
    return []
