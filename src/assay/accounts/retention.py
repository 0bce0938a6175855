"""What is forgotten of accounts, and after how long. docs/operations.md tells the operator."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from assay.accounts.people.account import delete_expired
from assay.accounts.store.audit import audit, origins
from assay.accounts.store.keys import delete_expired_tokens
from assay.accounts.store.limits import leases, usages
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.moments import to_microseconds

KEEP_ADDRESSES = timedelta(days=730)
KEEP_USAGE = timedelta(days=400)
KEEP_LEASES = timedelta(days=1)
"""After they ended: a process that was only slow settles the last one late."""


def delete_old(database: Database, clock: Clock) -> Mapping[str, int]:
    """Forget what nobody can use any more, and what was kept long enough; rows by what they were.

    The audit trail itself is never shortened: it names nobody. The addresses beside it are.
    """
    now = clock.now()
    expired = delete_expired(database, clock)
    with database.write() as connection:
        return {
            "sessions, proofs and tries": expired,
            "access tokens": delete_expired_tokens(connection, now),
            "addresses in the audit trail": delete_addresses(connection, now - KEEP_ADDRESSES),
            "days of usage": delete_usage(connection, now - KEEP_USAGE),
            "leases of quotas": delete_leases(connection, now - KEEP_LEASES),
        }


def delete_addresses(connection: Connection, before: datetime) -> int:
    """Forget from where something was done `before`; how many."""
    old = select(audit.c.sequence).where(audit.c.happened_at_us < to_microseconds(before))
    return connection.execute(delete(origins).where(origins.c.sequence.in_(old))).rowcount


def delete_usage(connection: Connection, before: datetime) -> int:
    """Forget who asked for how much on days `before`; how many rows."""
    day = before.date().isoformat()
    return connection.execute(delete(usages).where(usages.c.day < day)).rowcount


def delete_leases(connection: Connection, before: datetime) -> int:
    """Forget leases that ended `before` and that a process never gave back; how many."""
    old = leases.c.expires_at_us < to_microseconds(before)
    return connection.execute(delete(leases).where(old)).rowcount
