"""The only code that touches this room's tables: signing keys, credentials, challenges.

Of a credential only its place in the status list and what it is of is kept: neither its holder's
key nor what was disclosed, so that nothing here says who holds what.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    UniqueConstraint,
    delete,
    func,
    select,
    update,
)

from assay.identity.types import Challenge, CredentialRecord, IssuerKey
from assay.kit.database import metadata
from assay.kit.moments import from_microseconds, to_microseconds

keys = Table(
    "identity_keys",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger),
    Column("is_revoked", Boolean, nullable=False),
)
credentials = Table(
    "identity_credentials",
    metadata,
    Column("credential_id", String(21), primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("row_index", Integer, nullable=False),
    Column("key_number", Integer, nullable=False),
    Column("list_number", Integer, nullable=False),
    Column("list_index", Integer, nullable=False),
    Column("issued_at_us", BigInteger, nullable=False, index=True),
    Column("expires_at_us", BigInteger, nullable=False),
    Column("withdrawn_at_us", BigInteger, index=True),
    UniqueConstraint("list_number", "list_index"),
)
challenges = Table(
    "identity_challenges",
    metadata,
    Column("nonce", String(43), primary_key=True),
    Column("audience", String, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)


def list_keys(connection: Connection) -> list[IssuerKey]:
    """Every signing key there was, oldest first; the last one signs."""
    return [
        IssuerKey(
            row.number,
            row.public_key,
            from_microseconds(row.since_us),
            None if row.until_us is None else from_microseconds(row.until_us),
            row.is_revoked,
        )
        for row in connection.execute(select(keys).order_by(keys.c.number))
    ]


def insert_key(connection: Connection, key: IssuerKey) -> None:
    """Add a key that signs from now on; the one before it ends."""
    since = to_microseconds(key.since)
    ended = update(keys).where(keys.c.until_us.is_(None))
    connection.execute(ended.values(until_us=since))
    connection.execute(
        keys.insert().values(
            number=key.number, public_key=key.public_key, since_us=since, is_revoked=False
        )
    )


def revoke_keys(connection: Connection) -> None:
    """Let nothing hold that any key so far has signed."""
    connection.execute(update(keys).values(is_revoked=True))


def load_last_endings(connection: Connection) -> dict[int, datetime]:
    """When the last credential of each key that signed any expires."""
    table = credentials.c
    statement = select(table.key_number, func.max(table.expires_at_us)).group_by(table.key_number)
    return {number: from_microseconds(ends) for number, ends in connection.execute(statement)}


def insert_credential(connection: Connection, record: CredentialRecord) -> None:
    """Add a credential."""
    connection.execute(
        credentials.insert().values(
            credential_id=record.credential_id,
            sequence=record.sequence,
            row_index=record.row_index,
            key_number=record.key_number,
            list_number=record.list_number,
            list_index=record.list_index,
            issued_at_us=to_microseconds(record.issued_at),
            expires_at_us=to_microseconds(record.expires_at),
        )
    )


def load_credential(connection: Connection, credential_id: str) -> CredentialRecord | None:
    """One credential; None where there is none of this id."""
    statement = select(credentials).where(credentials.c.credential_id == credential_id)
    row = connection.execute(statement).one_or_none()
    return None if row is None else _credential(row)


def load_credential_at(
    connection: Connection, list_number: int, list_index: int
) -> CredentialRecord | None:
    """The credential at a place of a status list."""
    table = credentials.c
    statement = select(credentials).where(
        table.list_number == list_number, table.list_index == list_index
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else _credential(row)


def list_credentials(
    connection: Connection, before: int | None, limit: int
) -> list[CredentialRecord]:
    """The newest `limit` credentials issued before a moment (microseconds), newest first."""
    table = credentials.c
    statement = select(credentials).order_by(table.issued_at_us.desc(), table.credential_id)
    if before is not None:
        statement = statement.where(table.issued_at_us < before)
    return [_credential(row) for row in connection.execute(statement.limit(limit))]


def withdraw_credential(connection: Connection, credential_id: str, now: datetime) -> bool:
    """Mark a credential withdrawn; False where it was already or there is none."""
    table = credentials.c
    statement = update(credentials).where(
        table.credential_id == credential_id, table.withdrawn_at_us.is_(None)
    )
    marked = connection.execute(statement.values(withdrawn_at_us=to_microseconds(now)))
    return marked.rowcount == 1


def load_withdrawals(connection: Connection) -> tuple[int, int, int]:
    """Changes exactly when a credential is withdrawn or keys are revoked."""
    column = credentials.c.withdrawn_at_us
    revoked = select(func.count()).select_from(keys).where(keys.c.is_revoked).scalar_subquery()
    statement = select(func.count(), func.max(column), revoked).where(column.is_not(None))
    count, last, revocations = connection.execute(statement).one()
    return int(count), int(last or 0), int(revocations)


def list_places(connection: Connection, list_number: int) -> list[tuple[int, int, bool]]:
    """(index, sequence of its publication, withdrawn) of each credential of a status list."""
    table = credentials.c
    statement = select(table.list_index, table.sequence, table.withdrawn_at_us)
    found = connection.execute(statement.where(table.list_number == list_number))
    return [(index, sequence, withdrawn is not None) for index, sequence, withdrawn in found]


def load_list_key(connection: Connection, list_number: int) -> int | None:
    """The number of the key that signs a status list; None where there is no such list."""
    table = credentials.c
    statement = select(table.key_number).where(table.list_number == list_number).limit(1)
    found = connection.execute(statement).scalar()
    return None if found is None else int(found)


def load_newest_list(connection: Connection) -> tuple[int, int, int]:
    """(number, its key's number, credentials in it) of the newest list; zeros before the first."""
    table = credentials.c
    number = connection.execute(select(func.max(table.list_number))).scalar()
    if number is None:
        return 0, 0, 0
    statement = select(func.max(table.key_number), func.count()).where(table.list_number == number)
    key_number, count = connection.execute(statement).one()
    return int(number), int(key_number), int(count)


def is_taken(connection: Connection, list_number: int, list_index: int) -> bool:
    """Whether a place of a status list has its credential."""
    return load_credential_at(connection, list_number, list_index) is not None


def insert_challenge(connection: Connection, challenge: Challenge) -> None:
    """Keep a challenge until it is used or expires."""
    connection.execute(
        challenges.insert().values(
            nonce=challenge.nonce,
            audience=challenge.audience,
            expires_at_us=to_microseconds(challenge.expires_at),
        )
    )


def take_challenge(connection: Connection, nonce: str, audience: str, now: datetime) -> bool:
    """Use a challenge up; False if it is unknown, used, expired or of another audience. Of several
    callers one gets it, for only one deletes it.
    """
    table = challenges.c
    statement = delete(challenges).where(
        table.nonce == nonce,
        table.audience == audience,
        table.expires_at_us > to_microseconds(now),
    )
    return connection.execute(statement).rowcount == 1


def delete_expired_challenges(connection: Connection, now: datetime) -> None:
    """Forget what nobody can use any more."""
    expired = challenges.c.expires_at_us <= to_microseconds(now)
    connection.execute(delete(challenges).where(expired))


def count_challenges(connection: Connection) -> int:
    """How many wait for a presentation."""
    return int(connection.execute(select(func.count()).select_from(challenges)).scalar_one())


def _credential(row: Row[Any]) -> CredentialRecord:
    withdrawn = row.withdrawn_at_us
    return CredentialRecord(
        credential_id=row.credential_id,
        sequence=row.sequence,
        row_index=row.row_index,
        key_number=row.key_number,
        list_number=row.list_number,
        list_index=row.list_index,
        issued_at=from_microseconds(row.issued_at_us),
        expires_at=from_microseconds(row.expires_at_us),
        withdrawn_at=None if withdrawn is None else from_microseconds(withdrawn),
    )
