"""An installation with channels, for tests of deliveries."""

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.alerts.receivers import wait_until

from assay import alerts
from assay.alerts.store import outbox
from assay.alerts.store.channels import mark_accepted
from assay.alerts.types import Delivery, DeliveryState, Message
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.settings import Settings

ME = "acc_me"
NETWORKS = "127.0.0.0/8"


class Ahead:
    """A clock that moves when a test says so: no wait ends because the machine was busy."""

    is_replay = False

    def __init__(self) -> None:
        self._now = SystemClock().now().astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, ahead: timedelta) -> None:
        self._now += ahead


@dataclass
class Office:
    """A database, its settings, and a clock that can be put ahead."""

    database: Database
    settings: Settings
    clock: Ahead = field(default_factory=Ahead)

    def add(self, url: str, *, is_prompt: bool = True, account_id: str = ME) -> str:
        """A channel that has answered before, fast or slowly."""
        made = alerts.create_channel(
            self.database, self.clock, self.settings, account_id, "a channel", url
        )
        channel_id = made.channel.channel_id
        with self.database.write() as connection:
            mark_accepted(connection, channel_id, self.clock.now(), is_prompt=is_prompt)
        return channel_id

    def post(self, count: int, *channel_ids: str, account_id: str = ME) -> list[str]:
        """Messages that are due now, each to every channel; their ids."""
        now = self.clock.now()
        ids = [f"msg_{secrets.token_hex(13)}" for _ in range(count)]
        with self.database.write() as connection:
            for message_id in ids:
                message = Message(message_id, "rul_1", account_id, "Title", "Text", now)
                outbox.save_due(connection, message, channel_ids, now)
        return ids

    def list(self, state: DeliveryState | None = None) -> Sequence[Delivery]:
        return alerts.list_deliveries(self.database, ME, state=state)

    def count(self, state: DeliveryState | None = None) -> int:
        return len(self.list(state))

    def count_delivered(self) -> int:
        """How many of everybody's have arrived, without reading them."""
        return alerts.count_deliveries(self.database, self.clock)[0].get("delivered", 0)

    def only(self) -> Delivery:
        (found,) = self.list()
        return found

    def describe(self) -> str:
        """How far everything is, in few words."""
        return str([(delivery.state.value, delivery.reason) for delivery in self.list()][:10])

    def wait_for(self, state: DeliveryState, count: int) -> None:
        wait_until(lambda: self.count(state) == count, self.describe)

    @contextlib.contextmanager
    def delivering(self, database: Database | None = None) -> Iterator[alerts.Deliverer]:
        # A busy machine makes no channel slow here: tests say which ones are.
        deliverer = alerts.Deliverer(
            database or self.database, self.settings, self.clock, prompt_s=600.0
        )
        deliverer.start()
        try:
            yield deliverer
        finally:
            deliverer.stop()


def open_office(home: Home) -> Office:
    return Office(Database(home), Settings(home=home.path, alert_networks=NETWORKS))
