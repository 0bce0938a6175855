"""How a query is read: both spellings, lists, dates, pages of both eras, and what is refused."""

from datetime import date
from decimal import Decimal

import pytest

from assay.tokenmetrics.asking import parse_asked
from assay.tokenmetrics.types import Asked, BadParameter


def read(query: str, *, is_zero_based: bool = False) -> Asked:
    return parse_asked(query.encode(), is_zero_based=is_zero_based)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("start_date=2023-10-01", "startDate"),
        ("end_date=2023-10-01", "endDate"),
        ("investor_grade=70", "investorGrade"),
        ("trader_grade=70", "traderGrade"),
        ("trader_grade_percent_change=2", "traderGradePercentChange"),
        ("market_cap=1", "marketcap"),
        ("index_id=3", "id"),
    ],
)
def test_both_spellings_are_one_parameter(query: str, name: str) -> None:
    assert name in read(query).items


def test_lists_bear_blanks_repetition_and_empty_items() -> None:
    asked = read("symbol=BTC,%20ETH&symbol=LTC&token_id=3306,%203375&token_id=1&category=,")
    assert asked.list("symbol") == ("BTC", "ETH", "LTC")
    assert asked.integers("token_id") == (3306, 3375, 1)
    assert asked.list("category") == ()


def test_dates_are_days_and_the_days_of_moments() -> None:
    asked = read("startDate=2023-10-01T05:00:00.000Z&endDate=2023-10-10")
    assert (asked.start, asked.end) == (date(2023, 10, 1), date(2023, 10, 10))


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("page=-1", "page"),
        ("page=1.5", "page"),
        ("page=1002&limit=1000", "page"),
        ("startDate=10%2F01%2F2023", "startDate"),
        ("endDate=2023-13-01", "endDate"),
        ("endDate=2023-10-01T", "endDate"),
        ("startDate=20231001", "startDate"),
        ("startDate=2023-10-02&endDate=2023-10-01", "startDate"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(query: str, name: str) -> None:
    with pytest.raises(BadParameter, match=name) as refused:
        read(query)
    assert refused.value.status == 400


@pytest.mark.parametrize("text", ["", "nan", "inf", "abc", "1e", "--1"])
def test_a_number_is_a_number(text: str) -> None:
    asked = read(f"traderGrade={text}")
    if not text:
        assert asked.number("traderGrade") is None
        return
    with pytest.raises(BadParameter, match="traderGrade"):
        asked.number("traderGrade")
    assert read("traderGrade=70.5").number("traderGrade") == Decimal("70.5")


@pytest.mark.parametrize(
    ("page", "first_era", "second_era"),
    [(None, 0, 0), (0, 0, 0), (1, 50, 0), (2, 100, 50), (7, 350, 300)],
)
def test_pages_of_both_eras(page: int | None, first_era: int, second_era: int) -> None:
    query = "" if page is None else f"page={page}"
    assert read(query, is_zero_based=True).offset == first_era
    assert read(query).offset == second_era


def test_the_default_page_has_50_rows_and_the_longest_1000() -> None:
    assert read("").limit == 50
    assert read("limit=1000").limit == 1000


def test_another_parameter_may_say_how_long_a_page_is() -> None:
    def length(query: str) -> int:
        return parse_asked(query.encode(), is_zero_based=False, limited_by="top_k").limit

    assert [length("top_k=100"), length("top_k=100&limit=7"), length("")] == [100, 7, 50]
    with pytest.raises(BadParameter, match="top_k"):
        length("top_k=0")
