"""What fires: worked examples first, then the engine beside the slow definitions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.alerts.rules.reference import expect

from assay.alerts.compute.engine import Engine, to_ms
from assay.alerts.rules import Rule, RuleSpec
from assay.alerts.types import Reading

START = datetime(2026, 1, 5, tzinfo=UTC)


def make_rule(when: dict[str, Any], **fields: Any) -> Rule:
    state = {name: fields.pop(name) for name in ("rule_id", "account_id") if name in fields}
    spec = RuleSpec.model_validate({"when": when, **fields})
    named = {"rule_id": "rul_1", "account_id": "acc_1", **state}
    return Rule(**named, revision=1, spec=spec, is_paused=False, created_at=START, updated_at=START)


def price(value: float, second: float, subject: str = "1", **fields: Any) -> Reading:
    return Reading("price", subject, value, START + timedelta(seconds=second), **fields)


def word(metric: str, value: str, second: float, subject: str = "1") -> Reading:
    return Reading(metric, subject, value, START + timedelta(seconds=second))


def fire(rule: Rule, readings: list[Reading]) -> list[float]:
    """The seconds at which it fires."""
    engine = Engine()
    engine.add(rule)
    firings = [firing for reading in readings for firing in engine.feed(reading)]
    assert [firing.number for firing in firings] == list(range(1, len(firings) + 1))
    return [(firing.at - START).total_seconds() for firing in firings]


def prices(*values: float) -> list[Reading]:
    return [price(value, second) for second, value in enumerate(values)]


ABOVE = {"metric": "price", "subject": "1", "op": "above", "value": 100, "rearm": 5}
CROSS = {"metric": "price", "subject": "1", "op": "crosses_above", "value": 100, "rearm": 5}
FALL = {"metric": "price", "subject": "1", "op": "falls", "percent": 10, "within_s": 60}


@pytest.mark.parametrize(
    ("when", "values", "fired"),
    [
        (ABOVE, (99, 100, 101, 120, 96, 101, 95, 94, 101), [2, 8]),
        (ABOVE, (101, 102), [0]),
        (ABOVE | {"op": "below"}, (101, 99, 104, 99, 106, 99), [1, 5]),
        (CROSS, (101, 102, 99, 101, 94, 101), [5]),
        (CROSS, (99, 100, 101, 99, 101, 94, 101), [2, 6]),
        (CROSS | {"op": "crosses_below"}, (101, 99, 104, 99, 106, 99), [1, 5]),
        (CROSS | {"op": "crosses"}, (99, 101, 99, 101, 106, 99), [1, 5]),
        (FALL, (100, 95, 90, 89, 93, 100, 89), [2, 6]),
        (FALL | {"op": "rises"}, (100, 95, 104, 104.5, 110), [3]),
        (FALL | {"op": "moves"}, (100, 95, 104.5, 100, 94), [2, 4]),
    ],
)
def test_each_crossing_fires_once_until_the_reading_has_come_back(
    when: dict[str, Any], values: tuple[float, ...], fired: list[float]
) -> None:
    assert fire(make_rule(when), prices(*values)) == fired


def test_a_window_forgets_what_is_older_than_it() -> None:
    slow = [price(100 - n, 30 * n) for n in range(20)]
    assert fire(make_rule(FALL), slow) == []
    wider = FALL | {"within_s": 3600}
    assert fire(make_rule(wider), slow) == [300]


def test_the_firing_carries_the_readings_behind_it() -> None:
    engine = Engine()
    engine.add(make_rule(FALL))
    engine.feed(price(100, 0, source="binance"))
    (firing,) = engine.feed(price(90, 1, source="kraken", is_replay=True))
    (evidence,) = firing.evidence
    assert (evidence.value, evidence.beside, evidence.source) == (90, 100, "kraken")
    assert evidence.is_replay
    assert evidence.at == firing.at == START + timedelta(seconds=1)


def test_late_and_repeated_readings_change_nothing() -> None:
    readings = [price(99, 0), price(101, 10), price(90, 5), price(101, 10), price(101, 15)]
    assert fire(make_rule(ABOVE), readings) == [10]
    happens = make_rule({"metric": "index.rebalance", "subject": "top-10", "op": "happens"})
    told = word("index.rebalance", "3 trades", 0, "top-10")
    assert fire(happens, [told, told]) == [0]


def test_numbers_that_are_none_are_no_readings() -> None:
    odd = [price(value, second) for second, value in enumerate((99, float("nan"), float("inf")))]
    odd += [price(-101, 3), price(0, 4), price(101, 5)]
    assert fire(make_rule(ABOVE | {"op": "below"}), odd) == [0]
    assert fire(make_rule(FALL | {"within_s": 10}), odd) == []


def test_a_change_of_words_fires_where_both_are_those_wanted() -> None:
    words = ["none", "long", "long", "short", "none", "short"]
    told = [word("signal.daily", item, 86_400 * n) for n, item in enumerate(words)]
    change: dict[str, Any] = {"metric": "signal.daily", "subject": "1", "op": "changes"}
    days = [second / 86_400 for second in fire(make_rule(change), told)]
    assert days == [1, 3, 4, 5]
    assert fire(make_rule({**change, "to": "short"}), told) == [3 * 86_400, 5 * 86_400]
    assert fire(make_rule({**change, "was": "long", "to": "short"}), told) == [3 * 86_400]


def test_a_venue_that_stays_down_is_told_once() -> None:
    down = {"metric": "venue", "subject": "binance", "op": "one_of", "values": ["down", "stale"]}
    states = ["live", "down", "stale", "down", "live", "down"]
    told = [word("venue", item, n, "binance") for n, item in enumerate(states)]
    assert fire(make_rule(down), told) == [1, 5]


GRADE = {"metric": "grade.trader", "subject": "1", "op": "above", "value": 80}


def test_all_waits_for_each_and_any_for_one() -> None:
    grade = Reading("grade.trader", "1", 90.0, START)
    both = make_rule({"all": [ABOVE, GRADE]})
    assert fire(both, [price(101, 1), grade, price(94, 3), price(101, 4)]) == [0, 4]
    either = make_rule({"any": [ABOVE, GRADE]})
    assert fire(either, [price(101, 1), grade, price(94, 3), price(101, 4)]) == [1]


def test_beside_others_an_old_reading_is_unknown() -> None:
    both = make_rule({"all": [ABOVE, GRADE]})
    later = 4 * 86_400
    grade = Reading("grade.trader", "1", 90.0, START)
    assert fire(both, [grade, price(101, later)]) == []
    fresh = Reading("grade.trader", "1", 91.0, START + timedelta(seconds=later))
    assert fire(both, [grade, price(101, later), fresh]) == [later]


def test_what_happened_counts_for_as_long_as_it_is_held() -> None:
    held = make_rule({"all": [CROSS | {"hold_s": 30}, GRADE]})
    before = [price(99, 0), price(101, 1)]
    grade = Reading("grade.trader", "1", 90.0, START + timedelta(seconds=20))
    assert fire(held, [*before, grade]) == [20]
    late = Reading("grade.trader", "1", 90.0, START + timedelta(seconds=40))
    assert fire(held, [*before, late]) == []


def test_cooldown_and_once() -> None:
    up_and_down = prices(*([90, 101] * 10))
    assert fire(make_rule(ABOVE, cooldown_s=6), up_and_down) == [1, 7, 13, 19]
    assert fire(make_rule(ABOVE, repeat=False), up_and_down) == [1]


def test_unusual_volume_needs_its_whole_history() -> None:
    unusual = {"metric": "volume_1m", "subject": "1", "op": "unusual", "z": 4, "history": 30}
    told = [
        Reading("volume_1m", "1", 1000.0 + 37 * (n % 7), START + timedelta(minutes=n))
        for n in range(40)
    ]
    spike = [Reading("volume_1m", "1", 50_000.0, START + timedelta(minutes=n)) for n in (20, 40)]
    assert fire(make_rule(unusual), [*told[:20], spike[0]]) == []
    assert fire(make_rule(unusual), [*told, spike[1]]) == [2400]
    flat = [Reading("volume_1m", "1", 5.0, START + timedelta(minutes=n)) for n in range(40)]
    assert fire(make_rule(unusual), [*flat, spike[1]]) == []


def test_a_private_reading_reaches_its_account_alone() -> None:
    engine = Engine()
    engine.add(make_rule(ABOVE, rule_id="rul_a", account_id="acc_a"))
    engine.add(make_rule(ABOVE, rule_id="rul_b", account_id="acc_b"))
    firings = engine.feed(price(101, 0, private_to="acc_b"))
    assert [firing.rule_id for firing in firings] == ["rul_b"]


def test_a_replay_that_begins_again_is_watched_again() -> None:
    first = [price(value, second) for second, value in ((600, 99), (700, 101))]
    again = [price(value, second) for second, value in ((0, 120), (1, 94), (2, 101))]
    assert fire(make_rule(ABOVE), first + again) == [700, 2]
    assert fire(make_rule(CROSS), first + again) == [700, 2]
    assert fire(make_rule(FALL), [price(200, 700), price(100, 0), price(89, 5)]) == [5]


def test_a_publication_of_an_older_day_changes_nothing() -> None:
    days = [
        Reading("grade.trader", "1", value, START + timedelta(days=day))
        for day, value in ((10, 70.0), (2, 90.0), (11, 75.0))
    ]
    assert fire(make_rule(GRADE), days) == []


def test_a_rule_goes_on_from_how_it_stood() -> None:
    series = [90.0, 101.0, 99.0, 101.0, 94.0, 101.0, 120.0, 80.0, 150.0]
    trees: list[dict[str, Any]] = [ABOVE, CROSS, {"any": [CROSS, ABOVE]}, {"all": [ABOVE, CROSS]}]
    for when in trees:
        whole = fire(make_rule(when), prices(*series))
        assert whole
        for cut in range(len(series)):
            rule = make_rule(when)
            engine = Engine()
            engine.add(rule)
            fired = [f.at for reading in prices(*series)[:cut] for f in engine.feed(reading)]
            standing = engine.dump("rul_1")
            assert standing is not None
            rule = Rule(
                "rul_1", "acc_1", 1, rule.spec, False, START, START,
                standing.fired, standing.last_fired_at, standing.is_over, standing.state,
            )  # fmt: skip
            windows = engine.dump_windows()
            engine = Engine()
            engine.add(rule)
            engine.restore_windows(windows)
            # From the beginning: what was judged already is late by now.
            fired += [f.at for reading in prices(*series) for f in engine.feed(reading)]
            assert [(at - START).total_seconds() for at in fired] == whole


def test_a_reading_touches_only_the_rules_that_ask_for_it() -> None:
    engine = Engine()
    for n in range(100):
        when = ABOVE | {"subject": str(n)}
        engine.add(make_rule(when, rule_id=f"rul_{n}"))
    assert len(list(engine.keys)) == 100
    assert [f.rule_id for f in engine.feed(price(101, 0, "42"))] == ["rul_42"]
    assert engine.changed == {"rul_42"}
    assert engine.feed(price(101, 0, "4711")) == []
    engine.remove("rul_42")
    assert len(engine) == len(list(engine.keys)) == 99
    assert engine.feed(price(50, 1, "42")) == []


def test_memory_is_bounded_whatever_comes() -> None:
    engine = Engine()
    wide = FALL | {"op": "moves", "within_s": 2_592_000, "percent": 9000}
    for n in range(20):
        engine.add(make_rule(wide, rule_id=f"rul_{n}"))
    for n in range(20_000):
        engine.feed(price(1000 - n / 40, n))
    for n in range(20_000):
        engine.feed(price(500 + n / 40, 20_000 + n * 100))
    # Twenty rules share one window; a queue holds a number for each of its 256 pieces.
    assert engine.kept <= 2 * 258


numbers = st.integers(80, 120).map(float)
rearms = st.none() | st.sampled_from([0.0, 3.0, 10.0])
holds = st.sampled_from([0, 0, 5, 60])
subjects = st.sampled_from(["1", "2"])


def leaves() -> st.SearchStrategy[dict[str, Any]]:
    def of(metric: str, op: st.SearchStrategy[str], **fields: Any) -> Any:
        return st.fixed_dictionaries(
            {"metric": st.just(metric), "subject": subjects, "op": op, **fields}
        )

    compare = st.sampled_from(["above", "below"])
    cross = st.sampled_from(["crosses", "crosses_above", "crosses_below"])
    move = st.sampled_from(["rises", "falls", "moves"])
    words = st.none() | st.sampled_from(["long", "short", "none"])
    return st.one_of(
        of("price", compare, value=numbers, rearm=rearms),
        of("price", cross, value=numbers, rearm=rearms, hold_s=holds),
        of(
            "price",
            move,
            percent=st.sampled_from([1.0, 5.0, 20.0]),
            within_s=st.sampled_from([10, 45, 3600]),
            rearm=st.none() | st.just(0.5),
        ),
        of("volume_1m", st.just("unusual"), z=st.sampled_from([1.0, 3.0]), history=st.just(30)),
        of(
            "signal.daily",
            st.just("one_of"),
            values=st.lists(st.sampled_from(["long", "short"]), min_size=1, max_size=2),
        ),
        of("signal.daily", st.just("changes"), was=words, to=words, hold_s=holds),
        of("index.rebalance", st.just("happens"), hold_s=holds),
    )


trees = st.recursive(
    leaves(),
    lambda inner: (
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)})
    ),
    max_leaves=5,
)


@st.composite
def streams(draw: st.DrawFn) -> list[Reading]:
    """Readings mostly in order, some late, some twice; steps small and larger than freshness."""
    second, told = 1000.0, []
    kinds = st.sampled_from(["price"] * 5 + ["volume_1m"] * 2 + ["signal.daily", "index.rebalance"])
    for _ in range(draw(st.integers(1, 40))):
        second += draw(st.sampled_from([0, 0.5, 1, 1, 5, 20, 70, 4000, -2, -30]))
        metric, subject = draw(kinds), draw(subjects)
        value: float | str
        if metric == "price":
            value = draw(numbers)
        elif metric == "volume_1m":
            value = draw(st.integers(0, 40).map(float) | st.just(1e6))
        else:
            value = draw(st.sampled_from(["long", "short", "none"]))
        told.append(Reading(metric, subject, value, START + timedelta(seconds=second)))
        if draw(st.integers(0, 9)) == 0:
            told.append(told[-1])
    return told


@settings(max_examples=150)
@given(trees, streams(), st.booleans(), st.sampled_from([0, 0, 10]))
def test_the_engine_fires_what_the_definitions_say(
    when: dict[str, Any], readings: list[Reading], repeat: bool, cooldown_s: int
) -> None:
    rule = make_rule(when, repeat=repeat, cooldown_s=cooldown_s)
    engine = Engine()
    engine.add(rule)
    fired = [to_ms(f.at) for reading in readings for f in engine.feed(reading)]
    late = [r for n, r in enumerate(readings) if not is_rewind(readings, n)]
    if len(late) == len(readings):
        assert fired == expect(rule.spec, readings)


def is_rewind(readings: list[Reading], place: int) -> bool:
    """Steps back are small, so no series begins anew; if one did, the definitions do not apply."""
    own = readings[place]
    before = [r.at for r in readings[:place] if (r.metric, r.subject) == (own.metric, own.subject)]
    return bool(before) and max(before) - own.at > timedelta(seconds=60)


@settings(max_examples=60)
@given(trees, streams(), st.data())
def test_a_restart_neither_repeats_nor_forgets(
    when: dict[str, Any], readings: list[Reading], data: st.DataObject
) -> None:
    rule = make_rule(when)
    whole = Engine()
    whole.add(rule)
    expected = [to_ms(f.at) for reading in readings for f in whole.feed(reading)]
    cut = data.draw(st.integers(0, len(readings)))
    engine = Engine()
    engine.add(rule)
    fired = [to_ms(f.at) for reading in readings[:cut] for f in engine.feed(reading)]
    standing, windows = engine.dump("rul_1"), engine.dump_windows()
    assert standing is not None
    kept = Rule(
        "rul_1", "acc_1", 1, rule.spec, False, START, START,
        standing.fired, standing.last_fired_at, standing.is_over, standing.state,
    )  # fmt: skip
    engine = Engine()
    engine.add(kept)
    engine.restore_windows(windows)
    fired += [to_ms(f.at) for reading in readings[cut:] for f in engine.feed(reading)]
    assert fired == expected
