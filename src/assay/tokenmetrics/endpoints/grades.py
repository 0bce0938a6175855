"""Grades: `/trader-grades`, `/investor-grades`, `/tm-grade`, `/tm-grade-history`.

Token Metrics' TM Grade is its short-term grade, split off `trader-grades` in 2025; it is read from
our Trader Grade, as that path is.
"""

from collections.abc import Iterator
from itertools import islice

from assay.tokenmetrics.archive import Columns, Said
from assay.tokenmetrics.parameters import (
    DATES,
    NAMED,
    PAGED,
    TOKEN_FIELDS,
    TOKENS,
)
from assay.tokenmetrics.reading import Reading, Row, pick
from assay.tokenmetrics.types import Asked, Endpoint, Field, Found, Material, Missing, Parameter
from assay.tokenmetrics.values import (
    day,
    dig,
    integer,
    moment,
    nothing,
    number,
    percent_change,
    reaches,
)

TRADER, INVESTOR, SIGNALS = "grades.trader", "grades.investor", "signals.daily"
LAG_DAYS = {TRADER: 1, INVESTOR: 7}
SIGNAL_WORDS = {"Hold": "Neutral"}
NO_FACTS = "no such facts: null"


def answer_trader(reading: Reading, asked: Asked) -> Found:
    """Trader Grades by day, newest first, in the order of the publication: best first."""
    return _answer(reading, asked, TRADER, "traderGrade", "traderGradePercentChange")


def answer_investor(reading: Reading, asked: Asked) -> Found:
    """Investor Grades by day, newest first, best first."""
    return _answer(reading, asked, INVESTOR, "investorGrade", "")


def answer_tm_grade(reading: Reading, asked: Asked) -> Found:
    """The newest Trader Grade of each token by `endDate`."""
    chosen = reading.names.choose(asked)
    newest = islice(reading.walk(TRADER, asked, chosen.ids), 1)
    return Found(
        (row for said in newest for row in grade_rows(reading, TRADER, said, chosen.ids)),
        chosen.absent,
    )


def answer_tm_grade_history(reading: Reading, asked: Asked) -> Found:
    """Trader Grades by day, newest first, each beside the signal of its day."""
    chosen = reading.names.choose(asked)
    return Found(_with_signals(reading, asked, chosen.ids), chosen.absent)


def grade_rows(
    reading: Reading, kind: str, said: Said, ids: frozenset[int] | None
) -> Iterator[Row]:
    """The graded rows of one publication, each with its change in percent against a day
    before (of Investor Grades 7 days), as far as grades were published for both.
    """
    when = said.standing.as_of
    before = reading.find_lagged(kind, when, LAG_DAYS[kind], ids)
    for row in pick(said, ids):
        if row["grade"] is not None and row["id"] in reading.names.tokens:
            earlier = find_number(before, row["id"], "grade")
            yield {
                **reading.name(row["id"]),
                **row,
                "day": when,
                "before": earlier,
                "pct_change": percent_change(row["grade"], earlier),
            }


def find_number(columns: Columns | None, token_id: int, member: str) -> float | None:
    """A member of a token in a publication that may not exist."""
    return None if columns is None else columns.number(token_id, member)


def _answer(reading: Reading, asked: Asked, kind: str, least: str, least_change: str) -> Found:
    chosen = reading.names.choose(asked)
    grade, change = asked.number(least), asked.number(least_change) if least_change else None

    def walk() -> Iterator[Row]:
        for said in reading.walk(kind, asked, chosen.ids, LAG_DAYS[kind]):
            for row in grade_rows(reading, kind, said, chosen.ids):
                if reaches(row["grade"], grade) and reaches(row["pct_change"], change):
                    yield row

    return Found(walk(), chosen.absent)


def _with_signals(reading: Reading, asked: Asked, ids: frozenset[int] | None) -> Iterator[Row]:
    for said in reading.walk(TRADER, asked, ids, LAG_DAYS[TRADER], beside=(SIGNALS,)):
        signals = reading.find_columns(SIGNALS, said.standing.as_of, ids)
        for row in grade_rows(reading, TRADER, said, ids):
            yield row | {"signal": find_number(signals, row["id"], "signal")}


def _name_signal(material: Material) -> str | None:
    label = dig(material, "label")
    return None if label is None else SIGNAL_WORDS.get(label, label)


TM_GRADE = (
    Field("TM_GRADE", "number", number("grade"), "grades.trader: grade", Missing.DROP),
    Field(
        "TM_GRADE_24h_PCT_CHANGE",
        "number",
        number("pct_change"),
        "grades.trader: grade against that of the day before, percent",
    ),
    Field("TM_TRADER_GRADE_24H_CHANGE", "number", number("change"), "grades.trader: change"),
    Field(
        "TM_GRADE_SIGNAL",
        "string",
        _name_signal,
        "grades.trader: label, Hold as Neutral",
    ),
    Field("MOMENTUM", "string", nothing, NO_FACTS),
    Field("FUNDAMENTAL_GRADE", "number", nothing, NO_FACTS),
    Field("FUNDAMENTAL_GRADE_CLASS", "string", nothing, NO_FACTS),
    Field("QUANT_GRADE", "number", number("quant"), "grades.trader: sub_grades.quant"),
)
SCORES = tuple(
    Field(f"{name}_SCORE", "number", nothing, NO_FACTS)
    for name in (
        "DEFI_USAGE",
        "COMMUNITY",
        "EXCHANGE",
        "VC",
        "TOKENOMICS",
        "DEFI_SCANNER",
        "ACTIVITY",
        "SECURITY",
        "REPOSITORY",
        "COLLABORATION",
    )
)

ENDPOINTS = (
    Endpoint(
        "trader-grades",
        "List Trader Grades, newest first, best first within a day.",
        (
            *TOKEN_FIELDS,
            Field("DATE", "string", moment("day"), "grades.trader: day"),
            Field(
                "TA_GRADE",
                "number",
                number("technical"),
                "grades.trader: sub_grades.technical",
            ),
            Field(
                "QUANT_GRADE",
                "number",
                number("quant"),
                "grades.trader: sub_grades.quant",
            ),
            Field(
                "TM_TRADER_GRADE", "number", number("grade"), "grades.trader: grade", Missing.DROP
            ),
            Field(
                "TM_TRADER_GRADE_24H_PCT_CHANGE",
                "number",
                number("pct_change"),
                "grades.trader: grade against that of the day before, percent",
            ),
        ),
        (
            *TOKENS,
            Parameter("traderGrade", "Least grade; also `trader_grade`."),
            Parameter(
                "traderGradePercentChange",
                "Least change of a day, percent; also `trader_grade_percent_change`.",
            ),
        ),
        answer_trader,
    ),
    Endpoint(
        "investor-grades",
        "List Investor Grades, newest first, best first within a day.",
        (
            *TOKEN_FIELDS,
            Field("DATE", "string", day("day"), "grades.investor: day"),
            Field(
                "TM_INVESTOR_GRADE",
                "number",
                number("grade"),
                "grades.investor: grade",
                Missing.DROP,
            ),
            Field(
                "TM_INVESTOR_GRADE_7D_PCT_CHANGE",
                "number",
                number("pct_change"),
                "grades.investor: grade against that of 7 days before, percent",
            ),
            Field("FUNDAMENTAL_GRADE", "number", nothing, NO_FACTS),
            Field("TECHNOLOGY_GRADE", "number", nothing, NO_FACTS),
            Field(
                "VALUATION_GRADE",
                "number",
                number("valuation"),
                "grades.investor: sub_grades.valuation",
            ),
            *SCORES,
        ),
        (*TOKENS, Parameter("investorGrade", "Least grade; also `investor_grade`.")),
        answer_investor,
    ),
    Endpoint(
        "tm-grade",
        "List the newest Trader Grade of each token, best first.",
        (*TOKEN_FIELDS, *TM_GRADE),
        (*NAMED, *PAGED),
        answer_tm_grade,
    ),
    Endpoint(
        "tm-grade-history",
        "List Trader Grades by day, newest first.",
        (
            *TOKEN_FIELDS,
            Field("DATE", "string", moment("day"), "grades.trader: day"),
            *TM_GRADE,
            Field("TRADING_SIGNAL", "integer", integer("signal"), "signals.daily: signal"),
        ),
        (*NAMED, *DATES, *PAGED),
        answer_tm_grade_history,
    ),
)
