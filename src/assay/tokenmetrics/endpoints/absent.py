"""Paths for which Assay has no facts: they answer with no rows and say which facts are missing."""

from assay.tokenmetrics.parameters import DATES, ID_FIELD, NAMED, PAGED, TOKEN_FIELDS
from assay.tokenmetrics.reading import Reading
from assay.tokenmetrics.types import Asked, Endpoint, Field, Found, Parameter
from assay.tokenmetrics.values import nothing


def absent(
    path: str,
    about: str,
    message: str,
    fields: tuple[Field, ...],
    parameters: tuple[Parameter, ...],
) -> Endpoint:
    """An endpoint that never has rows."""

    def answer(_: Reading, asked: Asked) -> Found:
        return Found((), message)

    return Endpoint(path, about, fields, parameters, answer)


def _fields(kind: str, *names: str) -> tuple[Field, ...]:
    return tuple(Field(name, kind, nothing, "no such facts") for name in names)


NO_TECHNOLOGY = (
    "No facts about technology (activity, security, repositories, collaboration) are among the "
    "data, so there is no technology grade."
)
NO_FUNDAMENTALS = (
    "No facts about fundamentals (community, exchanges, investors, tokenomics) are among the "
    "data, so there is no fundamental grade. /investor-grades has the Investor Grade."
)
NO_SENTIMENT = (
    "No news, Reddit or Twitter posts are among the data, so there is no sentiment. "
    "/market-metrics has the fear-and-greed index, which is read from prices and volumes."
)
NO_INVESTORS = "No facts about investors in tokens are among the data."
NO_INDICATORS = "No trends of single indicators are published. /trading-signals has each trend."

TECHNOLOGY = (
    *TOKEN_FIELDS,
    *_fields("string", "DATE"),
    *_fields(
        "number",
        "TECHNOLOGY_GRADE",
        "ACTIVITY_SCORE",
        "SECURITY_SCORE",
        "REPOSITORY_SCORE",
        "COLLABORATION_SCORE",
        "DEFI_SCANNER_SCORE",
    ),
)
FUNDAMENTALS = (
    *TOKEN_FIELDS,
    *_fields("string", "DATE", "FUNDAMENTAL_GRADE_CLASS"),
    *_fields(
        "number",
        "FUNDAMENTAL_GRADE",
        "COMMUNITY_SCORE",
        "EXCHANGE_SCORE",
        "VC_SCORE",
        "TOKENOMICS_SCORE",
        "DEFI_SCANNER_SCORE",
    ),
)
SENTIMENT = (
    *_fields("string", "DATETIME"),
    *(
        field
        for name in ("MARKET", "NEWS", "REDDIT", "TWITTER")
        for field in (
            *_fields("number", f"{name}_SENTIMENT_GRADE"),
            *_fields("string", f"{name}_SENTIMENT_LABEL"),
        )
    ),
    *_fields("string", "NEWS_SUMMARY", "REDDIT_SUMMARY", "TWITTER_SUMMARY"),
)
INVESTORS = (
    *_fields("string", "INVESTOR_NAME", "INVESTOR_WEBSITE", "INVESTOR_TWITTER", "INVESTOR"),
    *_fields("integer", "ROUND_COUNT", "INVESTOR_SCORE"),
    *_fields("number", "ROI_AVERAGE", "ROI_MEDIAN"),
)
INDICATORS = (
    ID_FIELD,
    *_fields("string", "TOKEN_NAME", "SYMBOL", "DATE", "INDICATOR"),
    *_fields("integer", "TREND"),
)
QUERY = (*NAMED, *PAGED)
DATED = (*NAMED, *DATES, *PAGED)

ENDPOINTS = (
    absent("technology-grade", "No rows.", NO_TECHNOLOGY, TECHNOLOGY, DATED),
    absent("technology-grade-history", "No rows.", NO_TECHNOLOGY, TECHNOLOGY, DATED),
    absent("fundamental-grade", "No rows.", NO_FUNDAMENTALS, FUNDAMENTALS, QUERY),
    absent("fundamental-grade-history", "No rows.", NO_FUNDAMENTALS, FUNDAMENTALS, DATED),
    absent("sentiments", "No rows.", NO_SENTIMENT, SENTIMENT, PAGED),
    absent("crypto-investors", "No rows.", NO_INVESTORS, INVESTORS, PAGED),
    absent(
        "all-trend-indicators",
        "No rows.",
        NO_INDICATORS,
        INDICATORS,
        (Parameter("indicator", "Names of indicators, separated by commas."), *DATED),
    ),
)
