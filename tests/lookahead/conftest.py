"""The bundled market, cut to fifteen months, and everything said of its last six days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from tests.lookahead.world import DAYS, FIRST, LAST, SPEAKERS, Spoken, cut_panel, know, speak_grades

from assay import markets
from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.publishing import Judged, KnownFacts, load_facts

NOW = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """Facts up to the last day, and what each speaker said of the days when judged together."""

    home: Home
    facts: KnownFacts
    spoken: Spoken
    together: dict[str, dict[tuple[date, int | None], Judged]]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    home = Home(tmp_path_factory.mktemp("lookahead") / "home").create()
    markets.load_sample(home, FixedClock(NOW), SilentProgress())
    known = load_facts(home, LAST, NOW)
    facts = know(known, cut_panel(known.panel, FIRST, LAST), known.hours(LAST))
    spoken = Spoken()
    speak_grades(home, facts, DAYS, spoken)
    together = {}
    for speaker in SPEAKERS:
        judged = spoken.judge(speaker, DAYS, facts)
        together[speaker.kind.name] = judged
        spoken.payloads |= {
            (speaker.kind.name, day): item.payload
            for (day, hour), item in judged.items()
            if hour is None
        }
    return World(home, facts, spoken, together)
