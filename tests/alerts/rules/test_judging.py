"""What came of alerts: the verdict of one, the record of a rule, and what the public may see."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.alerts.rules.test_engine import make_rule
from tests.alerts.rules.worlds import BTC, HandClock

from assay import alerts, markets
from assay.alerts.compute.engine import Engine
from assay.alerts.compute.judging import (
    RIGHT_BY_CHANCE,
    SMALLEST_GROUP,
    find_claim,
    judge,
    score_rule,
)
from assay.alerts.rules import Event, Evidence, Severity, Told, Verdict
from assay.alerts.service.recording import Batch, record
from assay.alerts.store import events as event_store
from assay.alerts.store.rules import load_rules
from assay.alerts.types import Reading
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.markets.types import Interval

T0 = datetime(2022, 11, 8, 12, tzinfo=UTC)


def make_event(number: int, **fields: Any) -> Event:
    evidence = Evidence("price", BTC, "BTC", 100.0, T0, "binance", False)
    values: dict[str, Any] = {
        "sequence": number, "event_id": f"evt_{number}", "rule_id": "rul_1",
        "account_id": "acc_1", "number": number, "fired_at": T0 + timedelta(days=number),
        "recorded_at": T0 + timedelta(days=number, seconds=2), "title": "", "body": "",
        "severity": Severity.INFO, "evidence": (evidence,), "told": Told.NOW, "message_id": None,
        "direction": 1, "horizon_s": 86_400,
    }  # fmt: skip
    return Event(**{**values, **fields})


PAST = [100.0 * 1.01 ** (n % 2) for n in range(31)]
BAND = 0.5 * math.log(1.01) * math.sqrt(30 / 29)


@pytest.mark.parametrize(
    ("direction", "end", "verdict"),
    [
        (1, 101.0, Verdict.RIGHT),
        (1, 100.1, Verdict.NOISE),
        (1, 99.0, Verdict.WRONG),
        (-1, 99.0, Verdict.RIGHT),
        (-1, 101.0, Verdict.WRONG),
        (1, float("nan"), Verdict.UNKNOWN),
        (1, 0.0, Verdict.UNKNOWN),
    ],
)
def test_right_is_what_went_on_beyond_the_noise(
    direction: int, end: float, verdict: Verdict
) -> None:
    outcome = judge(direction, 100.0, end, PAST, 1.0)
    assert outcome.verdict is verdict
    if verdict is not Verdict.UNKNOWN:
        assert outcome.band == pytest.approx(BAND, rel=1e-12)
        assert outcome.outcome == pytest.approx(direction * math.log(end / 100.0))


def test_too_little_past_or_none_that_moved_says_nothing() -> None:
    assert judge(1, 100.0, 110.0, PAST[:20], 1.0).verdict is Verdict.UNKNOWN
    assert judge(1, 100.0, 110.0, [100.0] * 40, 1.0).verdict is Verdict.UNKNOWN


def test_a_walk_without_drift_is_right_as_often_as_the_control_says() -> None:
    generator = np.random.default_rng(1)
    found = []
    for _ in range(4_000):
        steps = generator.normal(0, 0.02, 201)
        path = (100 * np.exp(np.cumsum(steps))).tolist()
        found.append(judge(1, path[-2], path[-1], path[:-1], 1.0).verdict)
    share = found.count(Verdict.RIGHT) / len(found)
    # Four standard errors of a share of 4,000.
    assert abs(share - RIGHT_BY_CHANCE) < 4 * math.sqrt(0.31 * 0.69 / 4_000)


PRICE = {"metric": "price", "subject": BTC}


@pytest.mark.parametrize(
    ("when", "readings", "direction", "horizon_s"),
    [
        ({**PRICE, "op": "above", "value": 90}, [("price", 95.0)], 1, 86_400),
        ({**PRICE, "op": "below", "value": 99}, [("price", 95.0)], -1, 86_400),
        (
            {**PRICE, "op": "moves", "percent": 5, "within_s": 60},
            [("price", 100.0), ("price", 90.0)], -1, 3_600,
        ),
        ({**PRICE, "op": "crosses", "value": 99}, [("price", 95.0), ("price", 100.0)], 1, 86_400),
        (
            {"metric": "signal.daily", "subject": BTC, "op": "changes"},
            [("signal.daily", "long"), ("signal.daily", "short")], -1, 20 * 86_400,
        ),
        (
            {"metric": "signal.daily", "subject": BTC, "op": "changes"},
            [("signal.daily", "long"), ("signal.daily", "none")], 0, 3_600,
        ),
        (
            {"any": [{**PRICE, "op": "above", "value": 90}, {**PRICE, "op": "below", "value": 1}]},
            [("price", 95.0)], 0, 86_400,
        ),
        ({"metric": "venue", "subject": BTC, "op": "changes"},
         [("venue", "live"), ("venue", "down")], 0, 3_600),
    ],
)  # fmt: skip
def test_a_firing_claims_a_direction_or_nothing(
    when: dict[str, Any], readings: list[tuple[str, float | str]], direction: int, horizon_s: int
) -> None:
    rule = make_rule(when)
    engine = Engine()
    engine.add(rule)
    firings = [
        firing
        for second, (metric, value) in enumerate(readings)
        for firing in engine.feed(Reading(metric, BTC, value, T0 + timedelta(seconds=second)))
    ]
    claim = find_claim(rule.spec, firings[-1])
    assert (claim.direction, claim.horizon_s) == (direction, horizon_s)
    assert claim.token_id == (int(BTC) if direction else None)


def test_the_record_of_a_rule() -> None:
    verdicts = [Verdict.RIGHT, Verdict.RIGHT, Verdict.WRONG, Verdict.NOISE, Verdict.UNKNOWN, None]
    events = [make_event(n, verdict=verdict) for n, verdict in enumerate(verdicts, start=1)]
    flapped = make_event(7, fired_at=events[-1].fired_at + timedelta(minutes=5))
    score = score_rule([*events, flapped], T0, T0 + timedelta(days=14))
    assert (score.fired, score.judged, score.right, score.wrong, score.noise) == (7, 4, 2, 1, 1)
    assert (score.right_share, score.per_week) == (0.5, 3.5)
    assert score.flapping == pytest.approx(1 / 7)
    assert score.delay_s == 2.0
    empty = score_rule([], T0, T0)
    assert (empty.right_share, empty.delay_s, empty.per_week, empty.flapping) == (None,) * 4


def test_the_public_sees_only_groups_that_name_nobody(each_home: Home) -> None:
    database = Database(each_home)
    rule_id = alerts.create_rule(
        database, HandClock(T0), "acc_1", {"when": {**PRICE, "op": "above", "value": 1}}
    ).rule.rule_id
    number = 0

    def save(account: int, verdict: Verdict | None, **fields: Any) -> None:
        nonlocal number
        number += 1
        event = make_event(number, rule_id=rule_id, account_id=f"acc_{account}", **fields)
        with database.write() as connection:
            sequence = event_store.insert_event(connection, event, None, None)
            if verdict is not None:
                event_store.save_verdict(connection, sequence, verdict, None, None, None)

    # Many alerts of few people are still few people; what is not known counts for nobody.
    for account in range(SMALLEST_GROUP - 1):
        save(account, Verdict.RIGHT)
        save(account, Verdict.WRONG if account % 2 else Verdict.NOISE)
    save(SMALLEST_GROUP, Verdict.UNKNOWN)
    save(SMALLEST_GROUP, None)
    save(SMALLEST_GROUP, Verdict.RIGHT, evidence=())
    assert alerts.load_record(database) == []
    save(SMALLEST_GROUP, Verdict.WRONG)
    volume = Evidence("volume", BTC, "BTC", 1.0, T0, "binance", False)
    save(0, Verdict.RIGHT, evidence=(volume,))
    (group,) = alerts.load_record(database)
    assert (group.metric, group.accounts, group.judged) == ("price", 10, 19)
    assert (group.right, group.wrong, group.noise) == (9, 5, 5)
    assert group.by_chance == RIGHT_BY_CHANCE
    database.close()


def write_candles(home: Home, folder: Path) -> None:
    """Hours of Bitcoin around `T0`."""
    rows = []
    for hour in range(-32 * 24, 4 * 24):
        fallen = min(max(hour + 1, 0), 24) / 24 * 0.2
        close = 20_000 * (1 - fallen) * (1 + 0.001 * (hour % 2))
        opened = 20_000 * (1 - min(max(hour, 0), 24) / 24 * 0.2) * (1 + 0.001 * ((hour - 1) % 2))
        low, high = min(opened, close), max(opened, close)
        bar = {"open": opened, "high": high, "low": low, "close": close, "volume": 1.0}
        rows.append({"symbol": "BTC", "time": T0 + timedelta(hours=hour), **bar})
    path = folder / "candles.parquet"
    pl.DataFrame(rows).write_parquet(path)
    now = FixedClock(T0 + timedelta(days=30))
    markets.import_candles(home, path, Interval.HOUR, "binance", now, SilentProgress())


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A home with the candles of a fall: 31 quiet days and one of a fifth, hour by hour."""
    folder = tmp_path_factory.mktemp("sample")
    home = Home(folder / "home").create()
    write_candles(home, folder)
    database = Database(home)
    yield database
    database.close()


@pytest.mark.slow
def test_alerts_are_judged_by_the_candles_that_came(sample: Database) -> None:
    clock = HandClock(T0)
    claims = (("below", 1_000_000.0), ("above", 1.0))
    for op, value in claims:
        when = {**PRICE, "op": op, "value": value}
        alerts.create_rule(sample, clock, "acc_1", {"when": when})
    engine = Engine()
    ids = [view.rule.rule_id for view in alerts.list_rules(sample, clock, "acc_1")]
    with sample.read() as connection:
        rules = load_rules(connection, ids)
    for rule in rules.values():
        engine.add(rule)
    firings = engine.feed(Reading("price", BTC, 20_000.0, T0))
    standings = {rule_id: engine.dump(rule_id) for rule_id in ids}
    known = {rule_id: item for rule_id, item in standings.items() if item is not None}
    done = record(sample, clock, None, Batch(firings, known, rules, 0))
    assert len(done.events) == 2
    assert alerts.judge_events(sample, clock) == 0
    clock.at = T0 + timedelta(days=3)
    assert alerts.judge_events(sample, clock) == 2
    assert alerts.judge_events(sample, clock) == 0
    verdicts = {event.direction: event.verdict for event in alerts.list_events(sample, "acc_1")}
    assert verdicts == {-1: Verdict.RIGHT, 1: Verdict.WRONG}
    score = alerts.load_score(sample, clock, "acc_1", ids[0])
    assert score.judged == 1
    assert alerts.load_record(sample) == []


@pytest.mark.slow
def test_a_rehearsal_says_what_would_have_fired(sample: Database) -> None:
    clock = HandClock(datetime(2022, 11, 12, tzinfo=UTC))
    fall = {**PRICE, "op": "falls", "percent": 10, "within_s": 86_400}
    found = alerts.rehearse_rule(sample, clock, {"when": fall}, days=30)
    assert found.description == "BTC price falls by 10 % within 1 day."
    days = {firing.at.date().isoformat() for firing in found.firings}
    assert days == {"2022-11-08"}
    assert all(found.since <= firing.at <= found.until for firing in found.firings)
    assert "is assumed" in found.notes[0]
    assert found.title == "BTC price falls by 10 % within 1 day"
    never = alerts.rehearse_rule(
        sample, clock, {"when": {**PRICE, "op": "above", "value": 1e6}}, days=30
    )
    assert (list(never.firings), never.title) == ([], None)
    often = {**PRICE, "op": "crosses", "value": 20_010, "rearm": 0}
    stopped = alerts.rehearse_rule(sample, clock, {"when": often}, days=30)
    assert stopped.notes[-1] == "It stops at 500 firings: there may be more."
    venue = {"metric": "venue", "subject": "binance", "op": "changes"}
    notes = alerts.rehearse_rule(sample, clock, {"when": venue}).notes
    assert notes == ["venue is not recorded: what depends on it stays unknown."]
    grade = {"metric": "grade.trader", "subject": BTC, "op": "above", "value": 50}
    notes = alerts.rehearse_rule(sample, clock, {"when": grade}).notes
    assert notes == ["Nothing of grade.trader was published for these days."]


@pytest.mark.slow
def test_a_rehearsal_takes_days_where_there_are_no_hours_yet(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    now = FixedClock(T0 + timedelta(days=2))
    begins = datetime(2022, 9, 1, tzinfo=UTC)
    for interval, count in ((Interval.DAY, 60), (Interval.HOUR, 240)):
        start = begins if interval is Interval.DAY else begins + timedelta(days=50)
        rows = []
        for n in range(count):
            # Two of the days and one of the hours are low; of some hours only the close is known.
            is_low = (interval is Interval.DAY and n in (20, 55)) or (count == 240 and n == 100)
            price = 15_000.0 if is_low else 20_000.0
            known = None if count == 240 and n in (7, 8, 9, 100) else price
            bar = {"open": known, "high": known, "low": known, "close": price, "volume": 1.0}
            rows.append({"symbol": "BTC", "time": start + n * interval.length, **bar})
        path = tmp_path / f"{interval.value}.parquet"
        pl.DataFrame(rows).write_parquet(path)
        markets.import_candles(home, path, interval, "binance", now, SilentProgress())
    database = Database(home)
    clock = HandClock(begins + timedelta(days=60))
    fall = {**PRICE, "op": "falls", "percent": 10, "within_s": 43_200}
    found = alerts.rehearse_rule(database, clock, {"when": fall}, days=50)
    days = [firing.at.date().isoformat() for firing in found.firings]
    assert days == ["2022-09-21", "2022-10-25"]
    assert found.notes == [
        "Prices of BTC are those of its 1d candles from 2022-09-10 on, 1h candles from 2022-10-21"
        " on: what came first within one, its high or its low, is assumed.",
        "A move within 43200 s cannot be seen in candles of 1d.",
    ]
    database.close()
