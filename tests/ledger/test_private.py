"""Private statements: the log holds a salted hash, the account the rest, until it is erased."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay import ledger
from assay.kit.database import Database
from assay.kit.errors import BadInput, NotFound
from assay.kit.home import Home
from assay.ledger.compute.private import compute_commitment, compute_private_entry
from assay.ledger.service.writing import LARGEST_STATEMENT
from assay.ledger.store.log import list_entries, load_end, load_log

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADA, BOB = "acc_ada", "acc_bob"
STATEMENT = b"Sell SOL above 300 by Friday; nobody else may know."


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    database = Database(each_home)
    yield database
    database.close()


def tell(database: Database, *statements: bytes, account: str = ADA) -> list[str]:
    with ledger.write_ledger(database) as writer:
        told = [writer.save_private(account, item, NOON, is_replay=False) for item in statements]
    return [item.commitment for item in told]


def read_log(database: Database) -> list[bytes]:
    with database.read() as connection:
        log = load_log(connection)
        assert log is not None
        return list_entries(connection, log.number, 0, load_end(connection, log.number)[0])


def test_the_log_holds_a_hash_and_a_moment_and_nothing_else(database: Database) -> None:
    [commitment] = tell(database, STATEMENT)
    [entry] = read_log(database)
    assert orjson.loads(entry) == {
        "version": 2,
        "kind": "private",
        "published_at": "2026-11-20T12:00:00Z",
        "commitment": commitment,
    }
    with database.read() as connection:
        [kept] = ledger.list_private(connection, ADA)
    assert (kept.statement, kept.entry, kept.published_at) == (STATEMENT, entry, NOON)
    assert (kept.log, kept.position) == (1, 0)
    assert ledger.open_private_entry(entry, kept.salt, STATEMENT) == NOON
    assert STATEMENT.decode() not in repr(kept)
    assert repr(kept.salt) not in repr(kept)


def test_equal_statements_have_unlike_entries(database: Database) -> None:
    tell(database, STATEMENT, STATEMENT)
    tell(database, STATEMENT, account=BOB)
    assert len(set(read_log(database))) == 3


def test_public_and_private_statements_share_the_log_in_order(database: Database) -> None:
    tell(database, STATEMENT)
    tell(database, b"second", b"third")
    with database.read() as connection:
        kept = ledger.list_private(connection, ADA)
    assert [item.statement for item in kept] == [STATEMENT, b"second", b"third"]
    assert [item.position for item in kept] == [0, 1, 2]
    entries = read_log(database)
    assert [entries[item.position or 0] for item in kept] == [item.entry for item in kept]


def test_nobody_else_reads_it(database: Database) -> None:
    [commitment] = tell(database, STATEMENT)
    with database.read() as connection:
        assert ledger.load_private(connection, ADA, commitment).statement == STATEMENT
        assert ledger.list_private(connection, BOB) == []
        with pytest.raises(NotFound):
            ledger.load_private(connection, BOB, commitment)


def test_erased_is_erased_and_the_log_stays_as_it_was(database: Database) -> None:
    tell(database, STATEMENT, b"another")
    tell(database, b"kept", account=BOB)
    before = read_log(database)
    with database.write() as connection:
        assert ledger.erase_private(connection, ADA) == 2
    with database.read() as connection:
        assert ledger.list_private(connection, ADA) == []
        assert [item.statement for item in ledger.list_private(connection, BOB)] == [b"kept"]
    assert read_log(database) == before


def test_nothing_of_a_block_that_fails_is_told(database: Database) -> None:
    tell(database, b"first")
    with pytest.raises(ZeroDivisionError), ledger.write_ledger(database) as writer:
        writer.save_private(ADA, STATEMENT, NOON, is_replay=False)
        raise ZeroDivisionError
    assert len(read_log(database)) == 1
    with database.read() as connection:
        assert len(ledger.list_private(connection, ADA)) == 1


def test_a_statement_has_a_largest_size(database: Database) -> None:
    with pytest.raises(BadInput, match="at most"):
        tell(database, bytes(LARGEST_STATEMENT + 1))


@given(st.binary(), st.binary(min_size=32, max_size=32), st.integers(0, 10**6), st.data())
def test_only_the_very_statement_opens_an_entry(
    statement: bytes, salt: bytes, seconds: int, data: st.DataObject
) -> None:
    moment = NOON + timedelta(seconds=seconds)
    entry = compute_private_entry(compute_commitment(salt, statement), moment)
    assert ledger.open_private_entry(entry, salt, statement) == moment
    bent = bytearray(salt + statement)
    at = data.draw(st.integers(0, len(bent) - 1))
    bent[at] ^= data.draw(st.integers(1, 255))
    assert ledger.open_private_entry(entry, bytes(bent[:32]), bytes(bent[32:])) is None


@pytest.mark.parametrize("entry", [b"", b"[]", b"{}", b'{"kind":"private"}', b'"private"', b"\xff"])
def test_what_is_no_private_entry_opens_nothing(entry: bytes) -> None:
    assert ledger.open_private_entry(entry, bytes(32), b"") is None
    assert ledger.open_private_entry(entry, bytes(31), b"") is None
