"""Sessions: one row a sign-in, beside it the tokens that stand for it one after another.

An access token is never changed, only added and let expire, so that another process can keep what
it has read; a refresh token that was used stays until it would have expired, so that its second use
is recognised.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Row,
    String,
    Table,
    delete,
    select,
    update,
)

from assay.accounts.tokens import matches_secret, split_token
from assay.accounts.types import AccountId, Session, SessionRecord, SignInMethod
from assay.kit.database import Database, metadata
from assay.kit.moments import from_microseconds, to_microseconds

ACCESS_PREFIX = "as"
REFRESH_PREFIX = "ar"
DEVICE_PREFIX = "ad"
MAX_SESSIONS = 100
MAX_DEVICES = 20

sessions = Table(
    "accounts_sessions",
    metadata,
    Column("session_id", String(16), primary_key=True),
    Column("account_id", String(20), nullable=False, index=True),
    Column("method", String(16), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("last_used_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
    Column("user_agent", String(80), nullable=False),
    Column("address_prefix", String(48), nullable=False),
)
accesses = Table(
    "accounts_accesses",
    metadata,
    Column("token_id", String(16), primary_key=True),
    Column("session_id", String(16), nullable=False, index=True),
    Column("account_id", String(20), nullable=False, index=True),
    Column("secret_sha256", String(64), nullable=False),
    Column("csrf_sha256", String(64), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)
refreshes = Table(
    "accounts_refreshes",
    metadata,
    Column("token_id", String(16), primary_key=True),
    Column("session_id", String(16), nullable=False, index=True),
    Column("account_id", String(20), nullable=False, index=True),
    Column("secret_sha256", String(64), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
    Column("used_at_us", BigInteger),
)
devices = Table(
    "accounts_devices",
    metadata,
    Column("token_id", String(16), primary_key=True),
    Column("account_id", String(20), nullable=False, index=True),
    Column("secret_sha256", String(64), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)
"""Browsers on which an account has signed in: a guesser elsewhere does not slow them down."""

_TABLES = (accesses, refreshes, sessions)


def insert_session(
    connection: Connection, account_id: str, session: Session, expires_at: datetime
) -> None:
    """Add a sign-in that can be refreshed until `expires_at`; the longest unused beyond
    `MAX_SESSIONS` end.
    """
    held = sessions.c
    known = select(held.session_id).where(held.account_id == account_id)
    oldest = known.order_by(held.last_used_at_us.desc(), held.session_id).offset(MAX_SESSIONS - 1)
    for ended in connection.execute(oldest).scalars().all():
        delete_sessions(connection, account_id, only=ended)
    connection.execute(
        sessions.insert().values(
            session_id=session.session_id,
            account_id=account_id,
            method=session.method.value,
            created_at_us=to_microseconds(session.created_at),
            last_used_at_us=to_microseconds(session.last_used_at),
            expires_at_us=to_microseconds(expires_at),
            user_agent=session.user_agent,
            address_prefix=session.address_prefix,
        )
    )


def insert_access(connection: Connection, record: SessionRecord) -> None:
    """Add an access token of a session; of those before, only the newest stays."""
    held = accesses.c
    known = select(held.token_id).where(held.session_id == record.session_id)
    older = known.order_by(held.expires_at_us.desc(), held.token_id).offset(1)
    ids = connection.execute(older).scalars().all()
    connection.execute(delete(accesses).where(held.token_id.in_(ids)))
    connection.execute(
        accesses.insert().values(
            token_id=record.token_id,
            session_id=record.session_id,
            account_id=record.account_id,
            secret_sha256=record.secret_sha256,
            csrf_sha256=record.csrf_sha256,
            expires_at_us=to_microseconds(record.expires_at),
        )
    )


def insert_refresh(
    connection: Connection,
    session_id: str,
    account_id: str,
    token: tuple[str, str],
    expires_at: datetime,
) -> None:
    """Add the refresh token (id, digest of its secret) of a session."""
    connection.execute(
        refreshes.insert().values(
            token_id=token[0],
            session_id=session_id,
            account_id=account_id,
            secret_sha256=token[1],
            expires_at_us=to_microseconds(expires_at),
        )
    )


def insert_device(
    connection: Connection, account_id: str, token: tuple[str, str], expires_at: datetime
) -> None:
    """Remember a browser by its token (id, digest of its secret), `MAX_DEVICES` at most."""
    held = devices.c
    known = select(held.token_id).where(held.account_id == account_id)
    oldest = known.order_by(held.expires_at_us.desc(), held.token_id).offset(MAX_DEVICES - 1)
    ids = connection.execute(oldest).scalars().all()
    connection.execute(delete(devices).where(held.token_id.in_(ids)))
    connection.execute(
        devices.insert().values(
            token_id=token[0],
            account_id=account_id,
            secret_sha256=token[1],
            expires_at_us=to_microseconds(expires_at),
        )
    )


def find_session(database: Database, token: str, now: datetime) -> SessionRecord | None:
    """The record of an access token's text if it stands at `now`; None for anything else."""
    parts = split_token(token, ACCESS_PREFIX)
    if parts is None:
        return None
    statement = select(accesses).where(accesses.c.token_id == parts[0])
    with database.read() as connection:
        row = connection.execute(statement).one_or_none()
    if row is None or not matches_secret(parts[1], row.secret_sha256):
        return None
    record = _record(row)
    return record if record.expires_at > now else None


def load_live_sessions(connection: Connection, now: datetime) -> list[SessionRecord]:
    """Every access token that has not expired by `now`."""
    limit = to_microseconds(now)
    statement = select(accesses).where(accesses.c.expires_at_us > limit)
    return [_record(row) for row in connection.execute(statement)]


def find_refresh(connection: Connection, token: str, now: datetime) -> Row[Any] | None:
    """The row of a refresh token's text, used or not, if it has not expired by `now`."""
    return _find(connection, refreshes, REFRESH_PREFIX, token, now)


def find_device(connection: Connection, token: str, now: datetime) -> tuple[str, str] | None:
    """(id, account) of a device token's text that stands at `now`."""
    row = _find(connection, devices, DEVICE_PREFIX, token, now)
    return None if row is None else (row.token_id, row.account_id)


def use_refresh(connection: Connection, token_id: str, now: datetime) -> bool:
    """Mark a refresh token used; False if it was already, also by someone at this very moment."""
    table = refreshes
    statement = update(table).where(table.c.token_id == token_id, table.c.used_at_us.is_(None))
    return connection.execute(statement.values(used_at_us=to_microseconds(now))).rowcount == 1


def update_last_used(
    connection: Connection, session_id: str, now: datetime, expires_at: datetime
) -> None:
    """Say that a session was refreshed, and until when it can be again."""
    statement = update(sessions).where(sessions.c.session_id == session_id)
    connection.execute(
        statement.values(
            last_used_at_us=to_microseconds(now), expires_at_us=to_microseconds(expires_at)
        )
    )


def list_sessions(connection: Connection, account_id: str, now: datetime) -> list[Session]:
    """The sessions of an account that stand at `now`, the last used first."""
    table = sessions.c
    statement = select(sessions).where(
        table.account_id == account_id, table.expires_at_us > to_microseconds(now)
    )
    statement = statement.order_by(table.last_used_at_us.desc(), table.session_id)
    return [_session(row) for row in connection.execute(statement)]


def delete_sessions(
    connection: Connection,
    account_id: str,
    *,
    only: str | None = None,
    spare: str | None = None,
) -> int:
    """End all sessions of an account, or one, or all but one; how many there were."""
    count = 0
    for table in _TABLES:
        statement = delete(table).where(table.c.account_id == account_id)
        if only is not None:
            statement = statement.where(table.c.session_id == only)
        if spare is not None:
            statement = statement.where(table.c.session_id != spare)
        count = connection.execute(statement).rowcount
    return count


def delete_devices(connection: Connection, account_id: str) -> None:
    """Trust none of an account's browsers any more."""
    connection.execute(delete(devices).where(devices.c.account_id == account_id))


def delete_expired_sessions(connection: Connection, now: datetime) -> int:
    """Drop everything of sessions that nobody can use at `now`; how many rows."""
    limit = to_microseconds(now)
    tables: Iterable[Table] = (*_TABLES, devices)
    return sum(
        connection.execute(delete(table).where(table.c.expires_at_us <= limit)).rowcount
        for table in tables
    )


def _find(
    connection: Connection, table: Table, prefix: str, token: str, now: datetime
) -> Row[Any] | None:
    parts = split_token(token, prefix)
    if parts is None:
        return None
    row = connection.execute(select(table).where(table.c.token_id == parts[0])).one_or_none()
    if row is None or not matches_secret(parts[1], row.secret_sha256):
        return None
    return row if row.expires_at_us > to_microseconds(now) else None


def _record(row: Row[Any]) -> SessionRecord:
    return SessionRecord(
        token_id=row.token_id,
        session_id=row.session_id,
        account_id=AccountId(row.account_id),
        secret_sha256=row.secret_sha256,
        csrf_sha256=row.csrf_sha256,
        expires_at=from_microseconds(row.expires_at_us),
    )


def _session(row: Row[Any]) -> Session:
    return Session(
        session_id=row.session_id,
        method=SignInMethod(row.method),
        created_at=from_microseconds(row.created_at_us),
        last_used_at=from_microseconds(row.last_used_at_us),
        user_agent=row.user_agent,
        address_prefix=row.address_prefix,
    )
