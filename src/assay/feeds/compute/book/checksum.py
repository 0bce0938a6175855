"""Kraken's CRC32 of the ten best levels, over the digits that the venue wrote."""

from itertools import islice
from zlib import crc32

from assay.feeds.compute.book.reading import Ticks
from assay.feeds.compute.book.sides import Sides
from assay.feeds.types import Levels

LEVELS = 10


def read_digits(price: str, size: str) -> str:
    """Price and size without point and leading zeros, as they enter the sum."""
    return price.replace(".", "").lstrip("0") + size.replace(".", "").lstrip("0")


class Digits:
    """The digits of each level of a book, as the venue last wrote them."""

    def __init__(self) -> None:
        self._halves: tuple[dict[int, str], dict[int, str]] = ({}, {})

    def put(self, levels: Levels, ticks: Ticks, side: int) -> None:
        """Keep the digits of changed levels of bids (0) or asks (1)."""
        known = ticks.asks if side else ticks.bids
        digits = [(price, read_digits(price, size)) for price, size in levels]
        self._halves[side].update(ticks.read_keys(digits, known))

    def rescale(self, factor: int) -> None:
        """Follow the book to a finer grid."""
        bids, asks = self._halves
        self._halves = (
            {key * factor: text for key, text in bids.items()},
            {key * factor: text for key, text in asks.items()},
        )

    def compute(self, sides: Sides) -> int:
        """CRC32 of the best asks, best first, then of the best bids."""
        texts: list[str] = []
        for side, half in ((1, sides.asks), (0, sides.bids)):
            digits = self._halves[side]
            if len(digits) > 2 * len(half.sizes) + LEVELS:
                digits = {key: text for key, text in digits.items() if key in half.sizes}
                self._halves[side].clear()
                self._halves[side].update(digits)
            texts.extend(digits[key] for key in islice(half.walk(), LEVELS))
        return crc32("".join(texts).encode())
