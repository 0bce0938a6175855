"""Killed at any point, again and again: what is due fires, and nothing fires twice."""

from collections import Counter
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from tests.alerts.rules.test_engine import START as MIDNIGHT
from tests.alerts.rules.test_engine import fire, make_rule
from tests.alerts.rules.victim import started
from tests.alerts.rules.worlds import (
    ABOVE,
    BTC,
    START,
    HandClock,
    add_channel,
    list_fired,
    publish_grade,
)

from assay import alerts
from assay.alerts.types import Reading
from assay.kit.database import Database
from assay.kit.home import Home

pytestmark = pytest.mark.slow

READINGS, STEP, KILLS = 280, 40, 8
CROSS = {"metric": "price", "subject": BTC, "op": "crosses", "value": 101, "rearm": 1}
LEVEL = ABOVE | {"subject": BTC}
RULES: tuple[dict[str, Any], ...] = (
    LEVEL,
    CROSS,
    {"any": [CROSS, LEVEL | {"value": 103}]},
    {"all": [LEVEL, CROSS | {"hold_s": 3}]},
)


def make_path(generator: np.random.Generator) -> list[float]:
    """A price that swings through the levels of the rules many times."""
    path, value = [], 100.0
    for step in generator.normal(0, 3.0, READINGS).tolist():
        value += step - 0.15 * (value - 100.0)
        path.append(round(value, 2))
    return path


def test_killed_between_any_two_moments_each_crossing_fires_once(each_home: Home) -> None:
    generator = np.random.default_rng(20260105)
    database = Database(each_home)
    owners = [f"acc_{n}" for n in range(len(RULES))]
    for owner, when in zip(owners, RULES, strict=True):
        alerts.create_rule(database, HandClock(), owner, {"when": when})
    path = make_path(generator)
    through, kills = 0, 0
    while through < READINGS:
        with started(each_home) as victim:
            victim.hear()
            while through < READINGS:
                told = [(n, path[n]) for n in range(through, through + STEP)]
                if kills < KILLS and generator.random() < 0.7:
                    # Part of it is heard, judged or written by now: chance decides how much.
                    victim.line.send(told[: int(generator.integers(1, STEP))])
                    victim.line.poll(float(generator.exponential(0.02)))
                    victim.kill()
                    kills += 1
                    break
                # What was heard before a kill is heard again here.
                victim.line.send(told)
                assert victim.hear()
                through += STEP
    assert kills >= 4
    readings = [
        Reading("price", BTC, value, START + timedelta(seconds=n)) for n, value in enumerate(path)
    ]
    for owner, when in zip(owners, RULES, strict=True):
        due = fire(make_rule(when), readings)
        fired = list_fired(database, owner)
        assert [(event.fired_at - MIDNIGHT).total_seconds() for event in fired] == due
        assert len({event.event_id for event in fired}) == len(fired) > 5
        assert [event.number for event in fired] == list(range(1, len(due) + 1))
    database.close()


def test_killed_while_it_catches_up_each_day_fires_once(each_home: Home) -> None:
    generator = np.random.default_rng(7)
    database = Database(each_home)
    add_channel(database)
    when = {"metric": "grade.trader", "subject": BTC, "op": "above", "value": 80, "rearm": 1}
    document = {"when": when, "channels": ["chn_1"]}
    alerts.create_rule(database, HandClock(), "acc_1", document)
    with started(each_home) as victim:
        victim.hear()
        victim.kill()
    grades = generator.choice([60, 79.5, 85, 90], 48).tolist()
    for number, grade in enumerate(grades):
        publish_grade(database, number, f"{grade:.2f}")
        if number % 8 == 7:
            with started(each_home) as victim:
                # Not even begun, in the middle of it, or done.
                victim.line.poll(float(generator.exponential(0.1)))
                victim.kill()
    with started(each_home) as victim:
        victim.hear()
    is_on, due = False, 0
    for grade in grades:
        was_on, is_on = is_on, grade > 80 or (is_on and grade > 79)
        due += is_on and not was_on
    fired = list_fired(database)
    assert len(fired) == due > 5
    with database.read() as connection:
        told = connection.execute(text("SELECT message_id FROM alerts_deliveries")).scalars().all()
    assert Counter(told) == Counter(event.message_id for event in fired)
    database.close()
