"""Single-use things: nonces that a wallet signs, tokens that reset a password, tickets."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Row, String, Table, delete, func, select

from assay.accounts.tokens import matches_secret, split_token
from assay.kit.database import metadata
from assay.kit.moments import to_microseconds

RESET_PREFIX = "rs"
TICKET_PREFIX = "tk"

nonces = Table(
    "accounts_nonces",
    metadata,
    Column("nonce", String(32), primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("account_id", String(20), index=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("source", String(48), nullable=False, index=True),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)
"""`account_id` is set where an account proves something (link, delete), null at a sign-in."""

resets = Table(
    "accounts_resets",
    metadata,
    Column("token_id", String(16), primary_key=True),
    Column("account_id", String(20), nullable=False, index=True),
    Column("secret_sha256", String(64), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)

tickets = Table(
    "accounts_tickets",
    metadata,
    Column("token_id", String(16), primary_key=True),
    Column("account_id", String(20), nullable=False, index=True),
    Column("ref", String(24), nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)
"""`ref` is the credential that bought the ticket: a stream ends with it."""


def insert_nonce(
    connection: Connection,
    nonce: str,
    *,
    purpose: str,
    account_id: str | None,
    chain_id: int,
    source: str,
    expires_at: datetime,
) -> None:
    """Keep a nonce until it is used or expires."""
    connection.execute(
        nonces.insert().values(
            nonce=nonce,
            purpose=purpose,
            account_id=account_id,
            chain_id=chain_id,
            source=source,
            expires_at_us=to_microseconds(expires_at),
        )
    )


def count_nonces(connection: Connection, source: str, now: datetime) -> int:
    """How many nonces of one address wait for a signature."""
    statement = select(func.count()).where(
        nonces.c.source == source, nonces.c.expires_at_us > to_microseconds(now)
    )
    return int(connection.execute(statement).scalar_one())


def take_nonce(connection: Connection, nonce: str, now: datetime) -> Row[Any] | None:
    """Use a nonce up: its row, or None if it is unknown, used or expired. Only one caller gets it,
    for only one deletes it.
    """
    row = connection.execute(select(nonces).where(nonces.c.nonce == nonce)).one_or_none()
    if connection.execute(delete(nonces).where(nonces.c.nonce == nonce)).rowcount != 1:
        return None
    return row if row is not None and row.expires_at_us > to_microseconds(now) else None


def insert_reset(
    connection: Connection, account_id: str, token: tuple[str, str], expires_at: datetime
) -> None:
    """Keep a reset token (id, digest of its secret); it replaces an earlier one."""
    connection.execute(delete(resets).where(resets.c.account_id == account_id))
    connection.execute(
        resets.insert().values(
            token_id=token[0],
            account_id=account_id,
            secret_sha256=token[1],
            expires_at_us=to_microseconds(expires_at),
        )
    )


def is_reset(connection: Connection, token: str, now: datetime) -> bool:
    """True for a reset token that stands."""
    row = _find_reset(connection, token)
    return row is not None and row.expires_at_us > to_microseconds(now)


def take_reset(connection: Connection, token: str, now: datetime) -> str | None:
    """Use a reset token up: its account, or None if it is unknown, used or expired."""
    row = _find_reset(connection, token)
    if row is None:
        return None
    if connection.execute(delete(resets).where(resets.c.token_id == row.token_id)).rowcount != 1:
        return None
    return str(row.account_id) if row.expires_at_us > to_microseconds(now) else None


def _find_reset(connection: Connection, token: str) -> Row[Any] | None:
    """The row of a reset token whose secret is right, also if it has expired."""
    parts = split_token(token, RESET_PREFIX)
    if parts is None:
        return None
    row = connection.execute(select(resets).where(resets.c.token_id == parts[0])).one_or_none()
    return row if row is not None and matches_secret(parts[1], row.secret_sha256) else None


def insert_ticket(
    connection: Connection, account_id: str, ref: str, token: tuple[str, str], expires_at: datetime
) -> None:
    """Keep a ticket (id, digest of its secret) that a credential bought."""
    connection.execute(
        tickets.insert().values(
            token_id=token[0],
            account_id=account_id,
            ref=ref,
            secret_sha256=token[1],
            expires_at_us=to_microseconds(expires_at),
        )
    )


def count_tickets(connection: Connection, account_id: str, now: datetime) -> int:
    """How many tickets of an account wait to be used."""
    statement = select(func.count()).where(
        tickets.c.account_id == account_id, tickets.c.expires_at_us > to_microseconds(now)
    )
    return int(connection.execute(statement).scalar_one())


def take_ticket(connection: Connection, text: str, now: datetime) -> str | None:
    """Use a ticket up: what bought it, or None if it is unknown, used or expired."""
    parts = split_token(text, TICKET_PREFIX)
    if parts is None:
        return None
    row = connection.execute(select(tickets).where(tickets.c.token_id == parts[0])).one_or_none()
    if row is None or not matches_secret(parts[1], row.secret_sha256):
        return None
    # Of several that take it at once only one deletes it.
    if connection.execute(delete(tickets).where(tickets.c.token_id == row.token_id)).rowcount != 1:
        return None
    return str(row.ref) if row.expires_at_us > to_microseconds(now) else None


def delete_proofs(connection: Connection, account_id: str) -> None:
    """Drop what an account had been given to prove something."""
    for table in (nonces, resets, tickets):
        connection.execute(delete(table).where(table.c.account_id == account_id))


def delete_expired_proofs(connection: Connection, now: datetime) -> int:
    """Drop what nobody can use at `now`; how many rows."""
    limit = to_microseconds(now)
    return sum(
        connection.execute(delete(table).where(table.c.expires_at_us <= limit)).rowcount
        for table in (nonces, resets, tickets)
    )
