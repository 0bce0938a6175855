"""When a firing is told, on clocks that jump and over midnight."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.alerts.compute.telling import decide_telling, find_digest, find_quiet_end
from assay.alerts.rules import Digest, QuietHours, RuleSpec, Told

BERLIN = ZoneInfo("Europe/Berlin")
WHEN = {"metric": "price", "subject": "1", "op": "above", "value": 1}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def spec(**fields: object) -> RuleSpec:
    return RuleSpec.model_validate({"when": WHEN, "channels": ["chn_1"], **fields})


NIGHT = {"start": "22:00", "end": "07:00"}


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-01-05T20:59", None),
        ("2026-01-05T21:00", "2026-01-06T06:00"),
        ("2026-01-05T23:30", "2026-01-06T06:00"),
        ("2026-01-06T05:59", "2026-01-06T06:00"),
        ("2026-01-06T06:00", None),
        # In summer the same hours begin and end an hour earlier in UTC.
        ("2026-07-05T20:00", "2026-07-06T05:00"),
        # The night in which the clock is set forward is an hour shorter.
        ("2026-03-28T21:00", "2026-03-29T05:00"),
    ],
)
def test_quiet_hours_are_those_of_the_wall_clock(now: str, ends: str | None) -> None:
    quiet = QuietHours.model_validate(NIGHT)
    found = find_quiet_end(quiet, BERLIN, at(now))
    assert found == (None if ends is None else at(ends))


def test_what_fires_is_told_now_held_or_dropped() -> None:
    day, night = at("2026-01-05T12:00"), at("2026-01-05T23:00")
    assert decide_telling(spec(channels=[]), BERLIN, day) == (Told.NOWHERE, None)
    assert decide_telling(spec(), BERLIN, night) == (Told.NOW, None)
    quiet = spec(quiet_hours=NIGHT)
    assert decide_telling(quiet, BERLIN, day) == (Told.NOW, None)
    assert decide_telling(quiet, BERLIN, night) == (Told.HELD, at("2026-01-06T06:00"))
    drops = spec(quiet_hours={**NIGHT, "then": "drop"})
    assert decide_telling(drops, BERLIN, night) == (Told.DROPPED, None)
    hourly = spec(digest="hourly", quiet_hours=NIGHT)
    assert decide_telling(hourly, BERLIN, day) == (Told.HELD, at("2026-01-05T13:00"))
    assert decide_telling(hourly, BERLIN, night) == (Told.HELD, at("2026-01-06T06:00"))
    daily = spec(digest="daily")
    assert decide_telling(daily, BERLIN, day) == (Told.HELD, at("2026-01-06T07:00"))
    assert decide_telling(daily, BERLIN, at("2026-01-06T03:00"))[1] == at("2026-01-06T07:00")


@given(
    st.integers(0, 2 * 366 * 86_400),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.times(),
    st.times(),
)
def test_whatever_is_held_is_held_for_a_day_at_most(
    second: int, zone: str, start: object, end: object
) -> None:
    moment = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    found = [find_digest(digest, ZoneInfo(zone), moment) for digest in Digest]
    if start != end:
        quiet = QuietHours.model_validate({"start": start, "end": end})
        found.append(find_quiet_end(quiet, ZoneInfo(zone), moment))
    for until in found:
        assert until is None or 0 < (until - moment).total_seconds() <= 25 * 3600 + 1
