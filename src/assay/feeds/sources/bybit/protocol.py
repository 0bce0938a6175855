"""Bybit's public spot topics on one connection: what we send, and which reading each message gets.

Limits as documented: 10 topics a request, 500 connections in five minutes, `ping` every 20 s (ten
minutes of silence end a connection).
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import msgspec

from assay.feeds.ports import Endpoints, Limits
from assay.feeds.sources.bybit import parse
from assay.feeds.sources.dialect import Dialect
from assay.feeds.sources.numbers import NO_ID
from assay.feeds.types import (
    Accepted,
    Alive,
    Event,
    Refused,
    SequenceRule,
    Subscription,
    Topic,
    Verified,
)

_KEY: Final = b'"topic":"'
_NEAR: Final = 200
_WORDS: Final = {ours: theirs for theirs, ours in parse.INTERVALS.items()}


class Bybit(Dialect):
    """One connection to Bybit."""

    name = parse.VENUE
    rule = SequenceRule.COUNTED
    limits = Limits(streams_per_connection=200, messages_per_s=10.0, topics_per_message=10)
    proofs: ClassVar[Mapping[Topic, Verified]] = dict.fromkeys(Topic, Verified.DOCUMENTS_ONLY)
    live = Endpoints(ws="wss://stream.bybit.com/v5/public/spot", rest="https://api.bybit.com")
    instruments_path = "/v5/market/instruments-info?category=spot"
    time_path = "/v5/market/time"
    parse_instruments = parse.parse_instruments
    parse_time = parse.parse_time
    ping_every_s = 20.0

    def ping(self) -> bytes | None:
        """Asked for every 20 s."""
        return b'{"op":"ping"}'

    def _request(self, operation: str, subscriptions: Sequence[Subscription]) -> list[bytes]:
        return [
            msgspec.json.encode(
                {"req_id": str(request_id), "op": operation, "args": [_name(s) for s in batch]}
            )
            for request_id, batch in self._batches(subscriptions)
        ]

    def _read(self, frame: bytes, received_ms: int) -> Sequence[Event]:
        start = frame.find(_KEY, 0, _NEAR)
        if start < 0:
            return self._read_reply(frame)
        start += len(_KEY)
        read = parse.READERS.get(frame[start : frame.find(b".", start)])
        if read is None:
            raise self._malformed("it is of no topic that was asked for")
        message = read(frame)
        symbol = message.topic.rpartition(".")[2]
        self._check_asked(symbol)
        return message.events(symbol)

    def _read_reply(self, frame: bytes) -> Sequence[Event]:
        reply = parse.decode_reply(frame)
        request_id = int(reply.req_id) if reply.req_id.isdecimal() else NO_ID
        if not reply.success:
            return (Refused(request_id, reply.ret_msg or "no reason was given"),)
        if reply.op in ("subscribe", "unsubscribe"):
            return (Accepted(request_id),)
        return (Alive(),) if reply.op in ("ping", "pong") else ()


def _name(wanted: Subscription) -> str:
    kinds = {
        Topic.TRADES: "publicTrade",
        Topic.TICKER: "tickers",
        Topic.BOOK: "orderbook.200",
    }
    kind = kinds.get(wanted.topic) or f"kline.{_WORDS[wanted.interval]}"
    return f"{kind}.{wanted.symbol}"
