"""The audit trail: who did what to which account, when and from what network.

Its rows are never changed or deleted (triggers refuse it), and yet an account can be erased: a row
names accounts by random pseudonyms only, and what leads from a pseudonym to its account, and from a
row to an address, stands in two tables beside it that are erased with the account.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    delete,
    event,
    or_,
    select,
)

from assay.accounts.tokens import create_id
from assay.accounts.types import AuditEntry
from assay.kit.database import metadata
from assay.kit.moments import from_microseconds, to_microseconds

audit = Table(
    "accounts_audit",
    metadata,
    # An ordinary integer on SQLite counts by itself; a big one would not.
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("happened_at_us", BigInteger, nullable=False),
    Column("whose", String(16), index=True),
    Column("by", String(16)),
    Column("action", String(40), nullable=False),
    Column("subject", String(80), nullable=False),
    sqlite_autoincrement=True,
)
pseudonyms = Table(
    "accounts_pseudonyms",
    metadata,
    Column("account_id", String(20), primary_key=True),
    Column("pseudonym", String(16), nullable=False, unique=True),
)
origins = Table(
    "accounts_audit_origins",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("whose", String(16), index=True),
    Column("address_prefix", String(48), nullable=False),
)
"""The personal part of the trail."""

_TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER accounts_audit_no_{verb} BEFORE {verb.upper()} ON accounts_audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'the audit trail is append-only' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER accounts_audit_append_only"
        " BEFORE UPDATE OR DELETE OR TRUNCATE ON accounts_audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()",
    ],
}
for _dialect, _statements in _TRIGGERS.items():
    for _statement in _statements:
        event.listen(
            audit,
            "after_create",
            DDL(_statement).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]
        )


def insert_entry(
    connection: Connection,
    now: datetime,
    *,
    account_id: str | None,
    by: str | None,
    action: str,
    subject: str,
    address_prefix: str,
) -> None:
    """Add an entry about `account_id`, done by the account `by`; None where there is no account."""
    whose = None if account_id is None else _name(connection, account_id)
    actor = whose if by == account_id else None if by is None else _name(connection, by)
    result = connection.execute(
        audit.insert().values(
            happened_at_us=to_microseconds(now),
            whose=whose,
            by=actor,
            action=action,
            subject=subject,
        )
    )
    key = result.inserted_primary_key
    if address_prefix and key is not None:
        connection.execute(
            origins.insert().values(sequence=key[0], whose=whose, address_prefix=address_prefix)
        )


def list_entries(
    connection: Connection,
    *,
    account_id: str | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[AuditEntry]:
    """Entries about an account, or about all, newest first; those before the sequence `before`."""
    whose = pseudonyms.alias("whose")
    actor = pseudonyms.alias("actor")
    table = audit.c
    statement = (
        select(
            audit,
            origins.c.address_prefix,
            whose.c.account_id.label("whose_id"),
            actor.c.account_id.label("by_id"),
        )
        .outerjoin(origins, origins.c.sequence == table.sequence)
        .outerjoin(whose, whose.c.pseudonym == table.whose)
        .outerjoin(actor, actor.c.pseudonym == table.by)
    )
    if account_id is not None:
        statement = statement.where(whose.c.account_id == account_id)
    if before is not None:
        statement = statement.where(table.sequence < before)
    statement = statement.order_by(table.sequence.desc()).limit(limit)
    return [_entry(row) for row in connection.execute(statement)]


def forget_account(connection: Connection, account_id: str) -> None:
    """Cut what leads from the trail to an account: its pseudonym and the addresses it came from."""
    found = _find(connection, account_id)
    if found is None:
        return
    connection.execute(
        delete(origins).where(
            or_(
                origins.c.whose == found,
                origins.c.sequence.in_(select(audit.c.sequence).where(audit.c.by == found)),
            )
        )
    )
    connection.execute(delete(pseudonyms).where(pseudonyms.c.account_id == account_id))


def _find(connection: Connection, account_id: str) -> str | None:
    statement = select(pseudonyms.c.pseudonym).where(pseudonyms.c.account_id == account_id)
    found = connection.execute(statement).scalar()
    return None if found is None else str(found)


def _name(connection: Connection, account_id: str) -> str:
    found = _find(connection, account_id)
    if found is None:
        found = create_id()
        connection.execute(pseudonyms.insert().values(account_id=account_id, pseudonym=found))
    return found


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        sequence=int(row.sequence),
        happened_at=from_microseconds(row.happened_at_us),
        whose=row.whose_id or row.whose,
        by=row.by_id or row.by,
        action=row.action,
        subject=row.subject,
        address_prefix=row.address_prefix,
    )
