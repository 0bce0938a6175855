"""Figures of returns: `/quantmetrics`, `/correlation`."""

from collections.abc import Iterator

from assay.tokenmetrics.parameters import FILTERS, NAMED, PAGED, TOKEN_FIELDS
from assay.tokenmetrics.reading import Reading, Row
from assay.tokenmetrics.types import Asked, Endpoint, Field, Found, Missing
from assay.tokenmetrics.values import day, number, text, to_number

METRICS = "market_state.tokens"

FIGURES = (
    ("VOLATILITY", "volatility"),
    ("ALL_TIME_RETURN", "total_return"),
    ("CAGR", "cagr"),
    ("SHARPE", "sharpe"),
    ("SORTINO", "sortino"),
    ("MAX_DRAWDOWN", "max_drawdown"),
    ("SKEW", "skew"),
    ("TAIL_RATIO", "tail_ratio"),
    ("RISK_REWARD_RATIO", "payoff_ratio"),
    ("PROFIT_FACTOR", "omega"),
    ("KURTOSIS", "kurtosis"),
    ("DAILY_VALUE_AT_RISK", "var_95"),
    ("DAILY_RETURN_AVG", "mean"),
    ("DAILY_RETURN_STD", "deviation"),
)
"""The contract's names and ours, over all the history of a token."""


def answer_metrics(reading: Reading, asked: Asked) -> Found:
    """The newest figures of every token that has all of them."""
    return Found(_list_rows(reading, METRICS, asked), reading.names.choose(asked).absent)


def answer_correlations(reading: Reading, asked: Asked) -> Found:
    """Which tokens move most and least with each of the most liquid ones."""

    def walk() -> Iterator[Row]:
        for row in _list_rows(reading, "market_state.correlations", asked):
            partners = [*(row["most"] or ()), *(row["least"] or ())]
            known = reading.names.tokens
            row["partners"] = [
                {
                    "correlation": to_number(partner["correlation"]),
                    "token": known[partner["token_id"]].name,
                }
                for partner in partners
                if partner["token_id"] in known
            ] or None
            yield row

    return Found(walk(), reading.names.choose(asked).absent)


def _list_rows(reading: Reading, kind: str, asked: Asked) -> Iterator[Row]:
    for when, row in reading.load_rows(kind, asked):
        yield row | reading.name(row["token_id"]) | {"day": when}


ENDPOINTS = (
    Endpoint(
        "quantmetrics",
        "List the risk and return figures of tokens; those that lack one are left out.",
        (
            *TOKEN_FIELDS,
            Field("DATE", "string", day("day"), f"{METRICS}: day"),
            *(
                Field(name, "number", number(f"all.{ours}"), f"{METRICS}: all.{ours}", Missing.DROP)
                for name, ours in FIGURES
            ),
        ),
        (*NAMED, *FILTERS, *PAGED),
        answer_metrics,
    ),
    Endpoint(
        "correlation",
        "List with which tokens each of the 150 most liquid moves most and least.",
        (
            *TOKEN_FIELDS,
            Field("DATE", "string", day("day"), "market_state.correlations: day"),
            Field(
                "TOP_CORRELATION",
                "array",
                text("partners"),
                "market_state.correlations: most, then least",
                Missing.DROP,
            ),
        ),
        (*NAMED, *FILTERS, *PAGED),
        answer_correlations,
    ),
)
