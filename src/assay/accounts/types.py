"""The words of this room that others may use: who may do what, and how much of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

AccountId = NewType("AccountId", str)
"""`acc_` and 16 lower-case letters and digits; says nothing about its holder."""


class Role(StrEnum):
    """What an account is for."""

    OWNER = "owner"
    USER = "user"
    READ_ONLY = "read-only"


class Verb(StrEnum):
    """What can be done here. The same words are the scopes of a key."""

    READ = "read"
    """Facts and everything published."""
    USE = "use"
    """One's own things besides the account: own indices, alerts, jobs started and read."""
    ACCOUNT = "account"
    """One's own account: profile, password, sessions, keys, usage, export, deletion."""
    OPERATE = "operate"
    """The installation: metrics, every job, imports, back-fills."""
    ADMINISTER = "administer"
    """Other people's accounts: list, role, plan, disable."""


ALLOWED: Mapping[Role, frozenset[Verb]] = {
    Role.OWNER: frozenset(Verb),
    Role.USER: frozenset({Verb.READ, Verb.USE, Verb.ACCOUNT}),
    Role.READ_ONLY: frozenset({Verb.READ}),
}
"""The one table of permissions; a test asks every cell of it over HTTP."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much an account may ask for. None is no limit."""

    name: str
    requests_per_minute: int | None
    requests_per_month: int | None
    per_route: Mapping[str, int] = field(default_factory=dict)
    """Requests a minute of single routes, by path template (`/v1/candles/{symbol}`)."""
    unfinished_jobs: int | None = 10
    """Jobs that may wait or run at a time."""
    streams: int | None = 20
    """Streams that may be open at a time, of each serving process."""
    stream_subscriptions: int | None = 1_000
    """What one of them may listen to: keys, or whole channels."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `scopes` narrows what the role allows (a key may hold less than its account)."""

    account_id: AccountId
    role: Role
    plan: Plan
    scopes: frozenset[Verb] = frozenset(Verb)
    key_id: str | None = None
    session_id: str | None = None

    def may(self, verb: Verb) -> bool:
        """True if role and scopes both allow it."""
        return verb in ALLOWED[self.role] and verb in self.scopes


UNLIMITED = Plan(
    "unlimited", None, None, unfinished_jobs=None, streams=None, stream_subscriptions=None
)
LOCAL = Principal(AccountId("local"), Role.OWNER, UNLIMITED)
"""Everybody in open local mode: whoever reaches the loopback of this machine owns it."""
NOBODY = Principal(AccountId(""), Role.READ_ONLY, UNLIMITED, frozenset())
"""Who asks in keyed mode without a key; may do nothing but ask open paths."""


class SignInMethod(StrEnum):
    """What a session began with."""

    PASSWORD = "password"  # noqa: S105 - a word, not a secret
    WALLET = "wallet"
    RESET = "reset"


class WalletPurpose(StrEnum):
    """What a wallet's signature is asked for; a nonce is good for one of them."""

    SIGN_IN = "sign-in"
    LINK = "link"
    CONFIRM = "confirm"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Caller:
    """From where somebody asks: the peer's address and what the browser says of itself."""

    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One person or program. E-mail as it was typed, wallet with its EIP-55 check letters."""

    account_id: AccountId
    email: str | None
    wallet: str | None
    role: Role
    plan: str
    has_password: bool
    is_disabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What checks the access token of a session. `token_id` is the id in the cookie; several
    tokens, one after another, belong to one `session_id`.
    """

    token_id: str
    session_id: str
    account_id: AccountId
    secret_sha256: str
    csrf_sha256: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in as its holder sees it. `last_used_at` moves when the session is refreshed."""

    session_id: str
    method: SignInMethod
    created_at: datetime
    last_used_at: datetime
    user_agent: str
    address_prefix: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a browser gets at sign-in and at every refresh; the texts are shown only here.

    `device` is None where the device was known already.
    """

    account: Account
    session_id: str
    access: str
    refresh: str
    csrf: str
    expires_at: datetime
    refresh_expires_at: datetime
    device: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that happened to an account. `whose` and `by` are pseudonyms once it is deleted;
    both are None where no account was meant (a sign-in under an unknown e-mail).
    """

    sequence: int
    happened_at: datetime
    whose: str | None
    by: str | None
    action: str
    subject: str
    address_prefix: str | None


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key without its secret. `requests_per_minute` is its own limit within the plan's."""

    key_id: str
    account_id: AccountId
    name: str
    scopes: frozenset[Verb]
    requests_per_minute: int | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = None
