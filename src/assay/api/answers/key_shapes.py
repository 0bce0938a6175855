"""Shapes of what is sent and answered about keys, access tokens, plans and usage."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from assay.accounts.types import Verb
from assay.api.answers.people_shapes import Sent
from assay.api.parameters import Query
from assay.api.schemas import Shape

KeyName = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Scopes = Annotated[frozenset[Verb], Field(min_length=1)]
Rate = Annotated[
    int | None,
    Field(ge=1, le=100_000_000, description="Requests a minute of this key; null: the plan's."),
]
Ending = Annotated[
    datetime | None, Field(description="Moment (with its offset) at which it ends; null: never.")
]


class NewKey(Sent):
    """What a key shall be."""

    name: KeyName
    scopes: Scopes = frozenset({Verb.READ})
    expires_at: Ending = None
    requests_per_minute: Rate = None


class KeyChange(Sent):
    """What shall be different of a key; what is left out stays."""

    name: KeyName | None = None
    scopes: Scopes | None = None
    expires_at: Ending = None
    requests_per_minute: Rate = None


class Rotation(Sent):
    """For how long the old secret of a key still stands."""

    overlap_s: Annotated[int, Field(ge=0, le=30 * 86_400)] = 0


class KeyShape(Shape):
    """A key without its secret."""

    key_id: str
    account_id: str
    name: str
    scopes: list[Verb]
    requests_per_minute: int | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class ShownKey(KeyShape):
    """A key with its secret, which is shown this once."""

    key: str


class KeyAnswer(Shape):
    """One key."""

    data: KeyShape


class ShownKeyAnswer(Shape):
    """One key with its secret."""

    data: ShownKey


class KeysAnswer(Shape):
    """The keys of an account, the newest first: one page, an account has 100 at most."""

    data: list[KeyShape]
    next_cursor: str | None


class AccessToken(Shape):
    """An access token (RFC 6749 5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class PlanShape(Shape):
    """How much a plan allows; null is no limit."""

    name: str
    requests_per_minute: int | None
    requests_per_month: int | None
    unfinished_jobs: int | None
    streams: Annotated[
        int | None, Field(description="Streams open at a time, of each serving process.")
    ]
    stream_subscriptions: Annotated[
        int | None, Field(description="Keys or whole channels that one stream may hear.")
    ]
    per_route: dict[str, int]


class PlansAnswer(Shape):
    """Every plan, the smallest first."""

    data: list[PlanShape]
    next_cursor: str | None


class UsagePoint(Shape):
    """Requests of one day (UTC) to one group of routes; `key_id` null is a session."""

    day: date
    key_id: str | None
    group: str
    requests: int


class UsageShape(Shape):
    """What an account used: the month so far and its limit, then each day, the newest first."""

    account_id: str
    plan: PlanShape
    month: str
    month_requests: int
    month_limit: int | None
    resets_at: datetime
    days: list[UsagePoint]


class UsageAnswer(Shape):
    """The usage of an account."""

    data: UsageShape


AccountChoice = Annotated[
    str | None,
    Field(max_length=20, description="Another account's; needs the scope `administer`."),
]


class AccountQuery(Query):
    """Whose."""

    account_id: AccountChoice = None


class UsageQuery(AccountQuery):
    """Whose, and since when."""

    since: Annotated[
        date | None, Field(description="First day; default: the first of this month.")
    ] = None
