"""A replay exchange: recorded candles walked trade by trade, and users' orders matched to them.

Pure: time moves only by `advance`. A pair that nobody watches and nobody has an order on costs
nothing.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from operator import itemgetter

import numpy as np

from assay.exchange.compute import bars
from assay.exchange.compute.desk import Desk
from assay.exchange.compute.market import Dated, Market
from assay.exchange.compute.orders import Account
from assay.exchange.types import (
    MINUTE_MS,
    SCALE,
    Balance,
    Balances,
    BookTop,
    Channel,
    DepthSnapshot,
    Event,
    Fill,
    Kline,
    Options,
    Order,
    OrderRequest,
    OrderType,
    Outcome,
    Pair,
    PublicTrade,
    Recording,
    Refusal,
    Side,
    Ticker,
)
from assay.kit.errors import BadInput

FIRST_LOOK_MS = 2_000
MOST_LEVELS = 5_000
MOST_ROWS = 1_000


class Engine:
    """One exchange. Not thread-safe: call it from one thread or event loop."""

    def __init__(
        self, recordings: Iterable[Recording], options: Options, start_ms: int | None = None
    ) -> None:
        """Stand at `start_ms` (default: when the first recording begins)."""
        known = list(recordings)
        if not known:
            raise BadInput("An exchange needs at least one recorded pair.")
        if start_ms is None:
            start_ms = min(int(recording.open_ms[0]) for recording in known)
        self.options = options
        self.start_ms = self.now_ms = start_ms
        self._markets = {each.symbol: Market(each, options, start_ms) for each in known}
        tapes = [market.tape for market in self._markets.values()]
        self.pairs: dict[str, Pair] = {tape.symbol: tape.pair for tape in tapes}
        self.end_ms = max(tape.end_ms for tape in tapes)
        """When the last recording ends: nothing trades from then on."""
        self._desk = Desk(options)

    def _find(self, symbol: str) -> Market:
        if symbol not in self._markets:
            raise Refusal(-1121, "Invalid symbol.")
        return self._markets[symbol]

    def advance(self, to_ms: int) -> list[Event]:
        """Move to `to_ms` (never back) and give what happened of what is watched, in order of
        time, with every user's events. Ask for seconds at a time, not hours: it is one list.
        """
        if to_ms < self.now_ms:
            raise BadInput("The time of an exchange only moves on.")
        happened: list[Dated] = []
        busy = [each for each in self._markets.values() if each.is_due(self.now_ms, to_ms)]
        with_orders = [market for market in busy if market.resting.has_any]
        for market in busy:
            if not market.resting.has_any:
                happened += self._advance(market, self.now_ms, to_ms)
        at_ms = self.now_ms
        for bound_ms in self._list_bounds(with_orders, to_ms):
            for market in with_orders:
                happened += self._advance(market, at_ms, bound_ms)
            at_ms = bound_ms
        if len(busy) > 1:
            happened.sort(key=itemgetter(0))
        self.now_ms = to_ms
        return [event for _, event in happened]

    def _advance(self, market: Market, after_ms: int, until_ms: int) -> list[Dated]:
        return market.advance(after_ms, until_ms, partial(self._desk.fill, market))

    def _list_bounds(self, markets: list[Market], to_ms: int) -> list[int]:
        """Times to stop at, so that fills of one account on several pairs happen in order."""
        bounds = {to_ms}
        if len(markets) > 1:
            for market in markets:
                for minute, start, stop in market.tape.list_between(self.now_ms, to_ms):
                    bounds.update(minute.times[start:stop])
        return sorted(bounds)

    def watch(self, symbol: str, channel: Channel, interval: str = "1m") -> None:
        """Ask for the events of a channel from now on. Counted: as many `unwatch` end it."""
        self._find(symbol).start_watching(channel, interval, self.now_ms)

    def unwatch(self, symbol: str, channel: Channel, interval: str = "1m") -> None:
        """Take one `watch` back."""
        self._find(symbol).stop_watching(channel, interval)

    # What anyone may ask. All raise Refusal(-1121) for an unknown symbol.

    def get_depth(self, symbol: str, limit: int = 100) -> DepthSnapshot:
        """The best `limit` (at most 5,000) levels of each side now."""
        return self._find(symbol).make_snapshot(min(limit, MOST_LEVELS), self.now_ms)

    def get_top(self, symbol: str) -> BookTop:
        """Best bid and ask now."""
        market = self._find(symbol)
        market.lay(self.now_ms)
        return market.make_top(self.now_ms)

    def get_ticker(self, symbol: str) -> Ticker:
        """The last 24 hours, or what was replayed of them."""
        return self._find(symbol).make_ticker(self.now_ms)

    def get_price(self, symbol: str) -> int:
        """The last trade's price (E8); before the first trade the first open."""
        tape = self._find(symbol).tape
        return tape.get_state(self.now_ms)[0] * tape.pair.tick

    def list_trades(
        self, symbol: str, limit: int = 500, from_id: int | None = None
    ) -> list[PublicTrade]:
        """The newest trades, oldest first; with `from_id` those from it on."""
        tape = self._find(symbol).tape
        limit = max(1, min(limit, MOST_ROWS))
        if from_id is None:
            from_id = tape.count_until(self.now_ms) - limit + 1
            limit += min(from_id - 1, 0)
        return tape.list_trades(from_id, limit, self.now_ms)

    def list_klines(
        self,
        symbol: str,
        interval: str = "1m",
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
    ) -> list[Kline]:
        """Bars that open within [start_ms, end_ms], the newest `limit` (with `start_ms` the
        oldest), the last one as it stands now. Refusal(-1120) for an unknown interval.
        """
        tape = self._find(symbol).tape
        return bars.list_klines(tape, interval, start_ms, end_ms, limit, self.now_ms)

    # What an account may do.

    def open_account(self, account: str, balances: Balances) -> None:
        """Create an account that has `balances` free; again: add to them."""
        known = self._desk.accounts.setdefault(account, Account(account))
        for asset, amount in balances.items():
            if amount < 0:
                raise BadInput(f"A balance of {asset} cannot be negative.")
            known.receive(asset, amount)

    def list_balances(self, account: str) -> list[Balance]:
        """Every asset of the exchange, zero or not, by name."""
        known = self._desk.get_account(account)
        assets = {asset for pair in self.pairs.values() for asset in (pair.base, pair.quote)}
        return [known.get_balance(asset) for asset in sorted(assets | known.free.keys())]

    def place(self, account: str, request: OrderRequest) -> Outcome:
        """Submit an order; what it takes at once is in `outcome.order.fills`. Refusal as Binance:
        -1121 symbol, -1013 filters, -2010 balance, duplicate id or a maker that would take.
        """
        known, market = self._desk.get_account(account), self._find(request.symbol)
        return self._desk.place(known, market, request, self.now_ms)

    def check(self, account: str, request: OrderRequest) -> None:
        """Refuse what `place` would refuse, and place nothing (`order/test`)."""
        known, market = self._desk.get_account(account), self._find(request.symbol)
        live = self._desk.check(known, market, request, self.now_ms)
        self._desk.plan(known, market, live, self.now_ms)

    def cancel(
        self,
        account: str,
        symbol: str,
        order_id: int | None = None,
        client_order_id: str = "",
        cancel_id: str = "",
    ) -> Outcome:
        """Cancel an open order. Refusal(-2011) if there is no such open one."""
        known, market = self._desk.get_account(account), self._find(symbol)
        live = known.find(symbol, order_id, client_order_id)
        if live is None or not live.is_open:
            raise Refusal(-2011, "Unknown order sent.")
        return self._desk.cancel(known, market, live, cancel_id, self.now_ms)

    def cancel_all(self, account: str, symbol: str) -> list[Outcome]:
        """Cancel every open order of a pair. Refusal(-2011) if there is none."""
        known, market = self._desk.get_account(account), self._find(symbol)
        open_orders = known.list_open(symbol)
        if not open_orders:
            raise Refusal(-2011, "Unknown order sent.")
        return [self._desk.cancel(known, market, live, "", self.now_ms) for live in open_orders]

    def get_order(
        self, account: str, symbol: str, order_id: int | None = None, client_order_id: str = ""
    ) -> Order:
        """An order in any state. Refusal(-2013) if there is none."""
        self._find(symbol)
        live = self._desk.get_account(account).find(symbol, order_id, client_order_id)
        if live is None:
            raise Refusal(-2013, "Order does not exist.")
        return live.freeze()

    def list_open_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """Open orders, oldest first."""
        if symbol is not None:
            self._find(symbol)
        known = self._desk.get_account(account)
        return [live.freeze() for live in known.list_open(symbol)]

    def list_orders(self, account: str, symbol: str, limit: int = 500) -> Sequence[Order]:
        """The newest orders of a pair in any state, oldest first."""
        self._find(symbol)
        orders = self._desk.get_account(account).orders.values()
        matching = [live for live in orders if live.pair.symbol == symbol]
        return [live.freeze() for live in matching[-limit:]]

    def list_fills(
        self, account: str, symbol: str, limit: int = 500, order_id: int | None = None
    ) -> Sequence[Fill]:
        """The newest fills of a pair, oldest first."""
        self._find(symbol)
        return self._desk.get_account(account).list_fills(symbol, limit, order_id)


def warm_kernels() -> None:
    """Compile what computes paths and books, or load it from the cache: seconds the first time.

    For a thread at the start, so that the first one who asks does not wait. Touches no engine.
    """
    minutes = np.arange(2, dtype=np.int64) * MINUTE_MS
    prices = np.array([100.0, 101.0])
    recording = Recording(
        "WARM", "W", "USDT", minutes, prices, prices + 1, prices - 1, prices, prices * 1_000
    )
    engine = Engine([recording], Options())
    engine.open_account("w", {"USDT": 1_000 * SCALE})
    engine.watch("WARM", Channel.DEPTH)
    bid = engine.get_top("WARM").bid
    order = OrderRequest(
        symbol="WARM", side=Side.BUY, type=OrderType.LIMIT, quantity=SCALE, price=bid
    )
    engine.place("w", order)
    engine.advance(MINUTE_MS + FIRST_LOOK_MS)
    engine.get_ticker("WARM")
