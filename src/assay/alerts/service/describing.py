"""Channels and deliveries as JSON types: what faces show and exports hold. No secrets."""

from assay.alerts.types import Channel, Delivery
from assay.kit.moments import format_utc


def describe_channel(channel: Channel) -> dict[str, object]:
    """A channel; its address only as it may be shown."""
    verified, held = channel.verified_at, channel.held_until
    return {
        "channel_id": channel.channel_id,
        "name": channel.name,
        "service": channel.service,
        "address": channel.shown,
        "is_enabled": channel.is_enabled,
        "is_prompt": channel.is_prompt,
        "created_at": format_utc(channel.created_at),
        "verified_at": None if verified is None else format_utc(verified),
        "failures": channel.failures,
        "held_until": None if held is None else format_utc(held),
        "problem": channel.problem,
    }


def describe_delivery(delivery: Delivery) -> dict[str, object]:
    """A delivery with its message and attempts."""
    message = delivery.message
    return {
        "delivery_id": delivery.delivery_id,
        "message_id": message.message_id,
        "rule_id": message.rule_id or None,
        "channel_id": delivery.channel_id,
        "service": delivery.service,
        "state": delivery.state.value,
        "title": message.title,
        "body": message.body,
        "at": format_utc(message.at),
        "is_test": message.is_test,
        "due_at": format_utc(delivery.due_at),
        "next_at": None if delivery.next_at is None else format_utc(delivery.next_at),
        "ended_at": None if delivery.ended_at is None else format_utc(delivery.ended_at),
        "reason": delivery.reason,
        "attempts": [
            {
                "number": attempt.number,
                "began_at": format_utc(attempt.began_at),
                "ended_at": None if attempt.ended_at is None else format_utc(attempt.ended_at),
                "outcome": attempt.outcome,
                "reason": attempt.reason,
            }
            for attempt in delivery.attempts
        ],
    }
