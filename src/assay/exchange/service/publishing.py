"""From the engine's events to messages of streams: only what somebody listens to is made.

Faults of the messages strike here, after the engine: it, and a new snapshot, always hold the
truth.
"""

from collections.abc import Callable, Iterable

from assay.exchange.compute.engine import Engine
from assay.exchange.service.faults import FaultKind, Faults
from assay.exchange.service.hub import Counts
from assay.exchange.service.names import FAST_MS, SECOND_MS, Kind, Stream, parse_stream
from assay.exchange.shapes import events as shapes
from assay.exchange.types import (
    E8,
    BookTop,
    DepthDelta,
    Event,
    KlineUpdate,
    PublicTrade,
    Refusal,
    Ticker,
)

LIE: int = 1_000
"""How far off the numbers of a lying delta are."""

Publish = Callable[[str, bytes], None]


class _Gathered:
    """Changes of a book since the last message of a slow depth stream."""

    def __init__(self) -> None:
        self.first_id = 0
        self.last_id = 0
        self.bids: dict[E8, E8] = {}
        self.asks: dict[E8, E8] = {}

    def add(self, delta: DepthDelta) -> None:
        self.first_id = self.first_id or delta.first_id
        self.last_id = delta.last_id
        self.bids.update(delta.bids)
        self.asks.update(delta.asks)

    def build(self, symbol: str, time_ms: int) -> DepthDelta:
        bids = sorted(self.bids.items(), reverse=True)
        return DepthDelta(
            symbol, self.first_id, self.last_id, bids, sorted(self.asks.items()), time_ms
        )


class Publisher:
    """The streams that are open, and what each is owed."""

    def __init__(self, engine: Engine, faults: Faults, counts: Counts, publish: Publish) -> None:
        self._engine = engine
        self._faults = faults
        self._counts = counts
        self._publish = publish
        self._open: dict[str, Stream] = {}
        self._of: dict[tuple[Kind, str], dict[str, Stream]] = {}
        self._gathered: dict[str, _Gathered] = {}
        self._touched: dict[str, Stream] = {}
        self._held: dict[str, bytes] = {}
        self._tickers: list[Ticker] = []

    def open(self, name: str) -> None:
        """Somebody listens to `name` now. A name that means nothing brings nothing."""
        stream = parse_stream(name, self._engine.pairs)
        if stream is None:
            return
        try:
            for symbol in self._list_symbols(stream):
                self._engine.watch(symbol, stream.channel, stream.interval)
        except Refusal:
            return
        self._open[name] = stream
        self._of.setdefault((stream.kind, stream.symbol), {})[name] = stream

    def close(self, name: str) -> None:
        """Nobody listens to `name` any more."""
        stream = self._open.pop(name, None)
        if stream is None:
            return
        del self._of[stream.kind, stream.symbol][name]
        for owed in (self._gathered, self._touched, self._held):
            owed.pop(name, None)
        for symbol in self._list_symbols(stream):
            self._engine.unwatch(symbol, stream.channel, stream.interval)

    def _list_symbols(self, stream: Stream) -> Iterable[str]:
        return (stream.symbol,) if stream.symbol else tuple(self._engine.pairs)

    def publish(self, events: Iterable[Event], now_ms: int) -> None:
        """Make the messages of one step that ends at `now_ms`; user events are not for here."""
        self._tickers.clear()
        for event in events:
            match event:
                case DepthDelta():
                    self._publish_delta(event)
                case BookTop():
                    self._publish_top(event)
                case PublicTrade():
                    self._publish_trade(event)
                case KlineUpdate():
                    self._publish_kline(event)
                case Ticker():
                    self._publish_ticker(event)
        self._publish_all_tickers()
        is_second = now_ms % SECOND_MS == 0
        self._publish_touched(is_second=is_second)
        if is_second:
            self._publish_gathered(now_ms)

    def _streams(self, kind: Kind, symbol: str) -> Iterable[Stream]:
        return self._of.get((kind, symbol), {}).values()

    def _publish_trade(self, event: PublicTrade) -> None:
        for stream in self._streams(Kind.TRADE, event.symbol):
            self._publish(stream.name, shapes.write_trade(event))
        for stream in self._streams(Kind.AGGREGATE_TRADE, event.symbol):
            self._publish(stream.name, shapes.write_aggregate_trade(event))

    def _publish_top(self, event: BookTop) -> None:
        payload = b""
        for symbol, kind in ((event.symbol, Kind.BOOK_TICKER), ("", Kind.ALL_BOOK_TICKERS)):
            for stream in self._streams(kind, symbol):
                payload = payload or shapes.write_book_ticker(event)
                self._publish(stream.name, payload)

    def _publish_kline(self, event: KlineUpdate) -> None:
        for stream in self._streams(Kind.KLINE, event.symbol):
            if stream.interval == event.kline.interval:
                self._publish(stream.name, shapes.write_kline(event))

    def _publish_ticker(self, event: Ticker) -> None:
        for stream in self._streams(Kind.TICKER, event.symbol):
            self._publish(stream.name, shapes.write_ticker(event))
        for stream in self._streams(Kind.MINI_TICKER, event.symbol):
            self._publish(stream.name, shapes.write_mini_ticker(event))
        self._tickers.append(event)

    def _publish_all_tickers(self) -> None:
        if not self._tickers:
            return
        for kind, write in (
            (Kind.ALL_TICKERS, shapes.write_ticker),
            (Kind.ALL_MINI_TICKERS, shapes.write_mini_ticker),
        ):
            for stream in self._streams(kind, ""):
                payload = b"[" + b",".join([write(ticker) for ticker in self._tickers]) + b"]"
                self._publish(stream.name, payload)

    def _publish_delta(self, event: DepthDelta) -> None:
        for stream in self._streams(Kind.DEPTH, event.symbol):
            if stream.every_ms == FAST_MS:
                self._send_delta(stream.name, event)
            else:
                self._gathered.setdefault(stream.name, _Gathered()).add(event)
        for stream in self._streams(Kind.PARTIAL_DEPTH, event.symbol):
            self._touched[stream.name] = stream

    def _publish_gathered(self, now_ms: int) -> None:
        for name, gathered in self._gathered.items():
            self._send_delta(name, gathered.build(self._open[name].symbol, now_ms))
        self._gathered.clear()

    def _publish_touched(self, *, is_second: bool) -> None:
        for name, stream in list(self._touched.items()):
            if is_second or stream.every_ms == FAST_MS:
                del self._touched[name]
                depth = self._engine.get_depth(stream.symbol, stream.levels)
                self._publish(name, shapes.write_partial_depth(depth))

    def _send_delta(self, name: str, delta: DepthDelta) -> None:
        """Send a change of a book, unless a fault says otherwise."""
        symbol, take, counts = delta.symbol, self._faults.take, self._counts
        if take(FaultKind.LOSE_DELTAS, symbol):
            counts.lost_deltas += 1
            return
        if take(FaultKind.WRONG_IDS, symbol):
            counts.wrong_ids += 1
            ids = (delta.first_id + LIE, delta.last_id + LIE)
            delta = DepthDelta(symbol, *ids, delta.bids, delta.asks, delta.time_ms)
        payload = shapes.write_depth(delta)
        if take(FaultKind.MALFORMED, symbol):
            counts.malformed += 1
            payload = payload[: len(payload) // 2]
        held = self._held.pop(name, None)
        if held is None and take(FaultKind.REORDER_DELTAS, symbol):
            counts.reordered_deltas += 1
            self._held[name] = payload
            return
        self._publish(name, payload)
        if held is not None:
            self._publish(name, held)
