"""Rehearsal: what a rule would have fired on recorded readings. Pure.

The engine is the one that watches; only the readings are recorded ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assay.alerts.compute.engine import Engine
from assay.alerts.rules import Firing, Rule, RuleSpec
from assay.alerts.types import Reading

MOST_FIRINGS = 500


@dataclass(frozen=True, slots=True)
class Bar:
    """The prices of a recorded candle; None: not recorded."""

    opened: datetime
    open: float | None
    high: float | None
    low: float | None
    close: float | None


def list_price_readings(token: str, bars: Sequence[Bar], length: timedelta) -> list[Reading]:
    """A bar as four prices: open, the extreme nearer to it, the other extreme, close.

    The order of a bar's extremes is assumed, not known; the last is dated just before its end. What
    is not recorded of a bar is no reading.
    """
    readings = []
    for bar in bars:
        extremes = [bar.low, bar.high]
        if _is_high_nearer(bar):
            extremes.reverse()
        prices = (bar.open, *extremes, bar.close)
        steps = (timedelta(0), length / 3, 2 * length / 3, length - timedelta(milliseconds=1))
        readings += [
            Reading("price", token, price, bar.opened + step, source="candles")
            for price, step in zip(prices, steps, strict=True)
            if price is not None
        ]
    return readings


def _is_high_nearer(bar: Bar) -> bool:
    if bar.open is None or bar.high is None or bar.low is None:
        return False
    return bar.high - bar.open < bar.open - bar.low


def rehearse(spec: RuleSpec, readings: Iterable[Reading]) -> list[Firing]:
    """What the rule fires on these readings, taken in the order of their times."""
    engine = Engine()
    beginning = datetime(1970, 1, 1, tzinfo=UTC)
    engine.add(Rule("rul_rehearsal", "", 1, spec, False, beginning, beginning))
    firings: list[Firing] = []
    for reading in sorted(readings, key=lambda item: item.at):
        firings += engine.feed(reading)
        if len(firings) >= MOST_FIRINGS:
            break
    return firings[:MOST_FIRINGS]
