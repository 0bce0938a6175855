"""The words of the replay exchange: pairs, orders, balances, events and what a caller may set.

Every price and amount is an integer count of 1e-8 of its asset (`E8`), so that sums are exact;
`format_e8` writes one as Binance does. Times are milliseconds since 1970 UTC of the replayed
market. Events are data; the face encodes them. Pure: no clock, no network.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

from assay.kit.errors import BadInput

E8 = int
SCALE = 10**8
MINUTE_MS = 60_000
STEP_MS = 100
"""Books move on this grid: Binance's `depth@100ms`."""


def format_e8(amount: E8) -> str:
    """`1.50000000` for 150000000: eight decimals, as Binance writes prices and amounts."""
    whole, part = divmod(abs(amount), SCALE)
    return f"{'-' if amount < 0 else ''}{whole}.{part:08d}"


class Side(StrEnum):
    """Who asks: `BUY` receives the base asset."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """The types of orders that are taken."""

    LIMIT = "LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"
    MARKET = "MARKET"


class TimeInForce(StrEnum):
    """How long a limit order stands."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class OrderStatus(StrEnum):
    """Binance's states of an order. `EXPIRED`: what IOC, FOK or MARKET could not fill."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


class ExecutionType(StrEnum):
    """Why an execution report is sent."""

    NEW = "NEW"
    TRADE = "TRADE"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


class Refusal(BadInput):
    """A request that the exchange refuses. `venue_code` is Binance's, such as -2010."""

    code = "order-refused"

    def __init__(self, venue_code: int, message: str) -> None:
        super().__init__(message)
        self.venue_code = venue_code


class Recording(msgspec.Struct, frozen=True):
    """The recorded minute candles of a pair, oldest first, one per minute without holes.

    `open_ms` is int64; prices and `quote_volume` (units of the quote asset) are float64. A minute
    with volume 0 had no trade.
    """

    symbol: str
    base: str
    quote: str
    open_ms: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    quote_volume: NDArray[np.float64]


class Pair(msgspec.Struct, frozen=True):
    """A pair and its filters. `tick` and `step` are the grids of prices and quantities."""

    symbol: str
    base: str
    quote: str
    tick: E8
    step: E8
    min_price: E8
    max_price: E8
    min_quantity: E8
    max_quantity: E8
    min_notional: E8
    max_orders: int


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What makes one exchange differ from another. Fees are parts per million (1000 = 0.1 %).

    `seed` chooses the path inside minutes, never the candles; `name` chooses the books and the
    noise: exchanges of one seed and two names see the same trades in books that differ.
    `offset_bps` and `noise_bps` move the recorded candles themselves (a constant, and up to so
    much either way a minute): with both 0 the candles are the recorded ones. `delay_ms` is for
    the face: how late it answers and sends. `spread` and `depth` scale the synthetic book.
    """

    name: str = "replay"
    seed: int = 0
    maker_fee_ppm: int = 1_000
    taker_fee_ppm: int = 1_000
    offset_bps: float = 0.0
    noise_bps: float = 0.0
    spread: float = 1.0
    depth: float = 1.0
    delay_ms: int = 0


class Channel(StrEnum):
    """What can be watched of a pair. Klines are watched per interval (`1m`, `1h`)."""

    TRADE = "trade"
    DEPTH = "depth"
    BOOK_TICKER = "bookTicker"
    TICKER = "24hrTicker"
    KLINE = "kline"


class PublicTrade(msgspec.Struct, frozen=True, gc=False):
    """A trade of the tape. `is_buyer_maker`: the taker sold. Ids of a pair grow by one each."""

    symbol: str
    trade_id: int
    price: E8
    quantity: E8
    time_ms: int
    is_buyer_maker: bool


class Kline(msgspec.Struct, frozen=True, gc=False):
    """A bar. `first_id`..`last_id` are its trades, -1 without any; `is_closed` if time is over."""

    symbol: str
    interval: str
    open_ms: int
    close_ms: int
    open: E8
    high: E8
    low: E8
    close: E8
    volume: E8
    quote_volume: E8
    trades: int
    taker_volume: E8
    taker_quote_volume: E8
    first_id: int
    last_id: int
    is_closed: bool


class KlineUpdate(msgspec.Struct, frozen=True, gc=False):
    """A bar as it stands at `time_ms`: every second that it changed, and once when it closes."""

    symbol: str
    time_ms: int
    kline: Kline


class BookTop(msgspec.Struct, frozen=True, gc=False):
    """Best bid and ask; 0 on an empty side. Sent on the 100 ms grid when it changed."""

    symbol: str
    update_id: int
    bid: E8
    bid_quantity: E8
    ask: E8
    ask_quantity: E8
    time_ms: int


class Ticker(msgspec.Struct, frozen=True, gc=False):
    """The 24 hours up to `close_ms`, or what was replayed of them. Sent every second."""

    symbol: str
    last: E8
    last_quantity: E8
    open: E8
    high: E8
    low: E8
    volume: E8
    quote_volume: E8
    open_ms: int
    close_ms: int
    first_id: int
    last_id: int
    trades: int
    top: BookTop


Level = tuple[E8, E8]
"""(price, quantity)."""


class DepthDelta(msgspec.Struct, frozen=True, gc=False):
    """Levels that changed, best first; quantity 0 removes. `first_id` is the last one's
    `last_id` + 1.
    """

    symbol: str
    first_id: int
    last_id: int
    bids: list[Level]
    asks: list[Level]
    time_ms: int


class DepthSnapshot(msgspec.Struct, frozen=True, gc=False):
    """The best levels of a book, best first, as of change `last_id`."""

    symbol: str
    last_id: int
    bids: list[Level]
    asks: list[Level]
    time_ms: int


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An order as asked for. `client_order_id` "" lets the exchange name it."""

    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce = TimeInForce.GTC
    quantity: E8 | None = None
    quote_quantity: E8 | None = None
    price: E8 | None = None
    client_order_id: str = ""


class Fill(msgspec.Struct, frozen=True, gc=False):
    """A trade of a user. The fee is in the asset received. A maker's fill carries the id of the
    trade of the tape that filled it; a taker's is not on the tape and has an id of its own.
    """

    symbol: str
    trade_id: int
    order_id: int
    side: Side
    price: E8
    quantity: E8
    quote_quantity: E8
    commission: E8
    commission_asset: str
    time_ms: int
    is_maker: bool


class Order(msgspec.Struct, frozen=True):
    """An order as it stood when it was asked for; a later state is another record."""

    order_id: int
    account: str
    symbol: str
    client_order_id: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: E8
    quantity: E8
    quote_quantity: E8
    executed: E8
    executed_quote: E8
    status: OrderStatus
    time_ms: int
    update_ms: int
    fills: tuple[Fill, ...] = ()

    @property
    def is_open(self) -> bool:
        """True while it can still be filled or cancelled."""
        return self.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


class Balance(msgspec.Struct, frozen=True, gc=False):
    """What an account has of an asset: free to use, and locked in open orders. Never negative."""

    asset: str
    free: E8
    locked: E8


class ExecutionReport(msgspec.Struct, frozen=True, gc=False):
    """What happened to an order. `order` is its state after it; `fill` belongs to `TRADE`.

    `cancel_id` is the client order id of the request that cancelled it, as Binance's `c` (then
    `C` is the order's own).
    """

    account: str
    execution: ExecutionType
    order: Order
    time_ms: int
    execution_id: int
    fill: Fill | None = None
    cancel_id: str = ""


class AccountPosition(msgspec.Struct, frozen=True, gc=False):
    """The balances that a change touched (`outboundAccountPosition`)."""

    account: str
    balances: tuple[Balance, ...]
    time_ms: int


PublicEvent = PublicTrade | KlineUpdate | BookTop | Ticker | DepthDelta
UserEvent = ExecutionReport | AccountPosition
Event = PublicEvent | UserEvent


class Outcome(msgspec.Struct, frozen=True):
    """What a request of a user came to, and what its user stream is to be told, in order."""

    order: Order
    events: tuple[UserEvent, ...]


Balances = Mapping[str, E8]
