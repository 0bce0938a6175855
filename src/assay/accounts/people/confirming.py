"""Whoever is signed in proves once more that they are the holder, before what cannot be taken back.

A stolen session or key alone can neither change how an account is entered nor delete it.
"""

from dataclasses import dataclass

from assay.accounts.hashing import Passwords
from assay.accounts.people.by_wallet import Signed, Site, prove_wallet
from assay.accounts.people.gate import admit, of_present
from assay.accounts.people.signing_up import default_passwords
from assay.accounts.store.attempts import forgive_attempts
from assay.accounts.store.people import find_account, get_account
from assay.accounts.types import Account, Caller, WalletPurpose
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Proof:
    """The present password, or a message signed by the account's wallet for this purpose."""

    password: str | None = None
    signed: Signed | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a proof is given: what the browser calls us, and from where it comes."""

    site: Site
    caller: Caller


def confirm_holder(
    database: Database,
    clock: Clock,
    account_id: str,
    proof: Proof,
    setting: Setting,
    *,
    purpose: WalletPurpose = WalletPurpose.CONFIRM,
    passwords: Passwords | None = None,
) -> Account:
    """The account, whose holder has proved it. An account with neither password nor wallet (the
    owner's first, which only has a key) may be changed without, to get one, but not deleted.

    Raises Forbidden for a missing or wrong proof, RateLimited after many wrong ones, and as
    `prove_wallet` for a bad message.
    """
    with database.read() as connection:
        account = get_account(connection, account_id)
    if proof.password is not None:
        confirm_password(database, clock, account_id, proof.password, passwords)
    elif proof.signed is not None:
        wallet = prove_wallet(
            database,
            clock,
            setting.site,
            proof.signed,
            setting.caller,
            purpose=purpose,
            account_id=account_id,
        )
        if wallet != account.wallet:
            raise Forbidden("This is not the wallet of the account.", hint="Sign with its own.")
    elif account.has_password or account.wallet or purpose is WalletPurpose.DELETE:
        raise Forbidden(
            "This needs the present password, or a signature of the account's wallet.",
            hint="Send `password`, or `wallet` with the message and its signature.",
        )
    return account


def confirm_password(
    database: Database,
    clock: Clock,
    account_id: str,
    password: str,
    passwords: Passwords | None = None,
) -> None:
    """That whoever is signed in knows the present password. Raises Forbidden or RateLimited.

    An account without a password has nothing to confirm by, and none is taken: Forbidden too.
    """
    bucket = of_present(account_id)
    admit(database, [bucket], clock.now())
    with database.read() as connection:
        found = find_account(connection, account_id=account_id)
    stored = found[1] if found else None
    if not (passwords or default_passwords()).verify(stored, password):
        raise Forbidden("The present password is wrong.", hint="Give the one you sign in with.")
    with database.write() as connection:
        forgive_attempts(connection, bucket[0])
