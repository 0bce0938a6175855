"""OKX's public channels on one connection: what we send, and which reading each message gets.

Limits as documented: 3 connections a second, 480 requests an hour on each, 64 KB a request; a
connection that hears nothing for 30 s is cut, so `ping` goes out before. Candles are spoken on
another path than the rest: one connection has one or the other.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import msgspec

from assay.feeds.ports import Endpoints, Limits
from assay.feeds.sources.dialect import Dialect
from assay.feeds.sources.numbers import NO_ID
from assay.feeds.sources.okx import parse
from assay.feeds.types import (
    Alive,
    Event,
    Refused,
    SequenceRule,
    Subscription,
    Topic,
    Verified,
)

_CHANNELS: Final = {Topic.TRADES: "trades", Topic.TICKER: "tickers", Topic.BOOK: "books"}
_KEY: Final = b'"channel":"'
_NEAR: Final = 200


class Okx(Dialect):
    """One connection to OKX."""

    name = parse.VENUE
    rule = SequenceRule.PREVIOUS
    limits = Limits(
        streams_per_connection=240,
        messages_per_s=3.0,
        topics_per_message=50,
        frame_bytes=1_048_576,
    )
    # Recorded in May 2022, before books had numbers: their levels are proved, their sequence not.
    proofs: ClassVar[Mapping[Topic, Verified]] = {
        Topic.TRADES: Verified.RECORDED,
        Topic.TICKER: Verified.RECORDED,
        Topic.CANDLES: Verified.DOCUMENTS_ONLY,
        Topic.BOOK: Verified.DOCUMENTS_ONLY,
    }
    live = Endpoints(
        ws="wss://ws.okx.com:8443/ws/v5/public",
        rest="https://www.okx.com",
        candles="wss://ws.okx.com:8443/ws/v5/business",
    )
    instruments_path = "/api/v5/public/instruments?instType=SPOT"
    time_path = "/api/v5/public/time"
    parse_instruments = parse.parse_instruments
    parse_time = parse.parse_time
    ping_every_s = 20.0
    has_answer_each = True

    def ping(self) -> bytes | None:
        """A word, not a message."""
        return b"ping"

    def _request(self, operation: str, subscriptions: Sequence[Subscription]) -> list[bytes]:
        return [
            msgspec.json.encode(
                {
                    "id": str(request_id),
                    "op": operation,
                    "args": [
                        {
                            "channel": _CHANNELS.get(wanted.topic, f"candle{wanted.interval}"),
                            "instId": wanted.symbol,
                        }
                        for wanted in batch
                    ],
                }
            )
            for request_id, batch in self._batches(subscriptions)
        ]

    def _read(self, frame: bytes, received_ms: int) -> Sequence[Event]:
        if frame == b"pong":
            return (Alive(),)
        if b'"event"' in frame[:_NEAR]:
            return self._read_reply(frame)
        start = frame.find(_KEY, 0, _NEAR) + len(_KEY)
        read = parse.READERS.get(frame[start : frame.find(b'"', start)])
        if read is None:
            raise self._malformed("it is of no channel that was asked for")
        message = read(frame)
        self._check_asked(message.arg.symbol)
        return message.events()

    def _read_reply(self, frame: bytes) -> Sequence[Event]:
        reply = parse.decode_reply(frame)
        request_id = int(reply.id) if reply.id.isdecimal() else NO_ID
        if reply.event in ("subscribe", "unsubscribe"):
            return self._settle(request_id)
        if reply.event in ("error", "notice", "channel-conn-count-error"):
            return (Refused(request_id, f"{reply.msg or reply.event} ({reply.code})"),)
        return ()
