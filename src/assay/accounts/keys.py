"""API keys: made, listed, changed, rotated, revoked; and the access tokens they buy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row

from assay.accounts.store import keys as store
from assay.accounts.store.limits import erase_limits, list_usage
from assay.accounts.store.people import find_account, touch_version
from assay.accounts.tokens import matches_secret, mint_token
from assay.accounts.trail import record_audit
from assay.accounts.types import AccountId, KeyRecord, Verb
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput, Conflict, Forbidden, NotFound, Unauthorized
from assay.kit.moments import to_microseconds

MAX_KEYS = 100
TOKEN_LIFE = timedelta(hours=1)
MAX_OVERLAP = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """What a key shall be. `expires_at` None is never, `requests_per_minute` None the plan's."""

    name: str
    scopes: frozenset[Verb]
    expires_at: datetime | None = None
    requests_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An access token, shown once, and for how many seconds it stands."""

    text: str
    expires_in_s: int
    scopes: frozenset[Verb]


def create_key(
    database: Database,
    clock: Clock,
    account_id: str,
    *,
    name: str,
    scopes: Iterable[Verb],
    expires_at: datetime | None = None,
    requests_per_minute: int | None = None,
    by: str | None = None,
    address: str = "",
) -> tuple[KeyRecord, str]:
    """Make a key; its text is shown here and never again. Raises Conflict where the account does
    not exist (open local mode) or has 100 keys, and BadInput for a moment that has passed.
    """
    draft = KeyDraft(name, frozenset(scopes), expires_at, requests_per_minute)
    with database.write() as connection:
        made = insert_key(connection, clock.now(), account_id, draft)
        _note(connection, clock, made[0], "key.created", address, by)
    return made


def insert_key(
    connection: Connection, now: datetime, account_id: str, draft: KeyDraft
) -> tuple[KeyRecord, str]:
    """Make a key within a transaction. Raises as `create_key`."""
    if find_account(connection, account_id=account_id) is None:
        raise Conflict(
            "Keys belong to accounts, and open local mode has none.",
            hint="Start the server with `assay serve --keys`.",
        )
    if len(store.list_keys(connection, account_id)) >= MAX_KEYS:
        raise Conflict(f"The account has {MAX_KEYS} keys.", hint="Revoke one that is not used.")
    _check_moment(draft.expires_at, now)
    minted = mint_token(store.KEY_PREFIX)
    record = KeyRecord(
        key_id=minted.token_id,
        account_id=AccountId(account_id),
        name=draft.name,
        scopes=draft.scopes,
        requests_per_minute=draft.requests_per_minute,
        created_at=now,
        expires_at=draft.expires_at,
    )
    store.insert_key(connection, record, minted.secret_sha256)
    return record, minted.text


def list_keys(database: Database, account_id: str) -> list[KeyRecord]:
    """The keys of an account, the newest first, expired ones too."""
    with database.read() as connection:
        return store.list_keys(connection, account_id)


def get_key(database: Database, key_id: str, account_id: str | None) -> KeyRecord:
    """A key of an account; of any if None. Raises NotFound, also for somebody else's."""
    with database.read() as connection:
        return _get(connection, key_id, account_id)


def change_key(
    database: Database,
    clock: Clock,
    key_id: str,
    account_id: str | None,
    changes: Mapping[str, object],
    *,
    held: frozenset[Verb] = frozenset(Verb),
    by: str | None = None,
    address: str = "",
) -> KeyRecord:
    """Change `name`, `scopes`, `expires_at` or `requests_per_minute`; others stay.

    Raises NotFound, BadInput, and Forbidden where who asks holds less (`held`) than a key whose end
    or rate is to change.
    """
    columns = dict(changes)
    expires_at = columns.pop("expires_at", None)
    if "expires_at" in changes:
        if isinstance(expires_at, datetime):
            _check_moment(expires_at, clock.now())
            columns["expires_at_us"] = to_microseconds(expires_at)
        else:
            columns["expires_at_us"] = None
    scopes = columns.pop("scopes", None)
    if isinstance(scopes, frozenset):
        columns["scopes"] = store.write_scopes(scopes)
    with database.write() as connection:
        known = _get(connection, key_id, account_id)
        if changes.keys() & {"expires_at", "requests_per_minute"}:
            _check_held(known, held)
        if columns:
            store.update_key(connection, key_id, **columns)
            touch_version(connection)
        record = _get(connection, key_id, account_id)
        _note(connection, clock, record, "key.changed", address, by)
    return record


def revoke_key(
    database: Database,
    clock: Clock,
    key_id: str,
    account_id: str | None,
    *,
    by: str | None = None,
    address: str = "",
) -> None:
    """End a key and every token that it bought. Raises NotFound."""
    with database.write() as connection:
        record = _get(connection, key_id, account_id)
        store.delete_key(connection, key_id)
        touch_version(connection)
        _note(connection, clock, record, "key.revoked", address, by)


def rotate_key(
    database: Database,
    clock: Clock,
    key_id: str,
    account_id: str | None,
    *,
    overlap: timedelta = timedelta(0),
    held: frozenset[Verb] = frozenset(Verb),
    by: str | None = None,
    address: str = "",
) -> tuple[KeyRecord, str]:
    """Give a key a new secret. The old one stands for `overlap`; without one it ends now, and so do
    the tokens that it bought. Raises NotFound, BadInput, and Forbidden where who asks holds less
    (`held`) than the key whose secret it would get.
    """
    if not timedelta(0) <= overlap <= MAX_OVERLAP:
        raise BadInput("The overlap is 0 seconds to 30 days.", hint="Leave it out for none.")
    minted = mint_token(store.KEY_PREFIX)
    with database.write() as connection:
        found = _find(connection, key_id, account_id)
        record = found[0]
        _check_held(record, held)
        until = to_microseconds(clock.now() + overlap) if overlap else None
        store.update_key(
            connection,
            key_id,
            secret_sha256=minted.secret_sha256,
            previous_sha256=found[1].secret_sha256 if overlap else None,
            previous_until_us=until,
        )
        if not overlap:
            store.delete_tokens_of(connection, key_id)
        touch_version(connection)
        _note(connection, clock, record, "key.rotated", address, by)
    return record, f"{store.KEY_PREFIX}_{key_id}_{minted.text.split('_', 2)[2]}"


def issue_token(
    database: Database,
    clock: Clock,
    key_id: str,
    secret: str,
    scopes: frozenset[Verb] | None = None,
) -> IssuedToken:
    """An access token of a key for an hour, or as long as the key stands.

    Raises Unauthorized for a pair that does not fit or does not stand any more, and Forbidden for a
    scope that the key does not have.
    """
    now = clock.now()
    with database.write() as connection:
        found = store.find_key(connection, key_id)
        if found is None:
            raise Unauthorized("The client is not known here.")
        record, row = found
        account = find_account(connection, account_id=record.account_id)
        digests = [row.secret_sha256]
        if row.previous_until_us is not None and row.previous_until_us > to_microseconds(now):
            digests.append(row.previous_sha256)
        fits = [matches_secret(secret, digest) for digest in digests]
        is_over = record.expires_at is not None and record.expires_at <= now
        if not any(fits) or is_over or account is None or account[0].is_disabled:
            raise Unauthorized("The client is not known here.")
        wanted = record.scopes if scopes is None else scopes
        if not wanted <= record.scopes:
            raise Forbidden("The key does not have every scope that was asked for.")
        ends = now + TOKEN_LIFE
        ends = ends if record.expires_at is None else min(ends, record.expires_at)
        minted = mint_token(store.TOKEN_PREFIX)
        token = (minted.token_id, minted.secret_sha256)
        store.delete_expired_tokens(connection, now)
        store.insert_token(connection, token, record, wanted, ends)
    return IssuedToken(minted.text, int((ends - now).total_seconds()), wanted)


def erase_keys(connection: Connection, account_id: str) -> None:
    """Forget everything this half of the room holds of an account: keys, tokens, usage."""
    store.erase_key_rows(connection, account_id)
    erase_limits(connection, account_id)


def list_for_export(connection: Connection, account_id: str) -> dict[str, list[dict[str, object]]]:
    """What an account gets of its keys and usage when it asks for its data."""
    keys: list[dict[str, object]] = [
        {
            "key_id": key.key_id,
            "name": key.name,
            "scopes": sorted(key.scopes),
            "created_at": key.created_at,
            "expires_at": key.expires_at,
            "last_used_at": key.last_used_at,
        }
        for key in store.list_keys(connection, account_id)
    ]
    usage: list[dict[str, object]] = [
        {"day": day, "key_id": key_id or None, "group": group, "requests": requests}
        for day, key_id, group, requests in list_usage(connection, account_id)
    ]
    return {"keys": keys, "usage": usage}


def _get(connection: Connection, key_id: str, account_id: str | None) -> KeyRecord:
    return _find(connection, key_id, account_id)[0]


def _find(
    connection: Connection, key_id: str, account_id: str | None
) -> tuple[KeyRecord, Row[tuple[object, ...]]]:
    found = store.find_key(connection, key_id)
    if found is None or account_id not in (None, found[0].account_id):
        raise NotFound("There is no such key.", hint="GET /v1/keys lists them.")
    return found


def _check_held(record: KeyRecord, held: frozenset[Verb]) -> None:
    missing = sorted(scope.value for scope in record.scopes - held)
    if missing:
        raise Forbidden(
            f"The key has the scope `{missing[0]}`, which who asks does not have.",
            hint="Ask with a key or session that has every scope of this key, or revoke it.",
        )


def _check_moment(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise BadInput("`expires_at` has passed.", hint="Name a moment to come, or leave it out.")


def _note(
    connection: Connection,
    clock: Clock,
    record: KeyRecord,
    action: str,
    address: str,
    by: str | None,
) -> None:
    record_audit(connection, clock, record.account_id, action, record.key_id, address, by=by)
