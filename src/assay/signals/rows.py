"""One bar's signals as the rows that are sealed and served: decimal strings, longs first.

Pure. The fields are documented in `docs/method/signals.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.markets.types import Token
from assay.publishing import format_decimal, format_price
from assay.signals.compute.walking import Walk, explain_silence
from assay.signals.types import Book, Matrix, NoView, Rule, Shape, Source

PLACES = 4
FIELDS = (
    "signal", "trend", "trend_since", "entry_time", "entry_price", "close", "score", "reason",
    "confidence", "target", "stop",
)  # fmt: skip
RETURNS = ("signal_return", "long_short_return", "holding_return", "constant_return", "exposure")
Json = dict[str, object]

READERS = {
    Source.OWN: "Its own {shape}",
    Source.OWN_AND_MARKET: "The weaker of its own and the market's {shape}",
    Source.OWN_AND_BITCOIN: "The weaker of its own and Bitcoin's {shape}",
    Source.OWN_PLUS_MARKET: "The mean of its own and the market's {shape}",
    Source.OWN_PLUS_BITCOIN: "The mean of its own and Bitcoin's {shape}",
    Source.MARKET: "The market's {shape}",
    Source.BITCOIN: "Bitcoin's {shape}",
}
SHAPES: Mapping[Shape, tuple[str, tuple[int, int]]] = {
    Shape.TREND_5_20: ("trend over {0} to {1} {unit}s", (5, 20)),
    Shape.TREND_7_56: ("trend over {0} to {1} {unit}s", (7, 56)),
    Shape.TREND_14_84: ("trend over {0} to {1} {unit}s", (14, 84)),
    Shape.MOMENTUM_28: ("momentum over {0} {unit}s", (28, 28)),
    Shape.AVERAGES_10_50: ("averages of {0} and {1} {unit}s", (10, 50)),
    Shape.AVERAGES_20_100: ("averages of {0} and {1} {unit}s", (20, 100)),
    Shape.CHANNEL_20: ("place in the channel of {0} {unit}s", (20, 20)),
    Shape.CHANNEL_55: ("place in the channel of {0} {unit}s", (55, 55)),
}
SILENCES = {
    NoView.STALE: "It has no complete candle for this {unit}.",
    NoView.SHORT_HISTORY: "It has traded for fewer than {warm_up} {unit}s.",
}


@dataclass(frozen=True)
class Axis:
    """How columns are named: `names` gives the bar (a day, or the opening of an hour), `closes` the
    moment it closed. `unit` is the redenomination factor [tokens, bars]: quoted = close / unit.
    """

    names: Sequence[str]
    closes: Sequence[str]
    unit: Matrix


def name_rule(book: Book, rule: Rule) -> str:
    """What a rule reads, in words."""
    words, lookbacks = SHAPES[rule.shape]
    shape = words.format(*(bars * book.scale for bars in lookbacks), unit=book.unit)
    return READERS[rule.source].format(shape=shape)


def label_rule(rule: Rule) -> str:
    """A rule in a few words, such as `own + bitcoin trend 7-56 0.6`."""
    source = rule.source.name.lower().replace("_and_", " & ").replace("_plus_", " + ")
    shape, *bars = rule.shape.name.lower().split("_")
    return f"{source} {shape} {'-'.join(bars)} {rule.enter:g}"


def explain_state(read: str, book: Book, rule: Rule, state: int, score: float) -> str:
    """Which rule said so, and with which numbers; `read` is the rule's name."""
    words = f"{read} scores {score + 0.0:.2f}"
    enter, leave = f"{rule.enter:.2f}", f"{rule.leave:.2f}"
    if state == 0:
        return f"{words}: a position begins at {enter} or -{enter}."
    sign, side, beyond = ("", "long", "below") if state > 0 else ("-", "short", "above")
    back = f"{sign}{leave}" if rule.leave else leave
    if score * state < rule.leave:
        return f"{words}: {side}, kept for at least {book.minimal_hold} {book.unit}s."
    return f"{words}: {side} from {sign}{enter} on, until {beyond} {back}."


def create_rows(
    book: Book, walk: Walk, axis: Axis, listed: Sequence[Token], column: int, place: int
) -> list[Json]:
    """Rows of the `listed` coins at a column, whose returns stand at `place` of the judged ones.

    Longs first, then shorts, then those without a position, by token id; without a view last.
    """
    sheet = _cut_sheet(walk, axis, column, place)
    rows_of = {token_id: row for row, token_id in enumerate(walk.scene.bars.token_ids.tolist())}
    rule = walk.rule(book, column)
    read = name_rule(book, rule)
    viewed: list[tuple[int, int, Json]] = []
    silent: list[Json] = []
    for token in listed:
        token_id = int(token.token_id)
        row = rows_of[token_id]
        silence = explain_silence(sheet.has_bar[row], sheet.has_view[row])
        head: Json = {"token_id": token_id, "symbol": token.symbol, "name": token.name}
        if silence is not None:
            silent.append(head | _silent_row(book, silence, sheet, row))
            continue
        state, score = sheet.states[row], sheet.scores[row]
        body = _viewed_row(book, axis, sheet, row, column)
        body["reason"] = explain_state(read, book, rule, state, score)
        order = (0, 2, 1)[state]
        viewed.append(
            (order, token_id, head | body | _returns_row(axis, sheet, row) | {"no_view": None})
        )
    viewed.sort(key=lambda item: item[:2])
    return [item[2] for item in viewed] + silent


@dataclass(frozen=True)
class _Sheet:
    """One column of a walk as plain lists by token; prices as quoted."""

    has_bar: list[bool]
    has_view: list[bool]
    states: list[int]
    scores: list[float]
    trend: list[int]
    since: list[int]
    entry: list[int]
    close: list[float]
    entry_price: list[float]
    target: list[float]
    stop: list[float]
    confidence: list[float]
    returns: list[list[float]]
    first: list[int]


def _cut_sheet(walk: Walk, axis: Axis, column: int, place: int) -> _Sheet:
    unit, followed = axis.unit[:, column], walk.followed
    close = walk.scene.bars.close[:, column]
    of_returns = (
        followed.signal,
        followed.long_short,
        followed.holding,
        followed.constant,
        followed.exposure,
    )
    return _Sheet(
        has_bar=(~np.isnan(close)).tolist(),
        has_view=walk.scene.viewed[:, column].tolist(),
        states=walk.states[:, column].tolist(),
        scores=walk.scores[:, column].tolist(),
        trend=walk.runs.trend[:, column].tolist(),
        since=walk.runs.trend_since[:, column].tolist(),
        entry=walk.runs.entry[:, column].tolist(),
        close=(close / unit).tolist(),
        entry_price=(walk.entry_price[:, column] / unit).tolist(),
        target=(walk.target[:, column] / unit).tolist(),
        stop=(walk.stop[:, column] / unit).tolist(),
        confidence=walk.confidence[:, column].tolist(),
        returns=[values[:, place].tolist() for values in of_returns],
        first=followed.since.tolist(),
    )


def _viewed_row(book: Book, axis: Axis, sheet: _Sheet, row: int, column: int) -> Json:
    state, trend, since = sheet.states[row], sheet.trend[row], sheet.since[row]
    return {
        "signal": state,
        "trend": trend or None,
        "trend_since": axis.names[since] if trend else None,
        f"trend_{book.unit}s": column - since if trend else None,
        "entry_time": axis.closes[sheet.entry[row]] if state else None,
        "entry_price": format_price(sheet.entry_price[row]) if state else None,
        "close": format_price(sheet.close[row]),
        "score": format_decimal(sheet.scores[row], PLACES),
        "confidence": format_decimal(sheet.confidence[row], PLACES),
        "target": format_price(sheet.target[row]) if state else None,
        "stop": format_price(sheet.stop[row]) if state else None,
        f"horizon_{book.unit}s": book.horizon if state else None,
    }


def _returns_row(axis: Axis, sheet: _Sheet, row: int) -> Json:
    first = sheet.first[row]
    figures: Json = {
        name: format_decimal(values[row], PLACES)
        for name, values in zip(RETURNS, sheet.returns, strict=True)
    }
    figures["returns_since"] = axis.names[first] if first >= 0 else None
    return figures


def _silent_row(book: Book, silence: NoView, sheet: _Sheet, row: int) -> Json:
    words = SILENCES[silence].format(unit=book.unit, warm_up=book.warm_up)
    counts = (f"trend_{book.unit}s", f"horizon_{book.unit}s")
    silent: Json = dict.fromkeys((*FIELDS, *counts, *RETURNS, "returns_since"))
    silent["close"] = format_price(sheet.close[row])
    silent["no_view"] = {"code": silence.value, "reason": words}
    return silent
