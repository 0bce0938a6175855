"""What is said of days and hours: pure functions of the facts known then."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.signals.worlds import (
    FIRST,
    create_bars,
    create_facts,
    create_hours,
    create_panel,
    cut_panel,
)

from assay.kit.errors import NotFound
from assay.ledger import canonical_json
from assay.markets.types import Panel, TokenKind
from assay.publishing import FIRST_DAY, Hours, Judgement, SaidBook
from assay.signals import DAILY_SIGNALS, HOURLY_SIGNALS
from assay.signals.judging import judge_days, judge_hours, list_refits, name_book
from assay.signals.types import DAILY, HOURLY

DAYS = 420
LAST = FIRST + timedelta(days=DAYS - 1)
SILENT = SaidBook(lambda kind, day: None, ())
START = date(2021, 8, 1)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return create_panel(create_bars(11, tokens=8, bars=DAYS, drift=0.015))


def judge(panel: Panel, *days: date) -> list[Judgement]:
    facts = create_facts(panel)
    return list(judge_days(days, facts, SILENT))


def seal(judgement: Judgement) -> bytes:
    return canonical_json(list(judgement.rows))


def by_token(judgement: Judgement) -> dict[int, dict[str, object]]:
    return {int(row["token_id"]): dict(row) for row in judgement.rows}


def test_a_day_alone_equals_the_day_among_others(panel: Panel) -> None:
    days = [FIRST_DAY + timedelta(days=n) for n in range(0, 200, 20)]
    together = judge(panel, *days)
    assert [item.day for item in together] == days
    for item in together:
        alone = judge(cut_panel(panel, item.day), item.day)[0]
        assert seal(alone) == seal(item)
        assert alone.model == item.model == name_book(DAILY)


@given(st.integers(0, 2**32 - 1), st.integers(0, 200))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bars_after_the_day_change_no_byte(panel: Panel, seed: int, after: int) -> None:
    day = FIRST_DAY + timedelta(days=after)
    generator = np.random.default_rng(seed)
    altered = create_panel(create_bars(11, tokens=8, bars=DAYS, drift=0.015))
    column = panel.column(day) + 1
    for field in (altered.close, altered.high, altered.low, altered.volume):
        future = field[:, column:]
        future *= generator.uniform(0.1, 9.0, future.shape)
        future[generator.uniform(size=future.shape) < 0.1] = np.nan
    kept = [item for item in judge(altered, day, LAST) if item.day == day]
    assert seal(kept[0]) == seal(judge(panel, day)[0])


def test_each_row_says_all_there_is(panel: Panel) -> None:
    row = next(row for row in judge(panel, LAST)[0].rows if row["signal"])
    side = row["signal"]
    assert row["trend"] == side
    assert row["trend_days"] == (LAST - date.fromisoformat(str(row["trend_since"]))).days
    assert row["horizon_days"] == DAILY.horizon
    assert str(row["entry_time"]).endswith("T00:00:00Z")
    prices = [float(str(row[name])) for name in ("target", "close", "stop")]
    assert prices == sorted(prices, reverse=side > 0)
    assert row["confidence"] is None or 0.0 < float(str(row["confidence"])) < 1.0
    assert f"scores {float(str(row['score'])):.2f}" in str(row["reason"])
    assert row["no_view"] is None
    for name in ("signal", "long_short", "holding", "constant"):
        float(str(row[f"{name}_return"]))
    assert 0.0 <= float(str(row["exposure"])) <= 1.0


def test_short_history_and_a_missing_bar_have_no_view(panel: Panel) -> None:
    late = int(panel.token_ids[-1])
    begun = panel.day(int((~np.isnan(panel.close[-1])).argmax()))
    first = begun + timedelta(days=DAILY.warm_up)
    before, on = judge(panel, first - timedelta(days=1), first)
    silent = by_token(before)[late]
    assert silent["signal"] is None
    assert silent["no_view"] == {
        "code": "short_history",
        "reason": "It has traded for fewer than 100 days.",
    }
    assert by_token(on)[late]["no_view"] is None
    gap = panel.day(DAYS // 2 + 2)
    stale = by_token(judge(panel, gap)[0])[int(panel.token_ids[-2])]
    assert stale["no_view"] == {
        "code": "stale",
        "reason": "It has no complete candle for this day.",
    }
    assert stale["close"] is None


def test_a_dead_coin_is_listed_without_a_view_for_thirty_days(panel: Panel) -> None:
    dead = int(panel.token_ids[-1])
    end = panel.day(int(np.flatnonzero(~np.isnan(panel.close[-1]))[-1]))
    for days, is_listed in ((1, True), (30, True), (31, False)):
        rows = by_token(judge(panel, end + timedelta(days=days))[0])
        assert (dead in rows) is is_listed
        if is_listed:
            assert rows[dead]["signal"] is None
            assert rows[dead]["signal_return"] is None


def test_only_coins_are_spoken_of(panel: Panel) -> None:
    stable = int(panel.token_ids[2])
    facts = create_facts(panel, kinds={stable: TokenKind.STABLE})
    rows = by_token(next(iter(judge_days([LAST], facts, SILENT))))
    assert stable not in rows
    assert int(panel.token_ids[1]) in rows


def test_no_coin_means_no_statement(panel: Panel) -> None:
    kinds = {int(token): TokenKind.STABLE for token in panel.token_ids}
    assert list(judge_days([LAST], create_facts(panel, kinds=kinds), SILENT)) == []


def test_a_market_without_bitcoin_is_judged(panel: Panel) -> None:
    others = replace(
        panel,
        token_ids=panel.token_ids[1:],
        **{
            name: getattr(panel, name)[1:]
            for name in ("open", "high", "low", "close", "volume", "unit")
        },
    )
    assert any(row["signal"] is not None for row in judge(others, LAST)[0].rows)


def test_a_day_outside_the_data_is_refused(panel: Panel) -> None:
    with pytest.raises(NotFound):
        judge(panel, LAST + timedelta(days=1))


def test_a_redenomination_moves_prices_and_nothing_else(panel: Panel) -> None:
    changed = create_panel(create_bars(11, tokens=8, bars=DAYS, drift=0.015))
    at = DAYS - 30
    changed.unit[1, at:] = 1000.0
    for field in (changed.close, changed.high, changed.low):
        field[1, at:] /= 1000.0
    token = int(panel.token_ids[1])
    before, after = (by_token(judge(world, LAST)[0])[token] for world in (panel, changed))
    for name in ("signal", "trend_since", "entry_time", "signal_return", "holding_return"):
        assert before[name] == after[name]
    for name in ("close", "entry_price", "target", "stop"):
        if before[name] is not None:
            ratio = float(str(before[name])) / float(str(after[name]))
            assert ratio == pytest.approx(1000.0, rel=1e-6)


def test_signals_do_not_flicker(panel: Panel) -> None:
    days = [FIRST_DAY + timedelta(days=n) for n in range(200)]
    said = [by_token(item) for item in judge(panel, *days)]
    refits = set(list_refits(DAILY, (FIRST_DAY - FIRST).days, DAYS))
    for token in panel.token_ids[:3].tolist():
        states = [rows[token]["signal"] for rows in said]
        changes = [n for n in range(1, 200) if states[n] != states[n - 1]]
        for one, other in pairwise(changes):
            is_refitted = any(one < refit - panel.column(FIRST_DAY) <= other for refit in refits)
            if states[other] == 0 and not is_refitted:
                assert other - one >= DAILY.minimal_hold


def test_refits_are_fixed_days_whatever_the_axis() -> None:
    assert list_refits(DAILY, 10, 300) == [10, 100, 190, 280]
    assert list_refits(DAILY, -100, 200) == [80, 170]


@pytest.fixture(scope="module")
def hours(panel: Panel) -> Hours:
    return create_hours(7, panel.token_ids[:3], START, 40)


def judge_hour(panel: Panel, hours: Hours, *days: date) -> list[Judgement]:
    return list(judge_hours(days, create_facts(panel, hours), SILENT))


def test_every_hour_of_a_day_is_judged_in_order(panel: Panel, hours: Hours) -> None:
    days = [START + timedelta(days=n) for n in (20, 21)]
    said = judge_hour(panel, hours, *days)
    assert [(item.day, item.hour) for item in said] == [(d, h) for d in days for h in range(24)]
    assert {item.model for item in said} == {name_book(HOURLY)}
    row = next(row for item in said for row in item.rows if row["signal"])
    assert str(row["entry_time"]).endswith(":00:00Z")
    assert row["horizon_hours"] == HOURLY.horizon


def test_an_hour_knows_nothing_of_the_next(panel: Panel, hours: Hours) -> None:
    day, hour = START + timedelta(days=35), 11
    said = {item.hour: seal(item) for item in judge_hour(panel, hours, day)}
    altered = create_hours(7, panel.token_ids[:3], START, 40)
    column = altered.column(day, hour) + 1
    for field in (altered.close, altered.high, altered.low):
        field[:, column:] *= np.random.default_rng(5).uniform(0.2, 5.0, field[:, column:].shape)
    changed = {item.hour: seal(item) for item in judge_hour(panel, altered, day)}
    assert changed[hour] == said[hour]
    assert changed[hour + 1] != said[hour + 1]
    alone = judge_hour(panel, hours.until(day), day)
    assert {item.hour: seal(item) for item in alone} == said


def test_hours_that_are_missing_have_no_view(panel: Panel) -> None:
    hours = create_hours(7, panel.token_ids[:3], START, 30)
    day = START + timedelta(days=25)
    column = hours.column(day, 6)
    for field in (hours.close, hours.high, hours.low):
        field[1, column : column + 3] = np.nan
    said = {item.hour: by_token(item) for item in judge_hour(panel, hours, day)}
    token = int(panel.token_ids[1])
    for hour, code in ((5, None), (6, "stale"), (8, "stale"), (9, None)):
        view = said[hour][token]["no_view"]
        assert (None if view is None else view["code"]) == code  # type: ignore[index]


def test_young_hours_have_no_view_and_no_hours_say_nothing(panel: Panel, hours: Hours) -> None:
    first = judge_hour(panel, hours, START + timedelta(days=1))
    assert {row["no_view"]["code"] for item in first for row in item.rows} == {"short_history"}
    assert list(judge_hours([LAST], create_facts(panel), SILENT)) == []


def test_the_speakers_say_what_they_are() -> None:
    assert DAILY_SIGNALS.kind.name == "signals.daily"
    assert not DAILY_SIGNALS.is_hourly
    assert HOURLY_SIGNALS.kind.name == "signals.hourly"
    assert HOURLY_SIGNALS.is_hourly
    assert DAILY_SIGNALS.reads == HOURLY_SIGNALS.reads == ()
