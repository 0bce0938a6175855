"""A log that is damaged is found so when it is opened."""

from collections.abc import Iterator

import pytest
from tests.ledger.growing import AT, check, damage, ledger_table, publish, reopen, the_head

from assay import ledger
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import Corrupt
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.ledger.service.checking import check_quickly


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    database = Database(each_home)
    yield database
    database.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            'UPDATE log_tiles SET crc32 = crc32 + 1 WHERE level = 0 AND "index" = 1',
            "corrupt tile 0/1",
        ),
        ("UPDATE log_tiles SET hashes = substr(hashes, 1, 16) WHERE level = 1", "corrupt tile 1/0"),
        ('DELETE FROM log_tiles WHERE level = 0 AND "index" = 0', "lacks the tile 0/0"),
        ("DELETE FROM log_tiles WHERE level = 1", "lacks the tile 1/0"),
        (
            "DELETE FROM log_entries WHERE position = 299",
            "truncated.*has 299 entries.*checkpoint 300",
        ),
        ("DELETE FROM log_entries WHERE position = 7", "has 299 of 300 entries"),
        ("DELETE FROM log_checkpoints WHERE size = 300", "truncated.*300 entries.*checkpoint 260"),
        ("DELETE FROM publications WHERE sequence = 300", "truncated.*up to 300"),
        ("DELETE FROM publications WHERE sequence = 4", "300 in all; 299 are there"),
        ("UPDATE log_checkpoints SET root = note WHERE size = 300", "do not have the root"),
        (
            "UPDATE log_checkpoints SET note = (SELECT note FROM log_checkpoints WHERE size = 260)",
            "says something else than its note",
        ),
        ("UPDATE log_keys SET until_us = since_us", "is not signed by its keys"),
    ],
)
def test_damage_is_named_on_opening(database: Database, statement: str, words: str) -> None:
    publish(database, 260)
    publish(database, 40)
    with database.read() as connection:
        check_quickly(connection)
    damage(database, statement)
    opened = reopen(database.home)
    with pytest.raises(Corrupt, match=words):
        ledger.open_log(opened, FixedClock(AT))
    with pytest.raises(Corrupt, match=words):
        publish(opened)
    opened.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE publications SET header = rows_zstd WHERE sequence = 9", "another root at 300"),
        ("UPDATE log_checkpoints SET root = note WHERE size = 300", "another root at 300"),
        ("UPDATE log_entries SET published_at_us = 9 WHERE position = 9", "back in time at 9"),
    ],
)
def test_the_full_check_reads_every_leaf(database: Database, statement: str, words: str) -> None:
    publish(database, 300)
    publish(database, 300)
    assert check(database).checkpoints == 2
    damage(database, statement)
    with pytest.raises(Corrupt, match=words):
        check(database)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "UPDATE publications SET rows_zstd = (SELECT rows_zstd FROM publications WHERE"
            " sequence = 2) WHERE sequence = 9",
            "published rows, rows root",
        ),
        (
            "UPDATE publications SET published_at_us = 1000000 WHERE sequence = 9",
            "published_at",
        ),
        ("UPDATE publications SET origin = 'live' WHERE sequence = 9", "origin"),
        ("UPDATE publications SET rows_zstd = header WHERE sequence = 9", "its rows"),
        ("UPDATE publications SET corrects = 'another' WHERE sequence = 9", "corrects"),
    ],
)
def test_the_check_of_rows_reads_every_publication(
    database: Database, statement: str, words: str
) -> None:
    publish(database, 6, word="one")
    publish(database, 6, word="two")
    with database.read() as connection:
        assert ledger.check_publications(connection, SilentProgress()) == 12
    damage(database, statement)
    assert check(database).size == 12
    with (
        database.read() as connection,
        pytest.raises(Corrupt, match=f"is not as sealed: {words}"),
    ):
        ledger.check_publications(connection, SilentProgress())


def test_a_forged_checkpoint_is_not_ours(database: Database) -> None:
    publish(database, 2)
    signed = the_head(database)
    forged = signed.note[:-10] + b"AAAAAAAA=\n"
    table = ledger_table("log_checkpoints")
    damage(database)
    with database.write() as connection:
        if database.is_shared:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.execute(table.update().values(note=forged))
    opened = reopen(database.home)
    with pytest.raises(Corrupt, match="checkpoint of 2 that fails"):
        publish(opened)
    opened.close()
