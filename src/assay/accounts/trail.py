"""Say in the audit trail what happened, in the transaction in which it happens."""

from sqlalchemy import Connection

from assay.accounts.compute.origins import shorten_address
from assay.accounts.store.audit import insert_entry
from assay.kit.clock import Clock


def record_audit(
    connection: Connection,
    clock: Clock,
    account_id: str | None,
    action: str,
    subject: str = "",
    address: str = "",
    *,
    by: str | None = None,
) -> None:
    """Add an entry about an account (None: no account was meant); `by` is who did it where it was
    not the account itself. `action` is `<noun>.<participle>`, `subject` an id without a secret in
    it, `address` the full address of the caller, of which only the network is kept.
    """
    insert_entry(
        connection,
        clock.now(),
        account_id=account_id,
        by=by or account_id,
        action=action,
        subject=subject,
        address_prefix=shorten_address(address),
    )
