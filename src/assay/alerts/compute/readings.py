"""Live updates and publications as readings. Pure; whatever cannot be read gives none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from assay.alerts.types import Reading

Rows = Sequence[Mapping[str, Any]]

SIGNALS = {1: "long", -1: "short", 0: "none"}
INDICATORS = {1: "bull", -1: "bear", 0: "neither"}
NO_VIEW = "no view"

_PER_CENT = 100.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Venue(msgspec.Struct):
    venue: str
    used: bool


class _Price(msgspec.Struct):
    price: float | None
    time_ms: int
    change_24h: float | None = None
    contributions: tuple[_Venue, ...] = ()
    is_replay: bool = False


class _Candle(msgspec.Struct):
    open_ms: int
    close: float
    is_closed: bool
    base_volume: float | None = None
    quote_volume: float | None = None
    is_replay: bool = False
    venue: str = ""


class _Health(msgspec.Struct):
    state: str
    reason: str = ""


_read_price = msgspec.json.Decoder(_Price).decode
_read_candle = msgspec.json.Decoder(_Candle).decode
_read_health = msgspec.json.Decoder(_Health).decode


def read_update(channel: str, key: str, payload: bytes, heard_at: datetime) -> list[Reading]:
    """The readings of an update of the bus. A venue's state has no time of its own: it is of when
    it was heard. Raises ValueError for a payload that is none.
    """
    if channel == "prices":
        return _list_price(key, _read_price(payload))
    if channel == "candles" and key.endswith("/1m"):
        return _list_candle(key.removesuffix("/1m"), _read_candle(payload))
    if channel == "venues":
        health = _read_health(payload)
        return [Reading("venue", key, health.state, heard_at, source=health.reason)]
    return []


def _list_price(token: str, said: _Price) -> list[Reading]:
    at = _EPOCH + timedelta(milliseconds=said.time_ms)
    venues = ", ".join(item.venue for item in said.contributions if item.used)
    change = None if said.change_24h is None else said.change_24h * _PER_CENT
    pairs = (("price", said.price), ("change_24h", change))
    return [
        Reading(metric, token, value, at, source=venues, is_replay=said.is_replay)
        for metric, value in pairs
        if value is not None
    ]


def _list_candle(token: str, bar: _Candle) -> list[Reading]:
    if not bar.is_closed:
        return []
    at = _EPOCH + timedelta(milliseconds=bar.open_ms + 60_000)
    volume = bar.quote_volume
    if volume is None and bar.base_volume is not None:
        volume = bar.base_volume * bar.close
    if volume is None:
        return []
    return [Reading("volume_1m", token, volume, at, source=bar.venue, is_replay=bar.is_replay)]


def read_publication(
    kind: str, rows: Rows, before: Rows, at: datetime, source: str, *, is_replay: bool
) -> list[Reading]:
    """The readings of a publication. `rows` are its own, `before` those of the day before it that
    stood; `at` is the close that it judges, `source` its id.
    """
    read = READERS.get(kind)
    if read is None:
        return []
    return [
        Reading(metric, subject, value, at, source=source, is_replay=is_replay)
        for metric, subject, value in read(rows, before)
    ]


Found = Iterator[tuple[str, str, float | str]]


def _grades(kind: str) -> Callable[[Rows, Rows], Found]:
    def read(rows: Rows, before: Rows) -> Found:
        for row in rows:
            token = str(row["token_id"])
            if row["grade"] is not None:
                yield f"grade.{kind}", token, float(row["grade"])
            yield f"label.{kind}", token, row["label"] or NO_VIEW

    return read


def _signals(kind: str) -> Callable[[Rows, Rows], Found]:
    def read(rows: Rows, before: Rows) -> Found:
        for row in rows:
            word = NO_VIEW if row["signal"] is None else SIGNALS[row["signal"]]
            yield f"signal.{kind}", str(row["token_id"]), word

    return read


def _indices(rows: Rows, before: Rows) -> Found:
    for row in rows:
        yield "index.level", row["slug"], float(row["level"])
        if row["rebalanced"]:
            trades = len(row["transactions"])
            yield "index.rebalance", row["slug"], f"{trades} trade{'' if trades == 1 else 's'}"


def _moonshots(rows: Rows, before: Rows) -> Found:
    names = {str(row["token_id"]): str(row["symbol"]) for row in rows}
    old = {str(row["token_id"]) for row in before}
    for token in names:
        yield "moonshot", token, "listed"
    for token in old - names.keys():
        yield "moonshot", token, "not listed"
    new = [symbol for token, symbol in names.items() if token not in old]
    if new and before:
        yield "moonshots.new", "", ", ".join(new)


def _market(rows: Rows, before: Rows) -> Found:
    for row in rows:
        yield "market.signal", "", INDICATORS[row["indicator"]["signal"]]
        if row["volatility"]["regime"] is not None:
            yield "market.regime", "", row["volatility"]["regime"]
        mood = row["fear_and_greed"]
        if mood["value"] is not None:
            yield "market.fear_and_greed", "", float(mood["value"])
            yield "market.mood", "", mood["label"]


READERS: Mapping[str, Callable[[Rows, Rows], Found]] = {
    "grades.trader": _grades("trader"),
    "grades.investor": _grades("investor"),
    "signals.daily": _signals("daily"),
    "signals.hourly": _signals("hourly"),
    "indices": _indices,
    "moonshots": _moonshots,
    "market_state": _market,
}
"""Kinds of publications that rules may watch."""

METRICS_OF: Mapping[str, tuple[str, ...]] = {
    "grades.trader": ("grade.trader", "label.trader"),
    "grades.investor": ("grade.investor", "label.investor"),
    "signals.daily": ("signal.daily",),
    "signals.hourly": ("signal.hourly",),
    "indices": ("index.level", "index.rebalance"),
    "moonshots": ("moonshot", "moonshots.new"),
    "market_state": ("market.signal", "market.regime", "market.fear_and_greed", "market.mood"),
}
"""What each kind tells."""
