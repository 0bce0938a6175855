"""One's own account: change it, take everything out, erase it; and what its owner may do to it."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from assay import ledger
from assay.accounts.compute.emails import parse_email
from assay.accounts.keys import erase_keys, list_for_export
from assay.accounts.people.gate import of_email, of_present
from assay.accounts.statements import list_for_export as export_private
from assay.accounts.store import audit as audit_store
from assay.accounts.store import people as store
from assay.accounts.store import proofs
from assay.accounts.store import sessions as session_store
from assay.accounts.store.attempts import delete_old_attempts, forgive_attempts
from assay.accounts.trail import record_audit
from assay.accounts.types import Account, AuditEntry, Caller, Role
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import AssayError, Conflict
from assay.kit.moments import format_utc

Eraser = Callable[[Connection, str], object]
"""Erases what another part keeps about an account, in the transaction that deletes it."""
Collector = Callable[[Connection, str], object]
"""Reads what another part keeps about an account, as JSON types."""


def get_account(database: Database, account_id: str) -> Account:
    """The account of an id. Raises NotFound."""
    with database.read() as connection:
        return store.get_account(connection, account_id)


def find_account(database: Database, email: str) -> Account | None:
    """The account of an e-mail in any case."""
    with database.read() as connection:
        found = store.find_account(connection, email=email)
    return None if found is None else found[0]


def list_accounts(
    database: Database, *, after: str = "", limit: int | None = None
) -> list[Account]:
    """Accounts ascending by id, those after the id `after`."""
    with database.read() as connection:
        return store.list_accounts(connection, after=after, limit=limit)


def change_email(
    database: Database, clock: Clock, account_id: str, email: str, caller: Caller
) -> Account:
    """Another e-mail address; the sessions go on. Raises BadInput, Conflict if it is taken."""
    shown = parse_email(email)
    with database.write() as connection:
        store.update_email(connection, account_id, shown)
        record_audit(connection, clock, account_id, "account.email", "", caller.address)
        return store.get_account(connection, account_id)


def change_account(
    database: Database,
    clock: Clock,
    account_id: str,
    *,
    role: Role | None = None,
    plan: str | None = None,
    is_disabled: bool | None = None,
    by: str | None = None,
    caller: Caller | None = None,
) -> Account:
    """What an owner changes of an account; None leaves a thing as it is. A disabled account cannot
    sign in, its sessions end and its keys are refused until it is enabled.

    Raises NotFound, and Conflict where no owner would be left.
    """
    address = (caller or Caller()).address
    with database.write() as connection:
        before = store.get_account(connection, account_id)
        leaves = is_disabled is True or (role is not None and role is not Role.OWNER)
        if leaves:
            _keep_an_owner(connection, before)
        changes = _list_changes(before, role, plan, is_disabled)
        for column, (value, action, subject) in changes.items():
            store.update_account(connection, account_id, **{column: value})
            record_audit(connection, clock, account_id, action, subject, address, by=by)
        if is_disabled:
            session_store.delete_sessions(connection, account_id)
        if changes:
            store.touch_version(connection)
        return store.get_account(connection, account_id)


def export_account(
    database: Database,
    clock: Clock,
    account_id: str,
    collectors: Mapping[str, Collector],
    caller: Caller,
) -> dict[str, object]:
    """Everything that is kept about an account, as JSON types, without secrets and their digests.

    `collectors` add what other parts keep, under their names. That it was exported is recorded.
    """
    with database.write() as connection:
        record_audit(connection, clock, account_id, "account.exported", "", caller.address)
        account = store.get_account(connection, account_id)
        listed = session_store.list_sessions(connection, account_id, clock.now())
        entries = audit_store.list_entries(connection, account_id=account_id)
        return {
            "exported_at": format_utc(clock.now()),
            "account": _plain(asdict(account)),
            "sessions": [_plain(asdict(session)) for session in listed],
            "audit": [_plain(asdict(entry)) for entry in entries],
            **_plain(list_for_export(connection, account_id)),
            "private_statements": export_private(connection, account_id),
            **{name: collect(connection, account_id) for name, collect in collectors.items()},
        }


def delete_account(
    database: Database,
    clock: Clock,
    account_id: str,
    erasers: Sequence[Eraser] = (),
    *,
    by: str | None = None,
) -> None:
    """Erase an account and everything personal in one transaction; its keys and sessions die with
    it, and so do salts and bytes of its private statements. Of the trail stays what happened when,
    to a pseudonym that leads nowhere; of private statements a hash in the log that proves nothing.

    Raises NotFound, and Conflict for the last owner.
    """
    with database.write() as connection:
        account = store.get_account(connection, account_id)
        _keep_an_owner(connection, account)
        record_audit(connection, clock, account_id, "account.deleted", "", by=by)
        for erase in (erase_keys, ledger.erase_private, *erasers):
            erase(connection, account_id)
        session_store.delete_sessions(connection, account_id)
        session_store.delete_devices(connection, account_id)
        proofs.delete_proofs(connection, account_id)
        forgive_attempts(connection, of_present(account_id)[0])
        if account.email is not None:
            forgive_attempts(connection, of_email(account.email)[0])
        audit_store.forget_account(connection, account_id)
        store.delete_account_row(connection, account_id)
        store.touch_version(connection)
    with contextlib.suppress(AssayError):
        # The account is gone whether or not its bytes leave the files now; retention tries again.
        database.clear_traces()


def list_audit(
    database: Database,
    *,
    account_id: str | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[AuditEntry]:
    """The trail of an account, or of all, newest first; entries before the sequence `before`."""
    with database.read() as connection:
        return audit_store.list_entries(
            connection, account_id=account_id, before=before, limit=limit
        )


def delete_expired(database: Database, clock: Clock) -> int:
    """Drop sessions, proofs and counted tries that nobody can use any more; how many rows."""
    now = clock.now()
    with database.write() as connection:
        return (
            session_store.delete_expired_sessions(connection, now)
            + proofs.delete_expired_proofs(connection, now)
            + delete_old_attempts(connection, now)
        )


def _keep_an_owner(connection: Connection, account: Account) -> None:
    if account.role is not Role.OWNER or account.is_disabled:
        return
    if store.count_other_owners(connection, account.account_id) == 0:
        raise Conflict(
            "This is the last owner of the installation.", hint="Make another account owner first."
        )


def _list_changes(
    before: Account, role: Role | None, plan: str | None, is_disabled: bool | None
) -> dict[str, tuple[object, str, str]]:
    changes: dict[str, tuple[object, str, str]] = {}
    if role is not None and role is not before.role:
        changes["role"] = (role.value, "account.role", f"{before.role} to {role}")
    if plan is not None and plan != before.plan:
        changes["plan"] = (plan, "account.plan", f"{before.plan} to {plan}")
    if is_disabled is not None and is_disabled is not before.is_disabled:
        action = "account.disabled" if is_disabled else "account.enabled"
        changes["is_disabled"] = (is_disabled, action, "")
    return changes


def _plain(record: Mapping[str, object]) -> dict[str, object]:
    return {name: _simple(value) for name, value in record.items()}


def _simple(value: object) -> object:
    if isinstance(value, datetime):
        return format_utc(value)
    if isinstance(value, list):
        return [_plain(item) if isinstance(item, Mapping) else _simple(item) for item in value]
    return value.value if isinstance(value, StrEnum) else value
