"""Shapes of what people send and get: accounts, sessions, the audit trail."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, WithJsonSchema

from assay.accounts import Proof, Signed
from assay.accounts.types import Role, SignInMethod
from assay.api.parameters import Query
from assay.api.schemas import Shape

Item = TypeVar("Item")
MAX_PAGE = 1_000
LONGEST_PASSWORD = 512


def check_length(password: SecretStr) -> SecretStr:
    """Raises ValueError for a password longer than any that is hashed."""
    if len(password) > LONGEST_PASSWORD:
        raise ValueError(f"must have at most {LONGEST_PASSWORD} characters")
    return password


EmailText = Annotated[str, Field(max_length=320, examples=["ada@example.org"])]
PasswordText = Annotated[
    SecretStr,
    AfterValidator(check_length),
    WithJsonSchema({"type": "string", "format": "password", "maxLength": LONGEST_PASSWORD}),
]
AddressText = Annotated[
    str,
    Field(pattern="^0x[0-9a-fA-F]{40}$", examples=["0x52908400098527886E0F7030069857D2E4169EE7"]),
]
ChainId = Annotated[int, Field(ge=1, le=10**15, description="EIP-155 id of the wallet's chain.")]


class Sent(BaseModel):
    """Base of the bodies: a member that is not known is an error, not silence."""

    model_config = ConfigDict(extra="forbid")


class NewAccount(Sent):
    """Who signs up."""

    email: EmailText
    password: PasswordText


class Credentials(Sent):
    """What a person signs in with."""

    email: EmailText
    password: PasswordText


class WalletRequest(Sent):
    """Which wallet wants to sign in."""

    address: AddressText
    chain_id: ChainId = 1


class OwnWalletRequest(WalletRequest):
    """Which wallet is to sign what."""

    purpose: Literal["link", "confirm", "delete"]


class SignedMessage(Sent):
    """An EIP-4361 message as it was answered, and its EIP-191 signature."""

    message: Annotated[str, Field(min_length=1, max_length=2_000)]
    signature: Annotated[str, Field(max_length=1_000, examples=["0x" + "00" * 65])]

    def read(self) -> Signed:
        """The same in the room's words."""
        return Signed(self.message, self.signature)


class ResetRequest(Sent):
    """Whose password is forgotten."""

    email: EmailText


class NewPassword(Sent):
    """A reset token and the password to come."""

    token: Annotated[SecretStr, Field(max_length=200), WithJsonSchema({"type": "string"})]
    new_password: PasswordText


class Confirmation(Sent):
    """Proof that the holder asks: the present password, or a message signed by the account's
    wallet.
    """

    password: PasswordText | None = None
    wallet: SignedMessage | None = None

    def read(self) -> Proof:
        """The same in the room's words."""
        password = None if self.password is None else self.password.get_secret_value()
        return Proof(password, None if self.wallet is None else self.wallet.read())


class PasswordChange(Confirmation):
    """A new password, and proof that the holder asks."""

    new_password: PasswordText


class AccountChange(Confirmation):
    """A new e-mail, and proof that the holder asks."""

    email: EmailText


class WalletLink(Confirmation):
    """The wallet to come with its signed message (`purpose` link), and proof that the holder of the
    account asks.
    """

    link: SignedMessage


class AccountRuling(Sent):
    """What the owner changes of an account; what is left out stays."""

    role: Role | None = None
    plan: Annotated[str | None, Field(max_length=32)] = None
    is_disabled: bool | None = None


class AccountShape(Shape):
    """An account."""

    account_id: Annotated[str, Field(examples=["acc_0123456789abcdef"])]
    email: Annotated[str | None, Field(description="Null for an account without one.")]
    wallet: Annotated[str | None, Field(description="Ethereum address (EIP-55), or null.")]
    role: Role
    plan: str
    has_password: bool
    is_disabled: bool
    created_at: datetime


class SessionState(Shape):
    """Who is signed in, and what a browser needs to go on."""

    account: AccountShape
    session_id: Annotated[str | None, Field(description="Null where a key asks.")]
    csrf_token: Annotated[
        str | None,
        Field(description="To send as X-CSRF-Token with every write; null where a key asks."),
    ]


class SessionStart(SessionState):
    """A session that has begun or was refreshed; its secrets come as HttpOnly cookies."""

    expires_at: Annotated[datetime, Field(description="When the access cookie ends.")]
    refresh_expires_at: Annotated[datetime, Field(description="Until when it can be refreshed.")]


class SessionShape(Shape):
    """One sign-in."""

    session_id: str
    method: SignInMethod
    created_at: datetime
    last_used_at: Annotated[datetime, Field(description="When it was last refreshed.")]
    user_agent: Annotated[str, Field(description="What the browser said of itself, shortened.")]
    address_prefix: Annotated[str, Field(description="Network of its address: /24 or /48.")]
    is_current: bool


class AuditShape(Shape):
    """Something that happened to an account."""

    sequence: int
    happened_at: datetime
    whose: Annotated[
        str | None,
        Field(description="Account, or the pseudonym of a deleted one; null: nobody's."),
    ]
    by: Annotated[str | None, Field(description="Who did it, likewise.")]
    action: Annotated[str, Field(examples=["session.created"])]
    subject: Annotated[str, Field(description="Id of what it was done to, or a word.")]
    address_prefix: Annotated[str | None, Field(description="Network it came from.")]


class WalletChallenge(Shape):
    """What the wallet is asked to sign."""

    nonce: str
    message: Annotated[str, Field(description="EIP-4361 text; sign it unchanged (EIP-191).")]
    expires_at: datetime


class Notice(Shape):
    """What was noted, in a sentence."""

    message: str


class Ended(Shape):
    """How many sessions ended."""

    ended: int


class One(Shape, Generic[Item]):
    """One object."""

    data: Item


class Many(Shape, Generic[Item]):
    """A page of a list."""

    data: list[Item]
    next_cursor: Annotated[
        str | None, Field(description="Cursor of the next page; null: the last.")
    ]


class AccountAnswer(One[AccountShape]):
    """One account."""


class AccountList(Many[AccountShape]):
    """A page of accounts."""


class SessionAnswer(One[SessionState]):
    """Who is signed in."""


class SessionStarted(One[SessionStart]):
    """A session."""


class SessionList(Many[SessionShape]):
    """Sessions, the last used first."""


class SessionsEnded(One[Ended]):
    """How many sessions ended."""


class AuditList(Many[AuditShape]):
    """A page of the audit trail, newest first."""


class ChallengeAnswer(One[WalletChallenge]):
    """A message to sign."""


class NoticeAnswer(One[Notice]):
    """A notice."""


class ExportAnswer(Shape):
    """Everything that is kept about an account."""

    exported_at: datetime
    account: AccountShape
    sessions: list[Mapping[str, object]]
    audit: list[AuditShape]


class PageQuery(Query):
    """A page of accounts or of the trail."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="Rows a page.")] = 100
    cursor: Annotated[
        str | None,
        Field(
            max_length=20,
            pattern="^[a-z0-9_]+$",
            description="`next_cursor` of the page before, unchanged.",
        ),
    ] = None
