"""What can be watched: one entry a metric. A new room adds an entry here, and readings of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Shape(StrEnum):
    """What readings of a metric are."""

    NUMBER = "number"
    WORD = "word"
    EVENT = "event"


class Subject(StrEnum):
    """What a metric is of."""

    TOKEN = "token"  # noqa: S105 - a word, not a secret
    VENUE = "venue"
    INDEX = "index"
    MARKET = "market"
    """The market as a whole: no subject is named."""


OPS_OF: Mapping[Shape, tuple[str, ...]] = {
    Shape.NUMBER: (
        "above", "below", "crosses_above", "crosses_below", "crosses", "rises", "falls", "moves",
        "unusual",
    ),
    Shape.WORD: ("one_of", "changes"),
    Shape.EVENT: ("happens",),
}  # fmt: skip

_HOUR, _DAY = 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that readings tell. `title` is how it is said in a sentence.

    A reading older than `fresh_s` counts as unknown beside others. `is_live`: heard from feeds,
    whose clock may jump back; else read from publications, of which only newer days count.
    `directions`: which way a word points for the price of the token, `sign` which way a rising
    number does (0: neither). Alerts are judged `horizon_s` later.
    """

    name: str
    title: str
    subject: Subject
    shape: Shape
    fresh_s: int
    is_live: bool = False
    is_positive: bool = False
    """Never zero or less, so that a change in percent means something."""
    unit: str = ""
    words: tuple[str, ...] = ()
    sign: int = 0
    directions: Mapping[str, int] = field(default_factory=dict)
    horizon_s: int = 7 * _DAY


_LABELS = ("Strong Sell", "Sell", "Hold", "Buy", "Strong Buy")
_LABEL_WAYS = dict(zip(_LABELS, (-1, -1, 0, 1, 1), strict=True))
_SIGNAL_WAYS = {"long": 1, "short": -1}
_MOODS = ("Extreme Fear", "Fear", "Neutral", "Greed", "Extreme Greed")
_DAILY = 3 * _DAY
"""A day's judgement counts until the third day without another."""

_LIST = (
    Metric(
        "price", "price", Subject.TOKEN, Shape.NUMBER, 300, True, True, "USD",
        sign=1, horizon_s=_DAY,
    ),
    Metric(
        "change_24h", "change in 24 hours", Subject.TOKEN, Shape.NUMBER, 300, True, unit="%",
        sign=1, horizon_s=_DAY,
    ),
    Metric(
        "volume_1m", "volume a minute", Subject.TOKEN, Shape.NUMBER, 300, True, unit="USD",
        horizon_s=_DAY,
    ),
    Metric(
        "venue", "venue", Subject.VENUE, Shape.WORD, 60, True,
        words=("connecting", "live", "stale", "down", "silent"),
    ),
    Metric(
        "grade.trader", "Trader Grade", Subject.TOKEN, Shape.NUMBER, _DAILY, sign=1,
    ),
    Metric(
        "grade.investor", "Investor Grade", Subject.TOKEN, Shape.NUMBER, _DAILY, sign=1,
        horizon_s=90 * _DAY,
    ),
    Metric(
        "label.trader", "Trader Grade label", Subject.TOKEN, Shape.WORD, _DAILY,
        words=(*_LABELS, "no view"), directions=_LABEL_WAYS,
    ),
    Metric(
        "label.investor", "Investor Grade label", Subject.TOKEN, Shape.WORD, _DAILY,
        words=(*_LABELS, "no view"), directions=_LABEL_WAYS, horizon_s=90 * _DAY,
    ),
    Metric(
        "signal.daily", "daily signal", Subject.TOKEN, Shape.WORD, _DAILY,
        words=("long", "short", "none", "no view"), directions=_SIGNAL_WAYS, horizon_s=20 * _DAY,
    ),
    Metric(
        "signal.hourly", "hourly signal", Subject.TOKEN, Shape.WORD, 3 * _HOUR,
        words=("long", "short", "none", "no view"), directions=_SIGNAL_WAYS, horizon_s=2 * _DAY,
    ),
    Metric("index.level", "level", Subject.INDEX, Shape.NUMBER, _DAILY, is_positive=True),
    Metric("index.rebalance", "rebalance", Subject.INDEX, Shape.EVENT, _DAILY),
    Metric(
        "moonshot", "place on the moonshot list", Subject.TOKEN, Shape.WORD, _DAILY,
        words=("listed", "not listed"), directions={"listed": 1}, horizon_s=90 * _DAY,
    ),
    Metric("moonshots.new", "coins new on the moonshot list", Subject.MARKET, Shape.EVENT, _DAILY),
    Metric(
        "market.signal", "market indicator", Subject.MARKET, Shape.WORD, _DAILY,
        words=("bull", "bear", "neither"),
    ),
    Metric(
        "market.regime", "volatility regime", Subject.MARKET, Shape.WORD, _DAILY,
        words=("low", "middle", "high"),
    ),
    Metric(
        "market.fear_and_greed", "fear-and-greed index", Subject.MARKET, Shape.NUMBER, _DAILY,
    ),
    Metric(
        "market.mood", "mood of the market", Subject.MARKET, Shape.WORD, _DAILY, words=_MOODS,
    ),
)  # fmt: skip

METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _LIST}
