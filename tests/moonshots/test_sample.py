"""The bundled market: what is claimed of it holds, LUNA's collapse is seen, figures stay true."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest

from assay import markets, publishing
from assay.evaluation import score_events
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import BadInput, NotEnoughData
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.moonshots import MOONSHOTS, OUTCOMES, Event, evaluate_moonshots
from assay.moonshots.compute.outcomes import compute_outcomes
from assay.moonshots.judging import Study, study_panel
from assay.moonshots.measuring import load_trials
from assay.moonshots.types import OUTCOME_DAYS, RISES

pytestmark = pytest.mark.slow

CLOCK = FixedClock(datetime(2024, 1, 1, tzinfo=UTC))
NEWEST = date(2023, 12, 29)
FIRST, LAST = date(2022, 4, 1), date(2022, 9, 30)
LUNC = "LUNC"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("moonshots") / "home").create()
    markets.load_sample(home, CLOCK, SilentProgress())
    return home


@pytest.fixture(scope="module")
def database(home: Home) -> Database:
    return Database(home)


@pytest.fixture(scope="module")
def study(home: Home) -> Study:
    facts = publishing.load_facts(home, NEWEST, CLOCK.now())
    return study_panel(facts.panel, facts.tokens(NEWEST))


@pytest.fixture(scope="module")
def evaluation(home: Home, database: Database) -> publishing.Evaluation:
    return evaluate_moonshots(home, database, CLOCK, SilentProgress(), start=FIRST, end=LAST)


def test_the_targets_are_met_and_rises_show_no_skill(study: Study) -> None:
    """Walk-forward on 2021-04-05 to 2023-12-29, and far from what would be a leak."""
    outcomes = compute_outcomes(study.close)
    members = study.sections.eligible & np.isfinite(outcomes.highest)
    members[:, : study.learnt.refits[0].column] = False
    scores = np.nan_to_num(study.learnt.fall_scores)
    fall = score_events(scores, outcomes.happened(Event.FALL_80), members, gap_days=90)
    assert 0.70 <= fall.auc_daily < 0.80
    assert 3.0 <= fall.lift < 4.5
    assert fall.episodes > 100
    last = study.learnt.refits[-1].records
    assert last[Event.FALL_80].has_skill
    for refit in study.learnt.refits:
        assert not any(refit.records[event].has_skill for event in RISES)
    for event in RISES:
        assert last[event].auc < 0.55


def test_luna_was_large_then_fell_and_is_no_moonshot_while_it_does_not_trade(
    home: Home, study: Study
) -> None:
    record = markets.load_registry(home).resolve("LUNA", date(2022, 5, 1))
    assert markets.load_registry(home).by_id(record.token_id).symbol == LUNC
    row = study.panel.row(record.token_id)

    def at(year: int, month: int, day: int) -> int:
        return study.panel.column(date(year, month, day))

    outcomes = compute_outcomes(study.close)
    assert outcomes.happened(Event.FALL_80)[row, at(2022, 4, 20)]
    assert not study.sections.eligible[row, at(2022, 1, 1) : at(2022, 5, 14)].any()
    silent = np.isnan(study.close[row, at(2022, 5, 14) : at(2022, 9, 9)])
    assert silent.all()
    # Judged on its last day it was never bought within the horizon: neither a fall nor a rise.
    assert outcomes.highest[row, at(2022, 5, 13)] == outcomes.lowest[row, at(2022, 5, 13)] == 1.0


def test_what_was_published_is_measured(
    database: Database, evaluation: publishing.Evaluation
) -> None:
    document = evaluation.document
    json.dumps(document, allow_nan=False)
    known = LAST - timedelta(days=OUTCOME_DAYS)
    assert document["window"] == {"from": FIRST.isoformat(), "to": LAST.isoformat()}
    assert document["last_known"] == known.isoformat()
    order = document["events"]["fall_80"]["order"]
    listed = sum(
        len(orjson.loads(rows))
        for _, rows in publishing.load_days(database, MOONSHOTS.kind.name, FIRST, known)
    )
    assert order["judgements"] == listed
    assert order["auc_daily"] > 0.6
    assert order["lift"] > 2
    assert document["died_inside"] > 0
    assert document["tried"] == len(load_trials()) > 200
    assert sum(group["judgements"] for group in document["deciles"]) == listed
    assert any("configurations were tried" in note for note in document["notes"])


def test_hits_and_misses_are_counted_as_they_were_published(
    database: Database, evaluation: publishing.Evaluation
) -> None:
    published: Counter[str] = Counter()
    for day, payload in publishing.load_days(database, OUTCOMES.kind.name, FIRST, LAST):
        for row in orjson.loads(payload):
            if row["ends_on"] == day.isoformat():
                assert row["state"] == "ended"
                published[row["verdict"]] += 1
    assert Counter(pick["verdict"] for pick in evaluation.document["picks"]) == published
    assert published.total() == 70  # of January (its 90 days ended on 2022-04-02) to July


def test_the_page_stands_alone_and_names_what_it_does_not_know(
    evaluation: publishing.Evaluation, tmp_path: Path
) -> None:
    page = evaluation.page
    for word in ("no skill shown", "Stated and observed", "Every pick", "episodes", "<svg"):
        assert word in page
    for outside in ("<script", "http://", "https://", "<link"):
        assert outside not in page
    assert "nan" not in page.lower().replace("finan", "").replace("binan", "")
    assert dict(evaluation.summary)["verdict"] == evaluation.document["verdict"]


def test_windows_without_an_outcome_are_refused(home: Home, database: Database) -> None:
    with pytest.raises(BadInput, match="ends before it begins"):
        evaluate_moonshots(
            home, database, CLOCK, SilentProgress(), start=LAST, end=LAST - timedelta(days=1)
        )
    with pytest.raises(NotEnoughData, match="No outcome is known"):
        evaluate_moonshots(
            home, database, CLOCK, SilentProgress(), start=LAST - timedelta(days=20), end=LAST
        )
