"""Coinbase's public market data on one connection: what we send, and which reading each gets.

Of Coinbase's two feeds this is the one that needs no key and numbers its messages: the Exchange
feed's public books (`level2_batch`) have neither numbers nor checksums, so a lost change would
never show. Numbers count all messages of a connection: after a gap every book on it is renewed.
Limits as documented: 8 connections and 8 messages a second, one channel a request; a channel
without news for a minute is closed unless heartbeats are asked for, so they always are. Candles
are of five minutes only: ours are built from trades.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import msgspec

from assay.feeds.ports import Endpoints, Limits
from assay.feeds.sources.coinbase import parse
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

_CHANNELS: Final = {Topic.TRADES: "market_trades", Topic.TICKER: "ticker", Topic.BOOK: "level2"}
_HEARTBEATS: Final = b'{"type":"subscribe","channel":"heartbeats"}'
_KEY: Final = b'"channel":"'
_NEAR: Final = 200


class Coinbase(Dialect):
    """One connection to Coinbase."""

    name = parse.VENUE
    rule = SequenceRule.PREVIOUS
    limits = Limits(
        streams_per_connection=100,
        messages_per_s=6.0,
        topics_per_message=50,
        # A whole book of a great pair: some 60,000 levels of 110 bytes.
        frame_bytes=16_777_216,
    )
    # The recordings are of the older Exchange feed, which is another language.
    proofs: ClassVar[Mapping[Topic, Verified]] = dict.fromkeys(_CHANNELS, Verified.DOCUMENTS_ONLY)
    live = Endpoints(ws="wss://advanced-trade-ws.coinbase.com", rest="https://api.coinbase.com")
    instruments_path = "/api/v3/brokerage/market/products?product_type=SPOT"
    time_path = "/api/v3/brokerage/time"
    parse_instruments = parse.parse_instruments
    parse_time = parse.parse_time

    def __init__(self) -> None:
        super().__init__()
        self._chain: parse.Chain = {}
        self._last: int | None = None
        self._waiting: deque[int] = deque()
        """Requests without an answer; answers come in their order, and without a number."""

    def subscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        """Messages that ask for these, and once for heartbeats."""
        is_first = not self._asked
        requests = super().subscribe(subscriptions)
        if is_first and requests:
            self._waiting.append(NO_ID)
            requests.append(_HEARTBEATS)
        return requests

    def _request(self, operation: str, subscriptions: Sequence[Subscription]) -> list[bytes]:
        found = []
        for request_id, batch in self._batches_by_topic(subscriptions):
            self._waiting.append(request_id)
            request = {
                "type": operation,
                "product_ids": [wanted.symbol for wanted in batch],
                "channel": _CHANNELS[batch[0].topic],
            }
            found.append(msgspec.json.encode(request))
        return found

    def _read(self, frame: bytes, received_ms: int) -> Sequence[Event]:
        start = frame.find(_KEY, 0, _NEAR)
        if start < 0:
            problem = parse.decode_problem(frame)
            return (Refused(self._take_waiting(), problem.message),)
        start += len(_KEY)
        channel = frame[start : frame.find(b'"', start)]
        read = parse.READERS.get(channel)
        if read is None:
            raise self._malformed("it is of no channel that was asked for")
        message = read(frame)
        self._follow(message.sequence)
        events = message.events(self._chain)
        for event in events:
            if not isinstance(event, Alive | Accepted | Refused):
                self._check_asked(event.symbol)
        if channel == parse.SUBSCRIPTIONS:
            request_id = self._take_waiting()
            return events if request_id == NO_ID else (Accepted(request_id),)
        return events

    def _follow(self, number: int) -> None:
        """Where messages are missing, no book may follow on what it had."""
        if self._last is not None and number != self._last + 1:
            self._chain.clear()
        self._last = number

    def _take_waiting(self) -> int:
        return self._waiting.popleft() if self._waiting else NO_ID
