"""Venues for tests of books: what they hold is known, and written as Binance writes it."""

import json
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from assay.feeds.types import Applied, BookDelta, BookSnapshot, Instrument, SequenceRule

SYMBOL = "BTCUSDT"
TICK = Decimal("0.01")
UNIT = Decimal("1e-8")
BTC = Instrument("binance", SYMBOL, "BTC", "USDT", 0.01)

RANGE = SequenceRule.RANGE
Half = dict[int, int]


def write_price(ticks: int) -> str:
    return f"{ticks * TICK:.8f}"


def write_size(units: int) -> str:
    return f"{units * UNIT:.8f}"


def write_levels(levels: Half) -> list[tuple[str, str]]:
    return [(write_price(ticks), write_size(units)) for ticks, units in levels.items()]


def write_frame(
    first: int,
    last: int,
    bids: list[tuple[str, str]],
    asks: list[tuple[str, str]],
    *,
    combined: bool = False,
) -> bytes:
    change = {"e": "depthUpdate", "E": 1_667_900_000_000 + last, "s": SYMBOL, "U": first, "u": last}
    message: object = change | {"b": bids, "a": asks}
    if combined:
        message = {"stream": f"{SYMBOL.lower()}@depth@100ms", "data": message}
    return json.dumps(message, separators=(",", ":")).encode()


@dataclass
class Market:
    """A book that moves: `jump` is how far, in ticks, its middle moves at most at once."""

    seed: int
    jump: int = 20
    levels: int = 60
    spread: int = 400
    """Levels lie within so many ticks of the best price."""
    bids: Half = field(default_factory=dict)
    asks: Half = field(default_factory=dict)
    last_id: int = 1000

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.middle = 6_300_000
        self._place(self.bids, -1, self.levels)
        self._place(self.asks, 1, self.levels)

    def snapshot(self) -> BookSnapshot:
        return BookSnapshot(
            SYMBOL, self.last_id, write_levels(self.bids), write_levels(self.asks), 1
        )

    def move(self) -> tuple[int, int, Half, Half]:
        """The next change: its numbers and what it sets on each side (0 removes)."""
        self.middle = max(
            100_000, self.middle + int(self.random.integers(-self.jump, self.jump + 1))
        )
        first = self.last_id + 1
        self.last_id += int(self.random.integers(1, 40))
        bids = {ticks: 0 for ticks in self.bids if ticks >= self.middle}
        asks = {ticks: 0 for ticks in self.asks if ticks <= self.middle}
        for half, changes in ((self.bids, bids), (self.asks, asks)):
            for ticks in list(half):
                if self.random.random() < 0.08:
                    changes[ticks] = 0
            for ticks in changes:
                half.pop(ticks)
        bids |= self._place(self.bids, -1, int(self.random.integers(0, 12)))
        asks |= self._place(self.asks, 1, int(self.random.integers(0, 12)))
        # Removing what is not there happens, and is normal.
        bids.setdefault(self.middle - 90_001, 0)
        return first, self.last_id, bids, asks

    def frame(self, *, combined: bool = False) -> bytes:
        first, last, bids, asks = self.move()
        return write_frame(first, last, write_levels(bids), write_levels(asks), combined=combined)

    def known(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """What `Book.levels` must say."""
        each = 10**10
        bids = [(ticks * each, units) for ticks, units in sorted(self.bids.items(), reverse=True)]
        return bids, [(ticks * each, units) for ticks, units in sorted(self.asks.items())]

    def _place(self, half: Half, sign: int, count: int) -> Half:
        placed = {}
        for _ in range(count):
            far = 40 if self.random.random() < 0.1 else 1
            ticks = self.middle + sign * int(1 + self.random.integers(0, self.spread) * far)
            placed[max(1, ticks)] = int(self.random.integers(1, 10**12))
        half |= placed
        return placed


class ReferenceBook:
    """A book that reads like the venue's page: Decimals, sorted when asked."""

    def __init__(self) -> None:
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}
        self.last_id = 0
        self.is_first = True
        self.is_synced = False

    def load(self, snapshot: BookSnapshot) -> None:
        self.bids = {Decimal(price): Decimal(size) for price, size in snapshot.bids}
        self.asks = {Decimal(price): Decimal(size) for price, size in snapshot.asks}
        self.last_id, self.is_first, self.is_synced = snapshot.last_id, True, True

    def apply(self, delta: BookDelta) -> Applied:
        if not self.is_synced:
            return Applied.EARLY
        if delta.last_id <= self.last_id:
            return Applied.OLD
        follows = delta.first_id == self.last_id + 1
        covers = self.is_first and delta.first_id <= self.last_id + 1 <= delta.last_id
        if not (follows or covers):
            self.is_synced = False
            return Applied.GAP
        for half, levels in ((self.bids, delta.bids), (self.asks, delta.asks)):
            for price, size in levels:
                half[Decimal(price)] = Decimal(size)
                if not Decimal(size):
                    del half[Decimal(price)]
        self.last_id, self.is_first = delta.last_id, False
        if self.bids and self.asks and max(self.bids) >= min(self.asks):
            self.is_synced = False
            return Applied.CROSSED
        return Applied.APPLIED

    def levels(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        bids = [(int(p * 10**12), int(s * 10**8)) for p, s in sorted(self.bids.items())[::-1]]
        return bids, [(int(p * 10**12), int(s * 10**8)) for p, s in sorted(self.asks.items())]


def snapshot(last_id: int = 100, **changes: object) -> BookSnapshot:
    bids = [("99.99", "1"), ("99.98", "2.5"), ("90.00", "7")]
    asks = [("100.01", "0.5"), ("100.02", "3"), ("120.00", "9.00000001")]
    return BookSnapshot(
        **{  # type: ignore[arg-type]
            "symbol": SYMBOL,
            "last_id": last_id,
            "bids": bids,
            "asks": asks,
            "time_ms": 5,
            **changes,
        }
    )


def delta(
    first: int,
    last: int,
    bids: list[tuple[str, str]] | None = None,
    asks: list[tuple[str, str]] | None = None,
    **more: int | None,
) -> BookDelta:
    return BookDelta(SYMBOL, first, last, bids or [], asks or [], 6, **more)
