"""The log in the database: append-only, in order, signed by its own keys."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError
from tests.ledger.growing import (
    AT,
    DAILY,
    DAY,
    SECOND,
    check,
    damage,
    ledger_table,
    publish,
    reopen,
    the_head,
    the_log,
)

from assay import ledger
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import ClockBehind, Conflict, KeyUnusable, WrongLog
from assay.kit.home import Home
from assay.kit.keyring import Keyring
from assay.ledger import Draft
from assay.ledger.compute.notes import list_signatures, parse_checkpoint
from assay.ledger.service import starting
from assay.verifier import SIGNATURE, VerifierKey


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    database = Database(each_home)
    yield database
    database.close()


CHANGES = (
    "DELETE FROM log_entries",
    "DELETE FROM log_checkpoints",
    "DELETE FROM log_tiles",
    "DELETE FROM log_keys",
    "DELETE FROM logs",
    "UPDATE log_entries SET published_at_us = published_at_us + 1",
    "UPDATE log_checkpoints SET size = size + 1",
    "UPDATE log_tiles SET hashes = substr(hashes, 1, 32)",
    "UPDATE log_tiles SET hashes = hashes",
    "UPDATE log_tiles SET level = level + 1",
    "UPDATE log_keys SET since_us = since_us + 1",
    "UPDATE logs SET origin = 'another'",
)


def test_what_the_log_has_said_cannot_be_changed(database: Database) -> None:
    publish(database, 3)
    for change in CHANGES:
        statements = [change]
        if database.is_shared and change.startswith("DELETE"):
            statements.append(change.replace("DELETE FROM", "TRUNCATE") + " CASCADE")
        for statement in statements:
            refused = pytest.raises(IntegrityError, match="append-only")
            with refused, database.write() as connection:
                connection.exec_driver_sql(statement)
    assert check(database).size == 3


def test_a_tile_may_grow_but_not_change_what_it_holds(database: Database) -> None:
    publish(database, 3)
    with database.read() as connection:
        tile = ledger.read_tile(connection, 1, 0, 0)
    publish(database, 2)
    with database.read() as connection:
        assert ledger.read_tile(connection, 1, 0, 0)[: len(tile)] == tile
    longer = ledger_table("log_tiles").update().values(hashes=b"\0" * 192)
    with pytest.raises(IntegrityError, match="append-only"), database.write() as connection:
        connection.execute(longer)


def test_entries_never_go_back_in_time(database: Database) -> None:
    publish(database, at=AT)
    [evened] = publish(database, at=AT - SECOND, word="b")
    assert evened.published_at == AT
    assert orjson.loads(evened.header)["published_at"] == "2023-06-02T00:00:00Z"
    with pytest.raises(ClockBehind, match=r"says 2023-06-01T23:59:58.*is of 2023-06-02T00:00:00"):
        publish(database, at=AT - 2 * SECOND)
    assert check(database).size == 2
    with pytest.raises(ClockBehind, match="follow NTP"):
        ledger.open_log(database, FixedClock(AT - timedelta(hours=1)))
    assert ledger.open_log(database, FixedClock(AT)) == the_log(database)


def test_within_one_transaction_too(database: Database) -> None:
    with pytest.raises(ClockBehind), ledger.write_ledger(database) as writer:
        for at in (AT, AT - timedelta(minutes=1)):
            writer.save(Draft(DAILY, DAY, b"[]", "ab" * 32, AT, "m", "c"), at, is_replay=False)
    with database.read() as connection:
        assert ledger.load_version(connection) == 0
        assert ledger.load_log(connection) is None


@pytest.mark.parametrize("is_replay", [True, False])
def test_live_and_replay_never_share_a_log(database: Database, is_replay: bool) -> None:
    publish(database, is_replay=is_replay)
    assert ("/replay/" in the_log(database).origin) == is_replay
    with pytest.raises(WrongLog, match="a home of its own"):
        publish(database, is_replay=not is_replay)
    with pytest.raises(WrongLog):
        ledger.open_log(database, FixedClock(AT, is_replay=not is_replay))
    assert check(database).size == 1


def test_the_origin_says_where_the_installation_is_reached(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", public_url="https://assay.example.org").create()
    database = Database(home)
    publish(database)
    origin = the_log(database).origin
    assert origin.startswith("assay.example.org/log/")
    assert the_head(database).note.startswith(origin.encode() + b"\n1\n")
    database.close()


def test_another_host_without_the_key_is_refused_and_makes_none(
    tmp_path: Path, postgres_url: str
) -> None:
    first = Database(Home(tmp_path / "one", SecretStr(postgres_url)))
    publish(first)
    second = Database(Home(tmp_path / "two", SecretStr(postgres_url)))
    with pytest.raises(KeyUnusable, match="Copy the folder `keys` from the host that has it"):
        publish(second)
    assert not list((tmp_path / "two").rglob("*.pem"))
    shutil.copytree(tmp_path / "one" / "keys", tmp_path / "two" / "keys")
    publish(second)
    assert check(first).size == 2
    first.close()
    second.close()


def test_another_key_is_refused(database: Database, tmp_path: Path) -> None:
    publish(database)
    [path] = database.home.keys.iterdir()
    other = Database(Home(tmp_path / "other").create())
    publish(other)
    [stranger] = other.home.keys.iterdir()
    path.write_bytes(stranger.read_bytes())
    with pytest.raises(KeyUnusable, match="is not the key of the log"):
        publish(database)
    with pytest.raises(KeyUnusable):
        ledger.open_log(database, FixedClock(AT))
    other.close()


def test_a_rotation_has_an_overlap_in_which_both_keys_sign(database: Database) -> None:
    publish(database)
    day = timedelta(days=1)
    _, until = ledger.rotate_key(database, FixedClock(AT + SECOND), 2 * day)
    assert until == AT + SECOND + 2 * day
    with pytest.raises(Conflict, match="rotation before ends"):
        ledger.rotate_key(database, FixedClock(AT + day), day)
    signers = []
    for at in (AT + day, until):
        publish(database, at=at)
        signers.append(list_signers(database))
    assert signers == [[True, True], [False, True]]
    assert check(database).checkpoints == 3
    ledger.rotate_key(database, FixedClock(until + day), day)
    publish(database, at=until + day)
    assert list_signers(database) == [False, True, True]
    # The retired key is not needed any more.
    Keyring(database.home).find_path(f"log-{the_log(database).origin[-16:]}").unlink()
    publish(database, at=until + day)
    assert check(database).checkpoints == 5


def list_signers(database: Database) -> list[bool]:
    head = parse_checkpoint(the_head(database).note)
    with database.read() as connection:
        keys = ledger.list_log_keys(connection, 1)
    return [
        bool(list_signatures(head.note, VerifierKey(key.name, SIGNATURE, key.public_key)))
        for key in keys
    ]


def test_what_was_said_before_enters_first_in_its_order(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "_TOGETHER", 7)
    said = publish(database, 20)
    damage(
        database,
        "DELETE FROM log_checkpoints",
        "DELETE FROM log_tiles",
        "DELETE FROM log_entries",
        "DELETE FROM log_keys",
        "DELETE FROM logs",
    )
    shutil.rmtree(database.home.log)
    opened = reopen(database.home)
    log = ledger.open_log(opened, FixedClock(AT + SECOND))
    assert log is not None
    assert the_head(opened).size == 20
    publish(opened, at=AT + SECOND, word="b")
    with opened.read() as connection:
        entries = ledger.read_entries(connection, log.number, 0, 20)
    assert entries == [item.header for item in said]
    assert check(opened).size == 21
    opened.close()
