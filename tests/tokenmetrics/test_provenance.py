"""Every number served equals what was published or is a fact: each is computed anew from them."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.tokenmetrics.asking import AskedFace, list_endpoints
from tests.tokenmetrics.sources import NAMES, SOURCES, WRITTEN
from tests.tokenmetrics.truth import Truth, change

from assay.tokenmetrics.types import Endpoint

QUERIES: dict[str, dict[str, Any]] = {
    "indices-holdings": {"id": 1},
    "index-holdings": {"index_id": "top-10"},
    "sector-indices-holdings": {"index_id": "top-10"},
    "indices-tree-map": {"type": "top-10"},
    "indices-index-specific-tree-map": {"indexName": "top-10"},
    "index-specific-performance": {"index_id": "top-10"},
    "indices-index-specific-performance": {"indexName": "top-10"},
    "indices-transaction": {"index_id": "top-10"},
    "sector-index-transaction": {"index_id": "top-10"},
    "indices-index-transaction": {"type": "top-10"},
    "indices-index-specific-index-transaction": {"indexName": "top-10"},
    "moonshot-tokens": {"type": "all"},
    "daily-ohlcv": {"startDate": "2023-12-20"},
}


def list_numbers(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Every number of a row with the path that leads to it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from list_numbers(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from list_numbers(inner, f"{path}.*")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


@pytest.mark.parametrize("endpoint", list_endpoints(), ids=lambda e: e.path)
def test_every_number_is_published_or_a_fact(face: AskedFace, endpoint: Endpoint) -> None:
    truth = Truth(face.app.state)
    expected = SOURCES.get(endpoint.path, {})
    seen = set()
    for row in face.rows(endpoint.path, limit=1000, **QUERIES.get(endpoint.path, {})):
        for path, number in list_numbers(row):
            if path in NAMES:
                continue
            source = expected[path](truth, row)
            if isinstance(source, set):
                assert number in source, (path, row)
            else:
                assert number == source, (path, row)
            seen.add(path)
    # TOTAL_CRYPTO_MCAP and sub-grades of valuation have no facts in this market.
    assert set(expected) - seen <= {"TOTAL_CRYPTO_MCAP", "VALUATION_GRADE", "CONFIDENCE", "VOLUME"}


def test_numbers_written_as_strings_are_published_too(face: AskedFace) -> None:
    truth = Truth(face.app.state)
    ids = {row["TOKEN_SYMBOL"]: row["TOKEN_ID"] for row in face.rows("tokens")}
    rows = face.rows("moonshot-tokens", type="all")
    for row in rows:
        token_id = ids[row["TOKEN_SYMBOL"]]
        for name, read in WRITTEN.items():
            if row[name] is not None:
                assert Decimal(row[name]) == Decimal(read(truth, row, token_id)), name
        now, before = (
            truth.row("grades.trader", truth.newest - timedelta(days=back), token_id)["grade"]
            for back in (0, 1)
        )
        said = row["TM_TRADER_GRADE_24H_PCT_CHANGE"]
        assert (None if said is None else float(said)) == change(now, before)
    assert all(any(row[name] is not None for row in rows) for name in WRITTEN)


def test_a_coin_without_a_view_is_left_out(face: AskedFace) -> None:
    truth = Truth(face.app.state)
    graded = [r["token_id"] for r in truth.rows("grades.trader", truth.newest) if r["grade"]]
    rows = face.rows("trader-grades", startDate=truth.newest, limit=1000)
    assert [row["TOKEN_ID"] for row in rows] == graded
    assert face.rows("trading-signals", token_id=6000) == []


def test_reports_and_answers_hold_only_numbers_that_are_published(face: AskedFace) -> None:
    """Every decimal in the text stands in a publication or a candle of the day."""
    truth = Truth(face.app.state)
    said = " ".join(
        str(truth.rows(kind, truth.newest))
        for kind in (
            "grades.trader",
            "grades.investor",
            "signals.daily",
            "forecasts.quantiles",
            "forecasts.levels",
            "forecasts.scenarios",
            "market_state.tokens",
        )
    )
    report = face.rows("ai-reports", symbol="BTC")[0]
    close = format(Decimal(repr(truth.candle(3375, truth.newest, "close"))), "f")
    words = report["DEEP_DIVE"].replace(",", " ").replace(";", " ").split()
    decimals = [
        w.rstrip(".") for w in words if w.rstrip(".").replace(".", "").lstrip("-").isdigit()
    ]
    points = [word for word in decimals if "." in word]
    assert len(points) > 20
    assert all(point in said or point == close for point in points)
