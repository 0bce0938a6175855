"""The ports of the feed: what a venue is to it, whether we speak its protocol or ccxt does.

`Protocol` is a venue's language without a network: bytes in, events out. `Source` is a venue that
can be watched: one connection at a time, until it ends. A protocol becomes a source in
`feeds.service.wire`; `sources.ccxt` is one by itself. The feed knows sources only: reconnecting,
sharding, book synchronisation, stale marks and quarantine are the same for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol as Port

from assay.feeds.types import (
    BookSnapshot,
    Event,
    Instrument,
    SequenceRule,
    Subscription,
    Topic,
    Verified,
)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a venue is: the address of its WebSocket and the root of its REST, without a slash.

    `candles` is the address for candles where it is another one (OKX).
    """

    ws: str
    rest: str
    candles: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a venue allows. `frame_bytes` is the longest message that makes sense of it."""

    streams_per_connection: int = 200
    messages_per_s: float = 4.0
    topics_per_message: int = 50
    """Subscriptions in one request."""
    snapshots_per_minute: float = 120.0
    frame_bytes: int = 524_288
    book_levels: int | None = None
    """Levels a side that a book's subscription keeps, where it is left to us to drop those that
    fall out of it (Kraken); None: the venue says so itself.
    """


class Venue(Port):
    """What is known of a venue, however it is watched."""

    @property
    def name(self) -> str:
        """The venue, as settings write it."""
        ...

    @property
    def verified(self) -> Verified:
        """What our reading was proved on."""
        ...

    @property
    def topics(self) -> frozenset[Topic]:
        """What the venue lets us watch; candles are built from trades anyway."""
        ...

    @property
    def rule(self) -> SequenceRule:
        """How its books are kept in sequence."""
        ...

    @property
    def limits(self) -> Limits:
        """What the venue allows."""
        ...


class Protocol(Venue, Port):
    """A venue's language on one connection. No network, no clock; made anew for each connection."""

    @property
    def ping_every_s(self) -> float | None:
        """How often `ping` must be sent; None: the WebSocket's own pings are enough."""
        ...

    @property
    def instruments_path(self) -> str:
        """Path (with query) below the REST root that lists instruments."""
        ...

    @property
    def time_path(self) -> str | None:
        """Path that says the venue's time; None: it has none."""
        ...

    def endpoints(self, base: str | None) -> Endpoints:
        """Where the venue is; `base` (`http://127.0.0.1:8100`) puts another in its place."""
        ...

    def read_instruments(self, body: bytes) -> list[Instrument]:
        """The spot pairs that trade. Raises SourceMalformed."""
        ...

    def read_is_replay(self, body: bytes) -> bool:
        """Whether the body of `instruments_path` says that this venue is Assay's replay."""
        ...

    def read_time(self, body: bytes) -> int:
        """Milliseconds since 1970 of `time_path`. Raises SourceMalformed."""
        ...

    def snapshot_path(self, symbol: str) -> str | None:
        """Path of a whole book; None: snapshots come in band after subscribing."""
        ...

    def read_snapshot(self, symbol: str, body: bytes) -> BookSnapshot:
        """A whole book. Raises SourceMalformed."""
        ...

    def subscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        """Messages that ask for these."""
        ...

    def unsubscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        """Messages that end these; asked for again, a book's snapshot comes in band again."""
        ...

    def receive(self, frame: bytes, received_ms: int) -> Sequence[Event]:
        """What a message says. Raises SourceMalformed; the next message may still be read."""
        ...

    def ping(self) -> bytes | None:
        """The venue's own ping, if it wants one."""
        ...


class Sink(Port):
    """Where a source puts what it heard; all on the event loop, none of it waits."""

    @property
    def is_behind(self) -> bool:
        """Whether so much waits that a connection which can wait should read no more for now."""
        ...

    def open(self) -> None:
        """The connection stands and is being asked: its books begin anew."""
        ...

    def heard(self, event: Event, received_ms: int) -> None:
        """One event, in the order of the connection."""
        ...

    def refuse(self, reason: str, sample: bytes) -> None:
        """A message that cannot be read: counted, and a few kept for the maintainer."""
        ...


class Source(Venue, Port):
    """A venue that can be watched."""

    @property
    def topics_apart(self) -> frozenset[Topic]:
        """Topics that `watch` must be asked for on a connection of their own."""
        ...

    @property
    def is_replay(self) -> bool:
        """Whether the venue said that it is Assay's replay; known after `fetch_instruments`."""
        ...

    async def fetch_instruments(self) -> list[Instrument]:
        """The spot pairs that trade. Raises SourceUnavailable or SourceMalformed."""
        ...

    async def fetch_time(self) -> int | None:
        """The venue's time in milliseconds since 1970; None: it does not say. Raises the same."""
        ...

    async def fetch_snapshot(self, symbol: str) -> BookSnapshot | None:
        """A whole book; None: it comes in band, once `renew` has asked for it. Raises the same."""
        ...

    async def renew(self, symbol: str) -> None:
        """Ask for a book's snapshot in band again, on the connection that watches it."""
        ...

    async def watch(self, subscriptions: Sequence[Subscription], sink: Sink) -> None:
        """Watch these on one connection until it ends. Raises SourceUnavailable with the reason;
        cancelled, it closes the connection.
        """
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...
