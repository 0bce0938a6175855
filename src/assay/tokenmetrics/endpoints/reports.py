"""Reports: `/ai-reports`, written by rule from what is published, not by a model."""

from collections.abc import Iterator

from assay.tokenmetrics.parameters import NAMED, PAGED, TOKEN_FIELDS
from assay.tokenmetrics.reading import Reading, Row
from assay.tokenmetrics.telling import Sheet, tell_token
from assay.tokenmetrics.types import Asked, Endpoint, Field, Found
from assay.tokenmetrics.values import text

BY_RULE = "*Written by rule from what Assay published, not by a model; research, not advice.*"
NO_CODE = "No facts about code or technology are among the data."
NO_FUNDAMENTALS = "No facts about fundamentals are among the data."
SECTIONS = {
    "pointer": ("price", "grades"),
    "analysis": ("price", "grades", "signal", "forecast"),
    "deep": ("price", "grades", "signal", "forecast", "levels", "scenarios", "risk"),
    "trader": ("grades", "signal", "levels"),
}


def answer_reports(reading: Reading, asked: Asked) -> Found:
    """One report for every graded token, best Trader Grade first."""
    chosen = reading.names.choose(asked)
    sheet = Sheet(reading)

    def walk() -> Iterator[Row]:
        listed = sheet.load("grades.trader")
        for row in () if listed is None else listed.rows:
            if reading.shows(row, chosen):
                yield write_report(sheet, row["token_id"])

    return Found(walk(), chosen.absent)


def write_report(sheet: Sheet, token_id: int) -> Row:
    """The sections of one token's report as Markdown."""
    report = sheet.reading.name(token_id)
    for section, topics in SECTIONS.items():
        title, *lines = tell_token(sheet, token_id, topics).split("\n")
        points = "\n".join(f"- {line}" for line in lines)
        report[section] = f"# {title}\n\n{points}\n\n{BY_RULE}\n"
    return report | {"code": NO_CODE, "fundamental": NO_FUNDAMENTALS}


ENDPOINTS = (
    Endpoint(
        "ai-reports",
        "List reports on graded tokens, written by rule from what is published.",
        (
            *TOKEN_FIELDS,
            Field(
                "INVESTMENT_ANALYSIS_POINTER",
                "string",
                text("pointer"),
                "price and grades in sentences",
            ),
            Field(
                "INVESTMENT_ANALYSIS",
                "string",
                text("analysis"),
                "price, grades, signal and forecast in sentences",
            ),
            Field("DEEP_DIVE", "string", text("deep"), "all of it, with levels and risk"),
            Field("CODE_REVIEW", "string", text("code"), "that there are no such facts"),
            Field(
                "TRADER_REPORT", "string", text("trader"), "grades, signal and levels in sentences"
            ),
            Field(
                "FUNDAMENTAL_REPORT",
                "string",
                text("fundamental"),
                "that there are no such facts",
            ),
            Field("TECHNOLOGY_REPORT", "string", text("code"), "that there are no such facts"),
        ),
        (*NAMED, *PAGED),
        answer_reports,
    ),
)
