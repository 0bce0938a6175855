"""The table of private statements: their bytes and salts, which die with their account."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    select,
)

from assay.kit.database import metadata
from assay.kit.errors import NotFound
from assay.kit.moments import from_microseconds, to_microseconds
from assay.ledger.store.log import log_entries
from assay.ledger.types import PrivateStatement

private_statements = Table(
    "private_statements",
    metadata,
    Column("commitment", String(64), primary_key=True),
    Column("account_id", String, nullable=False, index=True),
    Column("published_at_us", BigInteger, nullable=False),
    Column("log", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("statement", LargeBinary, nullable=False),
)


def insert_private(connection: Connection, log: int, position: int, told: PrivateStatement) -> None:
    """Keep a statement whose entry has this position in a log."""
    connection.execute(
        private_statements.insert().values(
            commitment=told.commitment,
            account_id=told.account_id,
            published_at_us=to_microseconds(told.published_at),
            log=log,
            position=position,
            salt=told.salt,
            statement=told.statement,
        )
    )


def load_private(connection: Connection, account_id: str, commitment: str) -> PrivateStatement:
    """One statement of an account. Raises NotFound; another account's is not found either."""
    table = private_statements.c
    statement = _select(account_id).where(table.commitment == commitment)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFound(
            f"You have no private statement {commitment[:64]!r}.",
            hint="The export of your account lists those you have.",
        )
    return _read(row)


def list_private(connection: Connection, account_id: str) -> list[PrivateStatement]:
    """The private statements of an account, oldest first."""
    table = private_statements.c
    rows = connection.execute(_select(account_id).order_by(table.log, table.position))
    return [_read(row) for row in rows]


def erase_private(connection: Connection, account_id: str) -> int:
    """Erase salts and bytes of all private statements of an account; how many there were. Their
    entries stay in the log and prove nothing any more.
    """
    table = private_statements.c
    done = connection.execute(private_statements.delete().where(table.account_id == account_id))
    return done.rowcount


def _select(account_id: str) -> Select[Any]:
    own, log = private_statements.c, log_entries.c
    entry = (log.log == own.log) & (log.position == own.position)
    return (
        select(private_statements, log.entry)
        .join_from(private_statements, log_entries, entry)
        .where(own.account_id == account_id)
    )


def _read(row: Row[Any]) -> PrivateStatement:
    return PrivateStatement(
        account_id=row.account_id,
        published_at=from_microseconds(row.published_at_us),
        statement=bytes(row.statement),
        salt=bytes(row.salt),
        commitment=row.commitment,
        entry=bytes(row.entry),
        log=row.log,
        position=row.position,
    )
