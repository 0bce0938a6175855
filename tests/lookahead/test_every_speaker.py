"""Whatever a room says, it says it from what was known: one test for every speaker of every room.

A judgement of day t keeps its bytes when everything after t changes, and when other days are judged
beside it; and it does change with the facts of t.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import orjson
import pytest
from tests.lookahead.conftest import World
from tests.lookahead.world import (
    DAYS,
    NAMES,
    SPEAKERS,
    cut_panel,
    know,
    spoil_hours,
    spoil_panel,
)

from assay import ledger
from assay.publishing import Judged, Judgement, KnownFacts, Said, Speaker, daily_kind, format_price
from assay.publishing.types import Facts

pytestmark = pytest.mark.slow

MIDDLE = DAYS[3]
BITCOIN = 3375
NEEDS_A_QUARTER = {"moonshots.outcomes"}
"""What became of a list is known 90 days later: six days give empty rows."""
every_speaker = pytest.mark.parametrize("speaker", SPEAKERS, ids=NAMES)


def pick(judged: dict[tuple[date, int | None], Judged], day: date) -> list[Judged]:
    """What was said of one day, in order."""
    return [item for (of, _), item in judged.items() if of == day]


def known_at(facts: KnownFacts, day: date) -> KnownFacts:
    """Facts that end with a day."""
    return know(facts, cut_panel(facts.panel, facts.panel.first_day, day), facts.hours(day))


@every_speaker
def test_what_comes_later_changes_no_byte(world: World, speaker: Speaker) -> None:
    for seed, day in ((1, DAYS[0]), (2, MIDDLE)):
        facts = world.facts
        spoilt = know(
            facts,
            spoil_panel(facts.panel, day, seed),
            spoil_hours(facts.hours(DAYS[-1]), day, seed),
        )
        after = world.spoken.judge(speaker, DAYS[DAYS.index(day) :], spoilt, before=day)
        before = pick(world.together[speaker.kind.name], day)
        assert pick(after, day) == before


@every_speaker
def test_a_day_alone_says_what_it_says_among_others(world: World, speaker: Speaker) -> None:
    for day in (DAYS[0], MIDDLE, DAYS[-1]):
        alone = world.spoken.judge(speaker, [day], known_at(world.facts, day), before=day)
        assert pick(alone, day) == pick(world.together[speaker.kind.name], day)


@every_speaker
def test_the_facts_of_the_day_itself_count(world: World, speaker: Speaker) -> None:
    """The tests above can fail: a change of the day's own facts is seen."""
    day, facts = MIDDLE, world.facts
    eve = day - timedelta(days=1)
    spoilt = know(
        facts, spoil_panel(facts.panel, eve, 3), spoil_hours(facts.hours(DAYS[-1]), eve, 3)
    )
    after = pick(world.spoken.judge(speaker, [day], spoilt, before=day), day)
    before = pick(world.together[speaker.kind.name], day)
    assert [item.inputs_digest for item in after] != [item.inputs_digest for item in before]
    if not speaker.reads:
        assert [item.payload for item in after] != [item.payload for item in before]


def judge_with_a_leak(days: Sequence[date], facts: Facts, said: Said) -> Iterator[Judgement]:
    """Says of a day what its newest known close is: of a later day when judged among others."""
    for day in days:
        close = format_price(float(facts.panel.close[facts.panel.row(BITCOIN), -1]))
        yield Judgement(day, [{"close": close}], "rules:leak")


@pytest.mark.parametrize("check", ["later", "alone"])
def test_a_leak_would_be_found(world: World, check: str) -> None:
    leaky = Speaker(daily_kind("leak"), judge_with_a_leak, ("publishing",))
    together = world.spoken.judge(leaky, DAYS, world.facts)
    facts = known_at(world.facts, MIDDLE)
    if check == "later":
        panel = spoil_panel(world.facts.panel, MIDDLE, 4)
        facts = know(world.facts, panel, world.facts.hours(DAYS[-1]))
    again = world.spoken.judge(leaky, [MIDDLE], facts)
    assert pick(again, MIDDLE) != pick(together, MIDDLE)


def test_the_world_makes_speakers_speak(world: World) -> None:
    silent = {
        name
        for name, judged in world.together.items()
        if not any(item.payload != b"[]" for item in judged.values())
    }
    assert silent <= NEEDS_A_QUARTER


@every_speaker
def test_every_day_is_said_in_canonical_bytes(world: World, speaker: Speaker) -> None:
    judged = world.together[speaker.kind.name]
    hours = range(24) if speaker.is_hourly else (None,)
    assert list(judged) == [(day, hour) for day in DAYS for hour in hours]
    for item in judged.values():
        rows = orjson.loads(item.payload)
        assert isinstance(rows, list)
        assert ledger.canonical_json(rows) == item.payload
        for row in rows:
            check_value(row)
            check_row(row)


@every_speaker
def test_a_young_market_is_spoken_of_too(world: World, speaker: Speaker) -> None:
    """A home whose candles begin shortly before the day: silence with a reason, no error."""
    day = DAYS[-1]
    panel = cut_panel(world.facts.panel, day - timedelta(days=20), day)
    young = know(world.facts, panel, world.facts.hours(day))
    judged = world.spoken.judge(speaker, [day], young, before=day)
    assert judged or speaker.is_hourly
    for item in judged.values():
        for row in orjson.loads(item.payload):
            check_value(row)
            check_row(row)


def check_row(row: dict[str, Any]) -> None:
    """A token is named in full; silence has a code and a sentence."""
    if "token_id" in row:
        assert isinstance(row["token_id"], int)
        assert row["symbol"]
        assert row["name"]
        assert "no_view" in row
    view = row.get("no_view")
    if view is not None:
        assert set(view) == {"code", "reason"}
        assert view["code"]
        assert view["reason"].endswith(".")


def check_value(value: object) -> None:
    """No floats anywhere, and no number in a string that is none."""
    assert not isinstance(value, float)
    if isinstance(value, dict):
        for name, item in value.items():
            assert isinstance(name, str)
            check_value(item)
    elif isinstance(value, list):
        for item in value:
            check_value(item)
    elif isinstance(value, str):
        assert value.lower() not in {"nan", "inf", "-inf", "infinity"}
        assert not is_exponential(value), f"{value} has an exponent"
        assert value not in {"-0", "-0.0", "-0.00", "-0.0000"}, "a zero has no sign"


def is_exponential(text: str) -> bool:
    """True for 1e-05 and the like."""
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return "e" in text.lower() and bool(np.isfinite(float(text)))
