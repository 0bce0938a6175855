"""How many firings of an account are told in an hour of the clock, and what is said of the rest.

Counted in the transaction that records a firing, so that a kill neither forgets nor repeats one.
"""

import hashlib
from datetime import datetime

from sqlalchemy import Connection

from assay.alerts.compute.telling import find_next_hour
from assay.alerts.compute.wording import create_left_out
from assay.alerts.rules import Rule
from assay.alerts.store import hours as store
from assay.alerts.store.hours import Hour
from assay.alerts.store.outbox import save_due
from assay.alerts.types import MOST_AN_HOUR, Message
from assay.kit.moments import to_microseconds

DIGEST_RULE = "digest"
"""What a message over several rules says in the place of a rule's id."""

_PAGE = 200
_HEX = 26


class Limits:
    """What accounts may still be told in the hour of `now`, within one transaction."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._until = find_next_hour(now)
        self._hours: dict[str, Hour] = {}

    def take(self, rule: Rule) -> bool:
        """Count a firing; whether it may be told."""
        account_id = rule.account_id
        if account_id not in self._hours:
            self._hours[account_id] = store.load_hour(self._connection, account_id, self._until)
        hour = self._hours[account_id]
        is_told = hour.told < MOST_AN_HOUR
        if is_told:
            hour.told += 1
        else:
            hour.left_out += 1
            hour.channels.update(rule.spec.channels)
        return is_told

    def save(self) -> None:
        """Write what was counted."""
        for hour in self._hours.values():
            store.save_hour(self._connection, hour)


def has_ended(connection: Connection, now: datetime) -> bool:
    """Whether there is anything for `tell_left_out` to do."""
    return bool(store.list_ended(connection, now, 1))


def tell_left_out(connection: Connection, now: datetime) -> int:
    """Close hours that are over: one message to each account that was not told of all; how many."""
    sent = 0
    for hour in store.list_ended(connection, now, _PAGE):
        if hour.left_out:
            save_due(connection, _create_message(hour, now), sorted(hour.channels), now)
            sent += 1
        store.delete_hour(connection, hour)
    return sent


def _create_message(hour: Hour, now: datetime) -> Message:
    named = f"assay-left-out\n{hour.account_id}\n{to_microseconds(hour.until)}"
    name = hashlib.sha256(named.encode()).hexdigest()[:_HEX]
    title, body = create_left_out(hour.left_out, hour.until)
    return Message(f"msg_{name}", DIGEST_RULE, hour.account_id, title, body, now)
