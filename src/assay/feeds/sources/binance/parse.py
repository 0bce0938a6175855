"""What Binance's messages say. Pure.

Follows binance-spot-api-docs (`web-socket-streams.md`, `rest-api.md`) and developers.binance.com as
they stood in November 2026: streams @trade, @ticker, @kline_<interval> and @depth@100ms below
`/stream`, and GET /api/v3/exchangeInfo, depth and time.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from assay.feeds.sources.numbers import (
    FINEST,
    NAN,
    NO_ID,
    Amount,
    Count,
    Millis,
    Pairs,
    Price,
    Volume,
    check_bar,
    read_rows,
)
from assay.feeds.types import (
    Accepted,
    BookDelta,
    BookSnapshot,
    Candle,
    Event,
    Instrument,
    Refused,
    Ticker,
    Trade,
)

VENUE: Final = "binance"
Interval = Literal[
    "1s",
    "1m",
    "3m",
    "5m",
    "15m",
    "30m",
    "1h",
    "2h",
    "4h",
    "6h",
    "8h",
    "12h",
    "1d",
    "3d",
    "1w",
    "1M",
]
_TRADE: Final = {"symbol": "s", "trade_id": "t", "price": "p", "size": "q", "time": "T"}
_TICKER: Final = {"time": "E", "symbol": "s", "last": "c", "bid": "b", "ask": "a", "opened": "o"}
_BAR: Final = {"open_ms": "t", "interval": "i", "open": "o", "close": "c", "high": "h", "low": "l"}
_DEPTH: Final = {"time": "E", "symbol": "s", "first": "U", "last": "u", "bids": "b", "asks": "a"}


class TradeMessage(
    Struct, tag_field="e", tag="trade", gc=False, rename=_TRADE | {"is_buyer_maker": "m"}
):
    """One trade; where the buyer was the maker, the taker sold."""

    symbol: str
    trade_id: Count
    price: Price
    size: Amount
    time: Millis
    is_buyer_maker: bool

    def event(self) -> Trade:
        """As the house says it."""
        is_buy = not self.is_buyer_maker
        return Trade(self.symbol, self.trade_id, self.price, self.size, is_buy, self.time)


class TickerMessage(
    Struct, tag_field="e", tag="24hrTicker", gc=False, rename=_TICKER | {"base": "v", "quote": "q"}
):
    """The last 24 hours; a price of 0 is one that there is not."""

    time: Millis
    symbol: str
    last: Volume
    bid: Volume
    ask: Volume
    opened: Volume
    base: Volume
    quote: Volume

    def event(self) -> Ticker:
        """As the house says it."""
        return Ticker(
            self.symbol,
            self.last or NAN,
            self.bid or NAN,
            self.ask or NAN,
            self.base,
            self.quote,
            self.time,
            self.opened or NAN,
        )


class Bar(
    Struct, gc=False, rename=_BAR | {"base": "v", "quote": "q", "trades": "n", "is_closed": "x"}
):
    """The bar of a kline message."""

    open_ms: Millis
    interval: Interval
    open: Price
    close: Price
    high: Price
    low: Price
    base: Volume
    quote: Volume
    trades: Count
    is_closed: bool

    def __post_init__(self) -> None:
        check_bar(self.open, self.high, self.low, self.close)


class KlineMessage(
    Struct, tag_field="e", tag="kline", gc=False, rename={"symbol": "s", "bar": "k"}
):
    """A bar, every two seconds while it runs and once when it has closed."""

    symbol: str
    bar: Bar

    def event(self) -> Candle:
        """As the house says it."""
        bar = self.bar
        return Candle(
            self.symbol,
            bar.interval,
            bar.open_ms,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.base,
            bar.quote,
            bar.trades,
            bar.is_closed,
        )


class DepthMessage(Struct, tag_field="e", tag="depthUpdate", gc=False, rename=_DEPTH):
    """Levels that changed."""

    time: Millis
    symbol: str
    first: Count
    last: Count
    bids: Pairs
    asks: Pairs

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError("its changes end before they begin")

    def event(self) -> BookDelta:
        """As the house says it."""
        return BookDelta(self.symbol, self.first, self.last, self.bids, self.asks, self.time)


class ShutdownMessage(Struct, tag_field="e", tag="serverShutdown", gc=False):
    """The server goes; it is of no pair."""

    symbol: None = None

    def event(self) -> Refused:
        """As the house says it."""
        return Refused(NO_ID, "the server is about to shut down")


class StreamMessage(Struct, gc=False):
    """A message of a combined stream."""

    data: TradeMessage | TickerMessage | KlineMessage | DepthMessage | ShutdownMessage


class Problem(Struct, gc=False):
    """Why a request was refused."""

    code: int
    msg: str


class Reply(Struct, gc=False):
    """What answers a request."""

    id: int | str | None = None
    result: Raw | UnsetType = UNSET
    error: Problem | None = None
    code: int | None = None
    msg: str = ""

    def events(self) -> Sequence[Event]:
        """As the house says it; nothing for what is none of these."""
        request_id = self.id if isinstance(self.id, int) else NO_ID
        if self.error is not None:
            return (Refused(request_id, f"{self.error.msg} ({self.error.code})"),)
        if self.code is not None:
            return (Refused(request_id, f"{self.msg} ({self.code})"),)
        return () if self.result is UNSET else (Accepted(request_id),)


class Filter(
    Struct, gc=False, rename={"kind": "filterType", "tick": "tickSize", "step": "stepSize"}
):
    """One of the rules of a pair's orders."""

    kind: str
    tick: Volume = 0.0
    step: Volume = 0.0


class Pair(
    Struct,
    gc=False,
    rename={"base": "baseAsset", "quote": "quoteAsset", "is_spot": "isSpotTradingAllowed"},
):
    """A pair as `exchangeInfo` lists it."""

    symbol: str
    status: str
    base: str
    quote: str
    filters: list[Filter]
    is_spot: bool = True

    def instrument(self) -> Instrument | None:
        """As the house says it; None for what does not trade now."""
        if self.status != "TRADING" or not self.is_spot:
            return None
        tick = max((rule.tick for rule in self.filters if rule.kind == "PRICE_FILTER"), default=0.0)
        step = max((rule.step for rule in self.filters if rule.kind == "LOT_SIZE"), default=0.0)
        return Instrument(VENUE, self.symbol, self.base, self.quote, tick or FINEST, step or FINEST)


class Replay(Struct, gc=False):
    """What only Assay's replay says of itself."""

    replay: bool = False


class Listing(Struct, gc=False):
    """`GET /api/v3/exchangeInfo`; each pair is read by itself."""

    symbols: list[Raw]
    assay: Replay | None = None


class Whole(Struct, gc=False, rename={"last": "lastUpdateId"}):
    """`GET /api/v3/depth`."""

    last: Count
    bids: Pairs
    asks: Pairs


class Time(Struct, gc=False, rename={"time": "serverTime"}):
    """`GET /api/v3/time`."""

    time: Millis


# Numbers are strings here: only the lax reading takes both.
decode_stream = msgspec.json.Decoder(StreamMessage, strict=False).decode
decode_reply = msgspec.json.Decoder(Reply).decode
_decode_pair = msgspec.json.Decoder(Pair, strict=False).decode
decode_listing = msgspec.json.Decoder(Listing).decode
_decode_whole = msgspec.json.Decoder(Whole).decode
_decode_time = msgspec.json.Decoder(Time).decode


def parse_instruments(body: bytes) -> list[Instrument]:
    """The pairs that trade."""
    return read_rows(decode_listing(body).symbols, lambda row: _decode_pair(row).instrument())


def parse_snapshot(symbol: str, body: bytes) -> BookSnapshot:
    """A whole book."""
    whole = _decode_whole(body)
    return BookSnapshot(symbol, whole.last, whole.bids, whole.asks)


def parse_time(body: bytes) -> int:
    """Milliseconds since 1970."""
    return _decode_time(body).time
