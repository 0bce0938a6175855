"""API keys and the access tokens that client credentials buy with them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Row, String, Table, delete, select, update

from assay.accounts.types import AccountId, KeyRecord, Verb
from assay.kit.database import metadata
from assay.kit.moments import from_microseconds, to_microseconds

KEY_PREFIX = "ak"
TOKEN_PREFIX = "at"  # noqa: S105 - the first letters of a token, not a secret

keys = Table(
    "accounts_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("account_id", String(20), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("scopes", String(80), nullable=False),
    Column("requests_per_minute", BigInteger),
    Column("secret_sha256", String(64), nullable=False),
    Column("previous_sha256", String(64)),
    Column("previous_until_us", BigInteger),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger),
    Column("last_used_at_us", BigInteger),
)
"""A revoked key has no row. The secret before a rotation stands until `previous_until_us`."""
tokens = Table(
    "accounts_tokens",
    metadata,
    Column("token_id", String(16), primary_key=True),
    Column("key_id", String(16), nullable=False, index=True),
    Column("account_id", String(20), nullable=False, index=True),
    Column("scopes", String(80), nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)


def write_scopes(scopes: Iterable[Verb]) -> str:
    """Scopes as they are stored, and as OAuth writes them."""
    return " ".join(sorted(scope.value for scope in scopes))


def read_scopes(text: str) -> frozenset[Verb]:
    """Scopes as they were stored; a word that no longer exists allows nothing."""
    known = {verb.value: verb for verb in Verb}
    return frozenset(known[word] for word in text.split() if word in known)


def insert_key(connection: Connection, record: KeyRecord, secret_sha256: str) -> None:
    """Add a key."""
    connection.execute(
        keys.insert().values(
            key_id=record.key_id,
            account_id=record.account_id,
            name=record.name,
            scopes=write_scopes(record.scopes),
            requests_per_minute=record.requests_per_minute,
            secret_sha256=secret_sha256,
            created_at_us=to_microseconds(record.created_at),
            expires_at_us=_moment(record.expires_at),
        )
    )


def insert_token(
    connection: Connection,
    token: tuple[str, str],
    key: KeyRecord,
    scopes: Iterable[Verb],
    expires_at: datetime,
) -> None:
    """Add the access token (id, digest of its secret) that a key bought."""
    connection.execute(
        tokens.insert().values(
            token_id=token[0],
            key_id=key.key_id,
            account_id=key.account_id,
            scopes=write_scopes(scopes),
            secret_sha256=token[1],
            expires_at_us=to_microseconds(expires_at),
        )
    )


def find_key(connection: Connection, key_id: str) -> tuple[KeyRecord, Row[Any]] | None:
    """A key and the row that has its digests, also if it has expired."""
    row = connection.execute(select(keys).where(keys.c.key_id == key_id)).one_or_none()
    return None if row is None else (read_key(row), row)


def list_keys(connection: Connection, account_id: str) -> list[KeyRecord]:
    """The keys of an account, the newest first, expired ones too."""
    table = keys.c
    query = select(keys).where(table.account_id == account_id)
    query = query.order_by(table.created_at_us.desc(), table.key_id)
    return [read_key(row) for row in connection.execute(query)]


def update_key(connection: Connection, key_id: str, **columns: object) -> None:
    """Change columns of a key."""
    connection.execute(update(keys).where(keys.c.key_id == key_id).values(**columns))


def save_last_used(connection: Connection, key_ids: Iterable[str], now: datetime) -> None:
    """Say that these keys were used just now."""
    ids = sorted(key_ids)
    if ids:
        change = update(keys).where(keys.c.key_id.in_(ids))
        connection.execute(change.values(last_used_at_us=to_microseconds(now)))


def delete_key(connection: Connection, key_id: str) -> None:
    """Revoke a key and every token that it bought."""
    delete_tokens_of(connection, key_id)
    connection.execute(delete(keys).where(keys.c.key_id == key_id))


def delete_tokens_of(connection: Connection, key_id: str) -> None:
    """End every access token that a key bought."""
    connection.execute(delete(tokens).where(tokens.c.key_id == key_id))


def delete_expired_tokens(connection: Connection, now: datetime) -> int:
    """Forget access tokens that nobody can use any more; how many there were."""
    gone = delete(tokens).where(tokens.c.expires_at_us <= to_microseconds(now))
    return connection.execute(gone).rowcount


def erase_key_rows(connection: Connection, account_id: str) -> None:
    """Forget the keys and tokens of an account."""
    for table in (tokens, keys):
        connection.execute(delete(table).where(table.c.account_id == account_id))


def select_keys(connection: Connection, key_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """The rows of these keys."""
    return connection.execute(select(keys).where(keys.c.key_id.in_(key_ids))).all()


def select_tokens(connection: Connection, token_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """The rows of these access tokens."""
    return connection.execute(select(tokens).where(tokens.c.token_id.in_(token_ids))).all()


def read_key(row: Row[Any]) -> KeyRecord:
    """The record of a row."""
    return KeyRecord(
        key_id=row.key_id,
        account_id=AccountId(row.account_id),
        name=row.name,
        scopes=read_scopes(row.scopes),
        requests_per_minute=row.requests_per_minute,
        created_at=from_microseconds(row.created_at_us),
        expires_at=_read_moment(row.expires_at_us),
        last_used_at=_read_moment(row.last_used_at_us),
    )


def _moment(moment: datetime | None) -> int | None:
    return None if moment is None else to_microseconds(moment)


def _read_moment(value: int | None) -> datetime | None:
    return None if value is None else from_microseconds(value)
