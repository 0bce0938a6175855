"""A new account: by its holder, by the owner's command, or at the first keyed start."""

from functools import cache

from sqlalchemy import Connection

from assay.accounts.compute.emails import parse_email
from assay.accounts.compute.passwords import check_password
from assay.accounts.hashing import Passwords
from assay.accounts.people.gate import admit, of_asking
from assay.accounts.plans import DEFAULT_PLAN
from assay.accounts.store.people import insert_account
from assay.accounts.tokens import create_id
from assay.accounts.trail import record_audit
from assay.accounts.types import Account, AccountId, Caller, Role
from assay.kit.clock import Clock
from assay.kit.database import Database


@cache
def default_passwords() -> Passwords:
    """Hashing with the parameters of today; made once, for making it costs one hash."""
    return Passwords()


def create_account(
    database: Database,
    clock: Clock,
    *,
    email: str | None = None,
    password: str | None = None,
    role: Role = Role.USER,
    caller: Caller | None = None,
    passwords: Passwords | None = None,
) -> Account:
    """Create an account; without a password it is used by its keys, a wallet or after a reset.

    Raises BadInput for a bad e-mail or password and Conflict where the e-mail has an account.
    """
    shown = None if email is None else parse_email(email)
    password_hash = None
    if password is not None:
        hasher = passwords or default_passwords()
        password_hash = hasher.hash(check_password(password, shown))
    account = make_account(clock, email=shown, role=role, has_password=password is not None)
    with database.write() as connection:
        add_account(connection, clock, account, password_hash, caller or Caller())
    return account


def sign_up(
    database: Database,
    clock: Clock,
    *,
    email: str,
    password: str,
    caller: Caller,
    passwords: Passwords | None = None,
) -> Account:
    """Create one's own account. Raises as `create_account`, and RateLimited after many tries from
    one address: the answer says whether an e-mail is taken, as no mail is sent to ask its holder.
    """
    admit(database, [of_asking(caller.address)], clock.now())
    return create_account(
        database, clock, email=email, password=password, caller=caller, passwords=passwords
    )


def make_account(
    clock: Clock,
    *,
    email: str | None = None,
    wallet: str | None = None,
    role: Role = Role.USER,
    has_password: bool = False,
) -> Account:
    """The record of an account that does not exist yet."""
    return Account(
        account_id=AccountId(f"acc_{create_id()}"),
        email=email,
        wallet=wallet,
        role=role,
        plan=DEFAULT_PLAN[role],
        has_password=has_password,
        is_disabled=False,
        created_at=clock.now(),
    )


def add_account(
    connection: Connection,
    clock: Clock,
    account: Account,
    password_hash: str | None,
    caller: Caller,
) -> None:
    """Store a new account and say so in the trail. Raises Conflict."""
    insert_account(connection, account, password_hash)
    record_audit(
        connection, clock, account.account_id, "account.created", account.role, caller.address
    )
