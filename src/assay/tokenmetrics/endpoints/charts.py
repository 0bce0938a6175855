"""Paths that answered with the address of a chart: Assay draws none of them."""

from assay.tokenmetrics.reading import Reading
from assay.tokenmetrics.types import Asked, Endpoint, Found, Parameter

NO_CHART = "Assay draws no such chart; the figures it would show are in the lists of this face."

PATHS = (
    "token-details-price-charts",
    "indices-index-allocation-charts",
    "indices-roi-charts",
    "market-percent-of-bullish-vs-bearish-charts",
    "market-bull-and-bear-charts",
    "market-percent-of-bullish-tm-grades",
    "market-tm-grade-signal",
    "bitcoin-vs-altcoin-season-charts",
    "annualized-historical-volatility-charts",
    "total-market-crypto-cap-charts",
    "market-movers-charts",
    "resistance-and-support-charts",
)
PARAMETERS = (
    Parameter("token_id", "Ignored."),
    Parameter("category", "Ignored."),
    Parameter("timeFrame", "Ignored."),
    Parameter("chartFilters", "Ignored."),
)


def answer_chart(_: Reading, asked: Asked) -> Found:
    """No address, and why."""
    return Found((), NO_CHART)


ENDPOINTS = tuple(
    Endpoint(
        path, "Answer with no address of a chart.", (), PARAMETERS, answer_chart, is_chart=True
    )
    for path in PATHS
)
