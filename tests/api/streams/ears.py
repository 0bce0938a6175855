"""A real reader of streams, over websockets' own client, and what feeds them."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.sync.client import ClientConnection, connect

from assay.api import Application
from assay.feeds.types import pack_update
from assay.kit.bus import ALERTS, LIVE

MOST_BEATS = 6
WAIT_S = 60.0
"""No test is decided by it: what comes, comes sooner."""


@dataclass
class Ear:
    """One connection; `heard` is everything that came, `updates` how many of it were such."""

    connection: ClientConnection
    heard: list[dict[str, Any]] = field(default_factory=list)
    updates: int = 0

    def next(self) -> dict[str, Any]:
        """The next message that is no heartbeat."""
        for _ in range(MOST_BEATS):
            if (message := self.read())["type"] != "heartbeat":
                return message
        raise TimeoutError("nothing but heartbeats came")

    def read(self) -> dict[str, Any]:
        """The next message."""
        message: dict[str, Any] = orjson.loads(self.connection.recv(WAIT_S))
        self.heard.append(message)
        self.updates += message["type"] == "update"
        return message

    def wait(self, kind: str) -> dict[str, Any]:
        """The next message of a type; what comes before it is passed over."""
        while (message := self.next())["type"] != kind:
            pass
        return message

    def say(self, kind: str, **members: Any) -> None:
        """Send a message."""
        self.connection.send(orjson.dumps({"type": kind, **members}).decode())

    def ask(self, kind: str, **members: Any) -> dict[str, Any]:
        """Send a message and read the next one."""
        self.say(kind, **members)
        return self.next()

    def subscribe(self, channel: str, *keys: str) -> dict[str, Any]:
        """Subscribe, and the snapshot that comes of it."""
        named = {"keys": list(keys)} if keys else {}
        self.say("subscribe", channel=channel, **named)
        self.wait("subscribed")
        return self.wait("snapshot")


@contextlib.contextmanager
def listening(url: str, query: str = "", **options: Any) -> Iterator[Ear]:
    """A connection for the length of a block, welcomed unless it must still say who it is."""
    address = url.replace("http://", "ws://") + "/v1/stream" + query
    with connect(address, proxy=None, open_timeout=WAIT_S, **options) as connection:
        yield Ear(connection)


def tell(app: Application, channel: str, key: str, **payload: Any) -> None:
    """Say something live on the bus, as a feed does."""
    app.state.bus.publish(LIVE, pack_update(channel, key, orjson.dumps(payload)))


def fire(app: Application, account_id: str, **payload: Any) -> None:
    """Say on the bus that an alert fired."""
    app.state.bus.publish(ALERTS, pack_update("alerts", account_id, orjson.dumps(payload)))
