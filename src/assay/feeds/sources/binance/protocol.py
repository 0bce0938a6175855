"""Binance's spot streams on one connection: what we send, and which reading each message gets.

Limits as documented: 1,024 streams a connection, 5 messages a second from us (pongs count), a
connection lasts 24 hours, a book's snapshot of 1,000 levels weighs 50 of 6,000 a minute. The
server pings in the WebSocket's own way; there is no ping of the venue's.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import msgspec

from assay.feeds.ports import Endpoints, Limits
from assay.feeds.sources.binance import parse
from assay.feeds.sources.dialect import Dialect
from assay.feeds.types import (
    BookSnapshot,
    Event,
    RawDelta,
    SequenceRule,
    Subscription,
    Topic,
    Verified,
)

_NEAR: Final = 200
"""Bytes in which a change's kind and symbol stand."""


class Binance(Dialect):
    """One connection to Binance, or to the replay exchange, which speaks the same.

    With `is_raw` changes of books stay bytes for the kernel; without, they are read here.
    """

    name = parse.VENUE
    rule = SequenceRule.RANGE
    limits = Limits(
        streams_per_connection=1024,
        messages_per_s=4.0,
        topics_per_message=100,
        snapshots_per_minute=60.0,
    )
    proofs: ClassVar[Mapping[Topic, Verified]] = {
        Topic.TRADES: Verified.DOCUMENTS_ONLY,
        Topic.TICKER: Verified.DOCUMENTS_ONLY,
        Topic.CANDLES: Verified.RECORDED,
        Topic.BOOK: Verified.RECORDED,
    }
    live = Endpoints(ws="wss://stream.binance.com:9443/stream", rest="https://api.binance.com")
    instruments_path = "/api/v3/exchangeInfo"
    time_path = "/api/v3/time"
    parse_instruments = parse.parse_instruments
    parse_time = parse.parse_time

    def __init__(self, *, is_raw: bool = True) -> None:
        super().__init__()
        self._is_raw = is_raw
        self._books: dict[bytes, tuple[str, bytes]] = {}

    def read_is_replay(self, body: bytes) -> bool:
        """Whether `exchangeInfo` says that this is Assay's replay."""
        about = self._decode(parse.decode_listing, body).assay
        return about is not None and about.replay

    def snapshot_path(self, symbol: str) -> str | None:
        """Path of a whole book of 1,000 levels a side."""
        return f"/api/v3/depth?symbol={symbol}&limit=1000"

    def read_snapshot(self, symbol: str, body: bytes) -> BookSnapshot:
        """A whole book. Raises SourceMalformed."""
        return self._decode(lambda text: parse.parse_snapshot(symbol, text), body)

    def subscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        """Messages that ask for these."""
        for wanted in subscriptions:
            if wanted.topic is Topic.BOOK:
                marker = b'"s":"%b"' % wanted.symbol.encode()
                self._books[_name_stream(wanted).encode()] = (wanted.symbol, marker)
        return super().subscribe(subscriptions)

    def _request(self, operation: str, subscriptions: Sequence[Subscription]) -> list[bytes]:
        return [
            msgspec.json.encode(
                {
                    "method": operation.upper(),
                    "params": [_name_stream(wanted) for wanted in batch],
                    "id": request_id,
                }
            )
            for request_id, batch in self._batches(subscriptions)
        ]

    def _read(self, frame: bytes, received_ms: int) -> Sequence[Event]:
        if self._is_raw:
            symbol = self._match_book(frame)
            if symbol is not None:
                return (RawDelta(symbol, frame),)
        if b'"data"' not in frame[:_NEAR]:
            return parse.decode_reply(frame).events()
        message = parse.decode_stream(frame).data
        if message.symbol is not None:
            self._check_asked(message.symbol)
        return (message.event(),)

    def _match_book(self, frame: bytes) -> str | None:
        """The pair whose book a message changes, if stream, kind and symbol say the same."""
        end = frame.find(b'"', 11, _NEAR)
        symbol, marker = self._books.get(frame[11:end], (None, b""))
        if symbol is None or frame.find(marker, end, end + _NEAR) < 0:
            return None
        return symbol if frame.startswith(b'","data":{"e":"depthUpdate",', end) else None


def _name_stream(wanted: Subscription) -> str:
    kinds = {
        Topic.TRADES: "trade",
        Topic.TICKER: "ticker",
        Topic.CANDLES: f"kline_{wanted.interval}",
        Topic.BOOK: "depth@100ms",
    }
    return f"{wanted.symbol.lower()}@{kinds[wanted.topic]}"
