"""Names of streams: `btcusdt@depth@100ms` and what it asks for.

Source: Binance's "WebSocket Streams for Binance". An unknown name is taken, as there, and brings
nothing.
"""

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from assay.exchange.types import Channel

SECOND_MS: Final = 1_000
FAST_MS: Final = 100
PARTIAL: Final = (5, 10, 20)
INTERVALS: Final = (
    *("1s", "1m", "3m", "5m", "15m", "30m"),
    *("1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"),
)


class Kind(StrEnum):
    """What a stream carries."""

    TRADE = "trade"
    AGGREGATE_TRADE = "aggTrade"
    KLINE = "kline"
    MINI_TICKER = "miniTicker"
    TICKER = "ticker"
    BOOK_TICKER = "bookTicker"
    DEPTH = "depth"
    PARTIAL_DEPTH = "partial depth"
    ALL_MINI_TICKERS = "!miniTicker@arr"
    ALL_TICKERS = "!ticker@arr"
    ALL_BOOK_TICKERS = "!bookTicker"


CHANNELS: Final = {
    Kind.TRADE: Channel.TRADE,
    Kind.AGGREGATE_TRADE: Channel.TRADE,
    Kind.KLINE: Channel.KLINE,
    Kind.MINI_TICKER: Channel.TICKER,
    Kind.TICKER: Channel.TICKER,
    Kind.BOOK_TICKER: Channel.BOOK_TICKER,
    Kind.DEPTH: Channel.DEPTH,
    Kind.PARTIAL_DEPTH: Channel.DEPTH,
    Kind.ALL_MINI_TICKERS: Channel.TICKER,
    Kind.ALL_TICKERS: Channel.TICKER,
    Kind.ALL_BOOK_TICKERS: Channel.BOOK_TICKER,
}


@dataclass(frozen=True, slots=True)
class Stream:
    """What a name asks for. `symbol` "": of every pair. `every_ms` belongs to depth."""

    name: str
    kind: Kind
    symbol: str = ""
    interval: str = "1m"
    levels: int = 0
    every_ms: int = SECOND_MS

    @property
    def channel(self) -> Channel:
        """What the engine is to be asked for."""
        return CHANNELS[self.kind]


def parse_stream(name: str, symbols: Container[str]) -> Stream | None:
    """What `name` asks for, None if it is not a stream of this exchange."""
    if name in (Kind.ALL_MINI_TICKERS, Kind.ALL_TICKERS, Kind.ALL_BOOK_TICKERS):
        return Stream(name, Kind(name))
    pair, _, what = name.partition("@")
    symbol = pair.upper()
    if pair != pair.lower() or symbol not in symbols:
        return None
    if what.startswith("kline_"):
        interval = what.removeprefix("kline_")
        return Stream(name, Kind.KLINE, symbol, interval) if interval in INTERVALS else None
    if what.startswith("depth"):
        return _parse_depth(name, symbol, what)
    plain = (
        *(Kind.TRADE, Kind.AGGREGATE_TRADE, Kind.MINI_TICKER, Kind.TICKER),
        Kind.BOOK_TICKER,
    )
    return Stream(name, Kind(what), symbol) if what in plain else None


def _parse_depth(name: str, symbol: str, what: str) -> Stream | None:
    shape, _, speed = what.partition("@")
    if speed not in ("", "100ms", "1000ms"):
        return None
    every_ms = FAST_MS if speed == "100ms" else SECOND_MS
    levels = shape.removeprefix("depth")
    if not levels:
        return Stream(name, Kind.DEPTH, symbol, every_ms=every_ms)
    if levels not in map(str, PARTIAL):
        return None
    return Stream(name, Kind.PARTIAL_DEPTH, symbol, levels=int(levels), every_ms=every_ms)
