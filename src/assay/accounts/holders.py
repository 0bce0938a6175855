"""Who holds a credential: a key, an access token or a session, as a serving process keeps it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from sqlalchemy import Connection, Row, select

from assay.accounts.metering import Allowance
from assay.accounts.plans import Plans
from assay.accounts.store.keys import (
    KEY_PREFIX,
    TOKEN_PREFIX,
    read_scopes,
    select_keys,
    select_tokens,
)
from assay.accounts.store.people import accounts
from assay.accounts.store.sessions import ACCESS_PREFIX, accesses
from assay.accounts.tokens import ID_LENGTH
from assay.accounts.types import AccountId, Principal, Role, Verb
from assay.kit.moments import to_microseconds

CHUNK = 500
REF_LENGTH = 3 + ID_LENGTH


@dataclass(slots=True, eq=False)
class Holder:
    """One live credential. `ref` is its text up to the secret (`ak_<id>`), digests are raw.

    `allowance` and `used` are what the process counts of it, `requests_per_minute` a key's own
    limit. `proven` is the text that was last found right: to compare with it is as safe as with
    its digest, and costs less.
    """

    ref: bytes
    principal: Principal
    digest: bytes
    expires_at_us: int | None
    previous: bytes | None = None
    previous_until_us: int = 0
    csrf_sha256: str = ""
    requests_per_minute: int | None = None
    allowance: Allowance | None = None
    used: dict[str, int] = field(default_factory=dict)
    proven: bytes | None = None
    can_read: bool = field(init=False)
    limited_routes: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.can_read = self.principal.may(Verb.READ)
        self.limited_routes = frozenset(self.principal.plan.per_route)

    def proves(self, secret: bytes) -> bool:
        """True if this is the secret; takes equally long for any other of its length."""
        found = sha256(secret).digest()
        if compare_digest(found, self.digest):
            return True
        return self.previous is not None and compare_digest(found, self.previous)

    def is_over(self, now_us: int) -> bool:
        """True once it has expired."""
        return self.expires_at_us is not None and self.expires_at_us <= now_us


def split_ref(token: bytes) -> tuple[bytes, bytes]:
    """(`<prefix>_<id>`, secret) of a credential; the ref is empty for what cannot be one."""
    if token[REF_LENGTH : REF_LENGTH + 1] != b"_":
        return b"", b""
    return token[:REF_LENGTH], token[REF_LENGTH + 1 :]


def load_holders(
    connection: Connection, refs: Iterable[bytes], plans: Plans, now: datetime
) -> dict[bytes, Holder]:
    """The holders of those refs that stand at `now`: known, not expired, account not disabled."""
    by_kind: dict[str, list[str]] = {}
    for ref in refs:
        kind, _, token_id = ref.decode("latin-1").partition("_")
        by_kind.setdefault(kind, []).append(token_id)
    found: list[Holder] = []
    for kind, ids in by_kind.items():
        load = {KEY_PREFIX: _load_keys, TOKEN_PREFIX: _load_tokens, ACCESS_PREFIX: _load_sessions}
        for start in range(0, len(ids), CHUNK):
            if kind in load:
                found += load[kind](connection, ids[start : start + CHUNK], plans, now)
    now_us = to_microseconds(now)
    return {holder.ref: holder for holder in found if not holder.is_over(now_us)}


def _load_keys(connection: Connection, ids: list[str], plans: Plans, now: datetime) -> list[Holder]:
    rows = select_keys(connection, ids)
    people = _load_people(connection, {row.account_id for row in rows})
    return [
        _key_holder(row, people[row.account_id], plans, now)
        for row in rows
        if row.account_id in people
    ]


def _load_tokens(
    connection: Connection, ids: list[str], plans: Plans, now: datetime
) -> list[Holder]:
    rows = select_tokens(connection, ids)
    keys = {row.key_id: row for row in select_keys(connection, [row.key_id for row in rows])}
    people = _load_people(connection, {row.account_id for row in rows})
    found = []
    for row in rows:
        if row.key_id not in keys or row.account_id not in people:
            continue
        key = _key_holder(keys[row.key_id], people[row.account_id], plans, now)
        ends = [row.expires_at_us] + ([key.expires_at_us] if key.expires_at_us is not None else [])
        principal = Principal(
            key.principal.account_id,
            key.principal.role,
            key.principal.plan,
            read_scopes(row.scopes) & key.principal.scopes,
            key_id=row.key_id,
        )
        ref = f"{TOKEN_PREFIX}_{row.token_id}".encode()
        found.append(
            Holder(
                ref,
                principal,
                bytes.fromhex(row.secret_sha256),
                min(ends),
                requests_per_minute=key.requests_per_minute,
            )
        )
    return found


def _load_sessions(
    connection: Connection, ids: list[str], plans: Plans, now: datetime
) -> list[Holder]:
    rows = connection.execute(select(accesses).where(accesses.c.token_id.in_(ids))).all()
    people = _load_people(connection, {row.account_id for row in rows})
    found = []
    for row in rows:
        if row.account_id not in people:
            continue
        role, plan = people[row.account_id]
        principal = Principal(
            AccountId(row.account_id), role, plans.get(plan), session_id=row.session_id
        )
        ref = f"{ACCESS_PREFIX}_{row.token_id}".encode()
        digest = bytes.fromhex(row.secret_sha256)
        found.append(Holder(ref, principal, digest, row.expires_at_us, csrf_sha256=row.csrf_sha256))
    return found


def _load_people(connection: Connection, ids: Collection[str]) -> dict[str, tuple[Role, str]]:
    """Role and plan of the accounts that are not disabled."""
    table = accounts.c
    query = select(table.account_id, table.role, table.plan).where(
        table.account_id.in_(sorted(ids)), table.is_disabled.is_(False)
    )
    return {row[0]: (Role(row[1]), row[2]) for row in connection.execute(query)}


def _key_holder(row: Row[Any], person: tuple[Role, str], plans: Plans, now: datetime) -> Holder:
    role, plan = person
    scopes: frozenset[Verb] = read_scopes(row.scopes)
    principal = Principal(
        AccountId(row.account_id), role, plans.get(plan), scopes, key_id=row.key_id
    )
    is_overlapping = (row.previous_until_us or 0) > to_microseconds(now)
    return Holder(
        f"{KEY_PREFIX}_{row.key_id}".encode(),
        principal,
        bytes.fromhex(row.secret_sha256),
        row.expires_at_us,
        bytes.fromhex(row.previous_sha256) if is_overlapping else None,
        row.previous_until_us or 0,
        requests_per_minute=row.requests_per_minute,
    )
