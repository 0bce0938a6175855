"""Signals: `/trading-signals`, `/hourly-trading-signals`.

`signal_return` and `holding_return` are published beside a control (`constant_return`), for which
the contract has no member: docs/tokenmetrics.md says where to find it.
"""

from collections.abc import Iterator

from assay.kit.moments import close_of_hour
from assay.tokenmetrics.archive import Said
from assay.tokenmetrics.endpoints.grades import INVESTOR, SIGNALS, TRADER, find_number
from assay.tokenmetrics.parameters import TOKEN_FIELDS, TOKENS
from assay.tokenmetrics.reading import Reading, Row, pick
from assay.tokenmetrics.types import (
    Asked,
    BadParameter,
    Endpoint,
    Field,
    Found,
    Material,
    Missing,
    Parameter,
)
from assay.tokenmetrics.values import dig, integer, moment, number, text

HOURLY = "signals.hourly"
SIDES = {"1": 1, "-1": -1, "0": 0}
POSITIONS = {1: "long", -1: "short", 0: "none"}


def answer_daily(reading: Reading, asked: Asked) -> Found:
    """Daily signals, newest first, each beside the grades of its day."""
    chosen, side = reading.names.choose(asked), read_side(asked)

    def walk() -> Iterator[Row]:
        for said in reading.walk(SIGNALS, asked, chosen.ids, beside=(TRADER, INVESTOR)):
            when = said.standing.as_of
            trader = reading.find_columns(TRADER, when, chosen.ids)
            investor = reading.find_columns(INVESTOR, when, chosen.ids)
            for row in signal_rows(reading, said, chosen.ids, side):
                token_id = row["token_id"]
                yield row | {
                    "time": when,
                    "trader_grade": find_number(trader, token_id, "grade"),
                    "investor_grade": find_number(investor, token_id, "grade"),
                }

    return Found(walk(), chosen.absent)


def answer_hourly(reading: Reading, asked: Asked) -> Found:
    """Hourly signals, newest first; the time is the close of the bar that was judged."""
    chosen, side = reading.names.choose(asked), read_side(asked)

    def walk() -> Iterator[Row]:
        for said in reading.walk(HOURLY, asked, chosen.ids):
            time = close_of_hour(said.standing.as_of, said.standing.hour or 0)
            for row in signal_rows(reading, said, chosen.ids, side):
                yield row | {"time": time}

    return Found(walk(), chosen.absent)


def signal_rows(
    reading: Reading, said: Said, ids: frozenset[int] | None, side: int | None
) -> Iterator[Row]:
    """The rows of one publication that have a signal, of the side asked for."""
    for row in pick(said, ids):
        if row["signal"] is None or row["id"] not in reading.names.tokens:
            continue
        if side is None or row["signal"] == side:
            yield {**reading.name(row["id"]), **row}


def read_side(asked: Asked) -> int | None:
    """The signal asked for; None is every one. Raises BadParameter."""
    wanted = asked.first("signal")
    if wanted is None:
        return None
    if wanted not in SIDES:
        raise BadParameter("signal must be 1 (bullish), -1 (bearish) or 0 (none).")
    return SIDES[wanted]


def _write_side(material: Material) -> str | None:
    # Text, because chainlink asks for it; a number in it, because ElizaOS parses one.
    side = dig(material, "signal")
    return None if side is None else str(int(side))


def _name_position(material: Material) -> str | None:
    side = dig(material, "signal")
    return None if side is None else POSITIONS[int(side)]


SIGNAL = Parameter("signal", "Only this signal: 1 bullish, -1 bearish, 0 none.")

ENDPOINTS = (
    Endpoint(
        "trading-signals",
        "List daily signals, newest first, with what following them and holding brought.",
        (
            *TOKEN_FIELDS,
            Field("DATE", "string", moment("time"), "signals.daily: day"),
            Field(
                "TRADING_SIGNAL",
                "integer",
                integer("signal"),
                "signals.daily: signal",
                Missing.DROP,
            ),
            Field("TOKEN_TREND", "integer", integer("trend"), "signals.daily: trend"),
            Field(
                "TRADING_SIGNALS_RETURNS",
                "number",
                number("signal_return"),
                "signals.daily: signal_return",
            ),
            Field(
                "HOLDING_RETURNS",
                "number",
                number("holding_return"),
                "signals.daily: holding_return",
            ),
            Field("tm_link", "string", text("slug"), "registry: the name as a slug"),
            Field("TM_TRADER_GRADE", "number", number("trader_grade"), "grades.trader: grade"),
            Field(
                "TM_INVESTOR_GRADE", "number", number("investor_grade"), "grades.investor: grade"
            ),
            Field("TM_LINK", "string", text("link"), "the token in Assay's own API"),
        ),
        (*TOKENS, SIGNAL),
        answer_daily,
    ),
    Endpoint(
        "hourly-trading-signals",
        "List hourly signals, newest first.",
        (
            Field("TIMESTAMP", "string", moment("time"), "signals.hourly: close of the bar"),
            *TOKEN_FIELDS,
            Field("CLOSE", "number", number("close"), "signals.hourly: close"),
            Field("SIGNAL", "string", _write_side, "signals.hourly: signal as text", Missing.DROP),
            Field("POSITION", "string", _name_position, "signals.hourly: signal in words"),
            Field("TRADING_SIGNAL", "integer", integer("signal"), "signals.hourly: signal"),
            Field("SIGNAL_STRENGTH", "number", number("score"), "signals.hourly: score"),
            Field("CONFIDENCE", "number", number("confidence"), "signals.hourly: confidence"),
            Field("CURRENT_PRICE", "number", number("close"), "signals.hourly: close"),
        ),
        (*TOKENS, SIGNAL),
        answer_hourly,
    ),
)
