"""What Coinbase's messages say. Pure.

Follows docs.cdp.coinbase.com (Advanced Trade WebSocket channels of 2026-06-28 and overview, REST
`market/products` and `time`): channels market_trades, ticker, level2 and heartbeats of
advanced-trade-ws.coinbase.com. `side` of a trade is the maker's, so the taker did the other. Trades
of the snapshot after subscribing are of the past, and left out. Tickers have no time of their own:
the message's stands for it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec import Raw, Struct

from assay.feeds.sources.numbers import (
    NAN,
    NO_ID,
    Amount,
    Count,
    Digits,
    Millis,
    Price,
    Volume,
    make_reader,
    read_moment,
    read_quote,
    read_rows,
)
from assay.feeds.types import (
    Alive,
    BookDelta,
    BookSnapshot,
    Event,
    Instrument,
    Levels,
    Ticker,
    Trade,
)

VENUE: Final = "coinbase"
_WHOLE: Final = 100.0

Chain = dict[str, int]
"""The number of the last change of each book; a pair whose book lost one is not in it."""


class Message(Struct, gc=False, rename={"sequence": "sequence_num", "time": "timestamp"}):
    """What every message says; `sequence` counts all messages of a connection."""

    sequence: Count
    time: datetime

    def events(self, chain: Chain) -> Sequence[Event]:
        """As the house says it; by itself no more than that the venue is there."""
        return (Alive(read_moment(self.time)),)


class TradeRow(Struct, gc=False, rename={"symbol": "product_id"}):
    """One trade; `side` is the maker's."""

    trade_id: Count
    symbol: str
    price: Price
    size: Amount
    side: Literal["BUY", "SELL"]
    time: datetime

    def event(self) -> Trade:
        """As the house says it."""
        is_buy = self.side == "SELL"
        moment = read_moment(self.time)
        return Trade(self.symbol, self.trade_id, self.price, self.size, is_buy, moment)


class TradesPart(Struct, gc=False):
    """Trades of 250 ms, or of the past."""

    type: Literal["snapshot", "update"]
    trades: list[TradeRow]


class TradesMessage(Message, gc=False, rename={"parts": "events"}):
    """Channel `market_trades`."""

    parts: list[TradesPart]

    def events(self, chain: Chain) -> Sequence[Event]:
        """As the house says it, oldest first."""
        rows = [row for part in self.parts if part.type == "update" for row in part.trades]
        return [row.event() for row in sorted(rows, key=lambda row: row.trade_id)]


class TickerRow(
    Struct,
    gc=False,
    rename={
        "symbol": "product_id",
        "last": "price",
        "bid": "best_bid",
        "ask": "best_ask",
        "volume": "volume_24_h",
        "change_percent": "price_percent_chg_24_h",
    },
):
    """The last 24 hours."""

    symbol: str
    last: Volume
    volume: Volume
    change_percent: float
    bid: str = ""
    ask: str = ""

    def event(self, time_ms: int) -> Ticker:
        """As the house says it; the price a day ago follows from the change since."""
        kept = 1 + self.change_percent / _WHOLE
        last = self.last or NAN
        opened = last / kept if kept > 0 else NAN
        bid, ask = read_quote(self.bid), read_quote(self.ask)
        return Ticker(self.symbol, last, bid, ask, self.volume, NAN, time_ms, opened)


class TickerPart(Struct, gc=False):
    """Tickers of some pairs."""

    tickers: list[TickerRow]


class TickerMessage(Message, gc=False, rename={"parts": "events"}):
    """Channel `ticker`."""

    parts: list[TickerPart]

    def events(self, chain: Chain) -> Sequence[Event]:
        """As the house says it."""
        moment = read_moment(self.time)
        return [row.event(moment) for part in self.parts for row in part.tickers]


class LevelRow(Struct, gc=False, rename={"price": "price_level", "size": "new_quantity"}):
    """A level and what stands there now."""

    side: Literal["bid", "offer"]
    price: Digits
    size: Digits


class BookPart(Struct, gc=False, rename={"symbol": "product_id", "levels": "updates"}):
    """Levels of a pair."""

    type: Literal["snapshot", "update"]
    symbol: str
    levels: list[LevelRow]


class BookMessage(Message, gc=False, rename={"parts": "events"}):
    """Channel `level2`, whose messages call it `l2_data`."""

    parts: list[BookPart]

    def events(self, chain: Chain) -> Sequence[Event]:
        """As the house says it; each change knows the one before it of the same pair."""
        moment = read_moment(self.time)
        return [self._read(part, moment, chain) for part in self.parts]

    def _read(self, part: BookPart, moment: int, chain: Chain) -> Event:
        symbol, number = part.symbol, self.sequence
        bids, asks = _pick(part.levels, "bid"), _pick(part.levels, "offer")
        previous, chain[symbol] = chain.get(symbol, NO_ID), number
        if part.type == "snapshot":
            return BookSnapshot(symbol, number, bids, asks, moment)
        return BookDelta(symbol, number, number, bids, asks, moment, previous)


def _pick(levels: list[LevelRow], side: str) -> Levels:
    return [(level.price, level.size) for level in levels if level.side == side]


class Problem(Struct, gc=False):
    """Why a request was refused; without a number."""

    type: Literal["error"]
    message: str = "no reason was given"


class PairRow(
    Struct,
    gc=False,
    rename={
        "symbol": "product_id",
        "base": "base_currency_id",
        "quote": "quote_currency_id",
        "tick": "price_increment",
        "coarse_tick": "quote_increment",
        "step": "base_increment",
    },
):
    """A pair of GET /api/v3/brokerage/market/products."""

    symbol: str
    base: str
    quote: str
    step: Price
    coarse_tick: Price
    tick: Volume = 0.0
    status: str = "online"
    trading_disabled: bool = False
    is_disabled: bool = False
    view_only: bool = False
    alias: str = ""

    def instrument(self) -> Instrument | None:
        """As the house says it; None for what does not trade now or is another pair's name."""
        is_shut = self.trading_disabled or self.is_disabled or self.view_only
        if self.status != "online" or is_shut or self.alias:
            return None
        tick = self.tick or self.coarse_tick
        return Instrument(VENUE, self.symbol, self.base, self.quote, tick, self.step)


class Listing(Struct, gc=False):
    """A list; each row is read by itself."""

    products: list[Raw]


class Time(Struct, gc=False, rename={"time": "epochMillis"}):
    """GET /api/v3/brokerage/time."""

    time: Millis


SUBSCRIPTIONS: Final = b"subscriptions"
READERS: Final[Mapping[bytes, Callable[[bytes], Message]]] = {
    b"market_trades": make_reader(TradesMessage),
    b"ticker": make_reader(TickerMessage),
    b"l2_data": make_reader(BookMessage),
    b"heartbeats": make_reader(Message),
    SUBSCRIPTIONS: make_reader(Message),
}
decode_problem = msgspec.json.Decoder(Problem).decode
_decode_listing = msgspec.json.Decoder(Listing).decode
_decode_pair = msgspec.json.Decoder(PairRow, strict=False).decode
_decode_time = msgspec.json.Decoder(Time, strict=False).decode


def parse_instruments(body: bytes) -> list[Instrument]:
    """The pairs that trade."""
    return read_rows(_decode_listing(body).products, lambda row: _decode_pair(row).instrument())


def parse_time(body: bytes) -> int:
    """Milliseconds since 1970."""
    return _decode_time(body).time
