"""A log that grows, in a database of a test's own, for the tests of those who look from outside."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from assay import ledger
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.database.place import find_place
from assay.kit.home import Home
from assay.ledger import Draft, Kind, Log, SignedCheckpoint
from assay.ledger.compute.notes import format_vkey
from assay.ledger.store.log import save_place
from assay.verifier import VerifierKey, parse_key

NOW = datetime(2026, 3, 1, 0, 10, tzinfo=UTC)
CLOCK = FixedClock(NOW)
KIND = Kind("grades.trader", live_within=timedelta(hours=24), opens_after=timedelta(days=1))


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    with opened_home(Home(path).create()) as database:
        yield database


@contextmanager
def opened_home(home: Home) -> Iterator[Database]:
    database = Database(home)
    try:
        yield database
    finally:
        database.close()


def grow(database: Database, count: int = 1, word: str = "a") -> SignedCheckpoint:
    """Publish so many statements, each under a checkpoint of its own; the last one."""
    for number in range(count):
        with ledger.write_ledger(database) as writer:
            begun = ledger.load_version(writer.connection)
            rows = b'[{"n":%d,"word":"%s"}]' % (begun + number, word.encode())
            day = date(2025, 1, 1) + timedelta(days=begun)
            draft = Draft(KIND, day, rows, "ab" * 32, NOW, "model", "code")
            writer.save(draft, NOW, is_replay=False)
    return newest(database)


def newest(database: Database) -> SignedCheckpoint:
    with database.read() as connection:
        found = ledger.load_checkpoint(connection)
    assert found is not None
    return found


def load_log(database: Database) -> Log:
    with database.read() as connection:
        log = ledger.load_log(connection)
    assert log is not None
    return log


def log_keys(database: Database) -> list[VerifierKey]:
    log = load_log(database)
    with database.read() as connection:
        keys = ledger.list_log_keys(connection, log.number)
    return [parse_key(format_vkey(key.name, key.public_key)) for key in keys]


def copy_log(source: Database, target: Database) -> None:
    """Rows and keys, file by file, by someone who also makes the copy believe that it is at its own
    place: only those outside can still tell.
    """
    source.close()
    target.close()
    for path in target.home.path.glob("assay.db*"):
        path.unlink()
    for path in source.home.path.glob("assay.db*"):
        shutil.copy(path, target.home.path)
    shutil.copytree(source.home.keys, target.home.keys, dirs_exist_ok=True)
    with target.write() as connection:
        save_place(connection, 1, find_place(target, connection))
