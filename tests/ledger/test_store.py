"""What the ledger promises: nothing changes, corrections supersede, origins are derived."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from assay import ledger
from assay.kit.database import Database
from assay.kit.errors import NotFound
from assay.kit.home import Home
from assay.ledger import Draft, Kind, Origin
from assay.ledger.compute.headers import derive_origin
from assay.ledger.store.publications import publications

DAILY = Kind("grades.trader", live_within=timedelta(hours=24), opens_after=timedelta(days=1))
DAY = date(2023, 6, 1)
CLOSE = datetime(2023, 6, 2, tzinfo=UTC)


def draft(rows: bytes = b"[]", day: date = DAY, **changes: Any) -> Draft:
    return Draft(DAILY, day, rows, "ab" * 32, CLOSE, "model", "code", **changes)


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    database = Database(each_home)
    yield database
    database.close()


def publish(database: Database, item: Draft, at: datetime = CLOSE) -> ledger.Publication:
    with ledger.write_ledger(database) as writer:
        return writer.save(item, at, is_replay=False)


def test_a_publication_comes_back_as_it_was_said(database: Database) -> None:
    said = publish(database, draft(b'[{"grade":"71.20"}]'))
    with database.read() as connection:
        found = ledger.load_publication(connection, said.publication_id)
    assert found == said
    assert orjson.loads(found.header)["rows_digest"] in found.header.decode()
    assert ledger.compute_digest(found.header) == found.digest


@pytest.mark.parametrize(
    "statement", ["UPDATE publications SET model='x'", "DELETE FROM publications"]
)
def test_the_database_refuses_to_change_what_was_said(database: Database, statement: str) -> None:
    publish(database, draft())
    with pytest.raises(IntegrityError, match="immutable"), database.write() as connection:
        connection.exec_driver_sql(statement)


def test_a_correction_supersedes_and_a_withdrawal_restores(database: Database) -> None:
    first = publish(database, draft(b"[1]"))
    second = publish(
        database, draft(b"[2]", corrects=first.publication_id), CLOSE + timedelta(hours=1)
    )
    third = draft(b"[]", withdraws=second.publication_id)
    with database.read() as connection:
        assert ledger.load_latest(connection, DAILY.name, DAY) == second
        by_then = ledger.load_latest(connection, DAILY.name, DAY, said_by=CLOSE)
        assert by_then == first
    publish(database, third, CLOSE + timedelta(hours=2))
    with database.read() as connection:
        assert ledger.load_latest(connection, DAILY.name, DAY) == first
        before = ledger.load_latest(
            connection, DAILY.name, DAY, said_by=CLOSE + timedelta(minutes=90)
        )
        assert before == second


def test_an_unknown_id_is_a_clear_error(database: Database) -> None:
    with database.read() as connection, pytest.raises(NotFound, match="nothing-here"):
        ledger.load_publication(connection, "nothing-here")


def test_a_failed_transaction_leaves_nothing_not_even_a_gap(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), ledger.write_ledger(database) as writer:
        writer.save(draft(), CLOSE, is_replay=False)
        _ = 1 // 0
    with database.read() as connection:
        assert ledger.load_version(connection) == 0
        assert connection.execute(publications.select()).first() is None
    assert publish(database, draft()).sequence == 1


def test_what_stands_is_listed_once_a_day_and_in_order(database: Database) -> None:
    publish(database, draft(day=date(2023, 6, 3)))
    first = publish(database, draft(day=DAY))
    second = publish(database, draft(b"[3]", day=DAY), CLOSE + timedelta(hours=1))
    with database.read() as connection:
        standing = ledger.list_standing(connection, DAILY.name)
        assert [item.as_of for item in standing] == [DAY, date(2023, 6, 3)]
        assert standing[0].sequence == second.sequence
        by_then = ledger.list_standing(connection, DAILY.name, DAY, DAY, said_by=CLOSE)
        assert [item.sequence for item in by_then] == [first.sequence]


@given(st.integers(-48, 96))
def test_live_means_in_time_and_before_the_outcome(hours: int) -> None:
    said = CLOSE + timedelta(hours=hours)
    origin = derive_origin(draft(), said, is_replay=False)
    assert (origin is Origin.LIVE) == (0 <= hours < 24)
    assert derive_origin(draft(), said, is_replay=True) is Origin.REPLAY


def test_sealed_values_hold_no_floats() -> None:
    assert ledger.canonical_json({"b": 1, "a": ["0.10", None]}) == b'{"a":["0.10",null],"b":1}'
    with pytest.raises(TypeError, match="float"):
        ledger.canonical_json({"a": [{"b": 0.1}]})


def test_an_hour_is_live_within_its_own_limit_and_named_by_its_opening(
    database: Database,
) -> None:
    kind = Kind("signals.hourly", live_within=timedelta(hours=1), opens_after=timedelta(hours=1))
    hour = Draft(kind, DAY, b"[]", "ab" * 32, CLOSE, "model", "code", hour=5)
    closed = datetime(2023, 6, 1, 6, tzinfo=UTC)
    assert derive_origin(hour, closed, is_replay=False) is Origin.LIVE
    assert derive_origin(hour, closed + timedelta(hours=1), is_replay=False) is Origin.BACKFILLED
    said = publish(database, hour, closed)
    later = publish(database, Draft(kind, DAY, b"[1]", "ab" * 32, CLOSE, "m", "c", hour=6), CLOSE)
    assert said.publication_id.startswith(f"signals.hourly-{DAY}T05-")
    assert ledger.parse_as_of(f"{DAY}T05") == (DAY, 5)
    with database.read() as connection:
        assert ledger.load_latest(connection, kind.name) == later
        assert ledger.load_latest(connection, kind.name, DAY, hour=5) == said
        assert ledger.load_latest(connection, kind.name, before=later.sequence) == said
        standing = ledger.list_standing(connection, kind.name)
    assert [(item.as_of, item.hour) for item in standing] == [(DAY, 5), (DAY, 6)]
