"""What Kraken's messages say. Pure.

Follows docs.kraken.com (spot WebSocket v2: book, trade, ticker, ohlc, heartbeat, ping; REST
AssetPairs) as it stood in autumn 2026. Numbers are JSON numbers with every digit that the checksum
is made of: those of books are kept as text. Volumes are of the base; times the average price, they
are of the quote.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct, field

from assay.feeds.sources.numbers import (
    NAN,
    Amount,
    Count,
    Price,
    Volume,
    check_bar,
    read_moment,
    read_rows,
)
from assay.feeds.types import (
    Alive,
    BookDelta,
    BookSnapshot,
    Candle,
    Event,
    Instrument,
    Levels,
    Ticker,
    Trade,
)

VENUE: Final = "kraken"
INTERVALS: Final = {1: "1m", 5: "5m", 15: "15m", 30: "30m", 60: "1h", 240: "4h", 1440: "1d"}
"""Minutes of the intervals that we ask for."""
_LONGEST: Final = 40
_COMMON_NAMES: Final = {"XBT": "BTC", "XDG": "DOGE"}
"""What REST calls by names of its own; the WebSocket speaks the field's."""


class TradeRow(Struct, gc=False, rename={"size": "qty", "time": "timestamp"}):
    """One trade; `side` is the taker's."""

    symbol: str
    side: Literal["buy", "sell"]
    price: Price
    size: Amount
    trade_id: Count
    time: datetime


class TradesMessage(Struct, gc=False):
    """Channel `trade`."""

    data: list[TradeRow]

    def events(self, received_ms: int) -> Sequence[Event]:
        """As the house says it."""
        return [
            Trade(
                row.symbol,
                row.trade_id,
                row.price,
                row.size,
                row.side == "buy",
                read_moment(row.time),
            )
            for row in self.data
        ]


class TickerRow(Struct, gc=False, rename={"average": "vwap", "time": "timestamp"}):
    """The last 24 hours; not all messages tell the time."""

    symbol: str
    last: Volume
    bid: Volume
    ask: Volume
    volume: Volume
    average: Volume
    change: float
    time: datetime | None = None

    def event(self, received_ms: int) -> Ticker:
        """As the house says it; a price of 0 is one that there is not."""
        last = self.last or NAN
        return Ticker(
            self.symbol,
            last,
            self.bid or NAN,
            self.ask or NAN,
            self.volume,
            self.volume * self.average,
            received_ms if self.time is None else read_moment(self.time),
            last - self.change,
        )


class TickerMessage(Struct, gc=False):
    """Channel `ticker`."""

    data: list[TickerRow]

    def events(self, received_ms: int) -> Sequence[Event]:
        """As the house says it."""
        return [row.event(received_ms) for row in self.data]


class Bar(Struct, gc=False, rename={"opened": "interval_begin", "average": "vwap"}):
    """A bar as it stands; the venue does not say that it has closed."""

    symbol: str
    open: Price
    high: Price
    low: Price
    close: Price
    trades: Count
    volume: Volume
    average: Volume
    opened: datetime
    interval: int

    def __post_init__(self) -> None:
        check_bar(self.open, self.high, self.low, self.close)
        if self.interval not in INTERVALS:
            raise ValueError(f"no interval has {self.interval} minutes")


class BarsMessage(Struct, gc=False):
    """Channel `ohlc`."""

    data: list[Bar]

    def events(self, received_ms: int) -> Sequence[Event]:
        """As the house says it."""
        return [
            Candle(
                bar.symbol,
                INTERVALS[bar.interval],
                read_moment(bar.opened),
                bar.open,
                bar.high,
                bar.low,
                bar.close,
                bar.volume,
                bar.volume * bar.average,
                bar.trades,
                is_closed=False,
            )
            for bar in self.data
        ]


class Level(Struct, gc=False, rename={"size": "qty"}):
    """A price and what stands there, as text."""

    price: Raw
    size: Raw


class BookRow(Struct, gc=False, rename={"time": "timestamp"}):
    """Levels, and the checksum of the book with them."""

    symbol: str
    checksum: Annotated[int, Meta(ge=0, lt=2**32)]
    bids: list[Level] = field(default_factory=list)
    asks: list[Level] = field(default_factory=list)
    time: datetime | None = None


class BookMessage(Struct, gc=False):
    """Channel `book`."""

    type: Literal["snapshot", "update"]
    data: list[BookRow]

    def events(self, received_ms: int) -> Sequence[Event]:
        """As the house says it."""
        read = _read_snapshot if self.type == "snapshot" else _read_delta
        return [read(row) for row in self.data]


def _read_snapshot(row: BookRow) -> Event:
    return BookSnapshot(
        row.symbol, 0, _read_levels(row.bids), _read_levels(row.asks), _read_time(row), row.checksum
    )


def _read_delta(row: BookRow) -> Event:
    bids, asks = _read_levels(row.bids), _read_levels(row.asks)
    return BookDelta(row.symbol, 0, 0, bids, asks, _read_time(row), checksum=row.checksum)


def _read_time(row: BookRow) -> int:
    return 0 if row.time is None else read_moment(row.time)


def _read_levels(levels: list[Level]) -> Levels:
    return [(_read_digits(level.price), _read_digits(level.size)) for level in levels]


def _read_digits(raw: Raw) -> str:
    """A number as it was written. Raises ValueError for what begins like none."""
    text = bytes(raw).decode("ascii")
    if len(text) > _LONGEST or not text[0].isdecimal():
        raise ValueError("its book holds what is no number")
    return text


class StateMessage(Struct, gc=False):
    """Channels `heartbeat` and `status`: the venue is there."""

    def events(self, received_ms: int) -> Sequence[Event]:
        """As the house says it."""
        return (Alive(),)


Message = TradesMessage | TickerMessage | BarsMessage | BookMessage | StateMessage


class Reply(Struct, gc=False, rename={"request_id": "req_id", "time": "time_out"}):
    """What answers a request or a ping; an answer to what was no request names no method."""

    method: str = ""
    success: bool = True
    error: str = ""
    request_id: int = -1
    time: datetime | None = None


class PairRow(
    Struct,
    gc=False,
    rename={"name": "wsname", "price_digits": "pair_decimals", "size_digits": "lot_decimals"},
):
    """A pair of GET /0/public/AssetPairs."""

    name: str
    price_digits: Annotated[int, Meta(ge=0, le=18)]
    size_digits: Annotated[int, Meta(ge=0, le=18)]
    tick_size: Price | None = None
    status: str = "online"

    def instrument(self) -> Instrument | None:
        """As the house says it; None for what does not trade now."""
        base, found, quote = self.name.partition("/")
        if self.status != "online" or not found:
            return None
        base, quote = _COMMON_NAMES.get(base, base), _COMMON_NAMES.get(quote, quote)
        tick = self.tick_size or float(f"1e-{self.price_digits}")
        step = float(f"1e-{self.size_digits}")
        return Instrument(VENUE, f"{base}/{quote}", base, quote, tick, step)


class Listing(Struct, gc=False):
    """An answer of REST; each row is read by itself."""

    error: tuple[()]
    result: dict[str, Raw]


READERS: Final[Mapping[bytes, Callable[[bytes], Message]]] = {
    b"trade": msgspec.json.Decoder(TradesMessage).decode,
    b"ticker": msgspec.json.Decoder(TickerMessage).decode,
    b"ohlc": msgspec.json.Decoder(BarsMessage).decode,
    b"book": msgspec.json.Decoder(BookMessage).decode,
    b"heartbeat": msgspec.json.Decoder(StateMessage).decode,
    b"status": msgspec.json.Decoder(StateMessage).decode,
}
decode_reply = msgspec.json.Decoder(Reply).decode
_decode_listing = msgspec.json.Decoder(Listing).decode
_decode_pair = msgspec.json.Decoder(PairRow, strict=False).decode


def parse_instruments(body: bytes) -> list[Instrument]:
    """The pairs that trade."""
    rows = _decode_listing(body).result.values()
    return read_rows(rows, lambda row: _decode_pair(row).instrument())
