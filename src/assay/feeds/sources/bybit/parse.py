"""What Bybit's messages say. Pure.

Follows the Bybit API v5 documentation (bybit-exchange/docs) as it stood in autumn 2026: topics
publicTrade, tickers, kline.1 and orderbook.200 of /v5/public/spot, GET /v5/market/instruments-info
and /v5/market/time. Trades have names, not numbers. The spot ticker tells no best prices.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

import msgspec
from msgspec import Raw, Struct

from assay.feeds.sources.numbers import (
    NAN,
    NO_ID,
    UNSAID,
    Amount,
    Count,
    Millis,
    Pairs,
    Price,
    Volume,
    check_bar,
    make_reader,
    read_quote,
    read_rows,
)
from assay.feeds.types import (
    BookDelta,
    BookSnapshot,
    Candle,
    Event,
    Instrument,
    Ticker,
    Trade,
)

VENUE: Final = "bybit"
INTERVALS: Final = {"1": "1m", "5": "5m", "15": "15m", "60": "1h", "240": "4h", "D": "1d"}
"""Bybit's words for the intervals that we ask for."""


class TradeRow(
    Struct, gc=False, rename={"time": "T", "symbol": "s", "side": "S", "size": "v", "price": "p"}
):
    """One trade; `side` is the taker's."""

    time: Millis
    symbol: str
    side: Literal["Buy", "Sell"]
    size: Amount
    price: Price


class TradesMessage(Struct, gc=False):
    """Topic `publicTrade.<symbol>`."""

    topic: str
    data: list[TradeRow]

    def events(self, symbol: str) -> Sequence[Event]:
        """As the house says it."""
        return [
            Trade(symbol, NO_ID, row.price, row.size, row.side == "Buy", row.time)
            for row in self.data
        ]


class TickerRow(
    Struct,
    gc=False,
    rename={
        "last": "lastPrice",
        "opened": "prevPrice24h",
        "base": "volume24h",
        "quote": "turnover24h",
    },
):
    """The last 24 hours."""

    last: str
    opened: str
    base: Volume
    quote: Volume


class TickerMessage(Struct, gc=False):
    """Topic `tickers.<symbol>`; spot always sends all of it."""

    topic: str
    ts: Millis
    data: TickerRow

    def events(self, symbol: str) -> Sequence[Event]:
        """As the house says it."""
        row = self.data
        last, opened = read_quote(row.last), read_quote(row.opened)
        return (Ticker(symbol, last, NAN, NAN, row.base, row.quote, self.ts, opened),)


class Bar(
    Struct,
    gc=False,
    rename={"open_ms": "start", "base": "volume", "quote": "turnover", "is_closed": "confirm"},
):
    """A bar of a kline message."""

    open_ms: Millis
    interval: str
    open: Price
    close: Price
    high: Price
    low: Price
    base: Volume
    quote: Volume
    is_closed: bool

    def __post_init__(self) -> None:
        check_bar(self.open, self.high, self.low, self.close)
        if self.interval not in INTERVALS:
            raise ValueError(f"no interval is called {self.interval[:10]!r}")


class KlineMessage(Struct, gc=False):
    """Topic `kline.<interval>.<symbol>`."""

    topic: str
    data: list[Bar]

    def events(self, symbol: str) -> Sequence[Event]:
        """As the house says it."""
        return [
            Candle(
                symbol,
                INTERVALS[bar.interval],
                bar.open_ms,
                bar.open,
                bar.high,
                bar.low,
                bar.close,
                bar.base,
                bar.quote,
                UNSAID,
                bar.is_closed,
            )
            for bar in self.data
        ]


class BookRow(Struct, gc=False, rename={"symbol": "s", "bids": "b", "asks": "a", "last": "u"}):
    """Levels, and the number of the change."""

    symbol: str
    bids: Pairs
    asks: Pairs
    last: Count


class BookMessage(Struct, gc=False):
    """Topic `orderbook.<levels>.<symbol>`; a new snapshot may come at any time."""

    topic: str
    type: Literal["snapshot", "delta"]
    ts: Millis
    data: BookRow

    def events(self, symbol: str) -> Sequence[Event]:
        """As the house says it."""
        row = self.data
        if self.type == "snapshot":
            return (BookSnapshot(symbol, row.last, row.bids, row.asks, self.ts),)
        return (BookDelta(symbol, row.last, row.last, row.bids, row.asks, self.ts),)


Message = TradesMessage | TickerMessage | KlineMessage | BookMessage


class Reply(Struct, gc=False):
    """What answers a request or a ping."""

    op: str
    success: bool = True
    ret_msg: str = ""
    req_id: str = ""


class Lots(Struct, gc=False, rename={"step": "basePrecision"}):
    """How sizes are written."""

    step: Price


class Prices(Struct, gc=False, rename={"tick": "tickSize"}):
    """How prices are written."""

    tick: Price


class PairRow(
    Struct,
    gc=False,
    rename={
        "base": "baseCoin",
        "quote": "quoteCoin",
        "lots": "lotSizeFilter",
        "prices": "priceFilter",
    },
):
    """A pair of GET /v5/market/instruments-info."""

    symbol: str
    base: str
    quote: str
    status: str
    lots: Lots
    prices: Prices

    def instrument(self) -> Instrument | None:
        """As the house says it; None for what does not trade now."""
        if self.status != "Trading":
            return None
        return Instrument(
            VENUE, self.symbol, self.base, self.quote, self.prices.tick, self.lots.step
        )


class Rows(Struct, gc=False):
    """A list; each row is read by itself."""

    list: list[Raw]


class Listing(Struct, gc=False, rename={"code": "retCode"}):
    """An answer of REST that lists."""

    code: Literal[0]
    result: Rows


class Time(Struct, gc=False, rename={"code": "retCode"}):
    """GET /v5/market/time."""

    code: Literal[0]
    time: Millis


READERS: Final[Mapping[bytes, Callable[[bytes], Message]]] = {
    b"publicTrade": make_reader(TradesMessage),
    b"tickers": make_reader(TickerMessage),
    b"kline": make_reader(KlineMessage),
    b"orderbook": make_reader(BookMessage),
}
decode_reply = msgspec.json.Decoder(Reply).decode
_decode_pair = msgspec.json.Decoder(PairRow, strict=False).decode
_decode_listing = msgspec.json.Decoder(Listing).decode
_decode_time = msgspec.json.Decoder(Time, strict=False).decode


def parse_instruments(body: bytes) -> list[Instrument]:
    """The pairs that trade."""
    return read_rows(_decode_listing(body).result.list, lambda row: _decode_pair(row).instrument())


def parse_time(body: bytes) -> int:
    """Milliseconds since 1970."""
    return _decode_time(body).time
