"""Moonshots: `/moonshot-tokens`, read from what became of each month's first ten."""

from collections.abc import Iterator

from assay.tokenmetrics.archive import Columns
from assay.tokenmetrics.endpoints.grades import LAG_DAYS, SIGNALS, TRADER, find_number
from assay.tokenmetrics.parameters import PAGED
from assay.tokenmetrics.reading import Reading, Row
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
from assay.tokenmetrics.values import (
    dig,
    digits,
    moment,
    number,
    percent,
    percent_change,
    text,
    write_moment,
)

OUTCOMES, MOONSHOTS = "moonshots.outcomes", "moonshots"
STATES = {"active": ("waiting", "running"), "past": ("ended",)}
STATES["all"] = (*STATES["active"], *STATES["past"])


def answer_moonshots(reading: Reading, asked: Asked) -> Found:
    """Those being followed (`active`, the default) or those that ended (`past`), newest first."""
    wanted = asked.first("type") or "active"
    if wanted.casefold() not in STATES:
        raise BadParameter("type must be active or past.")
    listed = reading.load_newest(OUTCOMES)
    if listed is None:
        return Found((), "No outcomes of moonshots have been published.")
    rows = [row for row in listed.rows if row["state"] in STATES[wanted.casefold()]]
    rows.sort(key=lambda row: row["rank"])
    rows.sort(key=lambda row: row["said_on"], reverse=True)
    return Found(_describe(reading, rows))


def _describe(reading: Reading, rows: list[Row]) -> Iterator[Row]:
    present, signals = _index(reading, MOONSHOTS), _index(reading, SIGNALS)
    today, before = _find_grades(reading)
    for row in rows:
        token_id = row["token_id"]
        grade = find_number(today, token_id, "grade")
        yield row | {
            "now": present.get(token_id),
            "trend": signals.get(token_id),
            "grade": grade,
            "grade_change": percent_change(grade, find_number(before, token_id, "grade")),
        }


def _index(reading: Reading, kind: str) -> dict[int, Row]:
    listed = reading.load_newest(kind)
    return {} if listed is None else {row["token_id"]: row for row in listed.rows}


def _find_grades(reading: Reading) -> tuple[Columns | None, Columns | None]:
    standing = reading.list_standing(TRADER, None, None)
    if not standing:
        return None, None
    when = standing[-1].as_of
    lagged = reading.find_lagged(TRADER, when, LAG_DAYS[TRADER])
    return reading.find_columns(TRADER, when), lagged


def _end(material: Material) -> str | None:
    if dig(material, "state") != "ended":
        return None
    day = dig(material, "stopped_on") or dig(material, "ends_on")
    return write_moment(day)


ENDPOINTS = (
    Endpoint(
        "moonshot-tokens",
        "List the first ten moonshots of each month with what became of them.",
        (
            Field(
                "LAST_TRADING_SIGNAL_TIME",
                "string",
                moment("trend.trend_since"),
                "signals.daily: trend_since",
            ),
            Field("TM_TRADER_GRADE", "string", digits(number("grade")), "grades.trader: grade"),
            Field(
                "TM_TRADER_GRADE_24H_PCT_CHANGE",
                "string",
                digits(number("grade_change")),
                "grades.trader: grade against that of the day before, percent",
            ),
            Field(
                "PRICE_CHANGE_PERCENTAGE_7D_IN_CURRENCY",
                "string",
                digits(percent("now.return_7d")),
                "moonshots: return_7d, percent",
            ),
            Field(
                "MARKET_CAP",
                "string",
                digits(number("now.market_cap_usd")),
                "moonshots: market_cap_usd",
            ),
            Field(
                "VOLUME_24H",
                "string",
                digits(number("now.volume_24h_usd")),
                "moonshots: volume_24h_usd",
            ),
            Field("MOONSHOT_END_AT", "string", _end, "moonshots.outcomes: ends_on or stopped_on"),
            Field("MOONSHOT_AT", "string", moment("said_on"), "moonshots.outcomes: said_on"),
            Field(
                "MOONSHOT_ROI",
                "number",
                number("return"),
                "moonshots.outcomes: return, a share",
                Missing.DROP,
            ),
            Field("TOKEN_NAME", "string", text("name"), "moonshots.outcomes: name"),
            Field("TOKEN_SYMBOL", "string", text("symbol"), "moonshots.outcomes: symbol"),
        ),
        (Parameter("type", "active (default), past or all."), *PAGED),
        answer_moonshots,
    ),
)
