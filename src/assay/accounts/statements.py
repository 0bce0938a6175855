"""Private statements of an account: said now, provable later with its export, erased with it."""

from sqlalchemy import Connection

from assay import ledger
from assay.accounts.store.people import get_account
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.ledger import PrivateStatement


def publish_private(
    database: Database, clock: Clock, account_id: str, statement: bytes
) -> PrivateStatement:
    """Tell the log of a statement by a salted hash, and keep its bytes for the account.

    Raises NotFound for an account that is not there (any more), BadInput for more than 1 MiB.
    """
    with ledger.write_ledger(database) as writer:
        get_account(writer.connection, account_id)
        told = writer.save_private(account_id, statement, clock.now(), is_replay=clock.is_replay)
    with database.read() as connection:
        return ledger.load_private(connection, account_id, told.commitment)


def list_for_export(connection: Connection, account_id: str) -> list[dict[str, object]]:
    """Every private statement with its salt and the proof that the log was told of it; each is a
    file that `assay verify private` reads.
    """
    told = ledger.list_private(connection, account_id)
    return [ledger.export_private(connection, item) for item in told]
