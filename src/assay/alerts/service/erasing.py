"""All that is kept of an account here: erased with it, and handed out with its export."""

from sqlalchemy import Connection

from assay.alerts.service import ledger, rules


def erase_account(connection: Connection, account_id: str) -> None:
    """Erase rules, events, channels with their addresses, messages and deliveries of an account, in
    the transaction that deletes it.
    """
    rules.erase_rules(connection, account_id)
    ledger.erase_deliveries(connection, account_id)


def list_for_export(connection: Connection, account_id: str) -> dict[str, object]:
    """The same as JSON types; addresses of channels are masked."""
    return {
        **rules.list_rules_for_export(connection, account_id),
        **ledger.list_deliveries_for_export(connection, account_id),
    }
