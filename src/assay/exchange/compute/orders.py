"""Orders while they live, and accounts: what is free, what is locked, what was done.

Every amount is an integer, so money is neither made nor lost by rounding; a balance that would
become negative is refused before anything changes.
"""

from collections import deque
from itertools import islice

import msgspec

from assay.exchange.types import (
    Balance,
    Fill,
    Order,
    OrderRequest,
    OrderStatus,
    Pair,
    Refusal,
    Side,
)

REMEMBERED = 10_000
"""Closed orders, and fills, kept for each account."""


class Live(msgspec.Struct):
    """An order as the engine changes it: `tick` and sizes in steps, worth and `reserved` in E8.

    `ahead` is how many synthetic steps at its price came before it.
    """

    order_id: int
    account: str
    pair: Pair
    request: OrderRequest
    client_order_id: str
    tick: int
    size: int
    time_ms: int
    update_ms: int
    status: OrderStatus = OrderStatus.NEW
    executed: int = 0
    executed_worth: int = 0
    reserved: int = 0
    ahead: int = 0
    fills: list[Fill] = []

    @property
    def left(self) -> int:
        """Steps not filled yet."""
        return self.size - self.executed

    @property
    def is_buy(self) -> bool:
        """True if it receives the base asset."""
        return self.request.side is Side.BUY

    @property
    def is_open(self) -> bool:
        """True while it can be filled or cancelled."""
        return self.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)

    @property
    def spends(self) -> str:
        """The asset that it pays with."""
        return self.pair.quote if self.is_buy else self.pair.base

    def freeze(self) -> Order:
        """The order as it stands."""
        request, pair = self.request, self.pair
        return Order(
            order_id=self.order_id,
            account=self.account,
            symbol=pair.symbol,
            client_order_id=self.client_order_id,
            side=request.side,
            type=request.type,
            time_in_force=request.time_in_force,
            price=self.tick * pair.tick,
            quantity=self.size * pair.step,
            quote_quantity=request.quote_quantity or 0,
            executed=self.executed * pair.step,
            executed_quote=self.executed_worth,
            status=self.status,
            time_ms=self.time_ms,
            update_ms=self.update_ms,
            fills=tuple(self.fills),
        )


class Account:
    """Balances, orders and fills of one user."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.free: dict[str, int] = {}
        self.locked: dict[str, int] = {}
        self.orders: dict[int, Live] = {}
        self.fills: deque[Fill] = deque(maxlen=REMEMBERED)
        self._open: dict[str, dict[int, Live]] = {}
        self._by_client: dict[str, int] = {}
        self._closed: deque[int] = deque()

    def receive(self, asset: str, amount: int) -> None:
        """Add to what is free."""
        self.free[asset] = self.free.get(asset, 0) + amount

    def check_free(self, asset: str, amount: int) -> None:
        """Refusal(-2010) unless so much is free."""
        if self.free.get(asset, 0) < amount:
            raise Refusal(-2010, "Account has insufficient balance for requested action.")

    def reserve(self, live: Live, amount: int) -> None:
        """Lock what an order may spend. Refusal(-2010) if it is not free."""
        self.check_free(live.spends, amount)
        self.free[live.spends] = self.free.get(live.spends, 0) - amount
        self.locked[live.spends] = self.locked.get(live.spends, 0) + amount
        live.reserved += amount

    def spend(self, live: Live, reserved: int, amount: int) -> None:
        """Take `reserved` off an order's lock, of which `amount` is gone and the rest free."""
        live.reserved -= reserved
        self.locked[live.spends] -= reserved
        self.free[live.spends] += reserved - amount

    def close(self, live: Live, status: OrderStatus, now_ms: int) -> None:
        """End an order and free what it still locks."""
        self.spend(live, live.reserved, 0)
        live.status = status
        live.update_ms = now_ms
        del self._open[live.pair.symbol][live.order_id]
        self._closed.append(live.order_id)
        if len(self._closed) > REMEMBERED:
            gone = self.orders.pop(self._closed.popleft())
            if self._by_client.get(gone.client_order_id) == gone.order_id:
                del self._by_client[gone.client_order_id]

    def add(self, live: Live) -> None:
        """Remember a new order."""
        self.orders[live.order_id] = live
        self._open.setdefault(live.pair.symbol, {})[live.order_id] = live
        self._by_client[live.client_order_id] = live.order_id

    def find(self, symbol: str, order_id: int | None, client_order_id: str) -> Live | None:
        """An order of a pair by its id, else the latest by its client's id."""
        if order_id is None:
            order_id = self._by_client.get(client_order_id, -1)
        live = self.orders.get(order_id)
        return live if live is not None and live.pair.symbol == symbol else None

    def has_open(self, client_order_id: str) -> bool:
        """True if an open order bears this client's id."""
        live = self.orders.get(self._by_client.get(client_order_id, -1))
        return live is not None and live.is_open

    def count_open(self, symbol: str) -> int:
        """How many orders of a pair are open."""
        return len(self._open.get(symbol, ()))

    def list_open(self, symbol: str | None = None) -> list[Live]:
        """Open orders, oldest first."""
        symbols = self._open if symbol is None else [symbol]
        found = [live for each in symbols for live in self._open.get(each, {}).values()]
        return sorted(found, key=lambda live: live.order_id)

    def list_fills(self, symbol: str, limit: int, order_id: int | None) -> list[Fill]:
        """The newest fills of a pair (of an order), oldest first."""
        matching = (
            fill
            for fill in reversed(self.fills)
            if fill.symbol == symbol and order_id in (None, fill.order_id)
        )
        return list(islice(matching, limit))[::-1]

    def get_balance(self, asset: str) -> Balance:
        """What is free and locked of an asset."""
        return Balance(asset, self.free.get(asset, 0), self.locked.get(asset, 0))
