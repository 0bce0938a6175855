"""Levels as venues write them, read into the integers of a book.

A book's key is a price in ticks, negative for bids: on both sides the smallest key is the best.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from math import gcd
from typing import Literal, TypeVar

import msgspec

from assay.feeds.types import Levels
from assay.kit.errors import BadInput

Side = dict[int, float]
"""Key -> size: the float64 of coins that the text says, or an int of 1e-8 coins where it says so
much that a float64 does not hold every 1e-8 of it. A delta's 0 removes the level.
"""

UNITS = 100_000_000
"""Sizes are integers of 1e-8 coins."""
EXACT_FLOAT = 2.0e7
"""Coins (2e15 units, below 2^51) under which `size x 1e8` rounds to the integer of the text."""
MOST_COINS = 1e18
MOST_TICKS = 1 << 53
MOST_ID = 1 << 62
_CACHED = 8192
_MOST_DECIMALS = 10
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?")

T = TypeVar("T")
Floats = list[tuple[str, float]]
Texts = list[tuple[str, str]]


class Unreadable(ValueError):
    """A message that says nothing a book can hold; nothing was changed."""


class OffGrid(Unreadable):
    """A price between two ticks: an order from before the tick was changed, or a new tick."""

    def __init__(self, price: str) -> None:
        super().__init__(f"{price[:40]} is between two ticks")
        self.price = price


class TooBig(ValueError):
    """A size that 62 bits of 1e-8 coins do not hold."""


class Ticks:
    """Prices of a grid whose tick is `units` of 10^-`decimals`; texts are read exactly.

    A book says few prices often: those it knows, up to a limit, as the keys of either side.
    """

    def __init__(self, decimals: int, units: int) -> None:
        self.decimals = decimals
        self.units = units
        self.bids: dict[str, int] = {}
        self.asks: dict[str, int] = {}

    @classmethod
    def of(cls, tick: float) -> "Ticks":
        """The grid of an instrument. Raises BadInput unless its tick is a positive number."""
        if not 0.0 < tick < float("inf"):
            raise BadInput(f"The tick {tick} is no positive number.", hint="Fetch the pair anew.")
        fraction = f"{Decimal(repr(tick)):f}".partition(".")[2].rstrip("0")
        return cls(len(fraction), int(Decimal(repr(tick)).scaleb(len(fraction))))

    def read_keys(self, levels: Sequence[tuple[str, T]], known: dict[str, int]) -> dict[int, T]:
        """What is said of each price, by key; `known` is `bids` or `asks`. Of several with one
        price the last holds, as Binance and Kraken document. Raises Unreadable, or OffGrid.
        """
        try:
            return {known[price]: said for price, said in levels}
        except KeyError:
            self._learn(levels)
        return {known[price]: said for price, said in levels}

    def _learn(self, levels: Sequence[tuple[str, object]]) -> None:
        # Only here may known prices be forgotten: those of the message at hand come right after.
        if len(self.asks) > _CACHED:
            self.bids.clear()
            self.asks.clear()
        for price, _ in levels:
            if price not in self.asks:
                ticks = self.read(price)
                self.asks[price] = ticks
                self.bids[price] = -ticks

    def show(self, ticks: int) -> float:
        """The float64 nearest to a price."""
        return float(ticks * self.units / 10**self.decimals)

    def read(self, text: str) -> int:
        """Raises OffGrid for a price between ticks, Unreadable for what is no positive price."""
        if _NUMBER.fullmatch(text) is None:
            raise Unreadable(f"{text[:40]!r} is no price")
        whole, fraction = _split(text)
        fine = fraction[self.decimals :]
        scaled = int(whole + fraction[: self.decimals].ljust(self.decimals, "0"))
        ticks, rest = divmod(scaled, self.units)
        if rest or fine.strip("0"):
            raise OffGrid(text)
        if not 0 < ticks < MOST_TICKS:
            raise Unreadable(f"{text[:40]} is no price")
        return ticks

    def refine(self, text: str) -> "Ticks":
        """The coarsest grid that holds this one and a price between its ticks. Raises Unreadable
        where that would be too fine to be a venue's.
        """
        whole, fraction = _split(text)
        fraction = fraction.rstrip("0")
        decimals = max(self.decimals, len(fraction))
        if decimals > max(_MOST_DECIMALS, self.decimals):
            raise Unreadable(f"{text[:40]} is finer than any tick")
        units = self.units * 10 ** (decimals - self.decimals)
        return Ticks(decimals, gcd(units, int(whole + fraction.ljust(decimals, "0"))))


def _split(text: str) -> tuple[str, str]:
    if "e" in text or "E" in text:
        text = f"{Decimal(text):f}"
    whole, _, fraction = text.partition(".")
    return whole, fraction


def count_units(size: float) -> int:
    """A size in integers of 1e-8 coins. Finer than that is rounded, but never to nothing."""
    if isinstance(size, int):
        return size
    units = int(size * UNITS + 0.5)
    return units if units or not size else 1


def _are_exact(side: Side) -> bool:
    """Whether a float64 holds each of these to 1e-8; NaN and infinity fail."""
    return sum(side.values()) < EXACT_FLOAT


def read_size(text: str) -> float:
    """The size that a text says. Raises Unreadable."""
    if _NUMBER.fullmatch(text) is None:
        raise Unreadable(f"{text[:40]!r} is no size")
    coins = Decimal(text)
    if not 0 <= coins < MOST_COINS:
        raise Unreadable(f"{text[:40]} is no size")
    if coins < EXACT_FLOAT:
        return float(text)
    return int((coins * UNITS).to_integral_value(ROUND_HALF_EVEN))


def read_side(levels: Levels, ticks: Ticks, known: dict[str, int]) -> Side:
    """Levels of (price, size) as texts; `known` is `ticks.bids` or `ticks.asks`. Raises Unreadable,
    or OffGrid.
    """
    try:
        side = ticks.read_keys(msgspec.convert(levels, Floats, strict=False), known)
    except msgspec.ValidationError as error:
        raise Unreadable(str(error)) from error
    if _are_exact(side) and min(side.values(), default=0.0) >= 0.0:
        return side
    return {key: read_size(size) for key, size in ticks.read_keys(levels, known).items()}


class DepthUpdate(msgspec.Struct, gc=False):
    """Binance's change of a book; names are the venue's."""

    e: Literal["depthUpdate"]
    E: int
    s: str
    U: int
    u: int
    b: Floats
    a: Floats


class Wrapped(msgspec.Struct, gc=False):
    """The same in a combined stream."""

    data: DepthUpdate


class _TextLevels(msgspec.Struct, gc=False):
    b: Texts
    a: Texts


class _WrappedTextLevels(msgspec.Struct, gc=False):
    data: _TextLevels


_BARE = msgspec.json.Decoder(DepthUpdate, strict=False)
_WRAPPED = msgspec.json.Decoder(Wrapped, strict=False)
_BARE_TEXTS = msgspec.json.Decoder(_TextLevels)
_WRAPPED_TEXTS = msgspec.json.Decoder(_WrappedTextLevels)


def read_update(frame: bytes, symbol: str, ticks: Ticks) -> tuple[DepthUpdate, Side, Side]:
    """Binance's bytes, bare or combined, in any order of keys. Raises Unreadable, OffGrid."""
    is_wrapped = not frame.startswith(b'{"e"') and b'"data"' in frame
    try:
        update = _WRAPPED.decode(frame).data if is_wrapped else _BARE.decode(frame)
        bids = ticks.read_keys(update.b, ticks.bids)
        asks = ticks.read_keys(update.a, ticks.asks)
        if b"-" in frame or not (_are_exact(bids) and _are_exact(asks)):
            texts = _WRAPPED_TEXTS.decode(frame).data if is_wrapped else _BARE_TEXTS.decode(frame)
            said = ticks.read_keys(texts.b, ticks.bids), ticks.read_keys(texts.a, ticks.asks)
            bids, asks = ({key: read_size(text) for key, text in side.items()} for side in said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if update.s != symbol:
        raise Unreadable(f"a change of {update.s[:40]}, not of {symbol}")
    if not 0 <= update.U <= update.u < MOST_ID or not 0 <= update.E < MOST_ID:
        raise Unreadable(f"numbers {update.U} to {update.u} at {update.E}")
    return update, bids, asks
