"""Users' resting orders of a pair, by price and then by time, and what reaches them.

Keys are ticks, negative for bids, so that the best is the least on both sides.
"""

from bisect import insort
from collections.abc import Callable

from assay.exchange.compute.book import ASK, BID
from assay.exchange.compute.orders import Live

Share = tuple[Live, int]
"""An order and the steps it is filled by."""


class RestingSide:
    """One side's orders."""

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, list[Live]] = {}

    def add(self, live: Live) -> None:
        """Put an order last at its price."""
        key = live.tick * self.sign
        if key not in self.levels:
            insort(self.keys, key)
            self.levels[key] = []
        self.levels[key].append(live)

    def remove(self, live: Live) -> None:
        """Take an order out."""
        key = live.tick * self.sign
        self.levels[key].remove(live)
        if not self.levels[key]:
            del self.levels[key]
            self.keys.remove(key)

    def is_reached(self, tick: int) -> bool:
        """True if a trade at `tick` is at or beyond the best order's price."""
        return bool(self.keys) and self.keys[0] <= tick * self.sign

    def share_trade(
        self, tick: int, size: int, is_queued: bool, get_drawn: Callable[[int], int]
    ) -> list[Share]:
        """Who gets how much of a trade of the tape: at most its size, best price first.

        Orders better than the trade's price are served before it; so are those at its price if the
        other side traded down (up) to them (not `is_queued`). Otherwise what stood before them at
        their price, as far as `get_drawn(key)` says it still stands, is served first.
        """
        shares: list[Share] = []
        limit = tick * self.sign
        for key in self.keys:
            if key > limit or size <= 0:
                break
            level = self.levels[key]
            in_front = 0
            if key == limit and is_queued and any(live.ahead for live in level):
                in_front = get_drawn(key)
            served = share_level(level, size, in_front)
            shares += served.shares
            size = served.left
            for live in level:
                live.ahead = max(min(live.ahead, in_front) - served.drawn, 0)
        return shares


class Served:
    """What became of a size at one level: users' shares, drawn steps used, and the rest."""

    __slots__ = ("drawn", "left", "shares")

    def __init__(self, shares: list[Share], drawn: int, left: int) -> None:
        self.shares, self.drawn, self.left = shares, drawn, left


def share_level(level: list[Live], size: int, drawn: int) -> Served:
    """Serve `size` steps at one price in order of time: the part of the `drawn` steps that stood
    before each order, then that order. Drawn steps behind the last order are not served here.
    """
    shares: list[Share] = []
    used = 0
    for live in level:
        before = min(max(min(live.ahead, drawn) - used, 0), size)
        used += before
        size -= before
        taken = min(live.left, size)
        if taken:
            shares.append((live, taken))
            size -= taken
        if not size:
            break
    return Served(shares, used, size)


class Resting:
    """Both sides."""

    def __init__(self) -> None:
        self.bids = RestingSide(BID)
        self.asks = RestingSide(ASK)

    @property
    def has_any(self) -> bool:
        """True if any order rests."""
        return bool(self.bids.keys or self.asks.keys)

    def get_side(self, is_buy: bool) -> RestingSide:
        """The side that orders to buy (to sell) rest on."""
        return self.bids if is_buy else self.asks
