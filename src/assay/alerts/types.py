"""The words of alerts: readings, rules, events, channels and deliveries. Pure.

Times are aware UTC. A rule is data: conditions over readings, joined by `all` and `any`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST_AN_HOUR = 600
"""Firings of an account that are told in one hour of the clock, by themselves or in summaries."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that became known: `metric` of `subject`, such as `price` of token `3375`.

    A number where it can be compared, else a word (`buy`, `down`). `private_to` names the account
    that alone may see it (fills, own indices); None: everybody. `source` says where it was read:
    the venues behind a price, the id of a publication.
    """

    metric: str
    subject: str
    value: float | str
    at: datetime
    private_to: str | None = None
    source: str = ""
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What is delivered. `message_id` stays the same however often it is sent: a receiver that
    knows it already drops the repeat.
    """

    message_id: str
    rule_id: str
    account_id: str
    title: str
    body: str
    at: datetime
    is_test: bool = False


class DeliveryState(StrEnum):
    """How far a message is on its way to one channel."""

    DUE = "due"
    SENDING = "sending"
    """Handed to the channel, whose answer is not known yet."""
    RETRY = "retry"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up, with the reason; it can be put back."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where messages go. `shown` is its address with every secret masked: nothing else of the
    address leaves the store unencrypted.
    """

    channel_id: str
    account_id: str
    name: str
    service: str
    shown: str
    is_enabled: bool
    is_prompt: bool
    """It has answered within a second; the others wait in a lane of their own."""
    created_at: datetime
    verified_at: datetime | None = None
    """When it first took a message."""
    failures: int = 0
    """Failures in a row."""
    held_until: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a delivery; `ended_at` and `outcome` are None while it runs."""

    number: int
    began_at: datetime
    ended_at: datetime | None
    outcome: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way to one channel, and every attempt so far."""

    delivery_id: str
    message: Message
    channel_id: str
    service: str
    state: DeliveryState
    due_at: datetime
    next_at: datetime | None
    """When it is tried next; None where it ended or is being sent."""
    ended_at: datetime | None
    reason: str
    attempts: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one attempt.

    `is_channels` says that the channel failed, not this message alone: nothing else is sent there
    for a while. `is_final` that trying again cannot help; `is_gone` that the channel is no more.
    """

    is_accepted: bool
    reason: str = ""
    retry_after_s: float = 0.0
    is_channels: bool = True
    is_final: bool = False
    is_gone: bool = False
