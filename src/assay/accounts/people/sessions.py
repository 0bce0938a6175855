"""Browser sessions: begun at a sign-in, refreshed with rotation, ended by their holder.

An access token lives 15 minutes, a refresh token 30 days and once. A refresh token that comes a
second time was stolen from one side or the other, so that the whole session ends.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from assay.accounts.compute.origins import shorten_address, shorten_user_agent
from assay.accounts.store import sessions as store
from assay.accounts.store.people import find_account, touch_version
from assay.accounts.tokens import create_id, derive_csrf, digest_secret, mint_token
from assay.accounts.trail import record_audit
from assay.accounts.types import (
    Account,
    Caller,
    Session,
    SessionRecord,
    SignedIn,
    SignInMethod,
)
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import NotFound, Unauthorized

ACCESS_LIFE = timedelta(minutes=15)
REFRESH_LIFE = timedelta(days=30)
DEVICE_LIFE = timedelta(days=365)


def open_session(
    connection: Connection,
    clock: Clock,
    account: Account,
    method: SignInMethod,
    caller: Caller,
    *,
    is_known_device: bool = False,
) -> SignedIn:
    """Begin a session, in the transaction in which its holder has proved who they are."""
    now = clock.now()
    store.delete_expired_sessions(connection, now)
    session = Session(
        session_id=create_id(),
        method=method,
        created_at=now,
        last_used_at=now,
        user_agent=shorten_user_agent(caller.user_agent),
        address_prefix=shorten_address(caller.address),
    )
    store.insert_session(connection, account.account_id, session, now + REFRESH_LIFE)
    device = None
    if not is_known_device:
        minted = mint_token(store.DEVICE_PREFIX)
        stored = (minted.token_id, minted.secret_sha256)
        store.insert_device(connection, account.account_id, stored, now + DEVICE_LIFE)
        device = minted.text
    record_audit(
        connection,
        clock,
        account.account_id,
        "session.created",
        session.session_id,
        caller.address,
    )
    return _hand_out(connection, account, session.session_id, now, device)


def refresh_session(database: Database, clock: Clock, token: str, caller: Caller) -> SignedIn:
    """New tokens for a refresh token. Raises Unauthorized; a token used before ends its session."""
    now = clock.now()
    with database.write() as connection:
        row = store.find_refresh(connection, token, now)
        refreshed = None
        if row is not None and store.use_refresh(connection, row.token_id, now):
            found = find_account(connection, account_id=row.account_id)
            if found is not None and not found[0].is_disabled:
                expires_at = now + REFRESH_LIFE
                store.update_last_used(connection, row.session_id, now, expires_at)
                refreshed = _hand_out(connection, found[0], row.session_id, now, None)
        elif row is not None:
            store.delete_sessions(connection, row.account_id, only=row.session_id)
            touch_version(connection)
            record_audit(
                connection,
                clock,
                row.account_id,
                "session.reused",
                row.session_id,
                caller.address,
            )
    # Raised only here: the transaction that ends a stolen session must commit.
    if refreshed is None:
        raise Unauthorized("This session has ended.", hint="Sign in again.")
    return refreshed


def list_sessions(database: Database, clock: Clock, account_id: str) -> list[Session]:
    """The sessions of an account, the last used first."""
    with database.read() as connection:
        return store.list_sessions(connection, account_id, clock.now())


def end_session(
    database: Database, clock: Clock, account_id: str, session_id: str, caller: Caller
) -> None:
    """End one session of an account. Raises NotFound for one that it does not have."""
    with database.write() as connection:
        if store.delete_sessions(connection, account_id, only=session_id) == 0:
            raise NotFound("There is no such session.", hint="The sessions can be listed.")
        touch_version(connection)
        record_audit(connection, clock, account_id, "session.ended", session_id, caller.address)


def end_other_sessions(
    database: Database, clock: Clock, account_id: str, spare: str | None, caller: Caller
) -> int:
    """End all sessions of an account but the one asked from; how many there were."""
    with database.write() as connection:
        count = store.delete_sessions(connection, account_id, spare=spare)
        touch_version(connection)
        record_audit(connection, clock, account_id, "session.ended", "others", caller.address)
    return count


def _hand_out(
    connection: Connection,
    account: Account,
    session_id: str,
    now: datetime,
    device: str | None,
) -> SignedIn:
    access, refresh = mint_token(store.ACCESS_PREFIX), mint_token(store.REFRESH_PREFIX)
    csrf = derive_csrf(access.secret)
    record = SessionRecord(
        token_id=access.token_id,
        session_id=session_id,
        account_id=account.account_id,
        secret_sha256=access.secret_sha256,
        csrf_sha256=digest_secret(csrf),
        expires_at=now + ACCESS_LIFE,
    )
    store.insert_access(connection, record)
    kept = (refresh.token_id, refresh.secret_sha256)
    refresh_expires_at = now + REFRESH_LIFE
    store.insert_refresh(connection, session_id, account.account_id, kept, refresh_expires_at)
    return SignedIn(
        account=account,
        session_id=session_id,
        access=access.text,
        refresh=refresh.text,
        csrf=csrf,
        expires_at=record.expires_at,
        refresh_expires_at=refresh_expires_at,
        device=device,
    )
