"""What each venue is to say, and what we are to hear: examples of the venues' own documents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.feeds.sources.dialect import Dialect
from assay.feeds.types import BookDelta, BookSnapshot, Candle, Event, Instrument, Ticker, Topic

RECEIVED_MS = 1_700_000_000_123
NAN = float("nan")
UNKNOWN = "NOTHERE"
Levels = list[tuple[str, str]]


@dataclass(frozen=True)
class Venue:
    """A venue's examples. Frames of a topic follow each other on one connection."""

    make: Callable[[], Dialect]
    symbol: str
    frames: Mapping[Topic, Sequence[tuple[bytes, Sequence[Event]]]]
    requests: Mapping[str, Sequence[Any]]
    """What `subscribe` (and `unsubscribe`) of every topic sends, decoded."""
    taken: Callable[[Sequence[bytes]], Sequence[bytes]]
    """The answers that take those requests."""
    refusals: Sequence[tuple[bytes, str]]
    """Messages that refuse or announce the end, and a part of the reason."""
    alive: Sequence[tuple[bytes, int]]
    """Heartbeats, and the time that each tells (0: none)."""
    unheard: Sequence[bytes]
    """Messages that say nothing to us."""
    listing: bytes
    instruments: Sequence[Instrument]
    clock: tuple[bytes, int] | None
    numbers: Sequence[str]
    """Texts of numbers in the frames that must be positive; a bad one makes no event."""
    last_price: str
    """The ticker's: where it is nothing or 0 there was no trade yet."""
    snapshot: tuple[bytes, BookSnapshot] | None = None


def same(left: Event, right: Event) -> bool:
    """Equality that holds two NaN for the same."""
    return repr(left) == repr(right)


def ticker(
    symbol: str,
    last: float,
    best: tuple[float, float],
    volumes: tuple[float, float],
    time_ms: int,
    opened: float,
) -> Ticker:
    return Ticker(symbol, last, *best, *volumes, time_ms, opened)


def candle(
    symbol: str,
    open_ms: int,
    prices: tuple[float, float, float, float],
    volumes: tuple[float, float],
    trades: int,
    *,
    is_closed: bool,
) -> Candle:
    return Candle(symbol, "1m", open_ms, *prices, *volumes, trades, is_closed)


def snapshot(
    symbol: str, number: int, bids: Levels, asks: Levels, time_ms: int, crc: int | None = None
) -> BookSnapshot:
    return BookSnapshot(symbol, number, bids, asks, time_ms, crc)


def delta(
    symbol: str,
    numbers: tuple[int, int],
    sides: tuple[Levels, Levels],
    time_ms: int,
    previous: int | None = None,
    crc: int | None = None,
) -> BookDelta:
    return BookDelta(symbol, *numbers, *sides, time_ms, previous, crc)
