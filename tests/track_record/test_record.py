"""The record as a whole: nothing dropped, nothing mixed, nothing changed that is closed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from sqlalchemy import select
from tests.track_record.worlds import (
    DAY,
    IDS,
    LATER,
    SAID,
    build,
    grade,
    in_time,
    make_closes,
    make_grades,
    make_panel,
    make_world,
    publish,
)

from assay import ledger, track_record
from assay.kit.database import Database
from assay.kit.home import Home
from assay.ledger import Origin
from assay.ledger.store.log import log_entries
from assay.track_record import KINDS, UNSCORED, Selection
from assay.track_record.reading import load_calibration, load_days, load_record, walk_statements
from assay.track_record.store.tables import track_record_scores, track_record_statements
from assay.track_record.types import By, Result, Statement, Summary

ONE = timedelta(days=1)
BEATS = Selection(kind="grades.trader", measure="beats_median")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(Home(tmp_path).create())
    yield database
    database.close()


def find(database: Database, origin: Origin, measure: str = "beats_median") -> Summary:
    record = load_record(database, Selection(kind="grades.trader"))
    found = {(item.origin, item.measure.name): item for item in record.summaries}
    return found[origin, measure]


def list_all(database: Database, asked: Selection = BEATS) -> list[Statement]:
    return [item for _, statements in walk_statements(database, asked) for item in statements]


def read_tables(database: Database) -> list[Any]:
    with database.read() as connection:
        return [
            [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in (track_record_scores, track_record_statements)
        ]


def test_figures_by_hand(each_home: Home) -> None:
    """On both databases: one day, 29 hits, 2 misses, one without a view."""
    database = Database(each_home)
    publish(database, make_grades(wrong=[3, 20]))
    assert build(database) == 1
    found = find(database, Origin.BACKFILLED)
    counts = (found.statements, found.hits, found.misses, found.no_view, found.open)
    assert counts == (32, 29, 2, 1, 0)
    assert found.rate == pytest.approx(29 / 31)
    assert found.stated_rate == pytest.approx(0.9)
    assert found.loss == pytest.approx((29 * 0.01 + 2 * 0.81) / 31)
    assert found.mean_outcome == pytest.approx(0.01 * (np.arange(31) - 15.5).mean())
    assert found.order is not None
    assert found.order.days == 1
    assert np.isnan(found.order.noise)
    points = load_calibration(database, BEATS).points
    stated = [point for point in points if point.by is By.PROBABILITY]
    assert [(round(p.stated, 2), p.hits, p.count) for p in stated] == [(0.1, 1, 16), (0.9, 14, 15)]
    assert len([point for point in points if point.by is By.DECILE]) == 10
    assert len(list_all(database)) == 32
    database.close()


def test_figures_are_the_sums_of_their_statements_and_nothing_is_dropped(
    database: Database,
) -> None:
    rows = 0
    for back in range(6):
        said = make_grades(wrong=range(back))[back:]
        rows += len(said)
        publish(database, said, day=DAY - back * ONE)
    build(database)
    statements = list_all(database)
    found = find(database, Origin.BACKFILLED)
    assert len(statements) == rows == found.statements
    for result, count in (
        (Result.HIT, found.hits),
        (Result.MISS, found.misses),
        (Result.NO_VIEW, found.no_view),
        (Result.OPEN, found.open),
        (Result.UNDECIDED, found.undecided),
        (Result.NO_CALL, found.no_call),
    ):
        assert sum(item.result is result for item in statements) == count
    known = [item for item in statements if item.result in (Result.HIT, Result.MISS)]
    assert found.rate == pytest.approx(
        sum(item.result is Result.HIT for item in known) / len(known)
    )
    outcomes = [item.outcome for item in known if item.outcome is not None]
    assert found.mean_outcome == pytest.approx(np.mean(outcomes), abs=1e-6)
    (history,) = load_days(database, BEATS).histories
    assert int(history.lines["statements"].sum()) == rows
    with database.read() as connection:
        for score, listed in walk_statements(database, BEATS):
            publication = ledger.load_publication(connection, score.publication_id)
            assert publication.sequence == score.sequence
            place = ledger.load_position(connection, score.sequence)
            assert place == (score.log, score.position)
            assert [item.row for item in listed] == list(range(score.statements))


def test_origins_are_never_mixed(database: Database) -> None:
    publish(database, make_grades(), at=in_time())
    publish(database, make_grades(wrong=range(31)), day=DAY - ONE)
    build(database)
    record = load_record(database, BEATS)
    assert {item.origin: item.publications for item in record.summaries} == {
        Origin.LIVE: 1,
        Origin.BACKFILLED: 1,
    }
    assert find(database, Origin.LIVE).rate == 1.0
    assert find(database, Origin.BACKFILLED).rate == 0.0
    live = load_record(database, Selection(origin=Origin.LIVE))
    assert [item.origin for item in live.summaries] == [Origin.LIVE] * 2
    assert (live.statements, live.left_out) == (64, 64)
    points = load_calibration(database, BEATS).points
    assert {point.origin for point in points} == {Origin.LIVE, Origin.BACKFILLED}
    assert {point.hits for point in points if point.origin is Origin.LIVE} <= {0, 1, 2, 3, 4, 15}


def test_a_replay_stays_one(database: Database) -> None:
    publish(database, make_grades(), is_replay=True, at=in_time())
    build(database)
    assert [item.origin for item in load_record(database, BEATS).summaries] == [Origin.REPLAY]
    assert load_record(database, Selection(origin=Origin.LIVE)).summaries == ()


def test_the_first_word_counts_and_later_ones_are_shown(database: Database) -> None:
    first = publish(database, make_grades(wrong=range(31)))
    second = publish(database, make_grades(), corrects=first.publication_id)
    build(database)
    found = find(database, Origin.BACKFILLED)
    assert (found.publications, found.repeated, found.repeated_statements) == (1, 1, 32)
    assert (found.hits, found.misses, found.corrected) == (0, 31, 1)
    (history,) = load_days(database, BEATS).histories
    assert history.lines["status"].tolist() == ["corrected", "stands"]
    assert history.lines["overruled_by"].tolist() == [second.publication_id, None]
    assert history.lines["is_first"].tolist() == [True, False]
    assert len(list_all(database)) == 64
    assert history.running.rate.tolist() == [0.0, 0.0]


def test_what_was_withdrawn_stays_in_the_record(database: Database) -> None:
    wrong = publish(database, make_grades(wrong=range(31)))
    publish(database, make_grades(), day=DAY - ONE)
    build(database)
    before = find(database, Origin.BACKFILLED)
    publish(database, [], withdraws=wrong.publication_id)
    publish(database, make_grades())
    build(database)
    after = find(database, Origin.BACKFILLED)
    assert (after.hits, after.misses) == (before.hits, before.misses) == (31, 31)
    assert (before.withdrawn, after.withdrawn, after.repeated) == (0, 1, 2)
    status = {score.publication_id: score.status for score, _ in walk_statements(database, BEATS)}
    assert status[wrong.publication_id].value == "withdrawn"


def test_what_is_in_no_log_is_no_part_of_the_record(database: Database) -> None:
    publish(database, make_grades())
    said = publish(database, make_grades(), day=DAY - ONE)
    with database.write() as connection:
        named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'log_entries'"
        for name in connection.exec_driver_sql(named).scalars().all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        entry = log_entries.c.sequence == said.sequence
        connection.execute(log_entries.delete().where(entry))
    build(database)
    assert find(database, Origin.BACKFILLED).publications == 1
    assert load_record(database, BEATS).coverage.unsealed == 1


def test_closed_scores_stay_and_open_ones_close(database: Database) -> None:
    publish(database, make_grades())
    build(database, make_world(make_panel(make_closes(SAID + 5))))
    found = find(database, Origin.BACKFILLED)
    assert (found.open, found.closed, found.hits) == (31, 0, 0)
    assert np.isnan(found.rate)
    build(database, make_world(make_panel(make_closes(SAID + 9))))
    closed = read_tables(database)
    assert find(database, Origin.BACKFILLED).hits == 31
    longer = make_closes()
    longer[:, SAID + 20 :] *= 5.0
    assert build(database, make_world(make_panel(longer))) == 0
    assert read_tables(database) == closed


def test_revised_facts_score_again_what_read_them_and_only_that(database: Database) -> None:
    publish(database, make_grades())
    publish(database, make_grades(), day=DAY - 30 * ONE)
    build(database)
    # While nothing moved, every coin below one half was right not to beat the median.
    assert find(database, Origin.BACKFILLED).hits == 31 + 16
    revised = make_closes()
    revised[:, SAID + 4 : SAID + 30] = 10.0 * np.exp(-0.01 * (np.arange(32) - 15.5))[:, None]
    assert build(database, make_world(make_panel(revised)), "2") == 1
    assert find(database, Origin.BACKFILLED).hits == 16
    build(database)
    assert find(database, Origin.BACKFILLED).hits == 31 + 16


def test_every_answer_says_what_its_filter_left_out(database: Database) -> None:
    for back in range(4):
        publish(database, make_grades(), day=DAY - back * ONE)
    build(database)
    whole = load_record(database, Selection())
    assert (whole.statements, whole.left_out) == (256, 0)
    part = load_record(database, Selection(start=DAY - ONE, end=DAY - ONE))
    assert (part.statements, part.left_out) == (64, 192)
    assert track_record.count_statements(database, BEATS, IDS[4]) == (4, 252)
    told = [
        item
        for _, statements in walk_statements(database, BEATS, subject=IDS[4])
        for item in statements
    ]
    assert [item.subject for item in told] == [IDS[4]] * 4
    assert "result" not in Selection.__dataclass_fields__


def test_statements_go_on_where_a_page_ended(database: Database) -> None:
    for back in range(40):
        publish(database, [grade(IDS[0], 50.0, "0.6000")], day=DAY - back * ONE)
    build(database)
    asked = Selection(kind="grades.trader")
    for newest in (True, False):
        scores = [s for s, _ in walk_statements(database, asked, is_newest_first=newest)]
        assert len(scores) == 80
        middle = scores[33]
        assert [s.as_of for s in scores] == sorted((s.as_of for s in scores), reverse=newest)
        rest = walk_statements(database, asked, middle, is_newest_first=newest)
        assert [s for s, _ in rest] == scores[33:]


def test_every_kind_that_is_published_is_scored_or_named(database: Database) -> None:
    from assay.api.kinds.track_record import Kind  # noqa: PLC0415
    from assay.cli.rooms import ROOMS  # noqa: PLC0415

    published = {kind for room in ROOMS for kind in room.kinds}
    assert published == set(KINDS) | {item.kind for item in UNSCORED}
    assert not set(KINDS) & {item.kind for item in UNSCORED}
    assert set(get_args(Kind)) == set(KINDS)


def test_the_page_shows_hits_and_misses_of_every_origin(database: Database) -> None:
    publish(database, make_grades(), day=DAY - 6 * ONE, at=in_time(DAY - 6 * ONE))
    for back in range(5):
        publish(database, make_grades(wrong=range(back)), day=DAY - back * ONE)
    build(database)
    asked = Selection()
    page = track_record.create_record_page(
        load_record(database, asked), load_days(database, asked), load_calibration(database, asked)
    )
    for words in ("Said live", "Said backfilled", "beats median", "briefing:", "<svg"):
        assert words in page
    assert "<script" not in page


BUILD = """
import sys
from pathlib import Path
from assay.kit.database import Database
from assay.kit.home import Home
from assay.track_record import store
from tests.track_record.worlds import build
saved = store.save_lines
def save(connection, lines):
    saved(connection, lines)
    print("inside", flush=True)
    sys.stdin.readline()
store.save_lines = save
build(Database(Home(Path(sys.argv[1]))))
"""


@pytest.mark.slow
def test_a_build_killed_in_the_middle_and_run_again_leaves_the_same_table(tmp_path: Path) -> None:
    homes = [Home(tmp_path / name).create() for name in ("killed", "whole")]
    for home in homes:
        database = Database(home)
        for back in range(60):
            publish(database, make_grades(wrong=[back % 31]), day=DAY - (back % 30) * ONE)
        database.close()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", BUILD, str(homes[0].path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as building:
        assert building.stdout is not None
        assert building.stdin is not None
        assert building.stdout.readline() == "inside\n"
        building.stdin.write("\n")
        building.stdin.flush()
        # The first batch is committed, the second one is not.
        assert building.stdout.readline() == "inside\n"
        os.kill(building.pid, signal.SIGKILL)
        building.communicate()
    killed, whole = (Database(home) for home in homes)
    assert len(read_tables(killed)[0]) == 96
    assert not load_record(killed, BEATS).coverage.is_complete
    for database in (killed, whole):
        build(database)
    tables = read_tables(whole)
    assert len(tables[0]) == 120
    assert read_tables(killed)[1] == tables[1]
    places = ("publication_id", "position")
    names = [column.name for column in track_record_scores.columns]
    keep = [number for number, name in enumerate(names) if name not in places]
    for one, other in zip(read_tables(killed)[0], tables[0], strict=True):
        assert [one[number] for number in keep] == [other[number] for number in keep]
    killed.close()
    whole.close()


def test_live_is_said_before_the_outcome(database: Database) -> None:
    assert publish(database, make_grades(), at=in_time()).origin is Origin.LIVE
    assert publish(database, make_grades(), day=DAY - ONE, at=LATER).origin is Origin.BACKFILLED
