"""Records of repeatable requests, on both databases: what each way of dying leaves behind."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from assay.kit import idempotency
from assay.kit.database import BEFORE_COMMIT, Database
from assay.kit.errors import RateLimited
from assay.kit.home import Home
from assay.kit.idempotency import (
    LEASE,
    Answer,
    AnswerLost,
    Hold,
    InProgress,
    KeyReused,
    idempotent_requests,
)
from assay.kit.jobs import store

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LATER = NOW + LEASE + timedelta(seconds=1)
KEY = "0123456789abcdef"
ANSWER = Answer(201, [(b"location", b"/v1/keys/1")], b'{"key":"ak_secret"}')


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    made = Database(each_home)
    yield made
    made.close()


def begin(
    database: Database, *, account: str = "acc_a", what: str = "a", now: datetime = NOW
) -> Hold | Answer:
    with database.write() as connection:
        return idempotency.begin(connection, account, KEY, what, now)


def hold(database: Database, now: datetime = NOW) -> Hold:
    found = begin(database, now=now)
    assert isinstance(found, Hold)
    return found


def write(database: Database, held: Hold) -> None:
    """What a handler does: one more row, in a transaction of the request."""
    mark = BEFORE_COMMIT.set(held.apply)
    try:
        with database.write() as connection:
            store.beat(connection, f"wrk_{secrets.token_hex(4)}", NOW)
    finally:
        BEFORE_COMMIT.reset(mark)


def count_effects(database: Database) -> int:
    with database.read() as connection:
        return len(store.list_beats(connection))


def settle(database: Database, held: Hold, answer: Answer | None, *, is_lasting: bool) -> None:
    with database.write() as connection:
        held.settle(connection, answer, is_lasting=is_lasting)


def test_an_answered_request_is_answered_again(database: Database) -> None:
    held = hold(database)
    write(database, held)
    settle(database, held, ANSWER, is_lasting=True)
    assert begin(database) == ANSWER
    assert begin(database, now=LATER) == ANSWER
    with pytest.raises(KeyReused):
        begin(database, what="b")
    assert isinstance(begin(database, account="acc_b", what="b"), Hold)


def test_a_day_later_the_key_is_new(database: Database) -> None:
    settle(database, hold(database), ANSWER, is_lasting=True)
    assert isinstance(begin(database, what="b", now=NOW + timedelta(hours=24)), Hold)


def test_one_try_at_a_time(database: Database) -> None:
    hold(database)
    with pytest.raises(InProgress):
        begin(database)


def test_a_process_that_dies_before_it_writes_leaves_the_request_to_the_next(
    database: Database,
) -> None:
    first = hold(database)
    second = hold(database, LATER)
    write(database, second)
    with pytest.raises(InProgress):
        write(database, first)
    assert count_effects(database) == 1, "what the late one wrote is rolled back"
    settle(database, first, None, is_lasting=False)
    settle(database, second, ANSWER, is_lasting=True)
    assert begin(database, now=LATER) == ANSWER


def test_a_process_that_dies_after_it_wrote_is_not_followed_by_another(database: Database) -> None:
    write(database, hold(database))
    with pytest.raises(InProgress):
        begin(database)
    with pytest.raises(AnswerLost):
        begin(database, now=LATER)
    assert count_effects(database) == 1


def test_an_answer_known_before_the_write_survives_with_it(database: Database) -> None:
    held = hold(database)
    held.answer = ANSWER
    write(database, held)
    assert begin(database) == ANSWER


def test_a_write_that_fails_marks_nothing(database: Database) -> None:
    held = hold(database)
    mark = BEFORE_COMMIT.set(held.apply)
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        store.beat(connection, "wrk_a", NOW)
        raise ZeroDivisionError
    BEFORE_COMMIT.reset(mark)
    settle(database, held, Answer(500, [], b""), is_lasting=False)
    assert count_effects(database) == 0
    assert isinstance(begin(database), Hold)


def test_what_wrote_and_then_failed_is_not_done_again(database: Database) -> None:
    held = hold(database)
    write(database, held)
    failure = Answer(500, [], b"{}")
    settle(database, held, failure, is_lasting=False)
    assert begin(database) == failure


def test_secrets_of_answers_are_not_stored_in_clear(database: Database) -> None:
    held = hold(database)
    settle(database, held, ANSWER, is_lasting=True)
    with database.read() as connection:
        row = connection.execute(select(idempotent_requests)).one()
    stored = repr(tuple(row)).encode() + bytes(row.answer)
    assert b"ak_secret" not in stored
    assert KEY.encode() not in stored
    other = Hold(held.request_id, held.account_id, "fedcba9876543210", held.run)
    with pytest.raises(AnswerLost):
        idempotency.unseal(other, bytes(row.answer))


def test_records_are_bounded_and_go(database: Database) -> None:
    hold(database)
    with database.write() as connection, pytest.raises(RateLimited):
        idempotency.begin(connection, "acc_a", "another-key-of-theirs", "a", NOW, most_records=1)
    with database.write() as connection:
        assert idempotency.delete_old(connection, NOW + timedelta(hours=1)) == 0
        assert idempotency.delete_old(connection, NOW + timedelta(hours=24)) == 1
    hold(database)
    with database.write() as connection:
        assert idempotency.erase_account(connection, "acc_b") == 0
        assert idempotency.erase_account(connection, "acc_a") == 1
