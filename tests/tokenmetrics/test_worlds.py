"""Answers follow what is published: sealed within a world, made anew in the next one."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from tests.api.asking import ask
from tests.api.spoken import SAID_AT, make_kind_rows
from tests.api.world import make_rows, publish
from tests.tokenmetrics.asking import NEW_ERA, OLD_ERA, PREFIX, AskedFace
from tests.tokenmetrics.enriching import say

from assay import ledger
from assay.api import Content
from assay.grades import GradeKind
from assay.kit.database import Database
from assay.kit.moments import close_of
from assay.ledger import Draft, Kind
from assay.tokenmetrics.answers import Answers
from assay.tokenmetrics.archive import BATCH, FEW, Archive

LATER = SAID_AT + timedelta(days=1)


def refresh(face: AskedFace) -> None:
    assert asyncio.run(face.app.state.refresh())


def test_a_new_day_is_served_as_soon_as_the_world_is_new(fresh_face: AskedFace) -> None:
    newest = fresh_face.world.days[-1]
    day = newest + timedelta(days=1)
    before = fresh_face.rows("trader-grades", symbol="BTC", limit=1)
    registry = fresh_face.world.markets.registry
    publish(fresh_face.world.database, GradeKind.TRADER, day, make_rows(registry, day), LATER)
    assert fresh_face.rows("trader-grades", symbol="BTC", limit=1) == before
    refresh(fresh_face)
    after = fresh_face.rows("trader-grades", symbol="BTC", limit=1)
    assert after[0]["DATE"] == f"{day}T00:00:00.000Z"


def test_a_correction_replaces_and_a_withdrawal_uncovers(fresh_face: AskedFace) -> None:
    database, day = fresh_face.world.database, fresh_face.world.days[-1]
    rows = make_rows(fresh_face.world.markets.registry, day, 1)
    said = [row | {"grade": "12.34"} if row["token_id"] == 3375 else row for row in rows]
    first = read_grade(fresh_face, day)
    corrected = publish(database, GradeKind.TRADER, day, said, LATER)
    refresh(fresh_face)
    assert read_grade(fresh_face, day) == 12.34
    kind = Kind("grades.trader", timedelta(hours=24), timedelta(days=1))
    draft = Draft(
        kind, day, b"[]", "ab" * 32, close_of(day), "m", "c", withdraws=corrected.publication_id
    )
    with ledger.write_ledger(database) as writer:
        writer.save(draft, LATER, is_replay=False)
    refresh(fresh_face)
    assert read_grade(fresh_face, day) == first


def read_grade(face: AskedFace, day: date) -> Any:
    rows = face.rows("trader-grades", symbol="BTC", startDate=day, endDate=day)
    return rows[0]["TM_TRADER_GRADE"]


def test_an_unchanged_answer_is_a_304(face: AskedFace) -> None:
    first = face.ask("trader-grades", limit=5)
    again = face.ask("trader-grades", [(b"if-none-match", first.header("etag").encode())], limit=5)
    assert (again.status, again.body) == (304, b"")
    other = face.ask("trader-grades", [(b"accept-encoding", b"gzip")], limit=1000)
    assert other.header("content-encoding") == "gzip"


def test_the_front_replays_what_the_declared_way_sends(face: AskedFace) -> None:
    target = f"{PREFIX}/trading-signals?limit=50&page=1"
    answers = [ask(face.app, target), ask(face.app, target), ask(face.app.declared, target)]
    assert len({answer.body for answer in answers}) == 1
    assert len({answer.header("etag") for answer in answers}) == 1


def test_answers_are_kept_for_a_world_and_within_a_bound() -> None:
    answers, world, other = Answers(limit_bytes=10_000), object(), object()
    keys = [("tokens", str(number).encode(), False) for number in range(9)]
    assert answers.find(world, keys[0]) is None
    for key in keys:
        answers.keep(world, key, Content(b"x" * 1_000))
    assert 0 < answers.size_bytes <= 10_000
    assert [answers.find(world, key) is not None for key in keys] == [False] * 5 + [True] * 4
    answers.keep(other, keys[0], Content(b"late"))
    assert answers.find(world, keys[0]) is None
    assert answers.find(other, keys[8]) is None
    assert answers.size_bytes == 0


def test_the_first_era_is_answered_once_a_world(fresh_face: AskedFace) -> None:
    first = fresh_face.ask("trader-grades", OLD_ERA, limit=9, page=1)
    again = fresh_face.ask("trader-grades", OLD_ERA, limit=9, page=1)
    assert first == again
    second_era = fresh_face.ask("trader-grades", NEW_ERA, limit=9, page=1)
    assert second_era.json["data"] != first.json["data"]
    assert second_era.json["data"] == fresh_face.rows("trader-grades", limit=9)


@pytest.fixture
def database(fresh_face: AskedFace) -> Database:
    """A ledger with 200 more days of daily signals."""
    first = date(2022, 6, 1)
    with ledger.write_ledger(fresh_face.world.database) as writer:
        for day in (first + timedelta(days=i) for i in range(200)):
            say(writer, "signals.daily", day, make_kind_rows("signals.daily", day))
    return fresh_face.world.database


def test_few_tokens_and_all_tokens_give_the_same_history(
    fresh_face: AskedFace, database: Database
) -> None:
    refresh(fresh_face)
    few = fresh_face.rows("trading-signals", symbol="ETH", limit=1000)
    every = fresh_face.rows("trading-signals", limit=1000)
    assert few == [row for row in every if row["TOKEN_ID"] == 3306]
    assert len(few) > 200
    assert few == fresh_face.rows("trading-signals", symbol="ETH", limit=999)


@pytest.mark.parametrize("ids", [None, frozenset({3375, 3306}), frozenset(range(3300, 3400))])
def test_the_archive_keeps_within_its_bound(database: Database, ids: frozenset[int] | None) -> None:
    assert ids is None or (len(ids) <= FEW) is (len(ids) == 2)
    archive = Archive(limit_bytes=20_000)
    standing = archive.list_standing(database, 1, "signals.daily")
    batches = list(archive.walk(database, "signals.daily", standing, ids))
    assert [said.standing for batch in batches for said in batch] == standing[::-1]
    assert max(map(len, batches)) == BATCH
    assert 0 < archive.size_bytes <= 20_000
    again = list(archive.walk(database, "signals.daily", standing, ids))
    assert repr(again) == repr(batches)


def test_days_ahead_are_read_and_not_told(database: Database) -> None:
    archive = Archive()
    standing = archive.list_standing(database, 1, "signals.daily")
    batches = archive.walk(database, "signals.daily", standing[:10], ahead=7)
    assert [said.standing for batch in batches for said in batch] == standing[7:10][::-1]
    assert (
        archive.list_standing(database, 1, "signals.daily", standing[2].as_of, standing[5].as_of)
        == standing[2:6]
    )
