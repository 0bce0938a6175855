"""A home with rules and publications, and a watcher that is waited for, never timed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from assay import alerts, ledger
from assay.alerts.rules import Event
from assay.alerts.store.channels import insert_channel
from assay.alerts.types import Channel
from assay.feeds.types import pack_update
from assay.kit.bus import LIVE, MemoryBus
from assay.kit.database import Database
from assay.kit.moments import close_of
from assay.ledger import Draft
from assay.publishing.types import daily_kind

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = date(2026, 1, 1)
BTC = "3375"
WAIT_S = 60.0
SAID_AT = datetime(2026, 3, 1, tzinfo=UTC)

ABOVE = {"metric": "price", "subject": "BTC", "op": "above", "value": 100, "rearm": 5}


@dataclass
class HandClock:
    """A clock that is set by hand."""

    at: datetime = START
    is_replay: bool = False

    def now(self) -> datetime:
        return self.at


def wait_for(look: Callable[[], Any]) -> Any:
    """Until it is so; how long that takes decides nothing."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it never came to be")


def say_price(
    bus: MemoryBus, value: float | None, at: datetime, token: str = BTC, **fields: Any
) -> None:
    payload = {
        "token_id": int(token),
        "symbol": "BTC",
        "currency": "USD",
        "price": value,
        "time_ms": round(at.timestamp() * 1000),
        "contributions": [{"venue": "binance", "used": True}, {"venue": "okx", "used": False}],
        **fields,
    }
    bus.publish(LIVE, pack_update("prices", token, orjson.dumps(payload)))


def say_venue(bus: MemoryBus, venue: str, state: str) -> None:
    payload = orjson.dumps({"venue": venue, "state": state, "reason": "as it is"})
    bus.publish(LIVE, pack_update("venues", venue, payload))


def publish(
    database: Database, kind: str, day: date, rows: list[dict[str, Any]], **fields: Any
) -> ledger.Publication:
    draft = Draft(
        daily_kind(kind), day, ledger.canonical_json(rows), "0" * 64, close_of(day), "m", "c",
        **fields,
    )  # fmt: skip
    with ledger.write_ledger(database) as writer:
        return writer.save(draft, SAID_AT, is_replay=False)


def publish_grade(database: Database, number: int, grade: str) -> ledger.Publication:
    """Bitcoin's Trader Grade of the day `number` days after the first."""
    row = {"token_id": int(BTC), "symbol": "BTC", "grade": grade, "label": "Buy"}
    return publish(database, "grades.trader", DAY + timedelta(days=number), [row])


@contextmanager
def watching(
    database: Database, bus: MemoryBus, clock: HandClock, **options: Any
) -> Iterator[alerts.Watch]:
    """A watcher that has begun."""
    watch = alerts.Watch(database, clock, bus, poll_s=0.02, **options)
    watch.start()
    try:
        wait_for(lambda: watch.figures.is_watching)
        yield watch
    finally:
        watch.stop()


def list_fired(database: Database, account_id: str = "acc_1") -> list[Event]:
    """What fired, in order."""
    return alerts.list_events(database, account_id, after=0)


def add_channel(database: Database) -> str:
    """A channel of `acc_1`, as bare as the outbox needs it."""
    channel = Channel("chn_1", "acc_1", "Mine", "json", "...", True, True, START)
    with database.write() as connection:
        insert_channel(connection, channel, b"")
    return channel.channel_id


def create(database: Database, when: dict[str, Any], account: str = "acc_1", **fields: Any) -> str:
    document = {"when": when, **fields}
    return alerts.create_rule(database, HandClock(), account, document).rule.rule_id
