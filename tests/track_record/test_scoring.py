"""Every measure on a few rows, worked out by hand; nothing before the next close is read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.track_record.worlds import (
    COINS,
    DAY,
    FIRST,
    IDS,
    SAID,
    grade,
    make_closes,
    make_grades,
    make_panel,
    make_world,
    say,
)

from assay.publishing.types import Hours
from assay.track_record.measures import KINDS, find_scorer
from assay.track_record.types import By, Result, SaidRows, Scored

HIT, MISS, OPEN = int(Result.HIT), int(Result.MISS), int(Result.OPEN)


def score(kind: str, said: SaidRows, world: Any = None) -> dict[str, Scored]:
    scorer = find_scorer(kind)
    measures = {measure.name: measure for measure in scorer.measures}
    return scorer.score(world or make_world(), said, measures)


def test_grades_by_hand() -> None:
    found = score("grades.trader", say(make_grades(wrong=[3, 20])))["beats_median"]
    outcomes = 0.01 * (np.arange(COINS) - 15.5)
    assert found.outcomes[:-1] == pytest.approx(outcomes[:-1])
    assert found.count(Result.HIT) == 29
    assert found.count(Result.MISS) == 2
    assert found.count(Result.NO_VIEW) == 1
    assert [found.results[n] for n in (3, 20, 31)] == [MISS, MISS, int(Result.NO_VIEW)]
    # The one without a view stands at the median grade: it is not left out.
    graded = np.append(np.arange(31.0), 15.0)
    ranks = np.argsort(np.argsort(graded, kind="stable")) + 1.0
    ranks[graded == 15.0] = ranks[graded == 15.0].mean()
    expected = np.corrcoef(ranks, np.arange(COINS))[0, 1]
    assert found.order == pytest.approx(expected)
    assert abs(found.order_control) < 0.6
    assert found.loss == pytest.approx(29 * 0.01 + 2 * 0.81)
    assert found.loss_control == pytest.approx(31 * 0.25)
    stated = {
        item.place: (item.count, item.hits) for item in found.bins if item.by is By.PROBABILITY
    }
    assert sorted(stated.values()) == [(15, 14), (16, 1)]


def test_an_interval_holds_or_not() -> None:
    rows = [grade(IDS[0], 50.0), grade(IDS[10], 50.0), grade(IDS[31], None)]
    found = score("grades.trader", say(rows))["interval_90"]
    assert found.results.tolist() == [MISS, HIT, int(Result.NO_VIEW)]
    assert found.said[0] == "-0.1000..0.1000"
    # width + 2/0.1 times the distance outside, and the width alone
    assert found.loss == pytest.approx(0.2 + 20 * 0.055 + 0.2)


def test_a_coin_that_stops_is_sold_at_its_last_price() -> None:
    close = make_closes()
    close[20, SAID + 4 :] = np.nan
    gone = score("grades.trader", say(make_grades()), make_world(make_panel(close)))
    assert gone["beats_median"].outcomes[20] == pytest.approx(0.045)
    assert gone["beats_median"].results[20] == HIT


def test_what_is_not_over_is_open() -> None:
    world = make_world(make_panel(make_closes(SAID + 8)))
    found = score("grades.trader", say(make_grades()), world)["beats_median"]
    assert found.count(Result.OPEN) == 31
    assert not np.isfinite(found.outcomes).any()
    assert np.isnan(found.order)
    over = make_world(make_panel(make_closes(SAID + 9)))
    assert score("grades.trader", say(make_grades()), over)["beats_median"].count(Result.OPEN) == 0


def signal(
    token: int, side: int | None, target: str | None = None, stop: str | None = None
) -> dict[str, Any]:
    return {
        "token_id": token,
        "symbol": f"C{token}",
        "signal": side,
        "confidence": "0.4000" if side else None,
        "target": target,
        "stop": stop,
    }


def test_signals_by_hand() -> None:
    close = np.full((COINS, 100), 10.0)
    high, low = close.copy(), close.copy()
    high[0, SAID + 3] = 12.0  # the target is reached
    low[1, SAID + 2] = 9.0  # the stop first, the target later
    high[1, SAID + 5] = 12.0
    high[2, SAID + 4], low[2, SAID + 4] = 12.0, 9.0  # both in one day: the stop counts
    low[4, SAID + 20] = 8.0  # a short reaches its target on the last day
    high[5, SAID] = 12.0  # on the judged day itself: too early
    rows = [
        signal(IDS[0], 1, "11.5", "9.5"),
        signal(IDS[1], 1, "11.5", "9.5"),
        signal(IDS[2], 1, "11.5", "9.5"),
        signal(IDS[3], 0),
        signal(IDS[4], -1, "8.5", "10.5"),
        signal(IDS[5], 1, "11.5", "9.5"),
        signal(IDS[6], None),
    ]
    world = make_world(make_panel(close, high, low))
    found = score("signals.daily", say(rows), world)["target_before_stop"]
    no_call, no_view = int(Result.NO_CALL), int(Result.NO_VIEW)
    assert found.results.tolist() == [HIT, MISS, MISS, no_call, HIT, MISS, no_view]
    assert found.loss == pytest.approx(2 * 0.36 + 3 * 0.16)
    assert found.control_trials == 5


def test_hourly_signals_by_hand() -> None:
    bars = np.full((2, 80), 10.0)
    high = bars.copy()
    high[0, 25 + 48] = 12.0
    high[1, 25 + 49] = 12.0
    start = datetime(2021, 4, 1, tzinfo=UTC)
    hours = Hours(np.array(IDS[:2]), start, bars, high, bars, bars, bars)
    rows = [signal(IDS[0], 1, "11.5", "9.5"), signal(IDS[1], 1, "11.5", "9.5")]
    said = say(rows, FIRST + timedelta(days=1), 1)
    found = score("signals.hourly", said, make_world(hours=lambda: hours))["target_before_stop"]
    assert found.results.tolist() == [HIT, MISS]
    late = say(rows, FIRST + timedelta(days=1), 7)
    found = score("signals.hourly", late, make_world(hours=lambda: hours))["target_before_stop"]
    assert found.results.tolist() == [OPEN, OPEN]


def quantiles(token: int, low: str, high: str) -> dict[str, Any]:
    returns = [low, low, "0.0000", "0.0000", "0.0000", high, high]
    horizons = [{"days": days, "returns": returns} for days in (1, 7, 30, 90)]
    return {"token_id": token, "symbol": f"C{token}", "horizons": horizons, "no_view": None}


def test_quantiles_speak_from_the_close_of_their_own_day() -> None:
    rows = [quantiles(IDS[31], "-0.1000", "0.1000"), quantiles(IDS[20], "-0.1000", "0.1000")]
    found = score("forecasts.quantiles", say(rows))
    # Coin 31 moves by 0.155 on the second day.
    assert found["range_90_1d"].results.tolist() == [HIT, HIT]
    assert found["range_90_7d"].results.tolist() == [MISS, HIT]
    assert found["range_90_7d"].outcomes == pytest.approx([0.155, 0.045])
    below = [(item.count, item.hits) for item in found["range_90_7d"].bins]
    assert below == [(2, 0)] * 5 + [(2, 1)] * 2


def test_levels_turn_break_or_are_not_reached() -> None:
    close = np.full((COINS, 200), 10.0)
    close[0, SAID + 3] = 9.0  # reaches the support and comes back
    close[1, SAID + 3] = 9.0  # reaches it and goes through
    close[1, SAID + 4 :] = 8.0

    def row(token: int, *prices: str) -> dict[str, Any]:
        supports = [{"price": price, "strength": "0.60"} for price in prices]
        return {
            "token_id": token, "symbol": f"C{token}", "price": "10", "tolerance": "0.0200",
            "supports": supports, "resistances": [], "no_view": None,
        }  # fmt: skip

    silent = {**row(IDS[3]), "no_view": {"code": "stale", "reason": ""}}
    rows = [row(IDS[0], "9", "9.95"), row(IDS[1], "9"), row(IDS[2], "9"), silent]
    found = score("forecasts.levels", say(rows), make_world(make_panel(close)))["turns"]
    assert found.results.tolist() == [
        HIT, int(Result.NO_CALL), MISS, int(Result.UNDECIDED), int(Result.NO_VIEW),
    ]  # fmt: skip
    assert found.rows.tolist() == [0, 0, 1, 2, 3]


def test_moonshots_compare_what_was_said_with_how_often_it_came_true() -> None:
    close = np.full((COINS, 200), 10.0)
    close[0, SAID + 50] = 1.9  # a fall of 81 %
    close[1, SAID + 10] = 21.0  # doubles
    close[2, SAID + 1] = 1.0  # bought there: it then rises to 10 times that

    def row(number: int) -> dict[str, Any]:
        said = {"probability": "0.20000", "base_rate": "0.10000"}
        events = dict.fromkeys(("up_2x", "up_5x", "up_10x"), said)
        token = IDS[number]
        return {
            "token_id": token, "symbol": f"C{token}", "rank": 4 - number, "events": events,
            "fall_80": said,
        }  # fmt: skip

    rows = [row(0), row(1), row(2), row(3)]
    found = score("moonshots", say(rows), make_world(make_panel(close)))
    assert found["fall_80"].results.tolist() == [HIT, MISS, MISS, MISS]
    assert found["up_2x"].results.tolist() == [MISS, HIT, HIT, MISS]
    assert found["up_10x"].results.tolist() == [MISS, MISS, HIT, MISS]
    assert found["fall_80"].outcomes[0] == pytest.approx(-0.81)
    assert found["fall_80"].control_hits == pytest.approx(0.4)
    assert found["fall_80"].order == 1.0  # the riskiest rank fell
    assert found["fall_80"].loss == pytest.approx(0.64 + 3 * 0.04)
    assert found["fall_80"].loss_control == pytest.approx(0.81 + 3 * 0.01)


def test_indices_and_the_market() -> None:
    levels = {
        DAY + timedelta(days=1): {1: 1000.0, 2: 1000.0},
        DAY + timedelta(days=31): {1: 1100.0, 2: 900.0},
    }
    world = make_world(levels=lambda day: levels.get(day, {}))
    rows = [{"index_id": number, "slug": f"i{number}", "level": "1000"} for number in (1, 2, 3)]
    found = score("indices", say(rows), world)["beats_equal_weight"]
    assert found.results.tolist() == [HIT, MISS, int(Result.UNDECIDED)]
    assert found.outcomes[0] == pytest.approx(np.log(1.1))
    close = np.full((COINS, 200), 10.0)
    close[:, SAID + 2 :] = 11.0
    bull = {"indicator": {"last_signal": 1}, "no_view": None}
    bear = {"indicator": {"last_signal": -1}, "no_view": None}
    rising = make_world(make_panel(close))
    found = score("market_state", say([bull, bear]), rising)["bull_or_bear"]
    assert found.results.tolist() == [HIT, MISS]
    assert found.outcomes == pytest.approx([0.1, 0.1])


@pytest.mark.parametrize("kind", ["grades.trader", "signals.daily", "moonshots"])
def test_an_outcome_reads_nothing_before_the_next_close_and_nothing_after_it_is_known(
    kind: str,
) -> None:
    generator = np.random.default_rng(3)
    close = 10.0 * np.exp(np.cumsum(generator.normal(0.0, 0.03, (COINS, 200)), axis=1))
    said = {"probability": "0.1", "base_rate": "0.1"}
    rises = {"up_2x": said, "up_5x": said, "up_10x": said}
    rows = {
        "grades.trader": make_grades(),
        "signals.daily": [signal(token, 1, "14", "7") for token in IDS],
        "moonshots": [
            {"token_id": token, "symbol": "C", "rank": n, "events": rises, "fall_80": said}
            for n, token in enumerate(IDS)
        ],
    }[kind]
    measures = find_scorer(kind).measures
    end = SAID + max(measure.bars for measure in measures)
    spoilt = close.copy()
    spoilt[:, : SAID + 1] *= np.exp(generator.normal(0.0, 0.2, (COINS, SAID + 1)))
    spoilt[:, end + 1 :] *= 3.0
    before = score(kind, say(rows), make_world(make_panel(close)))
    after = score(kind, say(rows), make_world(make_panel(spoilt)))
    for name in before:
        assert (before[name].results == after[name].results).all()
        np.testing.assert_array_equal(before[name].outcomes, after[name].outcomes)
        assert before[name].order == after[name].order or np.isnan(before[name].order)
    changed = close.copy()
    changed[:, SAID + 1] *= np.exp(generator.normal(0.0, 0.5, COINS))
    other = score(kind, say(rows), make_world(make_panel(changed)))
    assert any((before[name].outcomes != other[name].outcomes).any() for name in before)


def test_the_same_publication_is_always_shuffled_alike() -> None:
    said = say(make_grades())
    one, other = (score("grades.trader", said)["beats_median"] for _ in range(2))
    assert one.order_control == other.order_control
    assert one.control_hits == other.control_hits
    moved = score("grades.trader", replace(said, digest="7" * 64))["beats_median"]
    assert moved.order_control != one.order_control


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_publication_is_scored_as_nothing(kind: str) -> None:
    """A withdrawal has no rows."""
    hours = Hours(
        np.array(IDS[:2]), datetime(2021, 4, 1, tzinfo=UTC), *(np.full((2, 2000), 1.0),) * 5
    )
    world = make_world(make_panel(np.full((COINS, 500), 10.0)), hours=lambda: hours)
    hour = 3 if kind == "signals.hourly" else None
    for name, found in score(kind, say([], hour=hour), world).items():
        assert found.results.size == found.subjects.size == 0, name
        assert found.control_trials == 0
        assert np.isnan(found.order) or found.order == 0.0
