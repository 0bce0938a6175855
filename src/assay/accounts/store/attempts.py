"""Failed attempts by bucket (an account, an address, a device): restarts do not forget them."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    String,
    Table,
    case,
    delete,
    select,
    update,
)

from assay.accounts.compute.throttling import DAY_S, Throttle, wait_s
from assay.kit.database import metadata
from assay.kit.moments import to_microseconds

attempts = Table(
    "accounts_attempts",
    metadata,
    Column("bucket", String(80), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at_us", BigInteger, nullable=False, index=True),
)
SECOND_US = 1_000_000


def load_wait_s(connection: Connection, bucket: str, rule: Throttle, now: datetime) -> float:
    """Seconds until this bucket's next try is looked at; 0.0 if it may be now."""
    failures, since_s = _load(connection, bucket, now)
    return wait_s(rule, failures, since_s)


def count_attempt(connection: Connection, bucket: str, rule: Throttle, now: datetime) -> None:
    """Count a try as failed, before it is looked at: tries at the same moment all count."""
    now_us = to_microseconds(now)
    table = attempts.c
    forgotten = table.last_at_us <= now_us - int(rule.forget_s * SECOND_US)
    counted = update(attempts).where(table.bucket == bucket)
    counted = counted.values(
        failures=case((forgotten, 1), else_=table.failures + 1), last_at_us=now_us
    )
    if connection.execute(counted).rowcount == 0:
        first = attempts.insert().values(bucket=bucket, failures=1, last_at_us=now_us)
        connection.execute(first)


def forgive_attempts(connection: Connection, bucket: str) -> None:
    """Forget a bucket: who tried has proved to be who they say."""
    connection.execute(delete(attempts).where(attempts.c.bucket == bucket))


def undo_attempt(connection: Connection, bucket: str) -> None:
    """Take back the one try that turned out right; those that failed before it stay."""
    table = attempts.c
    statement = update(attempts).where(table.bucket == bucket, table.failures > 0)
    connection.execute(statement.values(failures=table.failures - 1))


def delete_old_attempts(connection: Connection, now: datetime) -> int:
    """Drop what is forgotten anyway; how many buckets."""
    limit = to_microseconds(now) - int(DAY_S * SECOND_US)
    return connection.execute(delete(attempts).where(attempts.c.last_at_us <= limit)).rowcount


def _load(connection: Connection, bucket: str, now: datetime) -> tuple[int, float]:
    statement = select(attempts).where(attempts.c.bucket == bucket)
    row = connection.execute(statement).one_or_none()
    if row is None:
        return 0, 0.0
    return row.failures, (to_microseconds(now) - row.last_at_us) / SECOND_US
