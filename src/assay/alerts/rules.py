"""The words of rules: what may be asked of readings, how a rule stands, what it fired on. Pure.

A rule is JSON with a `version`. Its conditions are a tree: `all` and `any` of conditions, with
tests of one metric of one subject as leaves. `docs/method/alerts.md` says what each test means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Discriminator, Field, Tag

VERSION = 1
LIMIT_DEPTH = 4
LIMIT_LEAVES = 16
LIMIT_CHANNELS = 10
DAY_S = 86_400
LONGEST_WINDOW_S = 30 * DAY_S
DEFAULT_Z = 3.5
"""Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers: a robust z above it is one."""


class Strict(BaseModel):
    """No unknown field, nothing infinite; does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Leaf(Strict):
    """A test of `metric` of `subject`. `symbol` is how the subject was called when it was made."""

    metric: str = Field(max_length=40, examples=["price"])
    subject: str = Field(
        default="", max_length=60, description="A token (symbol or id), venue or index."
    )
    symbol: str = Field(default="", max_length=40)


HoldSeconds = Annotated[
    int, Field(ge=0, le=7 * DAY_S, description="How long it counts as true after it happened.")
]


class Compare(Leaf):
    """Above or below a value: as long as it is so. `rearm` is how far the reading must come back
    before it counts as no longer so; left out, half a percent of the value.
    """

    op: Literal["above", "below"]
    value: float
    rearm: float | None = Field(default=None, ge=0)


class Cross(Leaf):
    """Goes through a value; needs a reading on the other side first. `rearm`: how far it must come
    back before the next crossing counts; left out, half a percent of the value.
    """

    op: Literal["crosses_above", "crosses_below", "crosses"]
    value: float
    rearm: float | None = Field(default=None, ge=0)
    hold_s: HoldSeconds = 0


class Move(Leaf):
    """Away from the extreme of the last `within_s` seconds by `percent`. `rearm` in percentage
    points; left out, a fifth of `percent`.
    """

    op: Literal["rises", "falls", "moves"]
    percent: float = Field(gt=0, le=10_000)
    within_s: int = Field(ge=10, le=LONGEST_WINDOW_S)
    rearm: float | None = Field(default=None, ge=0)


class Unusual(Leaf):
    """Higher than its own history makes likely: robust z of the logarithm at least `z`."""

    op: Literal["unusual"]
    z: float = Field(default=DEFAULT_Z, ge=1, le=50)
    history: int = Field(default=120, ge=30, le=1000, description="Readings before this one.")
    rearm: float | None = Field(default=None, ge=0)


class OneOf(Leaf):
    """Is one of these words: as long as it is so."""

    op: Literal["one_of"]
    values: tuple[Annotated[str, Field(max_length=40)], ...] = Field(min_length=1, max_length=8)


class Changes(Leaf):
    """Another word than before; `was` and `to` narrow which."""

    op: Literal["changes"]
    was: str | None = Field(default=None, max_length=40)
    to: str | None = Field(default=None, max_length=40)
    hold_s: HoldSeconds = 0


class Happens(Leaf):
    """Something that happens rather than lasts: an index was rebalanced."""

    op: Literal["happens"]
    hold_s: HoldSeconds = 0


def _tag(value: Any) -> str | None:  # noqa: ANN401 - anything a person may send
    if isinstance(value, All | AnyOf):
        return "all" if isinstance(value, All) else "any"
    if not isinstance(value, dict):
        return getattr(value, "op", None)
    found = "all" if "all" in value else "any" if "any" in value else value.get("op")
    return found if isinstance(found, str) else None


Condition = Annotated[
    Annotated["All", Tag("all")]
    | Annotated["AnyOf", Tag("any")]
    | Annotated[Compare, Tag("above")]
    | Annotated[Compare, Tag("below")]
    | Annotated[Cross, Tag("crosses_above")]
    | Annotated[Cross, Tag("crosses_below")]
    | Annotated[Cross, Tag("crosses")]
    | Annotated[Move, Tag("rises")]
    | Annotated[Move, Tag("falls")]
    | Annotated[Move, Tag("moves")]
    | Annotated[Unusual, Tag("unusual")]
    | Annotated[OneOf, Tag("one_of")]
    | Annotated[Changes, Tag("changes")]
    | Annotated[Happens, Tag("happens")],
    Discriminator(_tag),
]
Test = Compare | Cross | Move | Unusual | OneOf | Changes | Happens
OPS = (
    "above", "below", "crosses_above", "crosses_below", "crosses", "rises", "falls", "moves",
    "unusual", "one_of", "changes", "happens",
)  # fmt: skip
PULSES = ("crosses_above", "crosses_below", "crosses", "changes", "happens")
"""True at one moment (and for `hold_s` after it); the others as long as they hold."""


class All(Strict):
    """Every one of these holds."""

    all: tuple[Condition, ...] = Field(min_length=1, max_length=LIMIT_LEAVES)


class AnyOf(Strict):
    """At least one of these holds."""

    any: tuple[Condition, ...] = Field(min_length=1, max_length=LIMIT_LEAVES)


class Severity(StrEnum):
    """How much it matters to whoever made the rule."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Digest(StrEnum):
    """Whether firings are told one by one or in summaries: on the hour, or at 08:00."""

    NONE = "none"
    HOURLY = "hourly"
    DAILY = "daily"


class QuietThen(StrEnum):
    """What becomes of what fires in quiet hours: told in one message at their end, or not."""

    DIGEST = "digest"
    DROP = "drop"


class QuietHours(Strict):
    """From `start` to before `end` on the wall clock of the rule's `time_zone`; over midnight where
    `end` is the earlier one.
    """

    start: time
    end: time
    then: QuietThen = QuietThen.DIGEST


class RuleSpec(Strict):
    """A rule as its owner writes it."""

    version: Literal[1] = 1
    name: str = Field(default="", max_length=80)
    when: Condition
    repeat: bool = Field(default=True, description="False: it fires once and is over.")
    cooldown_s: int = Field(default=0, ge=0, le=LONGEST_WINDOW_S)
    quiet_hours: QuietHours | None = None
    time_zone: str = Field(default="UTC", max_length=60, examples=["Europe/Berlin"])
    expires_at: AwareDatetime | None = None
    digest: Digest = Digest.NONE
    severity: Severity = Severity.INFO
    note: str = Field(default="", max_length=500)
    channels: tuple[Annotated[str, Field(max_length=40)], ...] = Field(
        default=(), max_length=LIMIT_CHANNELS
    )


All.model_rebuild()
AnyOf.model_rebuild()
RuleSpec.model_rebuild()

Node = All | AnyOf | Test


def list_leaves(node: Node) -> list[Test]:
    """The tests of a tree, in the order in which they are written."""
    if isinstance(node, All | AnyOf):
        parts = node.all if isinstance(node, All) else node.any
        return [leaf for part in parts for leaf in list_leaves(part)]
    return [node]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is kept. `fired` counts over all its revisions; `state` is the engine's own."""

    rule_id: str
    account_id: str
    revision: int
    spec: RuleSpec
    is_paused: bool
    created_at: datetime
    updated_at: datetime
    fired: int = 0
    last_fired_at: datetime | None = None
    is_over: bool = False
    """It was to fire once, and has."""
    state: str = ""

    def status(self, now: datetime) -> str:
        """`watching`, `paused`, `over` or `expired`."""
        if self.spec.expires_at is not None and self.spec.expires_at <= now:
            return "expired"
        return "over" if self.is_over else "paused" if self.is_paused else "watching"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A reading behind a firing; `beside` is the number it was compared with, if any."""

    metric: str
    subject: str
    symbol: str
    value: float | str
    at: datetime
    source: str
    is_replay: bool
    beside: float | None = None


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule came true for the `number`-th time; `at` is the time of the reading that did it."""

    rule_id: str
    number: int
    at: datetime
    evidence: Sequence[Evidence]


class Told(StrEnum):
    """What becomes of a firing's message."""

    NOW = "now"
    HELD = "held"
    """It waits for a digest."""
    DIGEST = "digest"
    """It was in a digest."""
    DROPPED = "dropped"
    """It fell into quiet hours whose owner wants it so."""
    NOWHERE = "nowhere"
    """The rule names no channel."""
    LEFT_OUT = "left_out"
    """The account had been told of as many as it may in that hour; one message says how many."""


class Verdict(StrEnum):
    """Whether the price went on in the direction of an alert, beyond the noise."""

    RIGHT = "right"
    WRONG = "wrong"
    NOISE = "noise"
    UNKNOWN = "unknown"
    """There were no prices to judge it by."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of the alerts of all accounts, by the metric of the first reading behind them."""

    metric: str
    accounts: int
    right: int
    wrong: int
    noise: int


@dataclass(frozen=True, slots=True)
class Event:
    """What fired, on which readings, when, and what came of it. `fired_at` is the time of the
    reading, `recorded_at` when we committed it. `sequence` grows with every event.
    """

    sequence: int
    event_id: str
    rule_id: str
    account_id: str
    number: int
    fired_at: datetime
    recorded_at: datetime
    title: str
    body: str
    severity: Severity
    evidence: Sequence[Evidence]
    told: Told
    message_id: str | None
    direction: int
    horizon_s: int
    verdict: Verdict | None = None
    outcome: float | None = None
    band: float | None = None
    commitment: str | None = None

    @property
    def is_replay(self) -> bool:
        """True where any of the readings was replayed."""
        return any(item.is_replay for item in self.evidence)


Zones = dict[str, tzinfo]
"""Time zones by name, as they were opened by whoever may read files."""
