"""A log that grows, and what a broken disk does to it."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Table

from assay import ledger
from assay.kit.database import Database, metadata
from assay.kit.home import Home
from assay.ledger import Draft, Kind, Publication

DAILY = Kind("grades.trader", live_within=timedelta(hours=24), opens_after=timedelta(days=1))
DAY = date(2023, 6, 1)
AT = datetime(2023, 6, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def publish(
    database: Database,
    count: int = 1,
    at: datetime = AT,
    *,
    word: str = "a",
    is_replay: bool = False,
) -> list[Publication]:
    """Say `count` things under one checkpoint."""
    with ledger.write_ledger(database) as writer:
        start = ledger.load_version(writer.connection)
        return [
            writer.save(
                Draft(
                    DAILY,
                    DAY + timedelta(days=start + n),
                    b'[{"word":"%s"}]' % word.encode(),
                    "ab" * 32,
                    AT,
                    "model",
                    "code",
                ),
                at,
                is_replay=is_replay,
            )
            for n in range(count)
        ]


def reopen(home: Home) -> Database:
    """The database as a process that starts now finds it."""
    return Database(home)


def the_log(database: Database) -> ledger.Log:
    with database.read() as connection:
        log = ledger.load_log(connection)
    assert log is not None
    return log


def the_head(database: Database) -> ledger.SignedCheckpoint:
    with database.read() as connection:
        signed = ledger.load_checkpoint(connection)
    assert signed is not None
    return signed


def check(database: Database) -> ledger.LogReport:
    with database.read() as connection:
        log = ledger.load_log(connection)
        assert log is not None
        return ledger.check_log(connection, log)


def damage(database: Database, *statements: str) -> None:
    """What no trigger would let through, as a broken disk does it."""
    with database.write() as connection:
        if database.is_shared:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            found = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for name in connection.exec_driver_sql(found).scalars().all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.exec_driver_sql(statement)


def ledger_table(name: str) -> Table:
    return metadata.tables[name]
