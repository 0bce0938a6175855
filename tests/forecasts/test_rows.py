"""Numbers as they are sealed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assay.forecasts.rows import format_prices, format_returns, format_table, round_returns
from assay.forecasts.rules import name_rules
from assay.publishing import format_decimal


@given(st.lists(st.floats(-20, 20), min_size=4, max_size=4))
def test_returns_in_one_go_equal_returns_one_by_one(values: list[float]) -> None:
    table = round_returns(np.array(values).reshape(2, 2))
    words = [word for row in format_returns(table) for word in row]
    assert words == [format_decimal(float(value), 4) for value in table.ravel()]
    assert np.abs(table.ravel() - values).max() <= 0.5001e-4


def test_prices_have_six_digits_of_todays_price() -> None:
    prices = np.array([[20000.0, 42066.97], [0.0000123, 0.00002], [1.0, 0.5], [2e7, 1e5]])
    said = format_prices(prices, np.array([42066.95, 0.0000123456, 1.0, 2e7]))
    assert said == [
        ("20000.0", "42067.0"),
        ("0.0000123000", "0.0000200000"),
        ("1.00000", "0.50000"),
        ("20000000", "100000"),
    ]


def test_rows_without_a_price_keep_their_place() -> None:
    said = format_prices(np.array([[np.nan, np.nan], [1.0, 2.0]]), np.array([np.nan, 1.0]))
    assert said == [("nan", "nan"), ("1.00000", "2.00000")]
    assert format_table(np.array([[1.26], [1.26]]), [1, 0]) == [("1.3",), ("1",)]


def test_rules_have_a_name_that_changes_with_them() -> None:
    assert name_rules(a=1, b=(0.5,)) == name_rules(b=(0.5,), a=1)
    assert name_rules(a=1) != name_rules(a=2)
    assert len(name_rules(a=1)) == len("rules:") + 12
