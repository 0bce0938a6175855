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
    """The prices of a recorded candle."""

    opened: datetime
    open: float
    high: float
    low: float
    close: float


def list_price_readings(token: str, bars: Sequence[Bar], length: timedelta) -> list[Reading]:
    """A bar as four prices: open, the extreme nearer to it, the other extreme, close.

    The order of a bar's extremes is assumed, not known; the last is dated just before its end.
    """
    readings = []
    for bar in bars:
        extremes = [bar.low, bar.high]
        if bar.high - bar.open < bar.open - bar.low:
            extremes.reverse()
        prices = (bar.open, *extremes, bar.close)
        steps = (timedelta(0), length / 3, 2 * length / 3, length - timedelta(milliseconds=1))
        readings += [
            Reading("price", token, price, bar.opened + step, source="candles")
            for price, step in zip(prices, steps, strict=True)
        ]
    return readings


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
