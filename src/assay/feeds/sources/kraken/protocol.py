"""Kraken's public channels (v2) on one connection: what we send, and which reading each gets.

The venue sends a heartbeat every second in which nothing else comes. It tells of no level that
falls out of the depth that was asked for: a book is cut to `book_levels` after each change, and
then has the checksum that came with it. REST tells the time in seconds only: the clock's offset
comes from answers to `ping`. A bar is closed when the next one begins.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec

from assay.feeds.ports import Endpoints, Limits
from assay.feeds.sources.closing import Closing
from assay.feeds.sources.dialect import Dialect
from assay.feeds.sources.kraken import parse
from assay.feeds.sources.numbers import read_moment
from assay.feeds.types import (
    Accepted,
    Alive,
    Candle,
    Event,
    Refused,
    SequenceRule,
    Subscription,
    Topic,
    Verified,
)

_KEY: Final = b'"channel":"'
_NEAR: Final = 200
_LEVELS: Final = 100
_WHOLE: Final = (Topic.TICKER, Topic.BOOK)
"""What is asked for as it stands; of trades and bars the past is not."""
_MINUTES: Final = {ours: theirs for theirs, ours in parse.INTERVALS.items()}


class Kraken(Dialect):
    """One connection to Kraken."""

    name = parse.VENUE
    rule = SequenceRule.CHECKSUM
    limits = Limits(
        streams_per_connection=200, messages_per_s=5.0, topics_per_message=50, book_levels=_LEVELS
    )
    # The recordings are of v1, which is another language.
    proofs: ClassVar[Mapping[Topic, Verified]] = dict.fromkeys(Topic, Verified.DOCUMENTS_ONLY)
    live = Endpoints(ws="wss://ws.kraken.com/v2", rest="https://api.kraken.com")
    instruments_path = "/0/public/AssetPairs"
    time_path = None
    parse_instruments = parse.parse_instruments
    ping_every_s = 20.0
    has_answer_each = True

    def __init__(self) -> None:
        super().__init__()
        self._closing = Closing()

    def ping(self) -> bytes | None:
        """Answered with the venue's time."""
        return b'{"method":"ping"}'

    def _request(self, operation: str, subscriptions: Sequence[Subscription]) -> list[bytes]:
        is_new = operation == "subscribe"
        return [
            msgspec.json.encode(
                {
                    "method": operation,
                    "params": {
                        **_describe(batch[0]),
                        **({"snapshot": batch[0].topic in _WHOLE} if is_new else {}),
                        "symbol": [wanted.symbol for wanted in batch],
                    },
                    "req_id": request_id,
                }
            )
            for request_id, batch in self._batches_by_topic(subscriptions)
        ]

    def _read(self, frame: bytes, received_ms: int) -> Sequence[Event]:
        start = frame.find(_KEY, 0, _NEAR)
        if start < 0 or b'"method"' in frame[:start]:
            return self._read_reply(frame)
        start += len(_KEY)
        read = parse.READERS.get(frame[start : frame.find(b'"', start)])
        if read is None:
            raise self._malformed("it is of no channel that was asked for")
        found: list[Event] = []
        for event in read(frame).events(received_ms):
            if not isinstance(event, Alive | Accepted | Refused):
                self._check_asked(event.symbol)
            found += self._closing.follow(event) if isinstance(event, Candle) else (event,)
        return found

    def _read_reply(self, frame: bytes) -> Sequence[Event]:
        reply = parse.decode_reply(frame)
        if not reply.success:
            return (Refused(reply.request_id, reply.error or "no reason was given"),)
        if not reply.method:
            raise self._malformed("it is neither of a channel nor an answer")
        if reply.method == "pong":
            return (Alive(0 if reply.time is None else read_moment(reply.time)),)
        return self._settle(reply.request_id)


def _describe(wanted: Subscription) -> dict[str, Any]:
    """The members of a request that all its pairs share."""
    if wanted.topic is Topic.TRADES:
        return {"channel": "trade"}
    if wanted.topic is Topic.TICKER:
        return {"channel": "ticker", "event_trigger": "bbo"}
    if wanted.topic is Topic.BOOK:
        return {"channel": "book", "depth": _LEVELS}
    return {"channel": "ohlc", "interval": _MINUTES[wanted.interval]}
