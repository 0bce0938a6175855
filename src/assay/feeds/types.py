"""The words of live markets: instruments, events of a venue, books, prices and health.

Times are milliseconds since 1970 UTC: `time_ms` is the venue's own, `received_ms` ours. Prices and
sizes of events are float64; inside a book they are integers of the instrument's tick and of 1e-8.
A size of 0 in a delta removes its level. Pure: no clock, no network.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Verified(StrEnum):
    """What our reading of a venue's protocol was proved on."""

    LIVE = "live"
    RECORDED = "recorded"
    DOCUMENTS_ONLY = "documents only"


class Topic(StrEnum):
    """What can be watched of an instrument."""

    TRADES = "trades"
    TICKER = "ticker"
    CANDLES = "candles"
    BOOK = "book"


class SequenceRule(StrEnum):
    """How a venue's book changes follow each other."""

    RANGE = "range"
    """`first_id` is one more than the last change's `last_id` (Binance)."""
    PREVIOUS = "previous"
    """`previous_id` is the last change's `last_id` (OKX)."""
    COUNTED = "counted"
    """Each change's `last_id` is one more than the one before it (Bybit, Coinbase)."""
    CHECKSUM = "checksum"
    """No numbers: the checksum of the book after each change (Kraken's CRC32)."""
    WHOLE = "whole"
    """Every message is the whole book (ccxt)."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A spot pair of a venue: its own symbol, its parts as the field writes them, and its grid."""

    venue: str
    symbol: str
    base: str
    quote: str
    tick: float
    step: float = 1e-8

    @property
    def pair(self) -> str:
        """`BTC/USDT`, the same for every venue."""
        return f"{self.base}/{self.quote}"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic of an instrument; `interval` belongs to candles, `1m` and the like."""

    topic: Topic
    symbol: str
    interval: str = "1m"


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade; `is_buy` says that the taker bought. `trade_id` grows by one each where the venue
    numbers them so, and is -1 where it does not.
    """

    symbol: str
    trade_id: int
    price: float
    size: float
    is_buy: bool
    time_ms: int


@dataclass(frozen=True, slots=True)
class Ticker:
    """Last and best prices, the volume of 24 hours and the price then; NaN where the venue does not
    say.
    """

    symbol: str
    last: float
    bid: float
    ask: float
    base_volume: float
    quote_volume: float
    time_ms: int
    open_24h: float = math.nan


@dataclass(frozen=True, slots=True)
class Candle:
    """A bar of the venue or one built from its trades; `is_closed` once it will not change."""

    symbol: str
    interval: str
    open_ms: int
    open: float
    high: float
    low: float
    close: float
    base_volume: float
    quote_volume: float
    trades: int
    is_closed: bool


Levels = Sequence[tuple[str, str]]
"""(price, size) as the venue wrote them, so that no digit is lost before the grid is applied."""


@dataclass(frozen=True, slots=True)
class BookSnapshot:
    """A whole book, and the number of the last change in it."""

    symbol: str
    last_id: int
    bids: Levels
    asks: Levels
    time_ms: int = 0
    checksum: int | None = None


@dataclass(frozen=True, slots=True)
class BookDelta:
    """A change. `first_id`..`last_id` are the numbers it covers; `previous_id` is that of the
    change before it where the venue says it. `checksum` is of the book after it.
    """

    symbol: str
    first_id: int
    last_id: int
    bids: Levels
    asks: Levels
    time_ms: int
    previous_id: int | None = None
    checksum: int | None = None


@dataclass(frozen=True, slots=True)
class RawDelta:
    """A change that is still the venue's own bytes, for the kernel."""

    symbol: str
    frame: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """The venue took a request of ours."""

    request_id: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The venue refused a request of ours, or says why it will hang up."""

    request_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Alive:
    """The venue says it is there; `answer` is the frame it waits for, if any."""

    time_ms: int = 0
    answer: bytes | None = None


Event = Trade | Ticker | Candle | BookSnapshot | BookDelta | RawDelta | Accepted | Refused | Alive


class Applied(IntEnum):
    """What became of a change of a book."""

    APPLIED = 0
    OLD = 1
    """It is in the book already."""
    EARLY = 2
    """There is no snapshot yet."""
    GAP = 3
    """Changes before it are missing: a new snapshot is needed."""
    CROSSED = 4
    """Best bid at or above best ask: a new snapshot is needed."""
    MALFORMED = 5
    """Not read: nothing was changed."""
    MISMATCH = 6
    """The venue's checksum is not that of the book: a new snapshot is needed."""


@dataclass(frozen=True, slots=True)
class Top:
    """Best bid and ask; NaN on an empty side."""

    bid: float
    bid_size: float
    ask: float
    ask_size: float


@dataclass(frozen=True, slots=True)
class Depth:
    """The best levels of a book as floats, best first."""

    bids: Sequence[tuple[float, float]]
    asks: Sequence[tuple[float, float]]
    last_id: int
    time_ms: int


class VenueState(StrEnum):
    """How a venue is."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class VenueHealth:
    """A venue as it is now. `clock_offset_ms` is its clock less ours, None until it is known."""

    venue: str
    state: VenueState
    verified: Verified
    instruments: int
    last_message_ms: int | None
    clock_offset_ms: float | None
    latency_ms: float | None
    messages: int
    reconnects: int
    gaps: int
    malformed: int
    dropped: int
    reason: str = ""
    is_replay: bool = False
    notice: str = ""
    """What every page must say that shows this venue; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one venue says of a token. `used` is False with the reason in `left_out`."""

    venue: str
    symbol: str
    price: float
    volume_24h_usd: float
    age_ms: int
    used: bool
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a token: the volume-weighted median over venues, and what stands behind it.

    `price` is None, with a reason, where no venue may be believed now. `currency` is that of the
    quotes (`USD`, `USDT`): none is converted without a live rate.
    """

    token_id: int
    symbol: str
    currency: str
    price: float | None
    time_ms: int
    contributions: Sequence[Contribution] = field(default_factory=tuple)
    reason: str = ""
    change_24h: float | None = None
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class BookUpdate:
    """The best levels of a book. `is_live` is False, with a reason and without levels, while the
    book is not known to be that of the venue.
    """

    venue: str
    symbol: str
    pair: str
    token_id: int | None
    is_live: bool
    bids: Sequence[tuple[float, float]]
    asks: Sequence[tuple[float, float]]
    last_id: int
    time_ms: int
    reason: str = ""
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class TokenCandle:
    """A bar of a token, built from the trades of the venue where most of it trades. `is_complete`
    is False where trades of it were missed; `source` is `trades`.
    """

    token_id: int
    venue: str
    pair: str
    interval: str
    open_ms: int
    open: float
    high: float
    low: float
    close: float
    base_volume: float
    quote_volume: float
    trades: int
    is_closed: bool
    is_complete: bool
    is_replay: bool = False
    source: str = "trades"


def pack_update(channel: str, key: str, payload: bytes) -> bytes:
    """An update as the bus carries it: channel, key and a JSON payload encoded once."""
    return b"%b\0%b\0%b" % (channel.encode(), key.encode(), payload)


def unpack_update(message: bytes) -> tuple[str, str, bytes]:
    """(channel, key, payload) of a message of the bus."""
    channel, key, payload = message.split(b"\0", 2)
    return channel.decode(), key.decode(), payload
