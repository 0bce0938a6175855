"""What OKX's messages say. Pure.

Follows the OKX API guide v5 as it stood in September 2026: channels tickers, trades and books of
/ws/v5/public, candle1m of /ws/v5/business, GET /api/v5/public/instruments and time. Since 23 June
2026 `checksum` of a book is always 0: only seqId and prevSeqId tell what is missing, so it is not
read. A message of trades sums up what one order took at one price, with the last of its numbers:
the numbers therefore jump, and none is passed on.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from assay.feeds.sources.numbers import (
    NO_ID,
    UNSAID,
    Amount,
    Count,
    Digits,
    Millis,
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
    Levels,
    Ticker,
    Trade,
)

VENUE: Final = "okx"

Rows = list[tuple[Digits, Digits, str, str]]


class Topic(Struct, gc=False, rename={"symbol": "instId"}):
    """What a message belongs to."""

    channel: str = ""
    symbol: str = ""


class TradeRow(Struct, gc=False, rename={"price": "px", "size": "sz", "time": "ts"}):
    """What one order took at one price; `side` is the taker's."""

    price: Price
    size: Amount
    side: Literal["buy", "sell"]
    time: Millis


class TradesMessage(Struct, gc=False):
    """Channel `trades`."""

    arg: Topic
    data: list[TradeRow]

    def events(self) -> Sequence[Event]:
        """As the house says it."""
        symbol = self.arg.symbol
        return [
            Trade(symbol, NO_ID, row.price, row.size, row.side == "buy", row.time)
            for row in self.data
        ]


class TickerRow(
    Struct,
    gc=False,
    rename={
        "bid": "bidPx",
        "ask": "askPx",
        "base": "vol24h",
        "quote": "volCcy24h",
        "opened": "open24h",
        "time": "ts",
    },
):
    """The last 24 hours; a price that there is not is empty."""

    last: str
    bid: str
    ask: str
    opened: str
    base: Volume
    quote: Volume
    time: Millis


class TickersMessage(Struct, gc=False):
    """Channel `tickers`."""

    arg: Topic
    data: list[TickerRow]

    def events(self) -> Sequence[Event]:
        """As the house says it."""
        symbol = self.arg.symbol
        return [
            Ticker(
                symbol,
                read_quote(row.last),
                read_quote(row.bid),
                read_quote(row.ask),
                row.base,
                row.quote,
                row.time,
                read_quote(row.opened),
            )
            for row in self.data
        ]


class CandlesMessage(Struct, gc=False):
    """Channel `candle<interval>`: time, open, high, low, close, volume in base, in the currency of
    the contract (for spot the quote), in the quote, and whether it has closed.
    """

    arg: Topic
    data: list[tuple[Millis, Price, Price, Price, Price, Volume, Volume, Volume, Literal["0", "1"]]]

    def __post_init__(self) -> None:
        for row in self.data:
            check_bar(row[1], row[2], row[3], row[4])

    def events(self) -> Sequence[Event]:
        """As the house says it."""
        interval = self.arg.channel.removeprefix("candle")
        return [
            Candle(self.arg.symbol, interval, *row[:6], row[7], UNSAID, row[8] == "1")
            for row in self.data
        ]


class BookRow(Struct, gc=False, rename={"last": "seqId", "previous": "prevSeqId", "time": "ts"}):
    """Levels, and the numbers of this change and of the one before it."""

    asks: Rows
    bids: Rows
    time: Millis
    last: Count
    previous: Annotated[int, Meta(ge=-1, lt=2**62)]


class BooksMessage(Struct, gc=False):
    """Channel `books`: 400 levels a side, then changes every 100 ms."""

    arg: Topic
    action: Literal["snapshot", "update"]
    data: list[BookRow]

    def events(self) -> Sequence[Event]:
        """As the house says it."""
        read = _read_snapshot if self.action == "snapshot" else _read_delta
        return [read(self.arg.symbol, row) for row in self.data]


def _read_snapshot(symbol: str, row: BookRow) -> Event:
    return BookSnapshot(symbol, row.last, _cut(row.bids), _cut(row.asks), row.time)


def _read_delta(symbol: str, row: BookRow) -> Event:
    bids, asks = _cut(row.bids), _cut(row.asks)
    return BookDelta(symbol, row.last, row.last, bids, asks, row.time, row.previous)


def _cut(rows: Rows) -> Levels:
    """Price and size; the other two are no longer used, and how many orders stand there."""
    return [(price, size) for price, size, _, _ in rows]


Message = TradesMessage | TickersMessage | CandlesMessage | BooksMessage


class Reply(Struct, gc=False):
    """What answers a request, or says why the venue will hang up."""

    event: str
    id: str = ""
    code: str = ""
    msg: str = ""


class PairRow(
    Struct,
    gc=False,
    rename={
        "symbol": "instId",
        "base": "baseCcy",
        "quote": "quoteCcy",
        "tick": "tickSz",
        "step": "lotSz",
    },
):
    """A pair of GET /api/v5/public/instruments."""

    symbol: str
    base: str
    quote: str
    tick: Price
    step: Price
    state: str

    def instrument(self) -> Instrument | None:
        """As the house says it; None for what does not trade now."""
        if self.state != "live":
            return None
        return Instrument(VENUE, self.symbol, self.base, self.quote, self.tick, self.step)


class TimeRow(Struct, gc=False, rename={"time": "ts"}):
    """GET /api/v5/public/time."""

    time: Millis


class Listing(Struct, gc=False):
    """An answer of REST that lists; each row is read by itself."""

    code: Literal["0"]
    data: list[Raw]


class Times(Struct, gc=False):
    """An answer of REST with the time."""

    code: Literal["0"]
    data: tuple[TimeRow]


READERS: Final[Mapping[bytes, Callable[[bytes], Message]]] = {
    b"trades": make_reader(TradesMessage),
    b"tickers": make_reader(TickersMessage),
    b"books": make_reader(BooksMessage),
    b"candle1m": make_reader(CandlesMessage),
}
decode_reply = msgspec.json.Decoder(Reply).decode
_decode_pair = msgspec.json.Decoder(PairRow, strict=False).decode
_decode_listing = msgspec.json.Decoder(Listing).decode
_decode_times = msgspec.json.Decoder(Times, strict=False).decode


def parse_instruments(body: bytes) -> list[Instrument]:
    """The pairs that trade."""
    return read_rows(_decode_listing(body).data, lambda row: _decode_pair(row).instrument())


def parse_time(body: bytes) -> int:
    """Milliseconds since 1970."""
    return _decode_times(body).data[0].time
