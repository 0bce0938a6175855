"""Change a password, or reset one that is forgotten.

No mail is sent: the owner makes a reset token (`assay account reset`) and hands it over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from assay.accounts.compute.passwords import check_password
from assay.accounts.hashing import Passwords
from assay.accounts.people.confirming import Proof, Setting, confirm_holder
from assay.accounts.people.gate import admit, of_asking, of_email
from assay.accounts.people.sessions import open_session
from assay.accounts.people.signing_up import default_passwords
from assay.accounts.store import proofs
from assay.accounts.store import sessions as session_store
from assay.accounts.store.attempts import forgive_attempts
from assay.accounts.store.people import (
    find_account,
    get_account,
    touch_version,
    update_account,
)
from assay.accounts.tokens import mint_token
from assay.accounts.trail import record_audit
from assay.accounts.types import Caller, SignedIn, SignInMethod
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import Forbidden, SignInFailed

RESET_LIFE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Reset:
    """A reset token, shown once."""

    token: str
    expires_at: datetime


def change_password(
    database: Database,
    clock: Clock,
    account_id: str,
    *,
    new: str,
    proof: Proof,
    setting: Setting,
    session_id: str | None,
    passwords: Passwords | None = None,
) -> None:
    """Set a new password and end every other session; the browsers have to prove themselves again.

    Raises BadInput for a bad one, and as `confirm_holder`.
    """
    with database.read() as connection:
        checked = check_password(new, get_account(connection, account_id).email)
    confirm_holder(database, clock, account_id, proof, setting, passwords=passwords)
    password_hash = (passwords or default_passwords()).hash(checked)
    with database.write() as connection:
        _replace(connection, account_id, password_hash, spare=session_id)
        address = setting.caller.address
        record_audit(connection, clock, account_id, "password.changed", "", address)


def request_reset(database: Database, clock: Clock, email: str, caller: Caller) -> None:
    """Note that somebody asks for a reset; does and says the same for an unknown e-mail.

    The owner sees it in the trail. Raises RateLimited after many from one address.
    """
    admit(database, [of_asking(caller.address)], clock.now())
    with database.write() as connection:
        found = find_account(connection, email=email)
        whose = found[0].account_id if found else None
        record_audit(connection, clock, whose, "password.reset-requested", "", caller.address)


def create_reset(
    database: Database, clock: Clock, account_id: str, *, by: str | None = None
) -> Reset:
    """A token that sets a new password once, within 30 minutes; it replaces an earlier one."""
    minted = mint_token(proofs.RESET_PREFIX)
    expires_at = clock.now() + RESET_LIFE
    with database.write() as connection:
        get_account(connection, account_id)
        stored = (minted.token_id, minted.secret_sha256)
        proofs.insert_reset(connection, account_id, stored, expires_at)
        record_audit(
            connection, clock, account_id, "password.reset-created", minted.token_id, by=by
        )
    return Reset(minted.text, expires_at)


def reset_password(
    database: Database,
    clock: Clock,
    *,
    token: str,
    new: str,
    caller: Caller,
    passwords: Passwords | None = None,
) -> SignedIn:
    """Set a new password by a reset token, end all sessions and begin a new one.

    Raises BadInput for a bad password (the token stays good), SignInFailed for a bad token,
    RateLimited after many bad ones from one address.
    """
    check_password(new, None)
    with database.read() as connection:
        stands = proofs.is_reset(connection, token, clock.now())
    if not stands:
        admit(database, [of_asking(caller.address)], clock.now())
    password_hash = (passwords or default_passwords()).hash(new)
    with database.write() as connection:
        account_id = proofs.take_reset(connection, token, clock.now())
        if account_id is not None:
            _replace(connection, account_id, password_hash, spare=None)
            account = get_account(connection, account_id)
            check_password(new, account.email)
            if account.is_disabled:
                raise Forbidden("This account is disabled.", hint="Ask the owner.")
            if account.email is not None:
                forgive_attempts(connection, of_email(account.email)[0])
            record_audit(connection, clock, account_id, "password.reset", "", caller.address)
            return open_session(connection, clock, account, SignInMethod.RESET, caller)
    raise SignInFailed(
        "The reset token is unknown, was used, or has expired.", hint="Ask the owner for a new one."
    )


def _replace(
    connection: Connection, account_id: str, password_hash: str, *, spare: str | None
) -> None:
    update_account(connection, account_id, password_hash=password_hash)
    session_store.delete_sessions(connection, account_id, spare=spare)
    session_store.delete_devices(connection, account_id)
    proofs.delete_proofs(connection, account_id)
    touch_version(connection)
