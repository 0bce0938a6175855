"""The first account of an installation: its owner, whose key is left in a file."""

import os
from pathlib import Path

from sqlalchemy import Connection

from assay.accounts.keys import KeyDraft, insert_key
from assay.accounts.plans import DEFAULT_PLAN
from assay.accounts.store.people import count_other_owners, insert_account, touch_version
from assay.accounts.tokens import create_id
from assay.accounts.types import Account, AccountId, Role, Verb
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput, StorageFull
from assay.kit.home import Home

OWNER_KEY = "owner.key"


def ensure_owner(home: Home, database: Database, clock: Clock) -> Path | None:
    """Make the owner and write their key to `owner.key` in the home (0600); None if there is one.

    The file stands before the account does: a crash between them leaves a key that opens nothing,
    which the next start replaces, and never an owner whose key nobody has.
    """
    with database.write() as connection:
        if count_other_owners(connection, ""):
            return None
        text = _create_owner(connection, clock)
        return write_secret(Path(home.path) / OWNER_KEY, text)


def _create_owner(connection: Connection, clock: Clock) -> str:
    now = clock.now()
    owner = Account(
        account_id=AccountId(f"acc_{create_id()}"),
        email=None,
        wallet=None,
        role=Role.OWNER,
        plan=DEFAULT_PLAN[Role.OWNER],
        has_password=False,
        is_disabled=False,
        created_at=now,
    )
    insert_account(connection, owner, None)
    draft = KeyDraft("The owner's first key", frozenset(Verb))
    _, text = insert_key(connection, now, owner.account_id, draft)
    touch_version(connection)
    return text


def write_secret(path: Path, text: str) -> Path:
    """Write a secret so that nobody else can ever read it, whole or not at all."""
    scratch = path.with_name(f".{path.name}.{create_id()}")
    try:
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(text + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        scratch.replace(path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        if error.errno == 28:
            raise StorageFull("There is no room for the owner's key.") from error
        raise BadInput(
            f"{path} cannot be written: {error.strerror}.", hint="Make ASSAY_HOME writable."
        ) from error
    return path
