"""Bars of venues that do not say when one has closed: it has when the next begins. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from assay.feeds.types import Candle


class Closing:
    """The newest bar of each pair and interval of one connection."""

    def __init__(self) -> None:
        self._bars: dict[tuple[str, str], Candle] = {}

    def follow(self, bar: Candle) -> Sequence[Candle]:
        """The bar, after the one before it if that has closed by this one."""
        key = (bar.symbol, bar.interval)
        before = self._bars.get(key)
        if before is not None and before.open_ms > bar.open_ms:
            return (replace(bar, is_closed=True),)
        self._bars[key] = bar
        if before is None or before.open_ms == bar.open_ms:
            return (bar,)
        return replace(before, is_closed=True), bar
