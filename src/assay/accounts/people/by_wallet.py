"""Prove a wallet: sign in with it, link it to an account, or confirm by it.

Two steps: `create_challenge` keeps a nonce and answers the text to sign; the signed text comes back
and uses the nonce up, whether or not the rest of it is right.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from assay.accounts.compute.messages import (
    Expected,
    Message,
    check_message,
    create_message,
    parse_message,
    write_message,
)
from assay.accounts.compute.origins import name_source
from assay.accounts.people.gate import admit, of_source
from assay.accounts.people.sessions import open_session
from assay.accounts.people.signing_up import add_account, make_account
from assay.accounts.store import proofs
from assay.accounts.store.attempts import undo_attempt
from assay.accounts.store.people import find_account, get_account, update_account
from assay.accounts.trail import record_audit
from assay.accounts.types import (
    Account,
    Caller,
    SignedIn,
    SignInMethod,
    WalletPurpose,
)
from assay.accounts.wallets import check_address, recover_signer
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import Conflict, Forbidden, RateLimited, SignInFailed

NONCE_LIFE = timedelta(minutes=5)
NONCE_LENGTH = 20
MAX_WAITING = 30
"""Nonces of one address that may wait for a signature."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

STATEMENTS = {
    WalletPurpose.SIGN_IN: "Sign in to Assay. This costs nothing and moves nothing.",
    WalletPurpose.LINK: "Let this wallet sign in to your Assay account.",
    WalletPurpose.CONFIRM: "Confirm a change of your Assay account.",
    WalletPurpose.DELETE: "Delete your Assay account and everything that is kept about you.",
}


@dataclass(frozen=True, slots=True)
class Site:
    """What the caller's browser calls us: the Host it asked for, and http or https."""

    domain: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A message and its signature, as they came back."""

    message: str
    signature: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a wallet is asked to sign, and until when."""

    nonce: str
    message: str
    expires_at: datetime


def create_challenge(
    database: Database,
    clock: Clock,
    site: Site,
    caller: Caller,
    *,
    address: str,
    chain_id: int = 1,
    purpose: WalletPurpose = WalletPurpose.SIGN_IN,
    account_id: str | None = None,
) -> Challenge:
    """A nonce for one purpose (and, but for a sign-in, one account) and the message to sign.

    Raises BadInput for a bad address, RateLimited while too many wait for a signature.
    """
    wallet = check_address(address)
    now = clock.now()
    nonce = "".join(secrets.choice(_LETTERS) for _ in range(NONCE_LENGTH))
    expires_at = now + NONCE_LIFE
    source = name_source(caller.address)
    with database.write() as connection:
        proofs.delete_expired_proofs(connection, now)
        if proofs.count_nonces(connection, source, now) >= MAX_WAITING:
            raise RateLimited(
                "Too many nonces of this address wait for a signature.",
                hint="Sign one, or wait until they expire.",
                retry_after_s=NONCE_LIFE.total_seconds(),
            )
        proofs.insert_nonce(
            connection,
            nonce,
            purpose=purpose.value,
            account_id=account_id,
            chain_id=chain_id,
            source=source,
            expires_at=expires_at,
        )
    expected = Expected(site.domain, site.scheme, chain_id, STATEMENTS[purpose], now)
    message = create_message(expected, address=wallet, nonce=nonce, expires_at=expires_at)
    return Challenge(nonce, write_message(message), expires_at)


def prove_wallet(
    database: Database,
    clock: Clock,
    site: Site,
    signed: Signed,
    caller: Caller,
    *,
    purpose: WalletPurpose,
    account_id: str | None = None,
) -> str:
    """The wallet (EIP-55) that signed one of our messages for this purpose, and this account.

    Raises BadInput for a text that is no EIP-4361 message, SignInFailed for any other fault, and
    RateLimited after many from one address.
    """
    message = parse_message(signed.message)
    bucket = of_source(caller.address)
    now = clock.now()
    admit(database, [bucket], now)
    with database.write() as connection:
        kept = proofs.take_nonce(connection, message.nonce, now)
    if kept is None or (kept.purpose, kept.account_id) != (purpose.value, account_id):
        raise SignInFailed(
            "The nonce is unknown, was used, or has expired.", hint="Ask for a new one."
        )
    expected = Expected(site.domain, site.scheme, kept.chain_id, STATEMENTS[purpose], now)
    check_message(message, expected)
    wallet = _match_signer(message, signed)
    with database.write() as connection:
        undo_attempt(connection, bucket[0])
    return wallet


def sign_in_with_wallet(
    database: Database,
    clock: Clock,
    site: Site,
    signed: Signed,
    caller: Caller,
    *,
    may_sign_up: bool = True,
) -> SignedIn:
    """Begin a session by a wallet; the first time this creates its account.

    Raises as `prove_wallet`, and Forbidden for a disabled account or a new one while sign-up is
    closed.
    """
    wallet = prove_wallet(database, clock, site, signed, caller, purpose=WalletPurpose.SIGN_IN)
    with database.write() as connection:
        account = _find_or_create(connection, clock, wallet, caller, may_sign_up=may_sign_up)
        return open_session(connection, clock, account, SignInMethod.WALLET, caller)


def link_wallet(
    database: Database, clock: Clock, account_id: str, site: Site, signed: Signed, caller: Caller
) -> Account:
    """Let a wallet sign in to an account that exists. Raises as `prove_wallet`, and Conflict for a
    wallet that has an account.
    """
    wallet = prove_wallet(
        database,
        clock,
        site,
        signed,
        caller,
        purpose=WalletPurpose.LINK,
        account_id=account_id,
    )
    with database.write() as connection:
        update_account(connection, account_id, wallet=wallet)
        record_audit(connection, clock, account_id, "wallet.linked", "", caller.address)
        return get_account(connection, account_id)


def unlink_wallet(database: Database, clock: Clock, account_id: str, caller: Caller) -> Account:
    """Take the wallet off an account. Raises Conflict where it is the only way in."""
    with database.write() as connection:
        account = get_account(connection, account_id)
        if not account.has_password:
            raise Conflict(
                "The wallet is the only way into this account.", hint="Set a password first."
            )
        update_account(connection, account_id, wallet=None)
        record_audit(connection, clock, account_id, "wallet.unlinked", "", caller.address)
        return get_account(connection, account_id)


def _match_signer(message: Message, signed: Signed) -> str:
    wallet = recover_signer(signed.message, signed.signature)
    if wallet != message.address:
        raise SignInFailed(
            "The signature is not that of the address in the message.",
            hint="Contract wallets (EIP-1271) are not supported; sign with a wallet's own key.",
        )
    return wallet


def _find_or_create(
    connection: Connection, clock: Clock, wallet: str, caller: Caller, *, may_sign_up: bool
) -> Account:
    found = find_account(connection, wallet=wallet)
    if found is not None:
        if found[0].is_disabled:
            raise Forbidden("This account is disabled.", hint="Ask the owner.")
        return found[0]
    if not may_sign_up:
        raise Forbidden("No account has this wallet, and sign-up is closed.", hint="Ask the owner.")
    account = make_account(clock, wallet=wallet)
    add_account(connection, clock, account, None, caller)
    return account
