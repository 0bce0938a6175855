"""Sign in by e-mail and password, so that an unknown e-mail looks like a wrong password.

A try is counted before the password is looked at, under the e-mail and under the address; on a
device where the account has signed in before it counts under that device alone, so that nobody can
keep a person out of their own account from elsewhere.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from assay.accounts.hashing import Passwords
from assay.accounts.people.gate import (
    Bucket,
    admit,
    of_device,
    of_email,
    of_source,
)
from assay.accounts.people.sessions import open_session
from assay.accounts.people.signing_up import default_passwords
from assay.accounts.store.attempts import forgive_attempts, undo_attempt
from assay.accounts.store.people import find_account, update_account
from assay.accounts.store.sessions import find_device
from assay.accounts.trail import record_audit
from assay.accounts.types import Account, Caller, SignedIn, SignInMethod
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import Forbidden, SignInFailed


@dataclass(frozen=True, slots=True)
class _Try:
    account: Account | None
    password_hash: str | None
    buckets: list[Bucket]
    is_known_device: bool


def sign_in_with_password(
    database: Database,
    clock: Clock,
    *,
    email: str,
    password: str,
    caller: Caller,
    device: str = "",
    passwords: Passwords | None = None,
) -> SignedIn:
    """Begin a session. `device` is the device token that an earlier sign-in handed out.

    Raises SignInFailed (the same for an unknown e-mail and a wrong password), RateLimited, and
    Forbidden for a disabled account, said only to those who know its password.
    """
    hasher = passwords or default_passwords()
    with database.read() as connection:
        tried = _look_up(connection, clock, email, caller, device)
    admit(database, tried.buckets, clock.now())
    is_right = hasher.verify(tried.password_hash, password)
    renewed = None
    if is_right and tried.password_hash and hasher.is_outdated(tried.password_hash):
        renewed = hasher.hash(password)
    with database.write() as connection:
        signed_in = None
        account = _recheck(connection, tried) if is_right else None
        if account is None:
            whose = tried.account.account_id if tried.account else None
            record_audit(connection, clock, whose, "session.refused", "", caller.address)
        else:
            _forgive(connection, tried)
            if renewed is not None:
                update_account(connection, account.account_id, password_hash=renewed)
            signed_in = open_session(
                connection,
                clock,
                account,
                SignInMethod.PASSWORD,
                caller,
                is_known_device=tried.is_known_device,
            )
    if signed_in is None:
        raise SignInFailed("The e-mail or the password is wrong.", hint="Check both.")
    return signed_in


def _look_up(connection: Connection, clock: Clock, email: str, caller: Caller, device: str) -> _Try:
    found = find_account(connection, email=email)
    account, password_hash = found if found else (None, None)
    known = find_device(connection, device, clock.now())
    is_known = known is not None and account is not None and known[1] == account.account_id
    buckets = [of_email(email), of_source(caller.address)]
    if known is not None and is_known:
        buckets = [of_device(known[0])]
    return _Try(account, password_hash, buckets, is_known)


def _recheck(connection: Connection, tried: _Try) -> Account | None:
    """The account as it is now: its password may have changed while it was being checked."""
    if tried.account is None:
        return None
    found = find_account(connection, account_id=tried.account.account_id)
    if found is None or found[1] != tried.password_hash:
        return None
    if found[0].is_disabled:
        raise Forbidden("This account is disabled.", hint="Ask the owner of this installation.")
    return found[0]


def _forgive(connection: Connection, tried: _Try) -> None:
    own, *others = [name for name, _ in tried.buckets]
    forgive_attempts(connection, own)
    for bucket in others:
        undo_attempt(connection, bucket)
