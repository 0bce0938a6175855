"""The market as a whole: `/market-metrics`."""

from collections.abc import Iterator

from assay.tokenmetrics.parameters import DATES, PAGED
from assay.tokenmetrics.reading import Reading, Row
from assay.tokenmetrics.types import Asked, Endpoint, Field, Found, Missing
from assay.tokenmetrics.values import day, integer, number, percent

STATE = "market_state"


def answer_metrics(reading: Reading, asked: Asked) -> Found:
    """The state of the market by day, newest first."""

    def walk() -> Iterator[Row]:
        for when, row in reading.walk_rows(STATE, asked, batch=64):
            if row["no_view"] is None:
                yield row | {"day": when}

    return Found(walk())


ENDPOINTS = (
    Endpoint(
        "market-metrics",
        "List the state of the market by day, newest first.",
        (
            Field("DATE", "string", day("day"), f"{STATE}: day"),
            Field(
                "TOTAL_CRYPTO_MCAP",
                "number",
                number("market_cap.total_usd"),
                f"{STATE}: market_cap.total_usd; null where no caps are known",
            ),
            Field(
                "TM_GRADE_PERC_HIGH_COINS",
                "number",
                percent("grades.trader.high"),
                f"{STATE}: grades.trader.high, percent",
                Missing.DROP,
            ),
            Field(
                "TM_GRADE_SIGNAL",
                "integer",
                integer("indicator.signal"),
                f"{STATE}: indicator.signal",
            ),
            Field(
                "LAST_TM_GRADE_SIGNAL",
                "integer",
                integer("indicator.last_signal"),
                f"{STATE}: indicator.last_signal",
            ),
            Field(
                "FEAR_AND_GREED_VALUE",
                "integer",
                integer("fear_and_greed.value"),
                f"{STATE}: fear_and_greed.value",
            ),
        ),
        (*DATES, *PAGED),
        answer_metrics,
    ),
)
