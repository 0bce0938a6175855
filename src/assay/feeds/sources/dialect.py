"""What all venues' protocols share: what was asked for, requests in batches, and one kind of error.

A dialect belongs to one connection. It has no network and no clock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, Final, TypeVar

from assay.feeds.ports import Endpoints, Limits
from assay.feeds.types import (
    Accepted,
    BookSnapshot,
    Event,
    Instrument,
    SequenceRule,
    Subscription,
    Topic,
    Verified,
)
from assay.kit.errors import BadInput, SourceMalformed

T = TypeVar("T")

_WEAKEST_FIRST: Final = (Verified.DOCUMENTS_ONLY, Verified.RECORDED, Verified.LIVE)
# What msgspec raises of bytes that are no message; all of its errors of content are ValueErrors.
_UNREADABLE: Final = (ValueError, RecursionError)
_TOLD: Final = 160


class Dialect:
    """A venue's language on one connection; a venue's own class says the rest."""

    name: ClassVar[str]
    rule: ClassVar[SequenceRule]
    limits: ClassVar[Limits]
    proofs: ClassVar[Mapping[Topic, Verified]]
    """What our reading of each topic was proved on; a topic that is not here cannot be watched."""
    live: ClassVar[Endpoints]
    instruments_path: ClassVar[str]
    time_path: ClassVar[str | None]
    parse_instruments: ClassVar[Callable[[bytes], list[Instrument]]]
    parse_time: ClassVar[Callable[[bytes], int] | None] = None
    """What the answers at the two paths say; read off the class, so that neither becomes a method.
    """
    ping_every_s: ClassVar[float | None] = None
    has_answer_each: ClassVar[bool] = False
    """Whether each topic of a request is answered by itself, so that answers must be counted."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._requests = 0
        self._unanswered: dict[int, int] = {}

    @property
    def verified(self) -> Verified:
        """The weakest of what the topics were proved on."""
        return min(self.proofs.values(), key=_WEAKEST_FIRST.index)

    @property
    def topics(self) -> frozenset[Topic]:
        """What the venue lets us watch."""
        return frozenset(self.proofs)

    def subscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        """Messages that ask for these. Raises BadInput for a topic that the venue lacks."""
        self._asked.update(wanted.symbol for wanted in subscriptions)
        return self._request("subscribe", subscriptions)

    def unsubscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        """Messages that end these; asked for again, a book's snapshot comes in band again."""
        return self._request("unsubscribe", subscriptions)

    def _request(self, operation: str, subscriptions: Sequence[Subscription]) -> list[bytes]:
        raise NotImplementedError

    def read_instruments(self, body: bytes) -> list[Instrument]:
        """The spot pairs that trade. Raises SourceMalformed."""
        return self._decode(type(self).parse_instruments, body)

    def read_is_replay(self, body: bytes) -> bool:
        """Whether the venue says that it is Assay's replay: only one that speaks Binance's may."""
        return False

    def snapshot_path(self, symbol: str) -> str | None:
        """Path of a whole book; None: snapshots come in band after subscribing."""
        return None

    def read_snapshot(self, symbol: str, body: bytes) -> BookSnapshot:
        """A whole book. Raises SourceMalformed, as nothing is to be read where there is no path."""
        raise self._malformed("whole books come in band here")

    def read_time(self, body: bytes) -> int:
        """Milliseconds since 1970. Raises SourceMalformed, also where there is no path."""
        parse_time = type(self).parse_time
        if parse_time is None:
            raise self._malformed("it tells no time here")
        return self._decode(parse_time, body)

    def ping(self) -> bytes | None:
        """The venue's own ping, if it wants one."""
        return None

    def receive(self, frame: bytes, received_ms: int) -> Sequence[Event]:
        """What a message says. Raises SourceMalformed; the next message may still be read."""
        try:
            return self._read(frame, received_ms)
        except _UNREADABLE as error:
            raise self._malformed(_short(error)) from error

    def _read(self, frame: bytes, received_ms: int) -> Sequence[Event]:
        raise NotImplementedError

    def _decode(self, decode: Callable[[bytes], T], body: bytes) -> T:
        """What an answer of REST says. Raises SourceMalformed."""
        try:
            return decode(body)
        except _UNREADABLE as error:
            raise self._malformed(_short(error)) from error

    def _malformed(self, why: str) -> SourceMalformed:
        return SourceMalformed(
            f"{self.name} sent something that cannot be read: {why}.",
            hint="If it goes on, its protocol has changed: tell the maintainers.",
        )

    def _check_asked(self, symbol: str) -> None:
        """Refuse what belongs to no pair of this connection."""
        if symbol not in self._asked:
            raise self._malformed(f"{symbol[:20]!r} was not asked for")

    def _batches(
        self, subscriptions: Sequence[Subscription]
    ) -> Iterator[tuple[int, Sequence[Subscription]]]:
        """Requests of at most as many topics as the venue takes in one, each with its number.

        Raises BadInput for a topic that the venue does not have.
        """
        for wanted in subscriptions:
            if wanted.topic not in self.proofs:
                raise BadInput(
                    f"{self.name} cannot be watched for {wanted.topic}.",
                    hint=f"It has {', '.join(sorted(self.topics))}.",
                )
        size = self.limits.topics_per_message
        for start in range(0, len(subscriptions), size):
            batch = subscriptions[start : start + size]
            self._requests += 1
            if self.has_answer_each:
                self._unanswered[self._requests] = len(batch)
            yield self._requests, batch

    def _batches_by_topic(
        self, subscriptions: Sequence[Subscription]
    ) -> Iterator[tuple[int, Sequence[Subscription]]]:
        """The same for venues that take one topic, and one interval, in a request."""
        groups: dict[tuple[Topic, str], list[Subscription]] = {}
        for wanted in subscriptions:
            interval = wanted.interval if wanted.topic is Topic.CANDLES else ""
            groups.setdefault((wanted.topic, interval), []).append(wanted)
        for group in groups.values():
            yield from self._batches(group)

    def _settle(self, request_id: int) -> Sequence[Event]:
        """One topic of a request was taken: Accepted once all of them are."""
        left = self._unanswered.pop(request_id, 0) - 1
        if left > 0:
            self._unanswered[request_id] = left
        return (Accepted(request_id),) if left == 0 else ()

    def endpoints(self, base: str | None) -> Endpoints:
        """Where the venue is; `base` (`http://127.0.0.1:8100`) puts another in its place."""
        if base is None:
            return self.live
        root = base.rstrip("/")
        ws_root = f"ws{root.removeprefix('http')}"
        candles = self.live.candles
        return Endpoints(
            ws=_move(self.live.ws, ws_root),
            rest=_move(self.live.rest, root),
            candles=None if candles is None else _move(candles, ws_root),
        )


def _move(url: str, root: str) -> str:
    """The path of `url` below another root."""
    path = url.split("/", 3)[3:]
    return "/".join([root, *path])


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:_TOLD]
