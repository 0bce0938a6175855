"""Columns and numbers of the bulk formats, value by value."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.api.answers.common import write_decimal
from assay.api.formats import Decimals, describe_columns
from assay.api.formats.columns import read_decimal
from assay.api.formats.decimals import format_decimals, format_moments
from assay.api.kinds import GRADES, LISTINGS
from assay.api.kinds.facts import Quarantined, Said
from assay.api.schemas import Candle, Shape, Token, TokenCandle
from assay.kit.errors import BadInput

SHAPES = list(
    dict.fromkeys(
        [
            *(listing.row for listing in (*GRADES.values(), *LISTINGS)),
            *(Token, Candle, TokenCandle, Said, Quarantined),
        ]
    )
)


@given(st.lists(st.one_of(st.none(), st.floats(allow_infinity=False))))
def test_a_column_of_floats_is_written_as_each_of_them(values: list[float | None]) -> None:
    column = pa.array(values, pa.float64())
    assert format_decimals(column).to_pylist() == [write_decimal(value) for value in values]


@given(st.lists(st.datetimes(), max_size=20), st.integers(1, 3))
def test_moments_are_written_as_json_says_them(moments: list[object], times: int) -> None:
    column = pa.array(moments * times, pa.timestamp("us", tz="UTC"))
    texts = format_moments(column).to_pylist()
    assert texts == [f"{moment.isoformat()}Z" for moment in moments] * times  # type: ignore[attr-defined]


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-99999, max_value=99999)
)
def test_a_decimal_of_fifteen_digits_reads_back_from_its_float(value: Decimal) -> None:
    assert Decimal(repr(read_decimal(format(value, "f")))) == value


def test_a_decimal_that_no_float_holds_is_refused() -> None:
    assert read_decimal("0.10000000000000000000") == 0.1
    with pytest.raises(BadInput, match="more digits"):
        read_decimal("0.1234567890123456789")


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_shape_has_one_schema_for_nothing_and_for_nulls(shape: type[Shape]) -> None:
    numbers = describe_columns(shape)
    texts = describe_columns(shape, Decimals.TEXT)
    assert numbers.schema.names == texts.schema.names
    assert set(numbers.schema.names) == shape.list_members()
    for columns in (numbers, texts):
        assert columns.make_batch([]).schema == columns.schema
        assert columns.make_batch([{}]).to_pylist() == [dict.fromkeys(columns.schema.names)]
    assert not any(pa.types.is_null(field.type) for field in numbers.schema)
