"""Shapes of what is sent and answered about alerts: rules, events, channels, deliveries."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema

from assay.alerts import RuleSpec
from assay.api.answers.people_shapes import Sent
from assay.api.parameters import Limit, PageCursor, Query
from assay.api.schemas import Shape

LONGEST_URL = 2_000
NextCursor = Annotated[str | None, Field(description="Cursor of the next page; null: the last.")]
StateName = Literal["due", "sending", "retry", "delivered", "dead"]
RuleId = Annotated[str, Field(max_length=40)]
ChannelId = Annotated[str, Field(max_length=40)]


def check_length(url: SecretStr) -> SecretStr:
    """Raises ValueError for a URL longer than any that is taken."""
    if len(url) > LONGEST_URL:
        raise ValueError(f"must have at most {LONGEST_URL} characters")
    return url


UrlText = Annotated[
    SecretStr,
    AfterValidator(check_length),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": LONGEST_URL,
            "description": "`https://...` for a signed webhook, else as apprise writes services:"
            " `mailtos://`, `tgram://`, `slack://`, `discord://`, `ntfys://`. Shown masked only.",
            "examples": ["https://example.com/hooks/assay"],
        }
    ),
]
ChannelName = Annotated[str, Field(min_length=1, max_length=80)]


class RuleChange(Sent):
    """Another wording of a rule, and whether it rests; what is left out stays."""

    rule: RuleSpec | None = None
    is_paused: bool | None = None


class Words(Sent):
    """A rule in words."""

    text: Annotated[
        str, Field(min_length=1, max_length=500, examples=["BTC falls by 5 % within 1 hour"])
    ]


class DryRun(Sent):
    """A rule, and how many days of what is recorded it is tried on."""

    rule: RuleSpec
    days: Annotated[int, Field(ge=1, le=366)] = 30


class NewChannel(Sent):
    """A place where messages shall go."""

    name: ChannelName
    url: UrlText


class ChannelChange(Sent):
    """What shall be different of a channel; what is left out stays."""

    name: ChannelName | None = None
    is_enabled: bool | None = None


class PageQuery(Query):
    """Which part of a list."""

    limit: Limit = 100
    cursor: PageCursor = None


class EventsQuery(PageQuery):
    """Which events to list."""

    rule_id: Annotated[RuleId | None, Field(description="Only those of this rule.")] = None


class DeliveriesQuery(PageQuery):
    """Which deliveries to list."""

    state: Annotated[StateName | None, Field(description="Only deliveries in this state.")] = None
    channel_id: Annotated[ChannelId | None, Field(description="Only those of this channel.")] = None


class RuleShape(Shape):
    """A rule, in its own form and in words."""

    rule_id: str
    revision: int
    status: Literal["watching", "paused", "over", "expired"]
    description: str
    rule: RuleSpec
    fired: int
    last_fired_at: datetime | None
    created_at: datetime
    updated_at: datetime


class RuleAnswer(Shape):
    """One rule."""

    data: RuleShape


class RulePage(Shape):
    """Your rules, newest first."""

    data: list[RuleShape]
    next_cursor: NextCursor


class RuleInWords(Shape):
    """A rule that was read from words, and said again: nothing is kept."""

    description: str
    rule: RuleSpec


class WordsAnswer(Shape):
    """What was understood."""

    data: RuleInWords


class ScoreShape(Shape):
    """What came of one rule's alerts. Shares are null without an alert to count."""

    fired: int
    judged: int
    right: int
    wrong: int
    noise: int
    unknown: int
    right_share: float | None
    by_chance: Annotated[float, Field(description="What a walk without drift gives.")]
    delay_s: Annotated[
        float | None, Field(description="Median from the reading's time to our record of it.")
    ]
    per_week: float | None
    flapping: Annotated[
        float | None, Field(description="Share that came too soon after the one before.")
    ]


class ScoreAnswer(Shape):
    """The score of a rule."""

    data: ScoreShape


class GroupShape(Shape):
    """What came of everybody's alerts on one metric; groups too small to hide in are left out."""

    metric: str
    accounts: int
    judged: int
    right: int
    wrong: int
    noise: int
    by_chance: float


class RecordAnswer(Shape):
    """The public record of alerts."""

    data: list[GroupShape]
    next_cursor: NextCursor


class TemplateShape(Shape):
    """A rule with places (`$place`) to fill in; `defaults` says which, and with what by default."""

    name: str
    title: str
    rule: dict[str, object]
    defaults: dict[str, object]


class TemplateList(Shape):
    """Rules for common wishes."""

    data: list[TemplateShape]
    next_cursor: NextCursor


class MetricShape(Shape):
    """Something that rules can test. `ops` may be asked of it; `words` are those it can be."""

    name: str
    title: str
    subject: str
    shape: Literal["number", "word", "event"]
    unit: str
    words: list[str]
    ops: list[str]
    is_live: bool


class MetricList(Shape):
    """All that rules can test."""

    data: list[MetricShape]
    next_cursor: NextCursor


class ReadingShape(Shape):
    """A reading behind an alert. `against` is the number that it was compared with."""

    metric: str
    subject: str
    symbol: str
    value: float | str
    at: datetime
    source: str
    is_replay: bool
    against: float | None


class AttemptShape(Shape):
    """One try of a delivery; `outcome` is null while it runs."""

    number: int
    began_at: datetime
    ended_at: datetime | None
    outcome: Literal["accepted", "failed", "interrupted"] | None
    reason: str


class DeliveryShape(Shape):
    """A message on its way to one channel. `message_id` stays the same in every attempt."""

    delivery_id: str
    message_id: str
    rule_id: str | None
    channel_id: str
    service: str
    state: StateName
    title: str
    body: str
    at: datetime
    is_test: bool
    due_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    reason: str
    attempts: list[AttemptShape]


class DeliveryAnswer(Shape):
    """One delivery."""

    data: DeliveryShape


class DeliveryPage(Shape):
    """Your deliveries, newest first."""

    data: list[DeliveryShape]
    next_cursor: NextCursor


class EventShape(Shape):
    """A rule that came true: on which readings, what was told, what came of it later."""

    event_id: str
    sequence: int
    rule_id: str
    number: int
    fired_at: datetime
    recorded_at: datetime
    title: str
    body: str
    severity: Literal["info", "warning", "critical"]
    told: Literal["now", "held", "digest", "dropped", "nowhere", "left_out"]
    message_id: str | None
    is_replay: bool
    readings: list[ReadingShape]
    verdict: Literal["right", "wrong", "noise", "unknown"] | None
    outcome: float | None
    band: float | None
    commitment: str | None
    deliveries: list[DeliveryShape]


class EventPage(Shape):
    """What your rules fired, newest first."""

    data: list[EventShape]
    next_cursor: NextCursor


class FiringShape(Shape):
    """A moment at which a rule would have fired."""

    at: datetime
    readings: list[ReadingShape]


class DryRunShape(Shape):
    """What a rule would have fired; `notes` say what could not be seen in what is recorded."""

    description: str
    since: datetime
    until: datetime
    firings: list[FiringShape]
    notes: list[str]
    title: Annotated[str | None, Field(description="Of the message of the last firing.")]
    body: str | None


class DryRunAnswer(Shape):
    """The dry run of a rule."""

    data: DryRunShape


class ChannelShape(Shape):
    """A channel; its address is masked. `held_until`: nothing is sent there before."""

    channel_id: str
    name: str
    service: str
    address: str
    is_enabled: bool
    is_prompt: bool
    created_at: datetime
    verified_at: datetime | None
    failures: int
    held_until: datetime | None
    problem: str


class NewChannelShape(ChannelShape):
    """A channel that was just made."""

    secret: Annotated[
        str | None,
        Field(description="Signs its webhooks; shown this once. Null of other services."),
    ]


class ChannelAnswer(Shape):
    """One channel."""

    data: ChannelShape


class NewChannelAnswer(Shape):
    """One channel with its secret."""

    data: NewChannelShape


class ChannelPage(Shape):
    """Your channels, newest first."""

    data: list[ChannelShape]
    next_cursor: NextCursor
